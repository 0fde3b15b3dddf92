from migen import *

from litex.gen import *

from litex.soc.interconnect import stream

from gateware.audio.rescale import rescale
from gateware.layouts import frame_layout
from gateware.wavenet.fade.gains import GAIN_FRAC, Gains, PHASE_BITS

# Mixer --------------------------------------------------------------------------------------------

class Mixer(LiteXModule):
    """From the answers of one model, or of two in turns, to what is heard.

    sink    : frame_layout(bits, contexts=2);  source : frame_layout(bits), with the bank that plays
    begin   : strobe, the other context's frames from now on are of a model that comes in
    end     : strobe, it plays alone; frames of the other context that still come are dropped
    rate    : of a frame, of 2**PHASE_BITS: ceil(2**32/N) is a fade of N frames
    warm_up : frames that the incoming model gets before it is heard

    What is heard moves by no more than the largest step that either model has made since the fade
    began, so that what both have in common, which constant power adds up, makes no larger one. The
    fade is over when its gains are and that has come to rest. The integers: models/crossfade.py.

    Latency: none where one model plays; in a fade BEAT cycles a beat of the incoming model.
    """
    BEAT = 7
    def __init__(self, bits, channels, warm_up):
        self.sink   = sink   = stream.Endpoint(frame_layout(bits, contexts=2))
        self.source = source = stream.Endpoint(frame_layout(bits))
        self.begin  = Signal()
        self.end    = Signal()
        self.rate   = Signal(PHASE_BITS)
        self.idle   = Signal()

        # # #

        context  = Signal() # Of the model that plays.
        coming   = Signal() # A model comes in, ...
        mixing   = Signal() # ... and is heard.
        warm     = Signal(max=warm_up + 1)
        bank     = Signal()
        phase    = Signal(PHASE_BITS + 1)
        after    = Signal(PHASE_BITS + 2)
        rate     = Signal(PHASE_BITS) # As of the fade's begin: 0 in its middle would never end.
        self.gains = gains = Gains()
        self.comb += [
            self.idle.eq(~coming),
            gains.phase.eq(phase),
            after.eq(phase + rate),
        ]

        # What each channel was a frame ago, and its largest step.
        # --------------------------------------------------------
        def each(shape):
            return [Signal(shape) for _ in range(channels)]
        word = (bits, True)
        playing, incoming, heard, slew = each(word), each(word), each(word), each(bits)
        channel  = Signal(max=max(channels, 2))
        was_playing, was_incoming, was_heard = Signal(word), Signal(word), Signal(word)
        was_slew = Signal((bits + 1, True))
        before   = Signal(word)
        change   = Signal((bits + 1, True))
        size     = Signal((bits + 1, True))
        largest  = Signal((bits + 1, True))
        own      = Signal() # The beat is of the model that plays.
        self.comb += [
            own.eq(sink.context == context),
            was_playing.eq(Array(playing)[channel]),
            was_incoming.eq(Array(incoming)[channel]),
            was_heard.eq(Array(heard)[channel]),
            was_slew.eq(Array(slew)[channel]),
            before.eq(Mux(own, was_playing, was_incoming)),
            change.eq(sink.data - before),
            size.eq(Mux(change[-1], -change, change)),
            largest.eq(Mux(size > was_slew, size, was_slew)),
        ]
        taken = Signal() # A beat of the core's.
        self.comb += taken.eq(sink.valid & sink.ready)
        self.sync += If(taken, channel.eq(Mux(sink.last, 0, channel + 1)))
        for index in range(channels):
            self.sync += If(taken & (channel == index),
                If(own,
                    playing[index].eq(sink.data),
                    bank.eq(sink.bank),
                    slew[index].eq(largest),
                    # Its steps count from the second frame of a fade on.
                    If(~mixing & (warm == 0), slew[index].eq(1)),
                    If(~mixing, heard[index].eq(sink.data)),
                ).Else(
                    incoming[index].eq(sink.data),
                    If(mixing,
                        slew[index].eq(largest),
                        heard[index].eq(source.data),
                    ),
                ),
            )

        # The mix, a step a cycle, with one multiplier.
        # ---------------------------------------------
        step     = Signal(max=self.BEAT)
        factor   = Signal((GAIN_FRAC + 2, True), reset_less=True)
        operand  = Signal(word, reset_less=True)
        product  = Signal((bits + GAIN_FRAC + 2, True), reset_less=True)
        total    = Signal((bits + GAIN_FRAC + 3, True), reset_less=True)
        mix      = Signal(word, reset_less=True)
        way      = Signal((bits + 1, True), reset_less=True)
        limit    = Signal((bits + 1, True), reset_less=True)
        move     = Signal((bits + 1, True))
        mixed    = Signal(word, reset_less=True)
        starts   = Signal()
        self.comb += [
            starts.eq(mixing & sink.valid & ~own & gains.ready),
            move.eq(Mux(way > limit, limit, Mux(way < -limit, -limit, way))),
        ]
        self.sync += [
            product.eq(factor*operand),
            Case(step, {
                0 : [factor.eq(gains.falls), operand.eq(was_playing)],
                1 : [factor.eq(gains.rises), operand.eq(sink.data)],
                2 : total.eq(product + 2**(GAIN_FRAC - 1)),
                3 : total.eq(total + product),
                4 : mix.eq(rescale(total, -GAIN_FRAC, bits)),
                5 : [way.eq(mix - was_heard), limit.eq(largest)],
            }),
            If(taken,
                step.eq(0),
            ).Elif(starts & (step != self.BEAT - 1),
                step.eq(step + 1),
            ),
        ]
        self.comb += mixed.eq(was_heard + move)

        # Beats.
        # ------
        self.comb += [
            source.first.eq(channel == 0),
            source.last.eq(sink.last),
            If(~mixing,
                source.valid.eq(sink.valid & own),
                sink.ready.eq(Mux(own, source.ready, 1)),
                source.data.eq(sink.data),
                source.bank.eq(sink.bank),
            ).Else(
                source.valid.eq(starts & (step == self.BEAT - 1)),
                sink.ready.eq(own | (source.valid & source.ready)),
                source.data.eq(mixed),
                source.bank.eq(bank),
            ),
        ]

        # Frames.
        # -------
        arrived = Signal() # The last beat of the incoming model's frame.
        rests   = Signal() # So far in this frame, what is heard is the incoming model.
        resting = Signal()
        over    = Signal()
        self.comb += [
            arrived.eq(taken & sink.last & ~own & coming),
            resting.eq((rests | (channel == 0)) & (mixed == sink.data)),
            over.eq(phase[PHASE_BITS]),
            self.end.eq(arrived & mixing & over & resting),
            gains.start.eq(arrived & (mixing | (warm == warm_up - 1))),
        ]
        self.sync += [
            If(taken & ~own, rests.eq(resting)),
            If(arrived,
                If(mixing,
                    phase.eq(Mux(after[PHASE_BITS:] != 0, 2**PHASE_BITS, after)),
                ).Else(
                    warm.eq(warm + 1),
                    If(warm == warm_up - 1,
                        mixing.eq(1),
                        phase.eq(rate),
                    ),
                ),
            ),
            If(self.begin,
                rate.eq(self.rate),
                coming.eq(1),
                warm.eq(0),
            ),
            If(self.end,
                context.eq(~context),
                coming.eq(0),
                mixing.eq(0),
                warm.eq(0),
            ),
        ]
