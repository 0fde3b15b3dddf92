# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

from migen import *

from litex.gen import *

# Glide --------------------------------------------------------------------------------------------

class Glide(LiteXModule):
    """Words that move from where they are to their targets in straight lines, one step per frame.

        value(k) = start + floor((target - start)*(k*rate >> 16) / 2**16),   k*rate < 2**32

    for the k-th frame after `start`; frame 0 holds the value that was. When k*rate reaches 2**32
    `active` ends: rate = ceil(2**32/N) takes N frames.

    bits    : width of the words, signed
    go      : strobe: from now on, from `currents` (what the last frame was given) to the targets;
              a glide in progress ends where it is
    rate    : 32 bits, per frame, taken over by `go`; 0: no glide, `active` stays low
    tick    : strobe: a frame has been given; `targets` are taken as of then, so they may move
    values  : for the next frame while `active`, LATENCY cycles after `tick`

    Frames must be more than LATENCY cycles apart. The product is made bit by bit.
    """
    PHASE_BITS = 16
    LATENCY    = PHASE_BITS + 1
    def __init__(self, bits, count=2):
        self.go       = Signal()
        self.rate     = Signal(32)
        self.tick     = Signal()
        self.active   = Signal()
        self.targets  = [Signal((bits, True)) for _ in range(count)]
        self.currents = [Signal((bits, True)) for _ in range(count)]
        self.values   = [Signal((bits, True)) for _ in range(count)]

        # # #

        phase  = Signal(32)
        rate   = Signal(32) # As of `go`: the next glide's may be set while this one goes on.
        after  = Signal(33)
        factor = Signal(self.PHASE_BITS, reset_less=True)
        left   = Signal(max=self.PHASE_BITS + 1)
        self.comb += after.eq(phase + rate)
        self.sync += [
            If(left != 0,
                left.eq(left - 1),
                factor.eq(factor[1:]),
            ),
            If(self.tick & self.active,
                phase.eq(after),
                factor.eq(after[32 - self.PHASE_BITS:]),
                left.eq(self.PHASE_BITS),
                If(after[32], self.active.eq(0)),
            ),
            If(self.go,
                phase.eq(0),
                rate.eq(self.rate),
                left.eq(0),
                self.active.eq(self.rate != 0),
            ),
        ]
        for target, current, value in zip(self.targets, self.currents, self.values):
            start = Signal((bits, True), reset_less=True)
            end   = Signal((bits, True), reset_less=True)
            # Low bits of the factor first; halving rounds down, and so does the whole then.
            sum_, product = Signal((bits + 2, True)), Signal((bits + 2, True))
            self.comb += [
                sum_.eq(product + Mux(factor[0], end - start, 0)),
                value.eq(start + product),
            ]
            self.sync += [
                If(left != 0,
                    product.eq(sum_ >> 1),
                ),
                If(self.tick,
                    end.eq(target),
                    product.eq(0),
                ),
                If(self.go,
                    start.eq(current),
                    product.eq(0),
                ),
            ]
