# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The estimates of models/arch/resources.py against what yosys makes of cores."""

import pytest

from models.arch.folding import Folding, LayerFolding
from models.arch.resources import CELL_LUTS
from models.spec import Conv1DSpec, NetworkSpec, NumberFormat
from tests.support.benches.core_runs import build
from tests.support.hdl.netlist import synthesise
from tests.support.hdl.nets import random_model
from tests.support.hdl.verilog import write_verilog

Q4_12, Q3_5 = NumberFormat(), NumberFormat(8, 5)
PO2 = {"weights": "po2"}


@pytest.mark.slow  # half a minute each for the large ones
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    "changed, pe, simd, number_format, contexts",
    [
        ({}, 1, 1, Q4_12, 1),
        ({}, 2, 1, Q4_12, 1),
        ({}, 4, 4, Q4_12, 1),
        ({}, 16, 4, Q4_12, 1),
        ({}, 4, 16, Q4_12, 1),
        ({}, 4, 4, Q3_5, 1),
        ({}, 2, 1, Q4_12, 4),
        ({"repeat": 2}, 2, 1, Q4_12, 1),
        ({"dilation": 128}, 2, 1, Q4_12, 1),
        (PO2, 1, 1, Q4_12, 1),
        (PO2, 4, 4, Q4_12, 1),
        (PO2, 16, 4, Q4_12, 1),
    ],
)
def test_luts_are_estimated_within_a_third(
    changed, pe, simd, number_format, contexts, yosys_folder
):
    layer = Conv1DSpec(16, 16, 4, **({"dilation": 4} | changed))
    fold = LayerFolding(layer, pe, simd, number_format, contexts)
    model = random_model(NetworkSpec([layer], number_format), seed=1, scale=0.05)
    core = build(model, Folding(model.spec, (fold,), 0), contexts, "ecp5")
    _, cells = synthesise(write_verilog(core, yosys_folder))
    luts = cells["LUT4"] + 2 * cells["CCU2C"] + CELL_LUTS * cells["TRELLIS_DPR16X4"]
    print(f"{fold.luts} estimated, {luts} counted: {fold.luts / luts:.2f}")
    assert cells["DP16KD"] == fold.block_rams
    assert 0.7 < fold.luts / luts < 1.3, f"{fold.luts} estimated, {luts} counted"
