# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

from migen import *

from litex.gen import *

from litex.soc.interconnect import stream

from gateware.layouts import frame_layout
from gateware.audio.rescale import rescale
from gateware.shapes import codec_word

# Egress -------------------------------------------------------------------------------------------

class Egress(LiteXModule):
    """From the network's frames to the codec's: output c plays on slot c, further slots are zero.

    sink   : frame_layout(fmt.bits), out_channels beats per frame; those past the slots are dropped
    source : frame_layout(codec_bits), `slots` beats per frame
    Words are shifted by 2**(codec_frac - frac - shift), rounded down, saturated: what Ingress did,
    undone. Latency: none, a beat passes in the cycle it comes.
    """
    def __init__(self, out_channels, fmt, slots=4, codec_bits=codec_word.BITS,
        codec_frac=codec_word.FRAC, shift=0):
        self.sink   = sink   = stream.Endpoint(frame_layout(fmt.bits))
        self.source = source = stream.Endpoint(frame_layout(codec_bits))

        # # #

        beats   = max(out_channels, slots)
        channel = Signal(max=max(beats, 2))
        moves   = Signal()
        has_output, has_slot = Signal(), Signal()
        self.comb += [
            has_output.eq(channel < out_channels),
            has_slot.eq(channel < slots),
            source.valid.eq(has_slot & (sink.valid | ~has_output)),
            sink.ready.eq(has_output & (source.ready | ~has_slot)),
            moves.eq((sink.valid | ~has_output) & (source.ready | ~has_slot)),
            source.first.eq(channel == 0),
            source.last.eq(channel == (slots - 1)),
            If(has_output,
                source.data.eq(rescale(sink.data, codec_frac - fmt.frac - shift, codec_bits)),
            ),
        ]
        self.sync += If(moves, channel.eq(Mux(channel == (beats - 1), 0, channel + 1)))
