# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What a folded layer takes of a chip. The memories are exact, as gateware/primitives.py builds
them with primitives="ecp5"; the logic is an estimate of yosys 0.70 (synth_ecp5 -no-rw-check).
"""

from dataclasses import dataclass
from math import ceil

from gateware.shapes.memory import distributed_cells, ram_blocks, worth_a_block

CELL_LUTS = 6  # four that hold bits, two that pass on what is written

MULTIPLIER_BITS = 18


@dataclass(frozen=True)
class Memory:
    """`count` memories of depth x width bits with `readers` ports that read.

    kind: "block" is in block RAM whatever its size, "distributed" never is, None is where it is
    cheaper.
    """

    width: int
    depth: int
    readers: int
    count: int
    kind: str | None = None

    @property
    def cells(self):
        """16x4 cells of one of them in distributed RAM."""
        return distributed_cells(self.width, self.depth, self.readers)

    @property
    def distributed(self):
        if self.kind:
            return self.kind == "distributed"
        return not worth_a_block(self.width, self.depth, self.readers)

    @property
    def block_rams(self):
        """DP16KD of all of them."""
        if self.distributed:
            return 0
        return self.count * ram_blocks(self.width, self.depth)

    @property
    def luts(self):
        """Those of the cells and, above 16 words, those that choose between them."""
        if not self.distributed:
            return 0
        choice = (ceil(self.depth / 16) - 1) * self.width * self.readers
        return self.count * (self.cells * CELL_LUTS + choice)


def multipliers(lanes, bits):
    """MULT18X18D for `lanes` products of bits x bits: one each, four above 18 bits."""
    return lanes * ceil(bits / MULTIPLIER_BITS) ** 2


def luts(pe, lanes, shifters, bits, memories):
    """4-input LUTs of a stage, a carry chain's among them: an estimate. `lanes` counts the shifters
    too.

    A fit to cores of one layer, 0.85 to 1.05 of yosys's in 20 of 23 and 0.74 to 0.81 in those of 8
    bits, several contexts or passes (see tests/gateware/wavenet/test_estimates.py). Place and route
    adds about a tenth for the ends of carry chains.
    """
    logic = 140 + bits * (10 + 5.4 * (pe - 1) + 2.6 * (lanes - pe))
    if shifters:
        logic += bits * (10 + 12 * shifters)
    return round(logic) + sum(memory.luts for memory in memories)
