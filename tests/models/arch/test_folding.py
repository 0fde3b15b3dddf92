# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What a folding costs, and its table. Cycles and memories are held to the gateware there."""

import pytest

from models.arch.folding import LayerFolding, legal_simd
from models.arch.planner import plan
from models.arch.resources import Memory, multipliers
from models.spec import Conv1DSpec, ModelError, NumberFormat
from models.topologies import get


def test_a_stage_costs_what_the_formula_says():
    layer = Conv1DSpec(6, 8, 3, 5)
    fold = LayerFolding(layer, pe=2, simd=3)
    assert (fold.multipliers, fold.interval, fold.cycles) == (6, 6, 24)
    assert fold.utilisation == 1.0
    assert fold.latency == 15 + 2 + 5
    assert fold.latency_last == fold.latency + 3 * 6 + 1
    wide = LayerFolding(layer, pe=8, simd=18)  # Results leave one by one, so 8 cycles, not 1.
    assert (wide.cycles, wide.utilisation) == (8, 0.125)


def test_lanes_are_multipliers_or_shifters():
    fixed = LayerFolding(Conv1DSpec(6, 8, 3), 2, 3)
    po2 = LayerFolding(Conv1DSpec(6, 8, 3, weights="po2"), 2, 3)
    assert (fixed.lanes, fixed.multipliers, fixed.shifters) == (6, 6, 0)
    assert (po2.lanes, po2.multipliers, po2.shifters) == (6, 0, 6)
    assert po2.luts > fixed.luts
    assert [multipliers(6, bits) for bits in (8, 18, 19, 24)] == [6, 6, 24, 24]
    assert LayerFolding(Conv1DSpec(6, 8, 3), 2, 3, NumberFormat(20, 14)).multipliers == 24


def test_memories_of_a_stage():
    weights, biases, taps, fifo = LayerFolding(Conv1DSpec(16, 16, 4, 32), 1, 4).memories
    assert weights == Memory(16, 512, 2, 4, "block")  # 16 groups x 16 beats, 2 banks
    assert biases == Memory(16, 32, readers=2, count=1)
    assert taps == Memory(16, 128 * 4, readers=1, count=4)  # 3 * 32 + 3 slots, rounded up
    assert fifo == Memory(16 + 4, 3, 1, 1, "distributed")
    po2 = LayerFolding(Conv1DSpec(16, 16, 4, 32, weights="po2"), 1, 4, contexts=3)
    assert po2.memories[0].width == 6  # sign and exponent 0 to 16
    assert po2.memories[2].depth == 4 * taps.depth  # three contexts take the place of four


def test_a_ring_is_rounded_up_unless_that_is_dear():
    """To a power of two of slots, for up to a third more block RAM."""
    depths = [LayerFolding(Conv1DSpec(16, 16, 4, d), 1, 1).memories[2].depth for d in (4, 128, 90)]
    assert depths == [16 * 16, 512 * 16, 273 * 16]  # 512 slots: 8 blocks; of 387, 7; of 273, 5


@pytest.mark.parametrize(
    "memory, block_rams",
    [
        (Memory(16, 1024, 2, 1), 1),
        (Memory(16, 1025, 2, 1), 2),
        (Memory(16, 2100, 2, 1), 3),
        (Memory(16, 4096, 1, 3), 12),
        (Memory(6, 2048, 1, 1), 1),
        (Memory(6, 2100, 1, 1), 2),
        (Memory(24, 256, 2, 1), 2),
        (Memory(16, 48, 1, 1), 0),
        (Memory(16, 49, 1, 1), 1),
        (Memory(16, 16, 2, 1), 0),
        (Memory(16, 32, 2, 1), 1),
        (Memory(16, 2, 2, 5, "block"), 5),
        (Memory(16, 4096, 1, 1, "distributed"), 0),
    ],
)
def test_block_rams_of_memories(memory, block_rams):
    """As gateware/primitives.py builds them; test_core.py counts its cells."""
    assert memory.block_rams == block_rams
    assert (memory.luts == 0) == (block_rams > 0)


def test_every_simd_is_part_of_a_tap_or_whole_taps():
    assert legal_simd(Conv1DSpec(6, 8, 4)) == [1, 2, 3, 6, 12, 24]
    assert legal_simd(Conv1DSpec(1, 8, 4)) == [1, 2, 4]


def test_messages_name_the_value_and_what_is_allowed():
    layer = Conv1DSpec(6, 4, 3)
    with pytest.raises(ModelError, match=r"^folding: pe must be 1, 2 or 4, got 3$"):
        LayerFolding(layer, 3, 1)
    with pytest.raises(ModelError, match=r"^folding: simd must be 1, 2, 3, 6 or 18, got 4$"):
        LayerFolding(layer, 1, 4)


def test_the_table_tells_each_layer_the_sum_and_the_device():
    assert str(plan(get("waveshaper"), 512)) == "1x1 1x2 1x1"
    assert plan(get("waveshaper"), 512, device="LFE5U-25F").table() == TABLE
    assert "1: 16->16 K4 D32 x2 " in plan(get("reuse"), 512).table()


TABLE = """\
layer                   pe  simd  mult  shift  cycles  latency   used   BRAM
0: 4->16 K4 D8           1     1     1      0     256       29   100%      3
1: 16->16 K4 D32         1     2     2      0     512       46   100%      5
2: 16->4 K4 D128         1     1     1      0     256       77   100%      9
network                              4      0     512      872    75%     17
512 of 512 cycles per sample, 1536 multiplications, 1572 parameters
LFE5U-25F: 4 of 28 multipliers, 17 of 56 block RAMs, 1080 of 24288 LUTs*
* an estimate, before synthesis"""
