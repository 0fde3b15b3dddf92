# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

from migen import *

from litex.gen import *

# Requantise ---------------------------------------------------------------------------------------

class Requantise(LiteXModule):
    """Add the bias to an accumulator and bring it back to a word: round, saturate, ReLU.

        word = clip(round(accumulator / 2**frac + bias), low, max)      low = 0 with relu, else min

    accumulator : signed, `accumulator_bits` wide, 2*frac fractional bits; with the bias it must not
                  overflow that width
    bias        : signed, `bits` wide, frac fractional bits, in the cycle of its accumulator
    word        : signed, `bits` wide, frac fractional bits
    rounding    : "half_even" (nearest, ties to the even word) or "floor"
    saturated   : strobe beside `word`, a value above max was clipped, or below min without relu

    Latency: LATENCY cycles; one word a cycle. Raises ValueError for an unknown rounding.
    """
    LATENCY = 2
    def __init__(self, accumulator_bits, bits, frac, rounding="half_even", relu=False):
        if rounding not in ("half_even", "floor"):
            raise ValueError(f"rounding must be half_even or floor, got {rounding!r}")
        self.accumulator = accumulator = Signal((accumulator_bits, True))
        self.bias        = bias        = Signal((bits, True))
        self.valid_in    = Signal()
        self.word        = Signal((bits, True))
        self.valid_out   = Signal()
        self.saturated   = Signal()

        # # #

        # Round. Half to even adds half an output LSB less one, and the LSB of the truncated word;
        # that LSB enters as the adder's carry (the extra bit on the right). It is known before the
        # bias is added, so the adder that rounds adds the bias too.
        shifted_bits = accumulator_bits + 1 - frac
        rounded      = Signal((shifted_bits, True), reset_less=True)
        valid        = Signal()
        wide_bias    = Cat(bias, Replicate(bias[-1], shifted_bits - bits))
        if rounding == "half_even":
            total = Signal(accumulator_bits + 2)
            half  = 2**(frac - 1) - 1
            self.comb += total.eq(Cat(C(1, 1), accumulator, accumulator[-1])
                + Cat(accumulator[frac] ^ bias[0], C(half, frac), wide_bias))
            self.sync += rounded.eq(total[frac + 1:])
        else:
            self.sync += rounded.eq(Cat(accumulator[frac:], accumulator[-1]) + wide_bias)
        self.sync += valid.eq(self.valid_in)

        # Saturate: the bits above the word's sign must all equal the sign.
        negative, overflow = Signal(), Signal()
        upper              = rounded[bits - 1:]
        self.comb += [
            negative.eq(rounded[-1]),
            overflow.eq((upper != 0) & (upper != 2**len(upper) - 1)),
        ]
        word = Signal((bits, True), reset_less=True)
        low  = 0 if relu else -2**(bits - 1)
        self.sync += [
            self.valid_out.eq(valid),
            self.saturated.eq(valid & overflow & (~negative | (not relu))),
            word.eq(rounded),
            If(overflow & ~negative, word.eq(2**(bits - 1) - 1)),
            If(negative & (overflow | relu), word.eq(low)),
        ]
        self.comb += self.word.eq(word)
