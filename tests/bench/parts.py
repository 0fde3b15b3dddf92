# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Which parts of a core cost what, by the names that synthesis keeps."""

import re

from soc.flow.netlist_blocks import COMB, comb, count

COUNTED = (*COMB, "TRELLIS_FF", "DP16KD", "MULT18X18D")

# How the names of a stage's cells go on -> its blocks; what has none of them is its wiring.
BLOCKS = {
    "cache": "cache",
    "beatmerger": "cache",
    "queue": "cache",
    "ring": "cache",
    "sequencer": "sequencer",
    "memory": "memory",
    "mvu": "mvu",
    "results": "results",
}


def part_of(cell):
    """Stage and block of a cell by its name (`conv1d0 cache`); elsewhere its first word."""
    stage = re.match(r"(conv1d\d*)_([a-z]+)", cell)
    if stage:
        return f"{stage[1]} {BLOCKS.get(stage[2], 'itself')}"
    return re.match(r"\W*([A-Za-z]*)", cell)[1]


def parts(cells):
    """{part: Counter of COUNTED} of the cells of a module of yosys's JSON."""
    return count(cells, part_of)


def table(found, used):
    """Text: the parts, the dearest first, and what is left to `used` TRELLIS_COMB."""
    head = f"{'part':<28}{'COMB':>6} ="
    lines = [head + "".join(f"{kind:>17}" for kind in COUNTED)]
    for part, counted in sorted(found.items(), key=lambda item: -comb(item[1])):
        figures = "".join(f"{counted[kind]:>17}" for kind in COUNTED)
        lines.append(f"{part:<28}{comb(counted):>6}  {figures}")
    total = sum(map(comb, found.values()))
    lines.append(f"{'constants':<28}{used - total:>6}")
    lines.append(f"{'all':<28}{used:>6}")
    return "\n".join(lines)
