# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

from migen import *

from litex.gen import *

from litex.soc.interconnect import stream
from litex.soc.interconnect.csr import *

from gateware.layouts import frame_layout
from gateware.audio.glide import Glide
from gateware.audio.rescale import rescale
from gateware.shapes import codec_word

# Ingress ------------------------------------------------------------------------------------------

class Ingress(LiteXModule):
    """From the codec's frames to the network's: places the embedding, keeps real time honest.

        network channel 0 = codec slot 0 (the wave)
                        1 = e0: codec slot 1, or the `e0` of software     (chosen by e0_source)
                        2 = e1: codec slot 2, or the `e1` of software     (chosen by e1_source)
                        3 and up = zero; so is what a codec of two slots does not have

    sink   : frame_layout(codec_bits), one beat a slot, real time: always ready
    source : frame_layout(bits), in_channels beats per frame, tagged with `bank` as of its start
    fmt    : the network's number format; codec words have `codec_frac` fractional bits and are
             shifted to `frac` by 2**(frac - codec_frac + shift), rounded down, saturated
    clk_ratio        : cycles of the network's clock in one of this module's
    cycles_available : cycles of the network's clock between the last two codec frames
    dropped          : 1 with the last beat of a codec frame that is dropped

    A codec frame that is complete while the one before still waits to leave is dropped whole and
    counted in `overruns`. The embedding is sampled once a frame, both coordinates together; after
    `glide.go` it moves for a while in a straight line from what it was to what it now is, wherever
    both come from (see Glide).

    Latency: LATENCY cycles from the last slot's beat to channel 0 on `source`.
    """
    LATENCY = 1
    def __init__(self, in_channels, fmt, slots=4, codec_bits=codec_word.BITS,
        codec_frac=codec_word.FRAC, shift=0, clk_ratio=1, with_csr=True):
        self.sink   = sink   = stream.Endpoint(frame_layout(codec_bits))
        self.source = source = stream.Endpoint(frame_layout(fmt.bits))
        self.bank   = Signal()

        self.e0, self.e1               = Signal((fmt.bits, True)), Signal((fmt.bits, True))
        self.e0_source, self.e1_source = Signal(), Signal() # 0: codec, 1: software.

        self.overruns         = Signal(32)
        self.dropped          = Signal()
        self.cycles_available = Signal(16)

        # # #

        # Slots as they come in; the last one used is taken straight from the stream.
        slot  = Signal(max=max(slots, 2))
        words = [Signal((codec_bits, True), reset_less=True) for _ in range(min(slots, 3))]
        self.comb += sink.ready.eq(1)
        self.sync += If(sink.valid,
            slot.eq(Mux(sink.last, 0, slot + 1)),
            [If(slot == i, word.eq(sink.data)) for i, word in enumerate(words)],
        )
        latest = [Mux(slot == i, sink.data, word) for i, word in enumerate(words)]
        codec  = [rescale(word, fmt.frac - codec_frac + shift, fmt.bits) for word in latest]
        codec += [0]*(3 - len(codec))

        # Frame on its way out: a shift register, so `data` always leaves from the same place.
        complete = Signal()
        sending  = Signal()
        left     = Signal(max=in_channels + 1)
        frame    = [Signal((fmt.bits, True), reset_less=True) for _ in range(min(in_channels, 3))]
        direct   = [
            Mux(self.e0_source, self.e0, codec[1]),
            Mux(self.e1_source, self.e1, codec[2]),
        ]
        self.glide = glide = Glide(fmt.bits)
        embedding  = [Mux(glide.active, value, word) for value, word in zip(glide.values, direct)]
        chosen     = [codec[0], *embedding]
        given      = [Signal((fmt.bits, True)) for _ in embedding]
        self.comb += glide.tick.eq(complete)
        for i, word in enumerate(embedding):
            self.comb += [
                glide.targets[i].eq(direct[i]),
                glide.currents[i].eq(Mux(complete, word, given[i])),
            ]
            self.sync += If(complete, given[i].eq(word))
        self.comb += [
            complete.eq(sink.valid & sink.last),
            sending.eq(left != 0),
            self.dropped.eq(complete & sending),
            source.valid.eq(sending),
            source.first.eq(left == in_channels),
            source.last.eq(left == 1),
            source.data.eq(frame[0]),
        ]
        self.sync += [
            If(source.valid & source.ready,
                left.eq(left - 1),
                [a.eq(b) for a, b in zip(frame, frame[1:] + [C(0, (fmt.bits, True))])],
            ),
            If(complete,
                If(sending,
                    self.overruns.eq(self.overruns + 1),
                ).Else(
                    left.eq(in_channels),
                    source.bank.eq(self.bank),
                    [register.eq(value) for register, value in zip(frame, chosen)],
                ),
            ),
        ]

        # Cycles from one codec frame to the next.
        count = Signal(16, reset=clk_ratio)
        self.sync += [
            count.eq(count + clk_ratio),
            If(complete,
                self.cycles_available.eq(count),
                count.eq(clk_ratio),
            ),
        ]

        if with_csr:
            self.add_csr(fmt)

    def add_csr(self, fmt):
        q       = f"signed, {fmt.frac} fractional bits"
        sources = [("``0b0``", "Codec input."), ("``0b1``", "Embedding register.")]
        self._embedding = CSRStorage(fields=[
            CSRField("e0", size=16, offset=0,  description=f"Embedding e0 ({q})."),
            CSRField("e1", size=16, offset=16, description=f"Embedding e1 ({q})."),
        ], description="Taken over when the control register is written.")
        self._glide = CSRStorage(32, description="Part of the way in a frame, of 2**32; 0: a jump. "
            "Taken over when the control register is written.")
        self._control = CSRStorage(fields=[
            CSRField("e0_source", size=1, description="Where e0 comes from.", values=sources),
            CSRField("e1_source", size=1, description="Where e1 comes from.", values=sources),
        ], description="A write takes over sources, embedding and glide, all in the same frame.")
        self._overruns = CSRStatus(32,
            description="Frames dropped because the network was not ready for them.")
        self._cycles_available = CSRStatus(16,
            description="Cycles of the network's clock between the last two codec frames.")
        fields = self._embedding.fields
        extend = max(0, fmt.bits - 16)
        self.sync += If(self._control.re,
            self.e0.eq(Cat(fields.e0, Replicate(fields.e0[-1], extend))),
            self.e1.eq(Cat(fields.e1, Replicate(fields.e1[-1], extend))),
            self.e0_source.eq(self._control.fields.e0_source),
            self.e1_source.eq(self._control.fields.e1_source),
        )
        self.comb += [
            self.glide.go.eq(self._control.re),
            self.glide.rate.eq(self._glide.storage),
            self._overruns.status.eq(self.overruns),
            self._cycles_available.status.eq(self.cycles_available),
        ]
