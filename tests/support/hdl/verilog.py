# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""A core alone as Verilog with a plain port list, as other tools take it."""

from pathlib import Path

from litex.gen.fhdl import verilog
from migen import ClockDomain

TOP = "wavenet_core"


def write_verilog(core, folder):
    """Write module TOP of a WaveNetCore, and its *.init files, into `folder`.

    Ports: sys_clk, sys_rst (synchronous); the streams `sink_` and `source_` with valid, ready,
    first, last, data, bank, context; the Wishbone bus `bus_`; the counters cycles_used and
    saturations<layer>. Returns the path of the Verilog file. The memories are read by $readmemh
    from the current folder: a simulator must run in `folder`.
    """
    core.cd_sys = ClockDomain("sys")
    ports = {
        "sys_clk": core.cd_sys.clk,
        "sys_rst": core.cd_sys.rst,
        "cycles_used": core.cycles_used,
    }
    for name in ("sink", "source"):
        endpoint = getattr(core, name)
        for field in ("valid", "ready", "first", "last", "data", "bank", "context"):
            ports[f"{name}_{field}"] = getattr(endpoint, field)
    for field in ("adr", "dat_w", "dat_r", "sel", "cyc", "stb", "ack", "we"):
        ports[f"bus_{field}"] = getattr(core.bus, field)
    for index, counter in enumerate(core.saturations):
        ports[f"saturations{index}"] = counter
    for name, signal in ports.items():
        signal.name_override = name
    output = verilog.convert(core, set(ports.values()), name=TOP)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, contents in output.data_files.items():
        (folder / name).write_text(contents)
    path = folder / f"{TOP}.v"
    path.write_text(output.main_source)
    return path
