from migen import *

from litex.gen import *

# Multiplier Lane ----------------------------------------------------------------------------------

class MultiplierLane(LiteXModule):
    """product = a*b, signed, with the registers a DSP block has at its input and output.

    Latency: LATENCY cycles, one product a cycle. No reset: it would keep the registers out of the
    DSP block.
    """
    LATENCY = 2
    def __init__(self, bits):
        self.a       = Signal((bits, True))
        self.b       = Signal((bits, True))
        self.product = Signal((2*bits, True), reset_less=True)

        # # #

        a = Signal((bits, True), reset_less=True)
        b = Signal((bits, True), reset_less=True)
        self.sync += [
            a.eq(self.a),
            b.eq(self.b),
            self.product.eq(a*b),
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
