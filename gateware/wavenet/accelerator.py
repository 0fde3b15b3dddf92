# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

from fractions import Fraction
from math import ceil

from migen import *

from litex.gen import *
from litex.gen.genlib.cdc import BusSynchronizer

from litex.soc.interconnect import stream
from litex.soc.interconnect.csr import *

from gateware.layouts import frame_layout
from gateware.wavenet.banks.guard import BankGuard
from gateware.wavenet.fade.crossfade import Crossfade
from gateware.wavenet.frame_crossing import SinkCrossing, SourceCrossing
from gateware.wishbone_crossing import WishboneCrossing

# WaveNet Accelerator ------------------------------------------------------------------------------

class WaveNetAccelerator(LiteXModule):
    """A core in a clock domain of its own, for an SoC in the domain "sys".

                          sys | clock_domain
        sink   ------> SinkCrossing -----> core.sink
        source <----- SourceCrossing <---- core.source
        bus    <-> BankGuard <-> WishboneCrossing <-> core.bus
        counters <-- BusSynchronizer <---- core.cycles_used, core.saturations

    core : finished, in the domain "sys", which is renamed here. Used of it:
        sink, source    : frame_layout(bits, contexts)
        bus, bank_of()  : Wishbone window on the parameters, and the bank of an address in it
        cycles_used, saturations : counters
        in_channels, out_channels, bits, contexts, warm_up, frames_inside, interval_most, delay()
                        : what it is, see WaveNetCore
    clock_domain : of the core; "sys" puts nothing in between. Another one may have any frequency
                   and phase; it must be in reset whenever "sys" is, and whoever makes the two tells
                   the tools that paths from one to the other have no timing
    with_crossfade, fade_rate : see Crossfade; the core has two contexts then, the streams have one.
                   The rate is that at power-up. `bank_out` is the bank that is heard alone
    sink, source : frame_layout(bits, contexts) in sys, as are all below
    bank         : bank asked for by software, for the tag of the frames to come
    bus          : Wishbone window on the parameters, see the core; a bank that plays, or was asked
                   for and may still have frames inside, is not written, see BankGuard
    blocked_writes : writes that this has kept out
    frames       : frames that left by `source`;  bank_out : the bank of the last of them
    cycles_used  : cycles of the core's clock that its slowest layer took for its last frame
    saturations  : per layer, output words that were clipped

    What crosses is read whole, never torn; cycles_used and saturations are of one and the same
    moment, some ten cycles of the slower clock ago. When `bank_out` shows a new bank, no frame of
    the other one is left inside, and that one's parameters may be written.

    Initiation interval: that of the core, or up to two cycles of sys for an input beat.
    Latency: self.delay(). Raises ValueError for a cross-fade around a core without two contexts.
    """
    def __init__(self, core, clock_domain="sys", with_csr=True, with_crossfade=False, fade_rate=0):
        if with_crossfade and core.contexts != 2:
            raise ValueError(
                f"a core with a crossfade must have 2 contexts, got {core.contexts}")
        self.core         = core
        self.clock_domain = clock_domain
        self.fade_rate    = fade_rate
        layout            = frame_layout(core.bits, 1 if with_crossfade else core.contexts)
        self.sink         = stream.Endpoint(layout)
        self.source       = stream.Endpoint(layout)
        self.bank         = Signal()
        self.guard        = guard = BankGuard(core)
        self.bus          = guard.bus

        self.blocked_writes = guard.blocked
        self.frames      = Signal(32)
        self.bank_out    = Signal()
        self.cycles_used = Signal.like(core.cycles_used)
        self.saturations = [Signal.like(count) for count in core.saturations]

        # # #

        ClockDomainsRenamer(clock_domain)(core)

        # Frames and parameters.
        # ----------------------
        way = [core]
        if clock_domain != "sys":
            inner = frame_layout(core.bits, core.contexts)
            self.sink_crossing   = SinkCrossing(inner, clock_domain)
            self.source_crossing = SourceCrossing(inner, clock_domain)
            way = [self.sink_crossing, core, self.source_crossing]
        self.crossfade = None
        if with_crossfade:
            self.crossfade = fade = Crossfade(core.bits, core.in_channels, core.out_channels,
                core.warm_up)
            self.comb += [
                self.sink.connect(fade.sink),
                fade.source.connect(self.source),
                fade.bank.eq(self.bank),
            ]
            way = [fade.to_core, *way, fade.from_core]
        else:
            way = [self.sink, *way, self.source]
        self.pipeline     = stream.Pipeline(*way)
        self.bus_crossing = WishboneCrossing(guard.guarded, core.bus, "sys", clock_domain)

        # A bank that was requested and released again before it was heard: a few frames of it come.
        asked    = Signal()
        settling = Signal(max=self.frames_inside + 1)
        self.sync += [
            asked.eq(self.bank),
            If((asked != self.bank) & (self.bank == self.bank_out),
                settling.eq(self.frames_inside),
            ).Elif(self.source.valid & self.source.ready & self.source.last & (settling != 0),
                settling.eq(settling - 1),
            ),
        ]
        self.fading = 0 if self.crossfade is None else self.crossfade.fading
        self.comb += guard.shut.eq(Mux((settling != 0) | self.fading | (self.bank != self.bank_out),
            0b11, Mux(self.bank, 0b10, 0b01)))

        # Counters.
        # ---------
        self.sync += If(self.source.valid & self.source.ready & self.source.last,
            self.frames.eq(self.frames + 1),
            self.bank_out.eq(self.source.bank),
        )
        if self.crossfade is not None:
            self.sync += If(self.crossfade.end, self.bank_out.eq(self.crossfade.from_core.bank))
        counters = Cat(self.cycles_used, *self.saturations)
        counts   = Cat(core.cycles_used, *core.saturations)
        if clock_domain == "sys":
            self.comb += counters.eq(counts)
        else:
            self.synchronizer = BusSynchronizer(len(counts), clock_domain, "sys")
            self.comb += [
                self.synchronizer.i.eq(counts),
                counters.eq(self.synchronizer.o),
            ]

        if with_csr:
            self.add_csr()

    @property
    def frames_inside(self):
        """Frames, at most, from the one whose tag is being chosen to the last one that left.

        While the output waits, a beat in the crossings and their buffers can be a frame.
        """
        return 1 + SinkCrossing.DEPTH + SourceCrossing.DEPTH + 4 + self.core.frames_inside

    def delay(self, beats, clk_ratio=1):
        """(least, most) sys cycles from a frame's first beat at `sink`, the others right behind it,
        to its output beat number `beats`, from 1 on, at `source`: an idle core, `source` ready.

        clk_ratio: cycles of the core's clock in one of sys. Within the domain sys it is one number;
        behind a crossing, the most that skews can make of it.
        """
        core, crossed = self.core, self.clock_domain != "sys"
        period = Fraction(1, clk_ratio if crossed else 1)
        enters = 2*[core.in_channels - 1]
        if crossed:
            enters = self.sink_crossing.delay(core.in_channels, period)
        times = [[enter + core.delay(beat)*period for enter in enters] for beat in range(beats)]
        leaves = self.source_crossing.delay(times, period) if crossed else times[-1]
        fades  = 0, 0
        if self.crossfade is not None:
            fades = self.crossfade.delay(beats, ceil(core.interval_most*period))
        return tuple(int(leave) + fade for leave, fade in zip(leaves, fades))

    def add_csr(self):
        self._control = CSRStorage(fields=[
            CSRField("bank", size=1, description="Weight bank that computes the frames to come."),
        ])
        self._status = CSRStatus(fields=[
            CSRField("bank", size=1, description="Weight bank of the last frame that left."),
            CSRField("fading", size=1, description="A cross-fade is under way."),
        ])
        if self.crossfade is not None:
            self._fade = CSRStorage(32, reset=self.fade_rate, description="Part of a cross-fade in "
                "a frame, of 2**32; 0: the bank changes at once.")
            self.comb += self.crossfade.rate.eq(self._fade.storage)
        self._frames      = CSRStatus(32, description="Frames that left since power-up.")
        self._blocked_writes = CSRStatus(32,
            description="Writes to the bank that plays since power-up; none was carried out.")
        self._cycles_used = CSRStatus(16,
            description="Cycles of its clock that the slowest layer took for its last frame.")
        self.comb += [
            self.bank.eq(self._control.fields.bank),
            self._status.fields.bank.eq(self.bank_out),
            self._status.fields.fading.eq(self.fading),
            self._frames.status.eq(self.frames),
            self._blocked_writes.status.eq(self.blocked_writes),
            self._cycles_used.status.eq(self.cycles_used),
        ]
        for index, count in enumerate(self.saturations):
            csr = CSRStatus(32, name=f"saturations{index}",
                description=f"Output words of layer {index} that were clipped since power-up.")
            setattr(self, f"_saturations{index}", csr)
            self.comb += csr.status.eq(count)
