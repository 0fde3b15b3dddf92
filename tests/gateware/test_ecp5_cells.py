# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The models of DP16KD and MULT18X18D (ecp5_cells.v) against Python, mode by mode."""

import random
from itertools import combinations

import pytest

from tests.support.hdl.netlist import CELLS
from tests.support.hdl.ram_model import ROWS, initvals

BENCH = "tests.support.benches.cells_bench"
WIDTHS = (18, 9, 4, 2, 1)
WRITE_MODES = ("NORMAL", "WRITETHROUGH", "READBEFOREWRITE")
STAGES = {"a": "INPUTA", "b": "INPUTB", "pipeline": "PIPELINE", "output": "OUTPUT"}


def ram_modes():
    """Every pair of widths; write modes, output registers and resets take turns over them."""
    modes = []
    for n, (a, b) in enumerate((a, b) for a in WIDTHS for b in WIDTHS):
        ports = [(a, WRITE_MODES[n % 3], n % 2 == 0), (b, WRITE_MODES[n // 3 % 3], n % 4 < 2)]
        modes.append({"a": ports[0], "b": ports[1], "asynchronous": n % 5 == 0})
    return modes


def multiplier_modes():
    """Every choice of registers with every choice of signs."""
    choices = [list(c) for n in range(5) for c in combinations(STAGES, n)]
    return [(signs, stages) for signs in range(4) for stages in choices]


def pins(names, count):
    """Scalar pins of a primitive on the bits of vectors: {"DIA": "dia"} -> .DIA0(dia[0]), ..."""
    return [f".{pin}{i}({net}[{i}])" for pin, net in names.items() for i in range(count)]


def instance(primitive, name, parameters, connections):
    parameters = ", ".join(f".{key}({value})" for key, value in parameters.items())
    return f"    {primitive} #({parameters}) {name} ({', '.join(connections)});\n"


def text(value):
    return f'"{value}"'


def ram(index, mode, rows):
    parameters = {f"INITVAL_{n:02X}": f"320'h{value:x}" for n, value in enumerate(initvals(rows))}
    reset = text("ASYNC" if mode["asynchronous"] else "SYNC")
    parameters |= {"RESETMODE": reset, "ASYNC_RESET_RELEASE": reset}
    connections = []
    for side in "ab":
        upper = side.upper()
        width, write_mode, registered = mode[side]
        parameters[f"DATA_WIDTH_{upper}"] = width
        parameters[f"WRITEMODE_{upper}"] = text(write_mode)
        parameters[f"REGMODE_{upper}"] = text("OUTREG" if registered else "NOREG")
        connections += pins({f"DI{upper}": f"di{side}", f"DO{upper}": f"do{side}{index}"}, 18)
        connections += pins({f"AD{upper}": f"ad{side}"}, 14) + [f".CLK{upper}(clk)"]
        connections += [f".{pin.upper()}{upper}({pin}{side})" for pin in ("ce", "oce", "we", "rst")]
        connections += [f".CS{upper}{i}(1'b0)" for i in range(3)]
    return instance("DP16KD", f"ram{index}", parameters, connections)


def multiplier(index, signs, stages):
    parameters = {f"REG_{STAGES[stage]}_CLK": text("CLK0") for stage in stages}
    connections = pins({"A": "a", "B": "b"}, 18) + pins({"P": f"p{index}"}, 36)
    connections += [f".SIGNEDA(1'b{signs >> 1})", f".SIGNEDB(1'b{signs & 1})"]
    connections += [".CLK0(clk)", ".CE0(ce)", ".RST0(rst)", ".SOURCEA(1'b0)", ".SOURCEB(1'b0)"]
    return instance("MULT18X18D", f"multiplier{index}", parameters, connections)


def write_cells(folder, rams, multipliers, rows):
    ports = ["input clk", "input [17:0] a", "input [17:0] b", "input ce", "input rst"]
    for side in "ab":
        ports += [f"input [13:0] ad{side}", f"input [17:0] di{side}"]
        ports += [f"input {pin}{side}" for pin in ("ce", "oce", "we", "rst")]
        ports += [f"output [17:0] do{side}{index}" for index in range(len(rams))]
    ports += [f"output [35:0] p{index}" for index in range(len(multipliers))]
    body = "".join(ram(index, mode, rows) for index, mode in enumerate(rams))
    body += "".join(multiplier(index, *mode) for index, mode in enumerate(multipliers))
    path = folder / "cells.v"
    path.write_text("module cells (\n" + ",\n".join(ports) + "\n);\n" + body + "endmodule\n")
    return path


def test_every_mode_equals_the_python_model(runs, tmp_path, capfd):
    rng = random.Random(1)
    rows = [rng.getrandbits(18) for _ in range(ROWS)]
    job = {"rams": ram_modes(), "multipliers": multiplier_modes(), "rows": rows, "seed": 1}
    job |= {"cycles": 1000, "clash": False}
    source = write_cells(tmp_path, job["rams"], job["multipliers"], rows)
    runs.build([CELLS, source], "cells")
    runs.play(tmp_path, BENCH, job)
    with pytest.raises(RuntimeError):
        runs.play(tmp_path, BENCH, job | {"clash": True})
    assert "DP16KD: both ports write to the same bits" in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    "primitive, parameter, value, message",
    [
        ("DP16KD", "DATA_WIDTH_A", "36", "DP16KD: DATA_WIDTH_A 36"),
        ("DP16KD", "CLKBMUX", '"INV"', "DP16KD: CLKBMUX INV"),
        ("DP16KD", "WID", "0", "Parameter not found: 'WID'"),
        ("MULT18X18D", "REG_OUTPUT_CLK", '"CLK1"', "MULT18X18D: REG_OUTPUT_CLK CLK1"),
    ],
)
def test_a_mode_without_model_is_refused(
    primitive, parameter, value, message, runs, tmp_path, capfd
):
    source = tmp_path / "cells.v"
    cell = instance(primitive, "refused", {parameter: value}, [])
    source.write_text(f"module cells (\n    input clk\n);\n{cell}endmodule\n")
    job = {"rams": [], "multipliers": [], "rows": [], "seed": 1, "cycles": 1, "clash": False}
    with pytest.raises(RuntimeError):
        runs.build([CELLS, source], "cells")
        runs.play(tmp_path, BENCH, job)
    assert message in "".join(capfd.readouterr())
