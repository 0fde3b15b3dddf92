# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What the rows are to reach, from this project's issue on the accelerator, and whether they do."""

from collections.abc import Callable
from dataclasses import dataclass

from models.arch import devices
from tests.bench.measure import Measured

SAMPLE_RATE = 192_000  # Hz


@dataclass(frozen=True)
class Goal:
    """`value` of the Measured of `row` is to be at most (or at least) `limit`."""

    row: str
    text: str
    value: Callable[[Measured], float | None]
    limit: float
    at_least: bool = False
    form: str = "{:,}"

    def judge(self, measured):
        """(the value as text, met or not); what was not routed meets nothing."""
        value = self.value(measured)
        if value is None:
            return "not routed", False
        met = value >= self.limit if self.at_least else value <= self.limit
        return self.form.format(value), met


def _keeps_up(row, clock):
    """192 kHz at `clock` MHz, routed for it."""
    text = f"{SAMPLE_RATE / 1000:g} kHz at {clock} MHz, routed"

    def rate(m):
        return m.fmax and min(m.fmax, clock) * 1e3 / m.cycles

    return Goal(row, text, rate, SAMPLE_RATE / 1000, True, "{:.1f} kHz")


def _used(resource):
    return lambda m: m.used(resource)


COMB_85F = devices.get("LFE5UM5G-85F").luts

GOALS = [
    Goal("area", "at most 4 multipliers", _used("MULT18X18D"), 4),
    Goal("area", "at most 1,200 COMB", _used("TRELLIS_COMB"), 1200),
    Goal("area", "at most 8 DP16KD", _used("DP16KD"), 8),
    _keeps_up("area", 98.304),
    Goal("area-1024", "2 multipliers, where it closes", _used("MULT18X18D"), 2),
    _keeps_up("area-1024", 196.608),
    Goal(
        "throughput",
        "at least 10 million inferences/s",
        lambda m: m.frames_per_second and m.frames_per_second / 1e6,
        10,
        True,
        "{:.2f} million",
    ),
    Goal(
        "throughput",
        "at least 90 % of the multipliers' cycles used",
        lambda m: 100 * m.utilisation,
        90,
        True,
        "{:.1f} %",
    ),
    Goal(
        "latency",
        "at most 0.5 µs from the last input to the first output channel",
        lambda m: m.latency_us,
        0.5,
        form="{:.3f} µs",
    ),
    Goal("po2", f"at most 10 % of {COMB_85F:,} LUTs", _used("TRELLIS_COMB"), COMB_85F // 10),
    _keeps_up("po2", 98.304),
    Goal("wide", "at least 69,000 multiplications", lambda m: m.multiplications, 69_000, True),
    _keeps_up("wide", 98.304),
]
