# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The netlist that yosys makes for the ECP5 under Verilator: models.reference's integers."""

import pytest

from models.arch.planner import plan
from tests.support.benches.core_jobs import make_job
from tests.support.benches.core_runs import build
from tests.support.hdl.netlist import cell_models, synthesise
from tests.support.hdl.nets import random_model
from tests.support.hdl.verilog import TOP, write_verilog
from tests.support.soc.soc_runs import zoo_model

BENCH = "tests.support.benches.core_bench"


@pytest.mark.timeout(900)  # on a new checkout the WebAssembly of yosys is compiled first
def test_the_netlist_of_the_zoos_model(runs, yosys_folder):
    """Every parameter is written to bank 1 over the bus while frames flow, then banks alternate."""
    model = zoo_model()
    other = random_model(model.spec, seed=1, scale=0.05)
    folding = plan(model.spec, 512)
    core = build(model, folding, primitives="ecp5")
    netlist, cells = synthesise(write_verilog(core, yosys_folder))
    assert cells["MULT18X18D"] == folding.multipliers
    assert cells["DP16KD"] == folding.block_rams

    models, includes = cell_models()
    runs.build([*models, netlist], TOP, includes)
    job = make_job(core, [model, other], (30, 40), seed=2, stall=0.3)
    runs.play(yosys_folder, BENCH, job)
