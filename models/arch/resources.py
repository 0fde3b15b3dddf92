"""What a folded layer takes of a chip. The memories are exact, as gateware/primitives.py builds
them with primitives="ecp5"; the logic is an estimate of yosys 0.70 (synth_ecp5 -no-rw-check).
"""

from dataclasses import dataclass
from math import ceil

# DP16KD: words by bits, with two ports.
SHAPES = ((16384, 1), (8192, 2), (4096, 4), (2048, 9), (1024, 18))

# A memory of at most so many 16x4 cells (TRELLIS_DPR16X4) goes to distributed RAM: see there.
DISTRIBUTED_CELLS = 12
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
        """16x4 cells of one of them in distributed RAM; each has one reader, so two mean copies."""
        return ceil(self.depth / 16) * ceil(self.width / 4) * self.readers

    @property
    def distributed(self):
        if self.kind:
            return self.kind == "distributed"
        return self.cells <= DISTRIBUTED_CELLS

    @property
    def block_rams(self):
        """DP16KD of all of them."""
        if self.distributed:
            return 0
        return self.count * min(ceil(self.depth / d) * ceil(self.width / w) for d, w in SHAPES)

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
