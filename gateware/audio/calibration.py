# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

from migen import *

from litex.gen import *

from litex.soc.interconnect import stream
from litex.soc.interconnect.csr import *

from gateware.audio.rescale import rescale
from gateware.layouts import frame_layout

# Calibration --------------------------------------------------------------------------------------

class Calibration(LiteXModule):
    """Takes each channel's offset and gain error out of a codec's words.

        out = saturate(((in - offset)*gain) >> GAIN_FRAC),   in = ~word where `invert`, else word

    sink, source : frame_layout(bits), a beat a slot, in real time: both sides always ready
    bits      : of a word, at most 18
    constants : per slot (offset, gain) as they are after power-up; gain 1024 is 1.0
    invert    : the analog side inverts; the complement is one count off and cannot overflow

    Offsets and gains are signed 16-bit CSRs, both of a channel in one of 32 bits, so that they
    change together. NEUTRAL passes words through as they are.

    Latency: LATENCY cycles. Raises ValueError for constants and widths that do not fit.
    Source of formula and inversion: eurorack-pmod (github.com/apfelaudio/eurorack-pmod), cal.sv.
    """
    GAIN_FRAC = 10
    LATENCY   = 3
    NEUTRAL   = (0, 2**GAIN_FRAC)
    def __init__(self, constants, bits=16, invert=False, with_csr=True):
        if not 2 <= bits <= 18:
            raise ValueError(f"Calibration: bits must be 2 to 18, got {bits}")
        for slot, pair in enumerate(constants):
            for name, value in zip(("offset", "gain"), pair, strict=True):
                if not -2**15 <= value < 2**15:
                    raise ValueError(f"Calibration: {name} of channel {slot} must be "
                        f"-32768 to 32767, got {value}")
        self.sink    = stream.Endpoint(frame_layout(bits))
        self.source  = stream.Endpoint(frame_layout(bits))
        self.offsets = [Signal((16, True), reset=offset) for offset, _ in constants]
        self.gains   = [Signal((16, True), reset=gain)   for _, gain   in constants]

        # # #

        sink, source = self.sink, self.source
        slot = Signal(max=max(len(constants), 2))
        self.comb += sink.ready.eq(1)
        self.sync += If(sink.valid, slot.eq(Mux(sink.last, 0, slot + 1)))

        # Registers around the multiplier, for it to take them in.
        word       = Mux(invert, ~sink.data, sink.data)
        difference = Signal((max(bits, 16) + 1, True), reset_less=True)
        gain       = Signal((16, True),                reset_less=True)
        product    = Signal((len(difference) + 16, True), reset_less=True)
        self.sync += [
            difference.eq(word - Array(self.offsets)[slot]),
            gain.eq(Array(self.gains)[slot]),
            product.eq(difference*gain),
            source.data.eq(rescale(product, -self.GAIN_FRAC, bits)),
        ]
        marks = Cat(sink.valid, sink.first, sink.last, sink.bank)
        for _ in range(self.LATENCY - 1):
            later = Signal(len(marks))
            self.sync += later.eq(marks)
            marks = later
        self.sync += Cat(source.valid, source.first, source.last, source.bank).eq(marks)

        if with_csr:
            self.add_csr()

    def add_csr(self):
        for slot, (offset, gain) in enumerate(zip(self.offsets, self.gains)):
            csr = CSRStorage(name=f"channel{slot}", fields=[
                CSRField("offset", size=16, offset=0, reset=offset.reset.value & 0xffff,
                    description="Subtracted, in counts of the codec, signed."),
                CSRField("gain", size=16, offset=16, reset=gain.reset.value & 0xffff,
                    description=f"Then multiplied, signed, {self.GAIN_FRAC} fractional bits."),
            ], description=f"Calibration of channel {slot}.")
            setattr(self, f"_channel{slot}", csr)
            self.comb += [
                offset.eq(csr.fields.offset),
                gain.eq(csr.fields.gain),
            ]
