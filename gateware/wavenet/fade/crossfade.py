# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

from migen import *

from litex.gen import *

from litex.soc.interconnect import stream

from gateware.layouts import frame_layout
from gateware.wavenet.fade.gains import PHASE_BITS
from gateware.wavenet.fade.mixer import Mixer

# Fork ---------------------------------------------------------------------------------------------

class Fork(LiteXModule):
    """Gives the frames to one model, or while a fade goes on to two, one after the other.

    sink   : frame_layout(bits);  source : frame_layout(bits, contexts=2)
    bank   : asked for;  fades : whether a change of it is to be a fade, or at once
    free   : the mixer has nothing of a fade left, and no frame of the other context is under way
    begin  : strobe, a fade begins with the frame that follows;  end : strobe, it has ended

    A frame is computed with the bank that was asked for as it began, in the context of the model
    that plays; in a fade, again with the new bank in the other context.
    Latency: one cycle.
    """
    def __init__(self, bits, in_channels):
        self.sink   = sink   = stream.Endpoint(frame_layout(bits))
        self.source = source = stream.Endpoint(frame_layout(bits, contexts=2))
        self.bank   = Signal()
        self.fades  = Signal()
        self.free   = Signal()
        self.begin  = Signal()
        self.end    = Signal()
        self.context = context = Signal() # Of the model that plays.

        # # #

        playing, incoming = Signal(), Signal()
        fading  = Signal()
        ended   = Signal() # To be seen to between two frames.
        words   = Memory(bits, max(in_channels, 2)) # Migen has no memory of one word.
        write   = words.get_port(write_capable=True)
        read    = words.get_port(async_read=True)
        self.specials += words, write, read
        channel = Signal(max=max(in_channels, 2))
        moves   = Signal()
        last    = Signal()
        self.comb += [
            moves.eq(source.valid & source.ready),
            last.eq(channel == in_channels - 1),
            write.adr.eq(channel),
            write.dat_w.eq(sink.data),
            read.adr.eq(channel),
        ]
        self.sync += [
            If(moves, channel.eq(Mux(last, 0, channel + 1))),
            ended.eq(ended | self.end),
        ]

        self.fsm = fsm = FSM(reset_state="BETWEEN")
        fsm.act("BETWEEN",
            If(sink.valid,
                If(ended,
                    NextValue(ended,   0),
                    NextValue(fading,  0),
                    NextValue(context, ~context),
                    NextValue(playing, incoming),
                ).Elif(~fading & (self.bank != playing),
                    If(~self.fades,
                        NextValue(playing, self.bank),
                    ).Elif(self.free,
                        NextValue(fading,   1),
                        NextValue(incoming, self.bank),
                        self.begin.eq(1),
                    )
                ),
                NextState("FIRST")
            )
        )
        fsm.act("FIRST",
            sink.connect(source, omit={"bank", "context"}),
            source.bank.eq(playing),
            source.context.eq(context),
            write.we.eq(1),
            If(moves & last,
                If(fading,
                    NextState("SECOND")
                ).Else(
                    NextState("BETWEEN")
                )
            )
        )
        fsm.act("SECOND",
            source.valid.eq(1),
            source.first.eq(channel == 0),
            source.last.eq(last),
            source.data.eq(read.dat_r),
            source.bank.eq(incoming),
            source.context.eq(~context),
            If(moves & last, NextState("BETWEEN"))
        )

# Crossfade ----------------------------------------------------------------------------------------

class Crossfade(LiteXModule):
    """Changes the model that plays without a click, round a core with two contexts.

        sink --> Fork --> to_core ... from_core --> Mixer --> source

    in_channels, out_channels : of the core;  warm_up : frames, the network's receptive field
    sink, source       : frame_layout(bits), of one stream
    to_core, from_core : frame_layout(bits, contexts=2)
    bank : asked for by software;  rate : of a fade, see Mixer; 0 changes the bank at once, with the
           histories of the model before it

    When another bank is asked for, the other context begins to compute the same frames with it,
    its old histories are flushed after `warm_up` frames, and the fade begins. A request made during
    a fade is handled when the fade ends.
    Latency: self.delay().
    """
    def __init__(self, bits, in_channels, out_channels, warm_up):
        self.fork    = fork  = Fork(bits, in_channels)
        self.mixer   = mixer = Mixer(bits, out_channels, warm_up)
        self.sink    = fork.sink
        self.to_core = fork.source
        self.from_core, self.source = mixer.sink, mixer.source
        self.bank    = Signal()
        self.rate    = Signal(PHASE_BITS)
        self.fading  = Signal() # Two models are at work.
        self.end     = mixer.end # Strobe, the one that came in plays alone.

        # # #

        # Frames of each context on their way through the core.
        inside = [Signal(8) for _ in range(2)]
        for context, count in enumerate(inside):
            enters, leaves = [end.valid & end.ready & end.last & (end.context == context)
                for end in (self.to_core, self.from_core)]
            self.sync += count.eq(count + enters - leaves)
        self.comb += [
            fork.bank.eq(self.bank),
            fork.fades.eq(self.rate != 0),
            fork.free.eq(mixer.idle & (Mux(fork.context, *inside) == 0)),
            fork.end.eq(mixer.end),
            self.fading.eq(~mixer.idle),
            mixer.begin.eq(fork.begin),
            mixer.rate.eq(self.rate),
        ]

    @staticmethod
    def delay(out_channels, interval):
        """(least, most) cycles on top of the core's, of a frame's answer.

        interval: cycles between the core's answers to the two frames of a fade, at most
        """
        return 1, 1 + interval + out_channels*Mixer.BEAT
