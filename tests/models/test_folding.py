"""The planner: fewest multipliers that keep up, and its messages. Cycles: tests/gateware."""

import pytest

from models.folding import Folding, LayerFolding, legal_pe, legal_simd, plan
from models.spec import Conv1DSpec, ModelError, NetworkSpec

ORIGINAL = NetworkSpec(
    [
        Conv1DSpec(4, 16, 4, 8),
        Conv1DSpec(16, 16, 4, 32),
        Conv1DSpec(16, 4, 4, 128, relu=False),
    ]
)


@pytest.mark.parametrize("cycles, multipliers", [(1024, 3), (512, 4), (256, 6), (128, 12)])
def test_the_original_net_takes_the_fewest_multipliers(cycles, multipliers):
    folding = plan(ORIGINAL, cycles)
    assert folding.multipliers == multipliers
    assert folding.cycles <= cycles
    # No legal folding with one multiplier fewer in any layer keeps up.
    for fold in folding.layers:
        for pe in legal_pe(fold.layer):
            for simd in legal_simd(fold.layer):
                other = LayerFolding(fold.layer, pe, simd)
                assert other.multipliers >= fold.multipliers or other.cycles > cycles


def test_a_stage_costs_what_the_formula_says():
    layer = Conv1DSpec(6, 8, 3, 5)
    fold = LayerFolding(layer, pe=2, simd=3)
    assert (fold.multipliers, fold.interval, fold.cycles) == (6, 6, 24)
    assert fold.utilisation == 1.0
    assert fold.latency == 10 + 2 + 5
    assert fold.latency_last == fold.latency + 3 * 6 + 1
    wide = LayerFolding(layer, pe=8, simd=18)  # Results leave one by one, so 8 cycles, not 1.
    assert (wide.cycles, wide.utilisation) == (8, 0.125)


def test_every_simd_is_part_of_a_tap_or_whole_taps():
    assert legal_simd(Conv1DSpec(6, 8, 4)) == [1, 2, 3, 6, 12, 24]
    assert legal_simd(Conv1DSpec(1, 8, 4)) == [1, 2, 4]


def test_messages_name_the_value_and_what_is_allowed():
    layer = Conv1DSpec(6, 4, 3)
    with pytest.raises(ModelError, match=r"^folding: pe 3 is not allowed: 1, 2, 4$"):
        LayerFolding(layer, 3, 1)
    with pytest.raises(ModelError, match=r"^folding: simd 4 is not allowed: 1, 2, 3, 6, 18$"):
        LayerFolding(layer, 1, 4)
    with pytest.raises(
        ModelError, match=r"^plan: layer 0 needs at least 16 cycles a sample, 8 are there$"
    ):
        plan(ORIGINAL, 8)
    with pytest.raises(
        ModelError, match=r"^plan: 4 input channels need 4 cycles a sample, 3 are there$"
    ):
        plan(ORIGINAL, 3)


def test_the_table_tells_each_layer_and_the_sum():
    text = plan(ORIGINAL, 512).table()
    assert "1: 16->16 K4 D32" in text
    assert "512 of 512 cycles a sample, 1536 multiplications, 1572 parameters" in text
    assert str(plan(ORIGINAL, 512)) == "1x1 1x2 1x1"
    assert isinstance(plan(ORIGINAL, 512), Folding)
