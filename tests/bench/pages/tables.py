# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The measurements as Markdown."""

import re

from tests.bench.goals import GOALS
from tests.bench.rows import ORIGINAL

CELL_TYPES = "TRELLIS_FF|LUT4|CCU2C|PFUMX|L6MUX21|MULT18X18D|DP16KD|TRELLIS_DPR16X4"
NONE = "not routed"


def table(head, rows):
    """A Markdown table; columns after the first are right-aligned where they hold figures."""
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def ratio(value, original):
    """How the value compares with the original's: ×3.0 more, ÷3.0 less."""
    if value >= original:
        return (
            f"×{value / original:.2g}" if value < 9.95 * original else f"×{value / original:,.0f}"
        )
    return ratio(original, value).replace("×", "÷")


def _beside(value, original, form="{:,}"):
    """The value with its ratio to the original's."""
    if value is None:
        return NONE
    return f"{form.format(value)} ({ratio(value, original)})" if value else "0"


def size_table(measured):
    """What each row takes of a chip."""
    head = ["row", "device", "parameters", "multiplications per sample", "multipliers", "COMB"]
    head += ["FF", "DP16KD"]
    o = ORIGINAL
    lines = [
        ["the original design", o.device, f"{o.parameters:,}", f"{o.multiplications:,}"]
        + [o.multipliers, f"{o.comb:,}", f"{o.ff:,}", o.block_rams]
    ]
    for m in measured:
        contexts = m.row.contexts
        voices = f"{contexts} × " if contexts > 1 else ""
        multipliers = _beside(m.used("MULT18X18D"), o.multipliers)
        if m.folding.shifters:
            multipliers += f" + {m.folding.shifters} shifters"
        lines.append(
            [
                m.row.name,
                m.row.device,
                _beside(m.folding.spec.parameters, o.parameters),
                voices + _beside(m.multiplications, o.multiplications),
                multipliers,
                _beside(m.used("TRELLIS_COMB"), o.comb),
                _beside(m.used("TRELLIS_FF"), o.ff),
                _beside(m.used("DP16KD"), o.block_rams),
            ]
        )
    return table(head, lines)


def speed_table(measured):
    """How fast each row is."""
    head = [
        "row",
        "cycles per sample",
        "latency, cycles",
        "Fmax best / median, MHz",
        "asked for, MHz",
    ]
    head += ["inferences/s", "latency, µs", "multipliers' cycles used"]
    o = ORIGINAL
    lines = [
        ["the original design", o.cycles, o.cycles, f"{o.fmax:g} (estimated, did not route)"]
        + [f"{o.clock}", f"{o.frames_per_second:,.0f}", f"{o.latency_us:.2f} (at {o.clock} MHz)"]
        + [f"{o.utilisation:.0%}"]
    ]
    for m in measured:
        fmax = _beside(m.fmax, o.fmax, "{:.1f}")
        lines.append(
            [
                m.row.name,
                _beside(m.cycles, o.cycles),
                _beside(m.latency, o.cycles),
                f"{fmax} / {m.median:.1f}" if m.fmax else NONE,
                f"{m.row.clock:g}",
                _beside(m.frames_per_second, o.frames_per_second, "{:,.0f}"),
                _beside(m.latency_us, o.latency_us, "{:.3g}"),
                f"{m.utilisation:.0%} ({ratio(m.utilisation, o.utilisation)})",
            ]
        )
    return table(head, lines)


def goal_table(measured):
    """To reach and reached, of the rows that were measured."""
    by_name = {m.row.name: m for m in measured}
    lines = []
    for goal in GOALS:
        if goal.row in by_name:
            value, met = goal.judge(by_name[goal.row])
            lines.append([goal.row, goal.text, value, "met" if met else "**missed**"])
    return table(["row", "to reach", "reached", ""], lines)


def path_table(measured):
    """What limits the best seed of each row."""
    head = ["row", "Fmax of the seeds, MHz", "from", "to", "cells, ns", "wires, ns", "wires"]
    lines = []
    for m in measured:
        seeds = ", ".join(f"{run.fmax:.1f}" if run.fmax else run.error for run in m.runs)
        if m.best:
            path = m.best.path
            places = [f"`{short_name(place)}`" for place in (path.start, path.end)]
            figures = [f"{path.logic:.2f}", f"{path.routing:.2f}", path.hops]
        else:
            places, figures = ["", ""], ["", "", ""]
        lines.append([m.row.name, seeds, *places, *figures])
    return table(head, lines)


def folding_table(measured):
    """The plan of each row."""
    lines = [
        [m.row.name, m.row.topology, m.row.objective, m.row.cycles, f"`{m.folding}`"]
        for m in measured
    ]
    return table(["row", "net", "objective", "cycles allowed", "pe x simd of the layers"], lines)


def short_name(place):
    """A pin's name without the frame round the core and without yosys's counting."""
    cell, pin = place.removeprefix("core.").rsplit(".", 1)
    found = re.search(f"_({CELL_TYPES})(_|$)", cell)
    return f"{cell[: found.start()]} {found[1]} {pin}" if found else f"{cell} {pin}"
