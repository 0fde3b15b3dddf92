# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Synthesis, the frame round the core, nextpnr's report, what is kept; no place and route."""

import json
import subprocess
import tempfile
from pathlib import Path

import pytest

from soc.flow import floorplan
from soc.flow.toolchain import BUILD
from tests.bench import parts, route, synthesis, tools
from tests.bench.wrapper import ports_of, wrapper_verilog

CORE = """// {note}
module wavenet_core(
    input sys_clk, input sink_context, input [3:0] a, input [3:0] b,
    output [3:0] both, output reg [1:0] count
);
    reg [3:0] both_1;
    always @(posedge sys_clk) begin
        both_1 <= a & b;
        count <= {{count[0] ^ sink_context, ~count[1]}};
    end
    assign both = both_1;
endmodule
"""


@pytest.fixture
def verilog():
    """A core's file in a folder that yosys sees: YoWASP's has a /tmp of its own."""
    (BUILD / "tests").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILD / "tests") as name:
        path = Path(name) / "core.v"
        path.write_text(CORE.format(note="written at noon"))
        yield path


def cells_of(path, module="bench"):
    return json.loads(path.read_text())["modules"][module]["cells"].values()


@pytest.mark.timeout(900)  # on a new checkout the WebAssembly of yosys is compiled first
def test_the_cells_of_core_and_frame_are_told_apart_and_all_linked(verilog, monkeypatch):
    monkeypatch.setattr(tools, "FOLDER", verilog.parent)
    found = synthesis.synthesise(verilog, ["sink_context"])
    # 4 registers with 4 ANDs; 2 registers with one inverter, as the tied input leaves of the XOR.
    assert found["cells"] == {"TRELLIS_FF": 6, "LUT4": 5}
    # 8 bits in; 6 out, held and chained by XORs, for the first of which there is nothing before.
    assert found["frame"] == {"TRELLIS_FF": 8 + 2 * 6, "LUT4": 5}
    linked = [cell["type"] for cell in cells_of(synthesis.linked_netlist(verilog))]
    assert (linked.count("TRELLIS_FF"), linked.count("LUT4")) == (6 + 20, 5 + 5)

    # The time of day in a comment changes nothing, an input that is no longer tied does.
    executed = []
    monkeypatch.setattr(synthesis, "execute", lambda *call: executed.append(call) or 1 / 0)
    verilog.write_text(CORE.format(note="written at night"))
    assert synthesis.synthesise(verilog, ["sink_context"]) == found
    with pytest.raises(ZeroDivisionError):
        synthesis.synthesise(verilog)
    assert len(executed) == 1


@pytest.mark.timeout(900)
def test_what_yosys_refuses_is_one_line(verilog):
    verilog.write_text("module wavenet_core(input sys_clk, output x); assign x = y[0;\nendmodule")
    with pytest.raises(tools.BenchError, match=r"^yosys: core\.v:1: ERROR: syntax error[^\n]*$"):
        synthesis.synthesise(verilog)


def test_every_bit_of_a_port_has_its_register():
    bits = {"sys_clk": [2], "a": [3, 4], "c": [5], "z": [6, 7, 8]}
    ports = {name: {"direction": "input", "bits": bit} for name, bit in bits.items()}
    ports["z"]["direction"] = "output"
    inputs, outputs = ports_of({"modules": {"box": {"ports": ports}}}, "box")
    assert (inputs, outputs) == ({"a": 2, "c": 1}, {"z": 3})
    text = wrapper_verilog("box", inputs, outputs)
    assert "box core(.sys_clk(clk), .a(drive[1:0]), .c(drive[2:2]), .z(seen[2:0]));" in text
    assert "reg  [2:0] drive;" in text and "reg  [2:0] held, chain;" in text


REPORT = {
    "fmax": {"clk": {"achieved": 76.704, "constraint": 98.304}},
    "utilization": {
        name: {"used": used, "available": 9999}
        for name, used in zip(route.RESOURCES, (1989, 1611, 7, 4))
    },
    "critical_paths": [
        {"from": "<async>", "to": "posedge clk", "path": []},
        {
            "from": "posedge clk",
            "to": "posedge clk",
            "path": [
                {"type": kind, "delay": delay, "from": {"cell": a, "port": "Q"}, "to": to}
                for kind, delay, a, to in (
                    ("clk-to-q", 0.5, "first", {"cell": "first", "port": "Q"}),
                    ("routing", 1.25, "first", {"cell": "lut", "port": "A"}),
                    ("logic", 0.25, "lut", {"cell": "lut", "port": "Z"}),
                    ("routing", 2.0, "lut", {"cell": "second", "port": "M"}),
                    ("setup", 0.125, "second", {"cell": "second", "port": "M"}),
                )
            ],
        },
    ],
}


def test_a_report_of_nextpnr():
    assert route.read_report(REPORT) == {
        "fmax": 76.7,
        "path": {
            "start": "first.Q",
            "end": "second.M",
            "logic": 0.875,
            "routing": 3.25,
            "hops": 2,
        },
        "used": {"TRELLIS_COMB": 1989, "TRELLIS_FF": 1611, "DP16KD": 7, "MULT18X18D": 4},
    }
    with pytest.raises(tools.BenchError, match="^one clock expected, not none$"):
        route.read_report(REPORT | {"fmax": {}})
    with pytest.raises(tools.BenchError, match="^one clock expected, not clk, other$"):
        route.read_report(REPORT | {"fmax": {"clk": {}, "other": {}}})


def test_devices_as_options():
    assert route.device_options("LFE5U-25F-6")[:3] == ["--25k", "--speed", "6"]
    assert route.device_options("LFE5UM5G-85F-8")[:3] == ["--um5g-85k", "--speed", "8"]
    with pytest.raises(
        tools.BenchError, match="^device must be one like LFE5U-25F-6, got 'LFE5U-25F'$"
    ):
        route.device_options("LFE5U-25F")


def run_of(seed, fmax):
    return route.Run(seed, fmax, None, {}, "" if fmax else "not routed")


def test_best_and_median_of_the_seeds():
    runs = [run_of(seed, fmax) for seed, fmax in enumerate((90.0, 101.5, 80.0, 95.0))]
    assert route.best(runs).seed == 1
    assert route.median_fmax(runs) == 90.0
    assert route.median_fmax(runs[:3]) == 90.0
    some = [run_of(1, 90.0), run_of(2, None), run_of(3, None)]
    assert (route.best(some).seed, route.median_fmax(some)) == (1, 0.0)
    assert route.best(some[1:]) is None


def netlist_of(block_rams):
    """What yosys writes of a design of so many block RAMs."""
    ram = {"type": "DP16KD", "attributes": {}, "connections": {"DOA0": [2]}}
    top = {"attributes": {"top": "1"}, "cells": {f"ram{i}": ram for i in range(block_rams)}}
    return json.dumps({"modules": {"top": top}})


@pytest.fixture
def netlist(tmp_path, monkeypatch):
    """A netlist in a folder of its own, where also is what the bench keeps."""
    monkeypatch.setattr(tools, "FOLDER", tmp_path)
    monkeypatch.setattr(route, "version", lambda program: "0.1")
    path = tmp_path / "linked.json"
    path.write_text(netlist_of(1))
    return path


def test_a_netlist_that_does_not_route_is_kept_as_such(netlist, monkeypatch):
    calls, sites = [], []

    def execute(command, folder, timeout):
        calls.append(command)
        design = json.loads((folder / command[command.index("--json") + 1]).read_text())
        sites.append(design["modules"]["top"]["cells"]["ram0"]["attributes"]["BEL"])
        failed = type("Failed", (), {"returncode": 1, "stdout": ""})
        failed.stderr = "Info: Placing..\nERROR: no way\n1 warning, 1 error\n"
        return failed

    monkeypatch.setattr(route, "execute", execute)
    for _ in range(2):
        found = route.route(netlist, "LFE5U-25F-6", 98.304, seed=3)
        assert (found.fmax, found.error) == (None, "ERROR: no way")
    assert len(calls) == 1
    assert "--freq 98.304 --seed 3" in " ".join(calls[0])
    assert sites[0] in {site[2] for site in floorplan.sites("25F")["DP16KD"]}
    route.route(netlist, "LFE5U-25F-6", 98.304, seed=4)
    netlist.write_text(netlist_of(2))
    route.route(netlist, "LFE5U-25F-6", 98.304, seed=4)
    assert len(calls) == 3


def test_a_netlist_that_the_chip_cannot_hold_is_not_placed(netlist, monkeypatch):
    monkeypatch.setattr(route, "execute", None)
    netlist.write_text(netlist_of(57))
    found = route.route(netlist, "LFE5U-25F-6", 98.304, seed=3)
    assert (found.fmax, found.error) == (None, "must have at most 56 DP16KD, got 57")


def test_a_netlist_that_takes_too_long_is_routed_again_when_asked_for_again(netlist, monkeypatch):
    calls = []

    def execute(command, folder, timeout):
        calls.append(command)
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(route, "execute", execute)
    for count in (1, 2):
        found = route.route(netlist, "LFE5U-25F-6", 98.304, seed=3)
        assert (found.fmax, found.error) == (None, f"not routed in {route.TIMEOUT_S} s")
        assert len(calls) == count


def test_what_was_measured_is_kept_and_what_was_interrupted_is_not(tmp_path, monkeypatch):
    monkeypatch.setattr(tools, "FOLDER", tmp_path)

    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tools.kept("x", "key", interrupted)
    assert tools.kept("x", "key", lambda: [1]) == [1]
    assert tools.kept("x", "key", interrupted) == [1]
    assert tools.kept("x", "other", lambda: [2]) == [2]
    (tmp_path / "kept" / "x-key.json").write_text("[1")  # a disk that was full
    assert tools.kept("x", "key", lambda: [3]) == [3]


def test_keys_tell_their_parts_apart():
    keys = [tools.key_of(*parts) for parts in (("a", "b"), ("ab",), (["a", "b"],), (b"a", b"b"))]
    assert len(set(keys)) == 4
    assert tools.key_of({"a": 1, "b": 2}) == tools.key_of({"b": 2, "a": 1})


def test_parts_are_counted_as_nextpnr_packs_them():
    def cell(kind, inputs, outputs):
        directions = dict.fromkeys(inputs, "input") | dict.fromkeys(outputs, "output")
        return {"type": kind, "port_directions": directions, "connections": inputs | outputs}

    cells = {
        "conv1d0_mvu_sums_CCU2C_S0": cell("CCU2C", {"CIN": ["0"]}, {"COUT": [9]}),
        "conv1d0_mvu_sums_CCU2C_S0_1": cell("CCU2C", {"CIN": [9]}, {"COUT": [10]}),
        "conv1d0_mvu_sums_CCU2C_S0_2": cell("CCU2C", {"CIN": [10]}, {"COUT": []}),
        "conv1d0_mvu_other_LUT4_Z": cell("LUT4", {"A": [9]}, {"Z": [11]}),
        "memory_3.0.0": cell("TRELLIS_DPR16X4", {}, {}),
        "conv1d1_busy_TRELLIS_FF_Q": cell("TRELLIS_FF", {}, {}),
    }
    found = parts.parts(cells)
    # The chain begins at a constant and goes out to a LUT between its first and second cell.
    mvu = {"CCU2C": 3, "LUT4": 1, "chain end": 2}
    assert found == {"conv1d0 mvu": mvu, "memory": {"TRELLIS_DPR16X4": 1}} | {
        "conv1d1 itself": {"TRELLIS_FF": 1}
    }
    assert [parts.comb(count) for count in found.values()] == [3 * 2 + 2 * 2 + 1, 6, 0]
    lines = parts.table(found, 19).splitlines()
    assert [line.split()[0] for line in lines[1:]] == [
        "conv1d0",
        "memory",
        "conv1d1",
        "constants",
        "all",
    ]
    assert lines[-2].split() == ["constants", "2"]
