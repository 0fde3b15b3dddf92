# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What the tests of generated Verilog and of the netlist share."""

import tempfile
from pathlib import Path

import pytest

from soc.flow.toolchain import BUILD
from tests.support.benches.cocotb_runs import CocotbRuns


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    """One folder for all: Verilator's library, most of the work, is compiled once in it."""
    return CocotbRuns(tmp_path_factory.mktemp("simulator"))


@pytest.fixture
def yosys_folder():
    """A folder that yosys sees: YoWASP's has a /tmp of its own."""
    (BUILD / "tests").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILD / "tests") as name:
        yield Path(name)
