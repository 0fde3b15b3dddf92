# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

from math import ceil, floor

from migen import *

from litex.gen import *

from litex.soc.interconnect import stream

# Helpers ------------------------------------------------------------------------------------------

# Cycles from a beat's handshake to the one behind an asynchronous FIFO, in clocks of its reading
# side, at least and at most: the edge that catches the pointer is one earlier or later as clocks
# and wires are skewed.
FIFO_LATENCY   = (2, 4)
# Cycles of the core's clock in a crossing's buffer.
BUFFER_LATENCY = 1

def buffer_in(clock_domain, layout):
    """A register for both directions, which keeps the FIFO off the critical paths of the core."""
    return ClockDomainsRenamer(clock_domain)(
        stream.Buffer(layout, pipe_valid=True, pipe_ready=True))

# Sink Crossing ------------------------------------------------------------------------------------

class SinkCrossing(LiteXModule):
    """Frames from the domain "sys" into a core's: asynchronous FIFO, then a buffer.

    sink   : `layout`, in sys;  source : `layout`, in `clock_domain`

    Initiation interval: one sys cycle per beat, up to two where the clocks are about equally fast.
    Latency: `delay`.
    """
    # Beats. What the core's clock can do counts: an LFE5U-25F-6 reads a FIFO of 4 at 235 to
    # 256 MHz, one of 8 at 180 to 192 MHz (alone, three seeds).
    DEPTH = 4
    def __init__(self, layout, clock_domain):
        self.crossing = stream.ClockDomainCrossing(layout, "sys", clock_domain, depth=self.DEPTH)
        self.buffer   = buffer_in(clock_domain, layout)
        self.sink     = self.crossing.sink
        self.source   = self.buffer.source

        # # #

        self.comb += self.crossing.source.connect(self.buffer.sink)

    @classmethod
    def delay(cls, beats, period):
        """(least, most) sys cycles from the first of `beats` beats, the others right behind it, to
        the last one at `source`, which is ready. period: of the core's clock, in sys cycles."""
        least, most = [beats - 1 + (fifo + BUFFER_LATENCY)*period for fifo in FIFO_LATENCY]
        # A beat waits until the place of the one DEPTH before it is free.
        slowest = FIFO_LATENCY[-1]
        turn    = floor(slowest*period) + slowest
        return least, most + max(turn - cls.DEPTH, 0)*((beats - 1)//cls.DEPTH)

# Source Crossing ----------------------------------------------------------------------------------

class SourceCrossing(LiteXModule):
    """Frames from a core's domain into "sys": a buffer, then an asynchronous FIFO.

    sink   : `layout`, in `clock_domain`;  source : `layout`, in sys

    Initiation interval: one cycle of the slower clock per beat. Latency: `delay`.
    """
    # Beats, so that one can leave in each cycle of sys.
    DEPTH = 8
    def __init__(self, layout, clock_domain):
        self.buffer   = buffer_in(clock_domain, layout)
        self.crossing = stream.ClockDomainCrossing(layout, clock_domain, "sys", depth=self.DEPTH)
        self.sink     = self.buffer.sink
        self.source   = self.crossing.source

        # # #

        self.comb += self.buffer.source.connect(self.crossing.sink)

    @staticmethod
    def delay(times, period):
        """(least, most) sys cycles to the last beat at `source`, which is ready.

        times  : (least, most) of each beat at `sink`, in sys cycles, which need not be whole
        period : of the core's clock, in sys cycles
        """
        last = len(times) - 1
        def leaves(index, whole):
            # A beat leaves when it is there, and a cycle after the one before it.
            return FIFO_LATENCY[index] + max(
                whole(time[index] + BUFFER_LATENCY*period) + last - beat
                for beat, time in enumerate(times))
        return leaves(0, ceil), leaves(1, floor)
