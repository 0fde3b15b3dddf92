# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Which memories of a Lattice ECP5 a memory of depth x width bits is made of."""

# DP16KD as words by bits, and how many words a row of 18 bits holds.
RAM_SHAPES = {18: 1024, 9: 2048, 4: 4096, 2: 8192, 1: 16384}

# Memories of few 16x4 cells (TRELLIS_DPR16X4, one reader each) are better off in those: synthesis
# weighs a cell with what selects it as 4, and a block as 128.
DISTRIBUTED_CELLS = 12

def distributed_cells(width, depth, readers):
    """16x4 cells that take the memory; each has one reader, so two mean copies."""
    return -(-depth//16)*-(-width//4)*readers

def worth_a_block(width, depth, readers):
    """Whether a memory of depth x width bits with 1 or 2 ports that read belongs in block RAM."""
    return distributed_cells(width, depth, readers) > DISTRIBUTED_CELLS

def ram_shape(width, depth):
    """(bits, words) of the blocks that take a memory of depth x width, as few as can be; among
    equals the deepest, which leave the least to choose from."""
    return min(RAM_SHAPES.items(),
        key = lambda shape: (-(-width//shape[0])*-(-depth//shape[1]), -shape[1]))

def ram_blocks(width, depth):
    """How many blocks take a memory of depth x width."""
    bits, words = ram_shape(width, depth)
    return -(-width//bits)*-(-depth//words)
