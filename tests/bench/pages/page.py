# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""docs/benchmarks.md."""

from tests.bench.pages import tables
from tests.bench.synthesis import SYNTHESIS

COMMAND = "python3 -m tests.bench"

PAGE = """# Benchmarks

<!-- check: stored bench -->
`make bench` wrote this page (`{command}`): yosys {yosys}, nextpnr {nextpnr},
{seeds}. Nothing here is typed by hand but the figures of the original design.

{rows}

A row is the core alone, with its bus, both weight banks and all counters: `{synthesis}`,
then a frame of shift registers is put round the netlist, so that three pins do and each port of the
core begins or ends at a register; the frame's cells are counted and subtracted. Multipliers and
block RAMs get their sites from soc/flow/floorplan.py, as in a board's build; the rest is placed and
routed by nextpnr (router1, CABGA381). Cycles and latency are those of the Verilog in Verilator,
where also every integer equals the reference's; the planner's figures are the same. *COMB* is
nextpnr's TRELLIS_COMB. In brackets the ratio to the original design. *Inferences/s* and *latency*
are at the best seed's Fmax; latency is from a frame's last input channel in to its first output
channel out.

## To reach, and reached

{goals}

![Fmax of the seeds against the clock that is wanted](benchmarks_fmax.png)

## What it takes

{size}

The original design (github.com/matpalm/cached_dilated_causal_convolutions) was measured with the
same tools for this project's issue on the accelerator, where the figures come from; 134 multipliers
and 44,647 COMB were published.

![Useful multiplications per second against multipliers and COMB](benchmarks_work.png)

## How fast it is

{speed}

## What limits it

The critical path of the best seed.

{paths}
<!-- /check -->
"""


def text(measured, yosys, nextpnr):
    seeds = {len(m.runs) for m in measured}
    most, least = max(seeds), min(seeds)
    return PAGE.format(
        command=COMMAND,
        yosys=yosys,
        nextpnr=nextpnr,
        seeds=f"seeds 1 to {most}"
        if most == least
        else f"seeds 1 to {least} or to {most} (all are in the last table)",
        synthesis=SYNTHESIS,
        rows=tables.folding_table(measured),
        goals=tables.goal_table(measured),
        size=tables.size_table(measured),
        speed=tables.speed_table(measured),
        paths=tables.path_table(measured),
    )
