"""Synthesis of a core for the ECP5 by yosys, and what its netlist is made of."""

import json
import subprocess
from collections import Counter
from pathlib import Path

from soc.toolchain import environment, yosys_share
from tests.support.verilog import TOP

CELLS = Path(__file__).with_name("ecp5_cells.v")
SYNTHESIS_TIMEOUT_S = 300


def synthesise(verilog):
    """Netlist of module TOP of the file `verilog`: (its path, Counter of the types of its cells).

    The file and its *.init files must not be below /tmp, see soc/toolchain.py.
    """
    folder = verilog.parent
    script = (
        f"read_verilog -sv {verilog.name}; synth_ecp5 -top {TOP};"
        " write_verilog -noattr netlist.v; write_json netlist.json"
    )
    run = subprocess.run(
        ["yosys", "-q", "-p", script],
        cwd=folder,
        env=environment(["yosys"]),
        capture_output=True,
        text=True,
        timeout=SYNTHESIS_TIMEOUT_S,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    cells = json.loads((folder / "netlist.json").read_text())["modules"][TOP]["cells"]
    return folder / "netlist.v", Counter(cell["type"] for cell in cells.values())


def cell_models():
    """(sources, include folders) that simulate the cells of a netlist; ours come first and win."""
    folder = yosys_share() / "ecp5"
    return [CELLS, folder / "cells_sim.v"], [folder]
