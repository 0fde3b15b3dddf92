from math import ceil, floor

from migen import *

from litex.gen import *
from litex.gen.genlib.cdc import BusSynchronizer

from litex.soc.interconnect import stream
from litex.soc.interconnect.csr import *

from gateware.layouts import frame_layout
from gateware.wavenet.banks.guard import BankGuard
from gateware.wavenet.pipeline.core import WaveNetCore
from gateware.wavenet.fade.crossfade import Crossfade
from gateware.wishbone_crossing import WishboneCrossing

# WaveNet Accelerator ------------------------------------------------------------------------------

class WaveNetAccelerator(LiteXModule):
    """A WaveNetCore in a clock domain of its own, for an SoC in the domain "sys".

                          sys | clock_domain
        sink   --> ClockDomainCrossing --> Buffer --> core.sink
        source <-- ClockDomainCrossing <-- Buffer <-- core.source
        bus    <-> BankGuard <-> WishboneCrossing <-> core.bus
        counters <-- BusSynchronizer <--------------- core.cycles_used, core.saturations

    spec, folding, weights, contexts, primitives, patchable : see WaveNetCore
    with_crossfade, fade_rate : see Crossfade; the core then has two contexts, the streams one.
                   The rate is that at power-up. `bank_out` is the bank that is heard alone
    clock_domain : of the core; "sys" puts nothing in between. Another one may have any frequency
                   and phase; it must be in reset whenever "sys" is, and whoever makes the two tells
                   the tools that paths from one to the other have no timing
    sink, source : frame_layout(bits, contexts) in sys, as are all below
    bank         : bank asked for by software, for the tag of the frames to come
    bus          : Wishbone window on the parameters, see WaveNetCore; a bank that plays, or was
                   asked for and may still have frames inside, is not written, see BankGuard
    blocked_writes : writes that this has kept out
    frames       : frames that left by `source`;  bank_out : the bank of the last of them
    cycles_used  : cycles of the core's clock that its slowest layer took for its last frame
    saturations  : per layer, output words that were clipped

    What crosses is read whole, never torn; cycles_used and saturations are of one and the same
    moment, some ten cycles of the slower clock ago. When `bank_out` shows a new bank, no frame of
    the other one is left inside, and that one's parameters may be written.

    Initiation interval: that of the core, or up to two cycles of sys for an input beat.
    Latency: self.delay(). Raises ValueError as WaveNetCore does.
    """
    # Beats. On the way in what the core's clock can do counts, on the way out a beat each cycle:
    # LFE5U-25F-6 reads one of 4 at 235 to 256 MHz, one of 8 at 180 to 192 MHz (alone, three seeds).
    SINK_DEPTH, SOURCE_DEPTH = 4, 8
    # Cycles from a beat's handshake to that behind the crossing, in clocks of the latter. The edge
    # that catches the pointer is one earlier or later as clocks and wires are skewed.
    CROSSING_LATENCY = range(2, 5)
    # Of the two buffers, which keep the crossings off the core's critical paths.
    BUFFER_LATENCY   = 2
    def __init__(self, spec, folding, weights, contexts=1, primitives="inferred",
        clock_domain="sys", with_csr=True, patchable=False, with_crossfade=False,
        fade_rate=0):
        if with_crossfade and contexts != 1:
            raise ValueError(f"contexts must be 1 with a crossfade, got {contexts}")
        self.clock_domain = clock_domain
        self.fade_rate    = fade_rate
        self.in_channels  = spec.layers[0].in_channels
        bits              = spec.number_format.bits
        inner             = 2 if with_crossfade else contexts
        self.core         = core = WaveNetCore(spec, folding, weights, inner, primitives, patchable)
        layout            = frame_layout(bits, inner)
        self.sink         = stream.Endpoint(frame_layout(bits, contexts))
        self.source       = stream.Endpoint(frame_layout(bits, contexts))
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
            self.sink_crossing   = stream.ClockDomainCrossing(layout, "sys", clock_domain,
                depth=self.SINK_DEPTH)
            self.source_crossing = stream.ClockDomainCrossing(layout, clock_domain, "sys",
                depth=self.SOURCE_DEPTH)
            self.sink_buffer, self.source_buffer = [ClockDomainsRenamer(clock_domain)(
                stream.Buffer(layout, pipe_valid=True, pipe_ready=True)) for _ in range(2)]
            way = [self.sink_crossing, self.sink_buffer, core, self.source_buffer,
                self.source_crossing]
        self.crossfade = None
        if with_crossfade:
            self.crossfade = fade = Crossfade(bits, self.in_channels,
                folding.layers[-1].layer.out_channels, warm_up=spec.receptive_field)
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
        return 1 + self.SINK_DEPTH + self.SOURCE_DEPTH + 4 + sum(
            stage.frames_inside for stage in self.core.stages)

    def delay(self, beats, clk_ratio=1):
        """(least, most) sys cycles from a frame's first beat at `sink`, the others right behind it,
        to its output beat number `beats`, from 1 on, at `source`: an idle core, `source` ready.

        clk_ratio: cycles of the core's clock in one of sys. Within the domain sys it is one number;
        behind a crossing, the most that skews can make of it.
        """
        stage = self.core.stages[-1]
        times = [self.core.latency + beat//stage.pe*stage.interval + beat % stage.pe
            for beat in range(beats)]
        enter = self.in_channels - 1
        least = most = 0
        if self.crossfade is not None:
            interval    = ceil(self.core.interval_most/clk_ratio)
            least, most = self.crossfade.delay(beats, interval)
        if self.clock_domain == "sys":
            return least + enter + times[-1], most + enter + times[-1]

        def leave(crossing, rounded):
            # A beat leaves when it is there, and a cycle after the one before it.
            inside = crossing + self.BUFFER_LATENCY
            return crossing + max(rounded((inside + time)/clk_ratio) + beats - 1 - beat
                for beat, time in enumerate(times))
        quickest, slowest = self.CROSSING_LATENCY[0], self.CROSSING_LATENCY[-1]
        # A beat waits for the place of one before it to be free.
        turn  = floor(slowest/clk_ratio) + slowest
        waits = max(turn - self.SINK_DEPTH, 0)*(enter//self.SINK_DEPTH)
        least += enter + leave(quickest, ceil)
        return least, most + enter + waits + leave(slowest, floor)

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
