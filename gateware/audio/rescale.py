# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

from migen import *

# Rescale ------------------------------------------------------------------------------------------

def rescale(word, shift, bits):
    """word * 2**shift as a signed word of `bits` bits, rounded down and saturated (combinational).

    word: signed signal or expression. With shift 0 and equal widths it is the word itself.
    """
    if shift < 0:
        word = word >> -shift
    elif shift > 0:
        word = word << shift
    width, _ = value_bits_sign(word)
    if width <= bits:
        return word
    # By its bits: Verilog takes a negative constant of a comparison as unsigned.
    sign = word[width - 1]
    fits = word[bits - 1:width - 1] == Replicate(sign, width - bits)
    return Mux(fits, word[:bits], Cat(Replicate(~sign, bits - 1), sign))
