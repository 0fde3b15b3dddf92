# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Synthesis of a core for the ECP5 by yosys, and what its netlist is made of."""

import json
import subprocess
from collections import Counter
from pathlib import Path

from soc.flow.toolchain import environment, yosys_share
from tests.support.hdl.verilog import TOP
from tests.support.limits import HANG_S

CELLS = Path(__file__).with_name("ecp5_cells.v")
SYNTHESIS_TIMEOUT_S = HANG_S

# -no-rw-check: the weight memories are true dual port, and for a read and a write that meet yosys
# would otherwise keep Verilog's order with a second copy and multiplexers. They never meet where it
# matters: a tap cache is not read in the slot that is being written, and of the weights only the
# bank at rest is written.
SYNTHESIS = f"synth_ecp5 -no-rw-check -top {TOP}"


def read_script(name):
    """Yosys commands that read module TOP of the Verilog file `name`.

    Without the setattr synth_ecp5 ends with "Reprocessing module" where cells are instantiated,
    which throws the netlist away for the module as it was read.
    """
    return f"read_verilog -sv {name}; hierarchy -top {TOP}; setattr -unset reprocess_after t:*"


def synthesise(verilog):
    """Netlist of module TOP of the file `verilog`: (its path, Counter of the types of its cells).

    The file and its *.init files must not be below /tmp, see soc/flow/toolchain.py.
    """
    folder = verilog.parent
    script = (
        f"{read_script(verilog.name)}; {SYNTHESIS};"
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
