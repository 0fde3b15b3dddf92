# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The SoC as LiteX builds it: CPUs, register map, what it refuses, what the simulator is of."""

import csv
import dataclasses
import json
import re
from types import SimpleNamespace

import pytest
from litex.tools.remote.csr_builder import CSRBuilder

from boards.targets.packages import set_up_cpu
from models.arch.planner import plan
from models.spec import Conv1DSpec, NetworkSpec
from soc.contract.weight_map import WeightMap
from soc.sim.sim_soc import SYS_CLK_FREQ, generate
from soc.wavenet_soc import cycles_per_sample, hold_for
from tests.support.hdl.nets import random_model
from tests.support.soc.soc_runs import planned, zoo_model


def design(folder):
    """The Verilog without its comments, which hold the date."""
    return re.sub(r"(?m)^//.*$", "", (folder / "sim.v").read_text())


@pytest.mark.parametrize("cpu_type", ["picorv32", "vexriscv", "serv"])
def test_cpus(tmp_path, cpu_type):
    set_up_cpu(cpu_type)
    model = zoo_model()
    _, gateware, sources = generate(model, planned(model), tmp_path, cpu_type=cpu_type)
    assert sources and cpu_type in sources[0].lower()
    assert (gateware / "sim_rom.init").stat().st_size > 4096


def test_register_map(tmp_path):
    model = zoo_model()
    soc, *_ = generate(model, planned(model), tmp_path)
    with open(tmp_path / "csr.csv") as file:
        rows = [row for row in csv.reader(line for line in file if not line.startswith("#"))]
    registers = {row[1] for row in rows if row[0] == "csr_register"}
    assert registers >= {
        "wavenet_control", "wavenet_status", "wavenet_frames", "wavenet_cycles_used",
        "wavenet_saturations0", "wavenet_saturations1", "wavenet_saturations2",
        "ingress_embedding", "ingress_control", "ingress_overruns", "ingress_cycles_available",
        "codec_status", "uart_rxtx", "banks_claim", "banks_release", "banks_owner", "banks_crc0",
    }  # fmt: skip
    described = json.loads((tmp_path / "csr.json").read_text())
    build = CSRBuilder(SimpleNamespace(read=None, write=None), str(tmp_path / "csr.csv"))
    assert build.regs.banks_owner.addr == described["csr_registers"]["banks_owner"]["addr"]
    assert build.constants.wavenet_fingerprint == model.spec.fingerprint
    assert WeightMap.parse(build.constants.wavenet_map).layers == soc.weight_map.layers
    assert described["constants"]["wavenet_folding"] == str(planned(model))
    assert described["constants"]["audio_sample_rate"] == "192000"
    assert described["memories"]["wavenet"]["base"] == soc.mem_map["wavenet"]
    for csr in [
        *soc.wavenet.get_csrs(),
        *soc.ingress.get_csrs(),
        *soc.codec.get_csrs(),
        *soc.banks.get_csrs(),
    ]:
        fields = getattr(csr, "fields", None)
        assert csr.description or all(field.description for field in fields.fields), csr.name


def test_weights_and_firmware_are_no_part_of_the_design(tmp_path):
    model = zoo_model()
    other = random_model(model.spec, seed=1)
    _, first, _ = generate(model, planned(model), tmp_path / "a")
    _, second, _ = generate(other, planned(model), tmp_path / "b")
    assert design(first) == design(second)
    assert (first / "sim_init.cpp").read_text() == (second / "sim_init.cpp").read_text()
    contents = [
        {path.name: path.read_text() for path in folder.glob("*.init")}
        for folder in (first, second)
    ]
    assert contents[0].keys() == contents[1].keys()
    assert contents[0] != contents[1]


def test_a_slow_folding_is_refused(tmp_path):
    model = zoo_model()
    slow = plan(model.spec, 1024)
    with pytest.raises(ValueError, match=r"must take at most 256 cycles per sample, got 1024"):
        generate(model, slow, tmp_path, sample_rate=192_000)


def test_a_faster_clock_gives_more_cycles(tmp_path):
    model = zoo_model()
    folding = planned(model, ratio=4)
    with pytest.raises(ValueError, match=r"must take at most 512 cycles per sample, got 1024"):
        generate(model, folding, tmp_path, wavenet_clk_ratio=2)
    soc, gateware, _ = generate(model, folding, tmp_path, wavenet_clk_ratio=4)
    assert "wavenet_clk" in (gateware / "sim.v").read_text()
    assert soc.constants["WAVENET_CLK_FREQ"] == 4 * SYS_CLK_FREQ
    for ratio in (0, 3, 8):
        with pytest.raises(ValueError, match=rf"wavenet_clk_ratio must be 1, 2 or 4, got {ratio}"):
            generate(model, folding, tmp_path, wavenet_clk_ratio=ratio)


def test_a_delay_that_varies_is_held_off_the_frame_it_would_fall_into():
    def frames(cycles):
        return -(-cycles // 256)

    assert hold_for(frames, 700, 700) == 0
    for least in range(1, 600):
        for most in range(least, least + 20):
            wait = hold_for(frames, least, most)
            assert frames(least + wait) == frames(most + wait)
            assert wait == 0 or frames(least + wait - 1) < frames(most + wait - 1)


@pytest.mark.parametrize("rate, cycles", [(192_000, 256), (96_000, 512), (48_000, 1024)])
def test_cycles_per_sample(rate, cycles):
    assert cycles_per_sample(SYS_CLK_FREQ, rate) == cycles


@pytest.mark.parametrize("rate", [44_100, 200_000, 0])
def test_other_rates_are_refused(rate):
    with pytest.raises(ValueError, match="^AK4619: (sample_rate|sys_clk_freq) must be .*, got "):
        cycles_per_sample(SYS_CLK_FREQ, rate)


@pytest.mark.parametrize("shape", [(1, 1), (4, 4), (3, 2), (6, 6)])
def test_any_channel_count_elaborates(tmp_path, shape):
    spec = NetworkSpec((Conv1DSpec(*shape, kernel_size=2),), name="small")
    model = random_model(dataclasses.replace(spec), seed=2)
    soc, *_ = generate(model, plan(spec, 256), tmp_path)
    assert soc.frame_latency >= 1
