# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Bitstreams made in full: the smallest board within its share, the largest net on the largest."""

import json
import subprocess
import sys
from collections import Counter

import pytest

from models import topologies
from models.spec import Model
from soc.flow import patch
from soc.flow.route_report import RouteReport
from soc.flow.toolchain import BUILD, environment
from tests.support.hdl.nets import random_model
from tests.support.soc.soc_runs import ZOO

NAME = "colorlight_i5"


def build_py(folder, *options, name=NAME):
    run = subprocess.run(
        [sys.executable, BUILD.parent / "build.py", "--board", name, "--output-dir", folder]
        + [*options],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def unpacked(bitstream, folder):
    """The contents of a bitstream's block RAMs, and how many have which."""
    config = folder / "unpacked.config"
    subprocess.run(
        ["ecpunpack", "--input", bitstream, "--textcfg", config, "--idcode", "0x41111043"],
        env=environment(["ecpunpack"]),
        check=True,
        capture_output=True,
    )
    return Counter(patch.config_blocks(config.read_text()).values())


def check_contents(folder):
    """The bitstream holds the model, weight by weight, and the patched one another model."""
    gateware, model = folder / "gateware", Model.load(ZOO)
    sources = patch.folder_blocks(gateware, NAME)
    held = patch.design_blocks(gateware, NAME, gateware / f"{NAME}.json")
    assert {cell: held[cell] for cell in sources} == sources
    assert unpacked(gateware / f"{NAME}.bit", gateware) == Counter(held.values())
    # Both banks hold the kernels' integers, in the lanes' memories of 16 of 18 bits.
    words = Counter()
    for block in sources.values():
        words.update((low | high << 9) & 0xFFFF for low, high in zip(block[0::2], block[1::2]))
    for kernel, bias in model.weights:
        for value in {*kernel.ravel().tolist(), *bias.tolist()} - {0}:
            assert words[value % 2**16] >= 2, value

    other = random_model(model.spec, seed=3, scale=0.2)
    other.save(folder / "other.npz")
    said = build_py(folder, "--patch-model", folder / "other.npz")
    assert "Place and route" not in said
    path = folder / "patched" / f"{NAME}-other.bit"
    assert f"bitstream: {path}" in said
    patched = patch.config_blocks(path.with_suffix(".config").read_text())
    before = patch.config_blocks((gateware / f"{NAME}-1.config").read_text())
    assert unpacked(path, gateware) == Counter(patched.values())
    changed = sum(patched[number] != before[number] for number in before)
    assert 9 <= changed <= 9 + patch.ROM_BLOCKS  # six lanes, three memories of biases, and the ROM
    words = Counter()
    for block in patched.values():
        words.update((low | high << 9) & 0xFFFF for low, high in zip(block[0::2], block[1::2]))
    for kernel, _ in other.weights:
        assert all(words[value % 2**16] >= 2 for value in {*kernel.ravel().tolist()} - {0})


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_third_of_the_smallest_chip_is_enough():
    folder = BUILD / "tests" / NAME  # Kept: what has not changed is not made again.
    said = build_py(folder, "--build", "--report")
    gateware = folder / "gateware"
    assert f"bitstream: {gateware}/{NAME}.bit" in said
    assert (gateware / f"{NAME}.bit").stat().st_size > 100_000

    report = RouteReport.load(gateware / f"{NAME}-1.json", 1)
    clocks = {clock.name: clock for clock in report.clocks}
    assert set(clocks) == {"pll_sys", "clk25"}
    assert clocks["pll_sys"].wanted == pytest.approx(25 / 2 * 59 / 15, rel=1e-3)
    assert report.headroom >= 1
    used, there = report.cells["TRELLIS_COMB"]
    assert there == 24_288 and used <= 0.35 * there
    assert report.cells["MULT18X18D"][0] <= 16
    blocks = json.loads((folder / "report.json").read_text())["blocks"]
    assert blocks["accelerator"]["MULT18X18D"] == 6 and blocks["codec"]["MULT18X18D"] == 2
    check_contents(folder)


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_the_largest_net_keeps_up_in_the_soc_of_the_default_board():
    folder = BUILD / "tests" / "wide"
    folder.mkdir(parents=True, exist_ok=True)
    spec = topologies.get("wide")
    random_model(spec, seed=3, scale=0.05).save(folder / "wide.npz")
    options = ("--model", folder / "wide.npz", "--wavenet-clk-ratio", "2")
    said = build_py(folder, "--build", "--report", *options, name="ecpix5")
    assert "256 cycles per sample: fs 192057.3 Hz" in said
    assert "accelerator: 512 of 512 cycles per sample" in said
    report = RouteReport.load(folder / "gateware" / "ecpix5-1.json", 1)
    assert report.headroom >= 1
    assert {clock.name for clock in report.clocks} == {"pll_sys", "pll_wavenet", "clk100"}
    # 45 times the multiplications per sample of the original net, two banks of weights.
    assert spec.macs_per_sample >= 45 * topologies.get("original").macs_per_sample
    blocks = json.loads((folder / "report.json").read_text())["blocks"]
    assert blocks["accelerator"]["MULT18X18D"] == 139
