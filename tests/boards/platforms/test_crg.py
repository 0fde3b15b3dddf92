# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Clocks: what the PLL truly makes; resets: long enough and in order, however short the cause."""

import pytest
from migen import *
from migen.genlib.resetsync import AsyncResetSynchronizer

from boards.platforms import BOARDS
from boards.platforms.crg import CRG, PLL, Resets
from gateware.audio.ak4619 import AK4619
from tests.support.benches.core_runs import build
from tests.support.soc.soc_runs import planned, zoo_model

# Oscillator and wanted sys in MHz, ratio -> what the EHXPLLL makes nearest to it with a phase
# detector at 10 MHz or more and a VCO of 400 to 800 MHz, found by hand.
FREQUENCIES = [
    (100, 49.152, 1, 100 / 8 * 59 / 15),
    (100, 49.152, 4, 100 / 10 * 59 / 12),
    (100, 98.304, 1, 100 / 10 * 59 / 6),
    (25, 49.152, 1, 25 / 2 * 59 / 15),
    (25, 49.152, 2, 25 / 2 * 55 / 14),
    (25, 49.152, 4, 25 / 2 * 63 / 16),
]


def crg(clkin, sys, ratio=1):
    return CRG(Signal(), clkin * 1e6, sys * 1e6, ratio)


@pytest.mark.parametrize("clkin, sys, ratio, made", FREQUENCIES)
def test_true_frequency(clkin, sys, ratio, made):
    clocks = crg(clkin, sys, ratio)
    assert clocks.sys_clk_freq == pytest.approx(made * 1e6, rel=1e-12)
    solution = clocks.pll.solution
    assert 400e6 <= solution["vco"] <= 800e6
    assert clkin * 1e6 / solution["clki_div"] >= 10e6
    feedback = solution[f"clko{solution['clkfb']}_div"]
    assert solution["vco"] == clkin * 1e6 / solution["clki_div"] * solution["clkfb_div"] * feedback
    assert clocks.sys_clk_freq == solution["vco"] / solution["clko0_div"]
    if ratio > 1:
        assert solution["clko0_div"] == ratio * solution["clko1_div"]


def nearest(clkin, wanted):
    """Of all that the PLL can make with one output and one for the feedback, by brute force."""
    made = {
        clkin / div_in * factor / div_out
        for div_in in range(1, int(clkin / 10e6) + 1)
        for factor in range(1, 81)
        if 400e6 <= clkin / div_in * factor <= 800e6
        for div_out in range(1, 129)
    }
    return min(made, key=lambda freq: abs(freq - wanted))


@pytest.mark.parametrize("clkin", [100, 25])
@pytest.mark.parametrize("sys", [12.288, 24.576, 49.152, 50, 73.728, 98.304])
def test_nothing_nearer_can_be_made(clkin, sys):
    made = crg(clkin, sys).sys_clk_freq
    best = nearest(clkin * 1e6, sys * 1e6)
    assert abs(made - sys * 1e6) == pytest.approx(abs(best - sys * 1e6), abs=1e-3)


@pytest.mark.parametrize("name", BOARDS)
@pytest.mark.parametrize("ratio", [1, 2, 4])
def test_every_board_and_rate_has_its_clock(name, ratio):
    for rate in (192_000, 96_000, 48_000):
        board = BOARDS[name]
        clocks = board.CRG(board.Platform(), 49.152e6, ratio)
        form = AK4619.serial_format(clocks.sys_clk_freq, rate)
        assert abs(clocks.sys_clk_freq / form["sys_per_frame"] / rate - 1) < 0.0015


@pytest.mark.parametrize(
    "sys, ratio, words",
    [(1, 1, "3125000 to 400000000"), (150, 4, "3125000 to 100000000")],
)
def test_a_clock_that_cannot_be_made_is_refused(sys, ratio, words):
    with pytest.raises(ValueError, match=rf"^sys_clk_freq must be {words} Hz, got {sys}000000$"):
        crg(25, sys, ratio)


class _AsyncReset(Module):
    """AsyncResetSynchronizer for Migen's simulator: at once on, off by the second clock after."""

    def __init__(self, cd, cause):
        first, second = [Signal(reset=1, reset_less=True) for _ in range(2)]
        sync = getattr(self.sync, cd.name)
        sync += If(cause, first.eq(1), second.eq(1)).Else(first.eq(0), second.eq(first))
        self.comb += cd.rst.eq(cause | second)


class _Override:
    @staticmethod
    def lower(special):
        return _AsyncReset(special.cd, special.async_reset)


def reset_trace(ratio, cause_cycles):
    """(cause, sys in reset, wavenet in reset) in each cycle of wavenet; the cause comes when the
    reset of power-up is long over, and is off again after `cause_cycles` of sys."""
    cause = Signal()
    por, sys, wavenet = domains = [ClockDomain(name) for name in ("por", "sys", "wavenet")]
    resets = Resets(por, sys, wavenet, cause)
    resets.clock_domains += domains
    trace, length = [], 3 * Resets.CYCLES

    def drive():
        for cycle in range(2 * length):
            yield cause.eq(length <= cycle < length + cause_cycles)
            yield

    def look():
        for _ in range(2 * length * ratio):
            trace.append(((yield cause), (yield sys.rst), (yield wavenet.rst)))
            yield

    run_simulation(
        resets,
        {"sys": drive(), "wavenet": look()},
        clocks={"por": 160, "sys": 80, "wavenet": 80 // ratio},
        special_overrides={AsyncResetSynchronizer: _Override},
    )
    return trace


@pytest.mark.parametrize("ratio", [2, 4])
@pytest.mark.parametrize("cause_cycles", [1, 50])
def test_resets_last_and_wavenet_leaves_last(ratio, cause_cycles, monkeypatch):
    monkeypatch.setattr(Resets, "CYCLES", 128)
    trace = reset_trace(ratio, cause_cycles)
    begin = [each[0] for each in trace].index(1)
    assert trace[begin - 1] == (0, 0, 0), "the reset of power-up is not over"
    assert all(wavenet for _, sys, wavenet in trace if sys)
    after = [each for each in trace[begin:] if not each[0]]
    for place, cycles in (1, 2 * ratio), (2, 2 * ratio):
        length = [each[place] for each in after].index(0)
        assert length >= Resets.CYCLES * cycles
        assert not any(each[place] for each in after[length:])
    order = [[each[place] for each in after].index(0) for place in (1, 2)]
    assert order[0] < order[1]


def test_the_longest_reset_that_a_core_wants_is_within_reach():
    model = zoo_model()
    assert build(model, planned(model)).reset_cycles * 4 < Resets.CYCLES


def test_a_clock_that_is_not_near_enough_is_refused(monkeypatch):
    monkeypatch.setattr(PLL, "MARGIN", 1e-6)
    with pytest.raises(
        ValueError, match="^sys_clk_freq must be within .* 25 MHz, got 49152000 Hz$"
    ):
        crg(25, 49.152)
    assert crg(25, 50).sys_clk_freq == 50e6
