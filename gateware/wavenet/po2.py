# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

from migen import *

from litex.gen import *

# Helpers ------------------------------------------------------------------------------------------

def po2_bits(bits):
    """Width of the code of a power-of-two weight of a `bits` bit format: sign and exponent."""
    return 1 + bits_for(bits)

def po2_code(weight, bits):
    """{sign, exponent} of an integer weight 0 or +/-2**k, k to bits - 1: exponent k + 1, or 0."""
    return (weight < 0) << (po2_bits(bits) - 1) | abs(int(weight)).bit_length()

# Encoder ------------------------------------------------------------------------------------------

class Po2Encoder(LiteXModule):
    """code = po2_code(word) of a word of `bits` bits that is 0 or a power of two, of either sign.

    Of another word the code is that of its lowest set bit. Latency: none.
    """
    def __init__(self, bits):
        self.word = Signal(bits)
        self.code = Signal(po2_bits(bits))

        # # #

        self.comb += self.code[-1].eq(self.word[-1])
        # The lowest set bit of +/-2**k is bit k.
        for k in reversed(range(bits)):
            self.comb += If(self.word[k], self.code[:-1].eq(k + 1))

# Decoder ------------------------------------------------------------------------------------------

class Po2Decoder(LiteXModule):
    """word = 2**(exponent - 1) with the sign of the code, in `bits` bits; exponent 0 is 0.

    Latency: none.
    """
    def __init__(self, bits):
        self.code = Signal(po2_bits(bits))
        self.word = Signal(bits)

        # # #

        exponent, sign = self.code[:-1], self.code[-1]
        self.comb += Case(exponent, {
            k + 1: self.word.eq(Mux(sign, 2**bits - 2**k, 2**k)) for k in range(bits)})
