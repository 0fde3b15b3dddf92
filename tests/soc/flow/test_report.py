# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The report of a routed SoC: cells by blocks, clocks, cycles, as text, JSON and picture."""

import json
from types import SimpleNamespace

import matplotlib.image
import pytest

from soc.flow import report
from soc.flow.netlist_blocks import block_of, blocks_of


def cell(kind, inputs="", outputs=""):
    """A cell with one-bit ports; a bit is a letter."""
    ports = {f"I{i}": bit for i, bit in enumerate(inputs)}
    if kind == "CCU2C" and inputs:
        ports["CIN"] = ports.pop("I0")
    directions = dict.fromkeys(ports, "input")
    for i, bit in enumerate(outputs):
        ports[f"O{i}"], directions[f"O{i}"] = bit, "output"
    return {
        "type": kind,
        "port_directions": directions,
        "connections": {port: [ord(bit)] for port, bit in ports.items()},
    }


# c -> picorv32 -> p -> storage -> s -> wavenet -> w -> DP16KD -> d -> generate_tdm -> t
CELLS = {
    "picorv32.alu_LUT4_Z": cell("LUT4", "c", "p"),
    "storage_1.0.0": cell("TRELLIS_DPR16X4", "p", "s"),
    "generate_wavenet_core_a_TRELLIS_FF_Q": cell("TRELLIS_FF", "s", "w"),
    "DP16KD_3": cell("DP16KD", "w", "d"),
    "generate_tdm_tdm_bick_TRELLIS_FF_Q": cell("TRELLIS_FF", "d", "t"),
    "generate_calibration_in_product_CCU2C_COUT": cell("CCU2C", "t", "q"),
    "MULT18X18D": cell("MULT18X18D", "", "t"),
    "builder_csr_bankarray_dat_r_LUT4_Z": cell("LUT4", "", "x"),
    "unconnected": cell("LUT4"),
}


def test_blocks_by_names_and_by_wires():
    found = blocks_of(CELLS)
    assert list(found.values()) == [
        "CPU",
        "accelerator",  # by what it feeds, not by what feeds it
        "accelerator",
        "codec",  # likewise
        "codec",
        "codec",
        "codec",
        "bus",
        "bus",
    ]


@pytest.mark.parametrize(
    "name, block",
    [
        ("VexRiscv.x_LUT4_Z", "CPU"),
        ("rom.0.0", "CPU"),
        ("generate_crc1_storage_TRELLIS_FF_Q", "bus"),
        ("make_soc_ingress_glide_active_LUT4_C", "codec"),
        ("bench_ram.0.3", "bench"),
        ("captured_inputs.0.3", "capture"),
        ("storage_1.0.0", None),
        ("xwavenet", None),
    ],
)
def test_names(name, block):
    assert block_of(name) == block


@pytest.fixture
def measured(tmp_path):
    netlist = tmp_path / "soc.json"
    modules = {
        "cell": {"attributes": {"blackbox": "1"}, "cells": {}},
        "soc": {"attributes": {"top": "0" * 31 + "1"}, "cells": CELLS},
    }
    netlist.write_text(json.dumps({"modules": modules}))
    route = SimpleNamespace(
        seed=3,
        clocks=(SimpleNamespace(name="sys", achieved=55.25, wanted=49.0),),
        cells={
            "TRELLIS_COMB": (17, 100),
            "TRELLIS_FF": (2, 50),
            "DP16KD": (1, 2),
            "MULT18X18D": (1, 4),
            "EHXPLLL": (1, 1),
        },
    )
    return report.measure(netlist, route, "SoC on a board", 192, 256)


def test_measure(measured):
    comb = {block: used["TRELLIS_COMB"] for block, used in measured["blocks"].items()}
    # The adder's carry begins from a register and ends nowhere: 2 + 2. The rest of 17 is nextpnr's.
    assert comb == {"CPU": 1, "accelerator": 6, "codec": 4, "bus": 2, "constants": 4}
    for name in report.RESOURCES:
        total = sum(used[name] for used in measured["blocks"].values())
        assert total == measured["device"][name]["used"]
    assert measured["blocks"]["codec"]["DP16KD"] == 1
    assert measured["clocks"] == {"sys": {"achieved": 55.25, "wanted": 49.0}}


def test_the_table(measured):
    lines = report.table(measured).splitlines()
    assert lines[0] == "SoC on a board"
    assert "accelerator              6             1             0             0" in lines
    assert "all                     17             2             1             1" in lines
    assert "                    17.0 %         4.0 %        50.0 %        25.0 %" in lines
    assert lines[-2] == "sys: 55.2 MHz, 49.0 needed, 13% to spare"
    assert lines[-1] == "accelerator: 192 of 256 cycles per sample, 64 to spare"


def test_files(measured, tmp_path):
    report.write(measured, tmp_path / "report.json", tmp_path / "report.png")
    assert json.loads((tmp_path / "report.json").read_text()) == measured
    picture = matplotlib.image.imread(tmp_path / "report.png")
    assert picture.shape[1] > 1000 and picture.std() > 0.05
