# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

from migen import *

from litex.gen import *

from litex.soc.interconnect import stream

from gateware.audio.rescale import rescale
from gateware.layouts import frame_layout
from gateware.wavenet.fade.gains import GAIN_FRAC, Gains, PHASE_BITS

# Histories ----------------------------------------------------------------------------------------

class Histories(LiteXModule):
    """What each channel of two models and of their mix was a frame ago, and the largest step.

    bits, channels : of the frames

    channel, own, data : the beat: its channel, whether it is of the model that plays, its word
    taken    : strobe, the beat is taken;  heard : the word of the mix that leaves with it
    mixing   : the mix is heard, else the model that plays
    still    : steps do not count yet

    was_playing, was_heard : words of the channel a frame ago, before `taken`
    largest  : the channel's largest step so far, the beat's included

    Latency: none to read, one cycle to take.
    """
    def __init__(self, bits, channels):
        word             = (bits, True)
        self.channel     = channel = Signal(max=max(channels, 2))
        self.own         = Signal()
        self.data        = Signal(word)
        self.taken       = Signal()
        self.heard       = Signal(word)
        self.mixing      = Signal()
        self.still       = Signal()
        self.was_playing = Signal(word)
        self.was_heard   = Signal(word)
        self.largest     = Signal((bits + 1, True))

        # # #

        def each(shape):
            return [Signal(shape) for _ in range(channels)]
        playing, incoming, heard, slew = each(word), each(word), each(word), each(bits)
        was_incoming = Signal(word)
        was_slew     = Signal((bits + 1, True))
        before       = Signal(word)
        change       = Signal((bits + 1, True))
        size         = Signal((bits + 1, True))
        self.comb += [
            self.was_playing.eq(Array(playing)[channel]),
            was_incoming.eq(Array(incoming)[channel]),
            self.was_heard.eq(Array(heard)[channel]),
            was_slew.eq(Array(slew)[channel]),
            before.eq(Mux(self.own, self.was_playing, was_incoming)),
            change.eq(self.data - before),
            size.eq(Mux(change[-1], -change, change)),
            self.largest.eq(Mux(size > was_slew, size, was_slew)),
        ]
        for index in range(channels):
            self.sync += If(self.taken & (channel == index),
                If(self.own,
                    playing[index].eq(self.data),
                    slew[index].eq(Mux(self.still, 1, self.largest)),
                    If(~self.mixing, heard[index].eq(self.data)),
                ).Else(
                    incoming[index].eq(self.data),
                    If(self.mixing,
                        slew[index].eq(self.largest),
                        heard[index].eq(self.heard),
                    ),
                ),
            )

# Blend --------------------------------------------------------------------------------------------

class Blend(LiteXModule):
    """A word between two, no further from the one before than a limit; with one multiplier.

        mix  = saturate(round((falls*playing + rises*incoming) / 2**GAIN_FRAC))
        word = before + min(max(mix - before, -limit), limit)

    run   : the inputs are there and steady; `ready` LATENCY cycles after it was set
    clear : strobe, the next word begins

    Latency: LATENCY cycles. Initiation interval: LATENCY + 1 cycles.
    """
    LATENCY = 6
    def __init__(self, bits):
        word          = (bits, True)
        self.run      = Signal()
        self.clear    = Signal()
        self.falls    = Signal(GAIN_FRAC + 1)
        self.rises    = Signal(GAIN_FRAC + 1)
        self.playing  = Signal(word)
        self.incoming = Signal(word)
        self.before   = Signal(word)
        self.limit    = Signal((bits + 1, True))
        self.word     = Signal(word)
        self.ready    = Signal()

        # # #

        step    = Signal(max=self.LATENCY + 1)
        factor  = Signal((GAIN_FRAC + 2, True), reset_less=True)
        operand = Signal(word, reset_less=True)
        product = Signal((bits + GAIN_FRAC + 2, True), reset_less=True)
        total   = Signal((bits + GAIN_FRAC + 3, True), reset_less=True)
        mix     = Signal(word, reset_less=True)
        way     = Signal((bits + 1, True), reset_less=True)
        limit   = Signal((bits + 1, True), reset_less=True)
        move    = Signal((bits + 1, True))
        self.comb += [
            move.eq(Mux(way > limit, limit, Mux(way < -limit, -limit, way))),
            self.word.eq(self.before + move),
            self.ready.eq(self.run & (step == self.LATENCY)),
        ]
        self.sync += [
            product.eq(factor*operand),
            Case(step, {
                0 : [factor.eq(self.falls), operand.eq(self.playing)],
                1 : [factor.eq(self.rises), operand.eq(self.incoming)],
                2 : total.eq(product + 2**(GAIN_FRAC - 1)),
                3 : total.eq(total + product),
                4 : mix.eq(rescale(total, -GAIN_FRAC, bits)),
                5 : [way.eq(mix - self.before), limit.eq(self.limit)],
            }),
            If(self.clear,
                step.eq(0),
            ).Elif(self.run & (step != self.LATENCY),
                step.eq(step + 1),
            ),
        ]

# Mixer --------------------------------------------------------------------------------------------

class Mixer(LiteXModule):
    """From the answers of one model, or of two in turns, to what is heard.

        ALONE --begin--> WARMS --warm_up frames of the incoming model--> MIXES --> ALONE

    sink    : frame_layout(bits, contexts=2);  source : frame_layout(bits), with the bank that plays
    begin   : strobe, the other context's frames from now on are of a model that comes in
    end     : strobe, it plays alone; frames of the other context that still come are dropped
    idle    : one model plays alone
    rate    : of a frame, of 2**PHASE_BITS: ceil(2**32/N) is a fade of N frames
    warm_up : frames that the incoming model gets before it is heard

    What is heard moves by no more than the largest step that either model has made since the fade
    began, so that what both have in common, which constant power adds up, makes no larger one. The
    fade is over when its gains are and that has come to rest. The integers: models/crossfade.py.

    Latency: none where one model plays; in a fade BEAT cycles per beat of the incoming model.
    """
    BEAT = Blend.LATENCY + 1
    def __init__(self, bits, channels, warm_up):
        self.sink   = sink   = stream.Endpoint(frame_layout(bits, contexts=2))
        self.source = source = stream.Endpoint(frame_layout(bits))
        self.begin  = Signal()
        self.end    = Signal()
        self.rate   = Signal(PHASE_BITS)
        self.idle   = Signal()

        # # #

        self.gains     = gains     = Gains()
        self.histories = histories = Histories(bits, channels)
        self.blend     = blend     = Blend(bits)
        self.fsm       = fsm       = FSM(reset_state="ALONE")

        # Beats.
        # ------
        context = Signal() # Of the model that plays.
        channel = histories.channel
        own     = histories.own
        mixing  = Signal()
        taken   = Signal() # A beat of the core's.
        bank    = Signal()
        self.comb += [
            self.idle.eq(fsm.ongoing("ALONE")),
            mixing.eq(fsm.ongoing("MIXES")),
            own.eq(sink.context == context),
            taken.eq(sink.valid & sink.ready),
            source.first.eq(channel == 0),
            source.last.eq(sink.last),
            If(~mixing,
                source.valid.eq(sink.valid & own),
                sink.ready.eq(Mux(own, source.ready, 1)),
                source.data.eq(sink.data),
                source.bank.eq(sink.bank),
            ).Else(
                source.valid.eq(blend.ready),
                sink.ready.eq(own | (source.valid & source.ready)),
                source.data.eq(blend.word),
                source.bank.eq(bank),
            ),
        ]
        self.sync += If(taken,
            channel.eq(Mux(sink.last, 0, channel + 1)),
            If(own, bank.eq(sink.bank)),
        )

        # What is heard.
        # --------------
        warm = Signal(max=warm_up + 1)
        self.comb += [
            histories.data.eq(sink.data),
            histories.taken.eq(taken),
            histories.heard.eq(source.data),
            histories.mixing.eq(mixing),
            histories.still.eq(~mixing & (warm == 0)), # To the second frame of a fade.
            blend.run.eq(mixing & sink.valid & ~own & gains.ready),
            blend.clear.eq(taken),
            blend.falls.eq(gains.falls),
            blend.rises.eq(gains.rises),
            blend.playing.eq(histories.was_playing),
            blend.incoming.eq(sink.data),
            blend.before.eq(histories.was_heard),
            blend.limit.eq(histories.largest),
        ]

        # Frames of the incoming model.
        # -----------------------------
        phase   = Signal(PHASE_BITS + 1)
        after   = Signal(PHASE_BITS + 2)
        rate    = Signal(PHASE_BITS) # As of the fade's begin: 0 in its middle would never end.
        arrived = Signal() # Its last beat.
        rests   = Signal() # So far in this frame, what is heard is the incoming model.
        resting = Signal()
        self.comb += [
            gains.phase.eq(phase),
            after.eq(phase + rate),
            arrived.eq(taken & sink.last & ~own),
            resting.eq((rests | (channel == 0)) & (blend.word == sink.data)),
        ]
        self.sync += If(taken & ~own, rests.eq(resting))
        fsm.act("ALONE",
            If(self.begin,
                NextValue(rate, self.rate),
                NextState("WARMS")
            )
        )
        fsm.act("WARMS",
            If(arrived,
                NextValue(warm, warm + 1),
                If(warm == warm_up - 1,
                    NextValue(phase, rate),
                    gains.start.eq(1),
                    NextState("MIXES")
                )
            )
        )
        fsm.act("MIXES",
            If(arrived,
                NextValue(phase, Mux(after[PHASE_BITS:] != 0, 2**PHASE_BITS, after)),
                gains.start.eq(1),
                If(phase[PHASE_BITS] & resting,
                    self.end.eq(1),
                    NextValue(context, ~context),
                    NextValue(warm, 0),
                    NextState("ALONE")
                )
            )
        )
