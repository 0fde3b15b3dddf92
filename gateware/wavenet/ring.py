# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

from migen import *

from litex.gen import *

# Helpers ------------------------------------------------------------------------------------------

def ring_add(pointer, amount, size):
    """(pointer + amount) modulo size, for 0 <= pointer < size and 0 <= amount <= size.

    amount, size : integers, or Signals no wider than `pointer` can count
    """
    modulus = 2**len(pointer)
    if isinstance(size, int) and size == modulus:
        return pointer + amount % size
    over = amount - size
    if isinstance(over, int):
        amount, over = amount % modulus, over % modulus
    return pointer + Mux(pointer >= (size - amount), over, amount)

# Ring ---------------------------------------------------------------------------------------------

class Ring(LiteXModule):
    """Pointers into rings of `slots` slots, one per context, that advance by one.

        pointer[context] = (pointer[context] + 1) % slots        with `advance`

    slots    : integer, or a Signal that is steady while frames are under way
    contexts : pointers
    reset    : where each begins
    bits     : width of a pointer, the least for integer slots by default

    context, advance : in the cycle of the pointer that they mean
    pointer          : that of `context`

    Latency: none to read, one cycle to advance.
    """
    def __init__(self, slots, contexts=1, reset=0, bits=None):
        bits         = bits or bits_for(max(slots, 2) - 1)
        self.context = Signal(bits_for(contexts - 1))
        self.advance = Signal()
        self.pointer = Signal(bits)

        # # #

        pointers = [Signal(bits, reset=reset) for _ in range(contexts)]
        for context, pointer in enumerate(pointers):
            own        = 1 if contexts == 1 else self.context == context
            self.sync += If(self.advance & own, pointer.eq(ring_add(pointer, 1, slots)))
        self.comb += self.pointer.eq(
            Array(pointers)[self.context] if contexts > 1 else pointers[0])
