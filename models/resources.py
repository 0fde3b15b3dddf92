"""What a folded layer takes of a chip. The memories are exact; what they and the logic become in
the chip is an estimate of synthesis, from yosys 0.70 (synth_ecp5 -no-rw-check) on this gateware.

Block RAMs equalled that synthesis in the four stages of 16 channels that were tried (0, 8, 20, 20).
Without -no-rw-check yosys keeps the order of a read and a write that meet, and doubles the weight
memories for it (12, 36 in place of 8, 20) or puts them into distributed RAM.
"""

from dataclasses import dataclass
from math import ceil

# DP16KD: words by bits. Only a memory with one reader and one writer can have the last, widest one.
SHAPES = ((16384, 1), (8192, 2), (4096, 4), (2048, 9), (1024, 18), (512, 36))

# A memory of at most so many 16x4 cells (TRELLIS_DPR16X4) goes to distributed RAM, a larger one to
# block RAM. Yosys weighs 4 a cell, and its multiplexers, against 128 a block: memories of 16 bits
# with one reader went to block RAM from 81 words on, with two readers from 33 on.
DISTRIBUTED_CELLS = 20
CELL_LUTS = 4

MULTIPLIER_BITS = 18


@dataclass(frozen=True)
class Memory:
    """`count` memories of depth x width bits with `readers` ports that read.

    registered: the reading takes a clock cycle, as block RAM needs it.
    """

    width: int
    depth: int
    readers: int
    count: int
    registered: bool = True

    @property
    def cells(self):
        """16x4 cells of one of them in distributed RAM; each has one reader, so two mean copies."""
        return ceil(self.depth / 16) * ceil(self.width / 4) * self.readers

    @property
    def distributed(self):
        return not self.registered or self.cells <= DISTRIBUTED_CELLS

    @property
    def block_rams(self):
        """DP16KD of all of them."""
        if self.distributed:
            return 0
        shapes = SHAPES if self.readers == 1 else SHAPES[:-1]
        return self.count * min(ceil(self.depth / d) * ceil(self.width / w) for d, w in shapes)

    @property
    def luts(self):
        return self.count * self.cells * CELL_LUTS if self.distributed else 0


def multipliers(lanes, bits):
    """MULT18X18D for `lanes` products of bits x bits: one each, four above 18 bits."""
    return lanes * ceil(bits / MULTIPLIER_BITS) ** 2


def luts(pe, lanes, shifters, bits, memories):
    """4-input LUTs of a stage: a rough estimate. `lanes` counts the shifters too.

    A fit to stages of 16 channels mapped without -no-rw-check, counted as LUT4 + 2 CCU2C + 4
    TRELLIS_DPR16X4: 0.90 to 1.28 of yosys in the 15 of 18 whose memories went where block_rams
    has them (or to two block RAMs for one), 0.29 to 0.58 where they went to distributed RAM
    instead. With the flag 0.90 to 1.41 in four of them.
    """
    logic = 230 + bits * (2 + 6.5 * pe + 6 * lanes + 12 * shifters)
    return round(logic) + sum(memory.luts for memory in memories)
