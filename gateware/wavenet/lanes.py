# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

from migen import *

from litex.gen import *

from gateware.wavenet.po2 import po2_bits

# Shift Lane ---------------------------------------------------------------------------------------

class ShiftLane(LiteXModule):
    """product = a*w for a power-of-two weight w = (-1)**sign * 2**(exponent - 1), or 0.

    code : {sign, exponent}; exponent 0 is the weight 0, see `po2_code`. No multiplier, no bit lost.

    Latency: LATENCY cycles, one product a cycle: register, shift, negate.
    """
    LATENCY = 3
    def __init__(self, bits, primitives="inferred"):
        exponent_bits = po2_bits(bits) - 1
        self.a        = Signal((bits, True))
        self.b        = Signal(exponent_bits + 1)
        self.product  = Signal((2*bits, True), reset_less=True)

        # # #

        a        = Signal((bits, True), reset_less=True)
        exponent = Signal(exponent_bits, reset_less=True)
        signs    = [Signal(reset_less=True) for _ in range(2)]
        shifted  = Signal((2*bits - 1, True), reset_less=True)
        self.sync += [
            a.eq(self.a),
            exponent.eq(self.b),
            signs[0].eq(self.b[-1]),
            shifted.eq(Mux(exponent == 0, 0, (a << exponent) >> 1)),
            signs[1].eq(signs[0]),
            self.product.eq(Mux(signs[1], -shifted, shifted)),
        ]

# Adder Tree ---------------------------------------------------------------------------------------

class AdderTree(LiteXModule):
    """total = sum(terms), signed, one register after each level of two-input adders.

    Latency: self.latency = ceil(log2(len(terms))) cycles, one sum a cycle.
    """
    def __init__(self, terms):
        self.latency = (len(terms) - 1).bit_length()

        # # #

        terms = list(terms)
        while len(terms) > 1:
            sums = []
            for a, b in zip(terms[0::2], terms[1::2]):
                total = Signal((max(len(a), len(b)) + 1, True), reset_less=True)
                self.sync += total.eq(a + b)
                sums.append(total)
            if len(terms) % 2:
                delayed = Signal((len(terms[-1]), True), reset_less=True)
                self.sync += delayed.eq(terms[-1])
                sums.append(delayed)
            terms = sums
        self.total = terms[0]
