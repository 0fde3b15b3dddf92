# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Requantise: every accumulator value of a small format, against exact fractions."""

from fractions import Fraction
from math import floor

import pytest

from gateware.wavenet.requantise import Requantise
from tests.support.simulators.compiled import run_simulation

ACCUMULATOR_BITS, BITS, FRAC = 11, 6, 3


def exact(accumulator, bias, rounding, relu):
    """(word, saturated) by the definition; Python's round() is half to even on fractions."""
    value = Fraction(accumulator, 2**FRAC) + bias
    word = round(value) if rounding == "half_even" else floor(value)
    low, high = (0 if relu else -(2 ** (BITS - 1))), 2 ** (BITS - 1) - 1
    saturated = word > high or (not relu and word < low)
    return min(max(word, low), high), saturated


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("rounding", ["half_even", "floor"])
def test_every_accumulator_value_with_any_bias(rounding, relu):
    """All that do not overflow the accumulator's width together."""
    dut = Requantise(ACCUMULATOR_BITS, BITS, FRAC, rounding, relu)
    low, high = -(2 ** (ACCUMULATOR_BITS - 1)), 2 ** (ACCUMULATOR_BITS - 1) - 1
    values = [
        (accumulator, bias)
        for bias in (0, 1, -1, 6, -13, 2 ** (BITS - 1) - 1, -(2 ** (BITS - 1)))
        for accumulator in range(low, high + 1)
        if low <= accumulator + (bias << FRAC) <= high
    ]
    got = []

    def run():
        yield dut.valid_in.eq(1)
        for cycle, (accumulator, bias) in enumerate([*values, *[(0, 0)] * Requantise.LATENCY]):
            yield dut.accumulator.eq(accumulator)
            yield dut.bias.eq(bias)
            yield
            if cycle >= Requantise.LATENCY:
                assert (yield dut.valid_out)
                got.append(((yield dut.word), bool((yield dut.saturated))))

    run_simulation(dut, run())
    assert len(got) == len(values)
    assert got == [exact(*value, rounding, relu) for value in values]


def test_an_unknown_rounding_is_refused():
    with pytest.raises(ValueError, match=r"^rounding must be half_even or floor, got 'up'$"):
        Requantise(8, 4, 2, "up")
