# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Builds Verilog with Verilator and runs a test bench of cocotb in it."""

import json
import os
import re
import time
from unittest import mock

from cocotb_tools.check_results import get_results
from cocotb_tools.runner import Verilator

from soc.flow.toolchain import environment, without_blanks

PROGRAMS = ("verilator", "perl", "make", "c++")
# Unknown values and registers without initial value are random, a new pattern for each seed.
OPTIONS = ("-O3", "--x-assign", "unique", "--x-initial", "unique", "-Wno-fatal", "-Wno-lint")
# LiteX writes `<=` in combinational logic; yosys's models hold a black box that we model.
QUIET = ("-Wno-COMBDLY", "-Wno-MODDUP")

PORT = re.compile(
    r"^\s*(?:input|output)(?:\s+|wire\b|reg\b|signed\b|\[[^]]*\])+(\w+)", re.MULTILINE
)


class PortsOnly(Verilator):
    """The runner without access to what is inside: a netlist then compiles ten times as fast."""

    def _build_command(self):
        commands = super()._build_command()
        commands[0].remove("--public-flat-rw")
        return [[without_blanks(str(word)) for word in command] for command in commands]


class CocotbRuns:
    """Simulators, one after the other in one folder, and the test benches that run in them."""

    def __init__(self, folder):
        self.folder = folder

    def build(self, sources, top, includes=()):
        """Build the simulator of Verilog module `top`, the only one of the last of `sources`.

        Where two sources have a module of the same name the first one counts.
        Raises RuntimeError when Verilator or the compiler fails.
        """
        # Verilator's own library is most of the work and the same for all: its makefile, which it
        # writes anew for each, makes the library look old.
        for library in self.folder.glob("verilated*.o"):
            os.utime(library, (time.time() + 3600,) * 2)
        ports = self.folder / "ports.vlt"
        ports.write_text("`verilator_config\n")
        with ports.open("a") as file:
            for name in PORT.findall(sources[-1].read_text()):
                file.write(f'public_flat_rw -module "{top}" -var "{name}"\n')
        with mock.patch.dict(os.environ, environment(PROGRAMS), clear=True):
            self.runner = PortsOnly()
            self.runner.build(
                sources=[ports, *sources],
                includes=includes,
                hdl_toplevel=top,
                build_dir=self.folder,
                build_args=[*OPTIONS, *QUIET],
                timescale=("1ns", "1ps"),
            )
        self.top = top

    def play(self, folder, bench, job):
        """Run the tests of module `bench` in `folder`, where `job` is written as job.json.

        Raises SystemExit, which fails a pytest, when one of them fails, RuntimeError when the
        simulator does.
        """
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "job.json").write_text(json.dumps(job))
        with mock.patch.dict(os.environ, environment(PROGRAMS), clear=True):
            results = self.runner.test(
                test_module=bench,
                hdl_toplevel=self.top,
                test_dir=folder,
                test_args=["+verilator+rand+reset+2", f"+verilator+seed+{job['seed'] + 1}"],
            )
        assert get_results(results)[0], f"{bench} has no tests"
