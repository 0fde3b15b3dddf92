# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

from migen import *

from litex.gen import *

from gateware.shapes.fade_gains import GAIN_FRAC, SINE, TABLE_BITS
from gateware.shapes.ramp import PHASE_BITS

# Fade Gains ---------------------------------------------------------------------------------------

class Gains(LiteXModule):
    """Cosine and sine of where a fade is: sin(pi/2*phase/2**PHASE_BITS), interpolated linearly.

    start  : strobe;  phase : PHASE_BITS + 1 bits, steady until `ready`, LATENCY cycles later
    falls, rises : the two gains, GAIN_FRAC fractional bits
    """
    LATENCY = 11
    def __init__(self):
        self.start = Signal()
        self.ready = Signal()
        self.phase = Signal(PHASE_BITS + 1)
        self.falls = Signal(GAIN_FRAC + 1)
        self.rises = Signal(GAIN_FRAC + 1)

        # # #

        table = Memory(GAIN_FRAC + 1, 2**(TABLE_BITS + 1),
            init = [*SINE] + [2**GAIN_FRAC]*(2**TABLE_BITS - 1))
        port  = table.get_port()
        self.specials += table, port

        half  = Signal()  # 0: of the phase, 1: of what is left of it.
        step  = Signal(3, reset=5)
        place = Signal(PHASE_BITS + 1)
        index, part   = Signal(TABLE_BITS + 1), Signal((17, True))
        first, slope  = Signal((GAIN_FRAC + 2, True)), Signal((GAIN_FRAC + 2, True))
        product, gain = Signal((GAIN_FRAC + 19, True)), Signal((GAIN_FRAC + 2, True))
        self.comb += [
            place.eq(Mux(half, 2**PHASE_BITS - self.phase, self.phase)),
            index.eq(place[PHASE_BITS - TABLE_BITS:]),
            part.eq(place[PHASE_BITS - TABLE_BITS - 16:PHASE_BITS - TABLE_BITS]),
            port.adr.eq(index + (step == 1)),
            gain.eq(first + (product >> 16)),
        ]
        self.sync += [
            self.ready.eq(self.ready & ~self.start),
            If(step != 5, step.eq(step + 1)),
            If(step == 1, first.eq(port.dat_r)),
            If(step == 2, slope.eq(port.dat_r - first)),
            product.eq(slope*part),
            If(step == 4,
                If(half,
                    self.falls.eq(gain),
                    self.ready.eq(1),
                ).Else(
                    self.rises.eq(gain),
                    half.eq(1),
                    step.eq(0),
                ),
            ),
            If(self.start,
                half.eq(0),
                step.eq(0),
            ),
        ]
