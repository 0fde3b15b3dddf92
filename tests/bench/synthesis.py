# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""A core synthesised alone, and linked with the frame that place and route needs round it."""

import json
import re
from collections import Counter

from tests.bench.tools import BenchError, error_line, execute, kept, key_of, version
from tests.bench.wrapper import WRAPPER, ports_of, wrapper_verilog
from tests.support.hdl.netlist import SYNTHESIS, read_script
from tests.support.hdl.verilog import TOP

TIMEOUT_S = 3600


def synthesise(verilog, tied=()):
    """Synthesise module TOP of the file and its wrapper, and link them.

    verilog : the file, alone with its *.init files in its folder, which gets netlists too
    tied    : inputs that are 0 for good
    Returns {"cells": {type: count} of the core, "frame": the same of what is round it}; the
    netlist is linked_netlist(verilog).
    """
    folder = verilog.parent
    sources = [without_comments(verilog.read_text())]
    sources += [path.read_text() for path in sorted(folder.glob("*.init"))]
    script = _core_script(verilog.name, tied)
    key = key_of(sources, script, LINK, wrapper_verilog(TOP, {}, {}), version("yosys"))
    done = folder / "linked.key"
    if not (done.exists() and done.read_text() == key):
        done.unlink(missing_ok=True)
        _yosys(script, folder)
        core = json.loads((folder / "core.json").read_text())
        (folder / "wrapper.v").write_text(wrapper_verilog(TOP, *ports_of(core, TOP)))
        _yosys(LINK, folder)
        done.write_text(key)

    def count():
        return {"cells": _cells(folder, "core", TOP), "frame": _cells(folder, "frame", WRAPPER)}

    return kept("synthesis", key, count)


def linked_netlist(verilog):
    return verilog.parent / "linked.json"


def without_comments(text):
    """Verilog without whole-line comments: LiteX writes the time of day into them."""
    return re.sub(r"^\s*//.*\n", "", text, flags=re.MULTILINE)


def _core_script(name, tied):
    steps = [read_script(name), "proc"]
    steps += [f"delete -input {TOP}/w:{port}" for port in tied]
    steps += [f"cd {TOP}", *(f"connect -set {port} 0" for port in tied), "cd .."]
    steps += [SYNTHESIS, "write_json core.json", "write_rtlil core.il"]
    return "; ".join(steps)


# Nothing is optimised once core and frame are in one module.
LINK = "; ".join(
    [
        "read_verilog wrapper.v",
        f"synth_ecp5 -top {WRAPPER}",
        "write_json frame.json",
        f"delete {TOP}",
        "read_rtlil core.il",
        f"hierarchy -top {WRAPPER}",
        "flatten",
        "write_json linked.json",
    ]
)


def _yosys(script, folder):
    run = execute(["yosys", "-q", "-p", script], folder, TIMEOUT_S)
    if run.returncode:
        raise BenchError(f"yosys: {error_line(run)}")


def core_cells(folder):
    """The cells of a core that was synthesised in `folder`, as yosys's JSON has them."""
    return _module(folder, "core", TOP)["cells"]


def _module(folder, name, module):
    return json.loads((folder / f"{name}.json").read_text())["modules"][module]


def _cells(folder, name, module):
    cells = _module(folder, name, module)["cells"]
    return dict(Counter(cell["type"] for cell in cells.values() if cell["type"] != TOP))
