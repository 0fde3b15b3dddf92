# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

from migen import *

from litex.gen import *

from litex.soc.interconnect import stream
from litex.soc.interconnect.csr import *

from gateware.layouts import frame_layout

# Formats ------------------------------------------------------------------------------------------

# Standard I2S (Philips I2S bus specification): 64 BICK per frame, BICK falls at the LRCK edge, LRCK
# low = left = slot 0, first bit one BICK after the LRCK edge. The format of the AK4619 comes with
# its registers: see AK4619.serial_format.
I2S_FORMAT = dict(slots=2, slot_width=32, bick_polarity=0, lrck_level=0, data_delay=1)

def check_int(name, value, low, high):
    """Raise ValueError, naming value and range, unless `value` is a whole number in [low, high]."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"TDM: {name} must be {low} to {high}, got {value!r}")

# Position -----------------------------------------------------------------------------------------

class Position(LiteXModule):
    """Where a frame is: free-running counters `cycle` (sys cycle in the bit), `bit`, `slot`.

    They are 0 together in the first sys cycle after reset plus `late` cycles, and once a frame.
    """
    def __init__(self, cycles, bits, slots, late):
        start      = -late % (cycles*bits*slots)
        self.cycle = cycle = Signal(max=max(cycles, 2), reset=start % cycles)
        self.bit   = bit   = Signal(max=max(bits,   2), reset=start // cycles % bits)
        self.slot  = slot  = Signal(max=max(slots,  2), reset=start // (cycles*bits))

        # # #

        self.sync += [
            cycle.eq(cycle + 1),
            If(cycle == cycles - 1,
                cycle.eq(0),
                bit.eq(bit + 1),
                If(bit == bits - 1,
                    bit.eq(0),
                    slot.eq(slot + 1),
                    If(slot == slots - 1, slot.eq(0)),
                ),
            ),
        ]

# TDM ----------------------------------------------------------------------------------------------

class TDM(LiteXModule):
    r"""Serial audio port, master of MCLK, BICK and LRCK, all divided from sys.

    A frame is `slots` slots of `slot_width` BICK; a word is the first `data_width` bits of its
    slot, MSB first, two's complement; the rest of the slot is 0 (out) or not looked at (in).

    Start of a frame of TDM128 as the AK4619 takes it (bick_polarity=1, lrck_level=0, data_delay=1):

        BICK         __/--\__/--\__/--\__/--\__     rises at the LRCK edge (polarity 0: falls)
        LRCK         --\_______________________     low for lrck_width BICK, then high
        SDIN, SDOUT  ==X==0==X=MSB=X=====X=====     change with that edge of BICK, ...
        sampled           s     s     s     s       ... and are sampled half a BICK later

    Parameters
    ----------
    pads           : mclk, bick, lrck, sdin1 (to the codec), sdout1 (from the codec). May be absent:
                     mclk (with mclk_per_frame=None), sdin1 (an ADC alone), sdout1 (a DAC alone).
    slots          : words per frame, 1 to 16.
    slot_width     : BICK a slot, 8 to 64.
    data_width     : bits of a word in `source` and `sink`, 2 to slot_width.
    sys_per_frame  : sys cycles per frame = sys_clk_freq/fs; an even multiple of slots*slot_width.
    mclk_per_frame : MCLK cycles per frame ("128fs": 128); sys_per_frame is an even multiple of it.
    bick_polarity  : BICK edge that data and LRCK change with: 1 rising, 0 falling (AK4619: BCKP).
    lrck_level     : level of LRCK at the start of a frame.
    lrck_width     : BICK for which LRCK keeps that level, 1 to slots*slot_width - 1; default half.
    data_delay     : BICK from the LRCK edge to the first bit of slot 0 (1: I2S; 0: left-justified).
    sample_delay   : sys cycles from BICK's sampling edge to the capture of SDOUT, 0 to half a BICK.
                     The round trip (clock-to-out, cable, the codec's delay, set-up) has half a BICK
                     plus sample_delay sys cycles; 0 is 20.3 ns at 192 kHz. A codec that puts a bit
                     out early (before the BICK edge above) needs 0.

    Streams, frame_layout(data_width), in real time
    -----------------------------------------------
    source : the words from the codec, one beat a slot, as soon as the word's last bit is in; first
             on slot 0, last on the last slot. Each beat is valid for ONE cycle: a consumer that is
             not ready then loses it. bank is 0.
    sink   : the words to the codec; always ready. Beat `first` is slot 0; slots that a frame does
             not reach are 0, beats beyond the last slot are dropped. The frame is complete with
             `last`. The DAC takes the newest complete frame as late as it can, just before the
             first bit of slot 0, and repeats it until there is a newer one; it never plays a part.
    mute   : while 1 (and for the rest of that frame) the words are 0 both ways; frames go on.

    Time
    ----
    phase      : sys cycle in the frame, 0 to sys_per_frame - 1; the first bit of slot 0 is on the
                 pad from phase PAD_LATENCY on.
    frame_tick : 1 in the cycle in which the DAC takes its frame (phase sys_per_frame - 1).
    PAD_LATENCY = 1 : all pads are registers.
    RX_LATENCY  = 2 : cycles from the one whose closing edge captures a word's last bit to its beat.
    TX_LATENCY  = 3 : cycles from a frame's last beat to its first bit, at best.
    frame_latency() : frames from codec to codec through a pipeline of a given delay.

    With CSRs: frames (counter), sys_per_frame (fs is sys_clk_freq divided by it).

    Raises ValueError for parameters outside of the above, naming the value and what is allowed.
    Source: AK4619VN data sheet 200900082-E-00, Tables 2 and 5; Philips I2S bus specification.
    """
    PAD_LATENCY = 1
    RX_LATENCY  = 2
    TX_LATENCY  = 3

    def __init__(self, pads, slots=4, slot_width=32, data_width=16, sys_per_frame=256,
        mclk_per_frame=128, bick_polarity=1, lrck_level=0, lrck_width=None, data_delay=1,
        sample_delay=0, with_csr=True):
        # Parameters.
        check_int("slots",         slots,         1, 16)
        check_int("slot_width",    slot_width,    8, 64)
        check_int("data_width",    data_width,    2, slot_width)
        check_int("bick_polarity", bick_polarity, 0, 1)
        check_int("lrck_level",    lrck_level,    0, 1)
        bicks = slots*slot_width
        check_int("data_delay",    data_delay,    0, bicks - 1)
        if lrck_width is None:
            lrck_width = bicks//2
        check_int("lrck_width",    lrck_width,    1, bicks - 1)
        check_int("sys_per_frame", sys_per_frame, 2*bicks, 2**16)
        if sys_per_frame % (2*bicks):
            raise ValueError(f"TDM: sys_per_frame must be a multiple of {2*bicks} (two sys cycles "
                f"per BICK, slots*slot_width = {bicks} BICK), got {sys_per_frame}")
        if mclk_per_frame is not None:
            check_int("mclk_per_frame", mclk_per_frame, 1, sys_per_frame//2)
            if sys_per_frame % (2*mclk_per_frame):
                raise ValueError(f"TDM: mclk_per_frame must divide sys_per_frame/2 "
                    f"({sys_per_frame//2}), got {mclk_per_frame}")
        half_bick = sys_per_frame//bicks//2
        check_int("sample_delay", sample_delay, 0, half_bick)

        # Streams and signals.
        self.source        = stream.Endpoint(frame_layout(data_width))
        self.sink          = stream.Endpoint(frame_layout(data_width))
        self.mute          = Signal()
        self.frame_tick    = Signal()
        self.phase         = Signal(max=sys_per_frame)
        self.slots         = slots
        self.data_width    = data_width
        self.sys_per_frame = sys_per_frame
        self.last_bit      = ((slots - 1)*slot_width + data_width - 1)*2*half_bick
        self.sample_offset = half_bick + sample_delay

        # # #

        # The receiver follows the transmitter by the pads' register, the way to the sampling point
        # and the input register, so that in its cycle 0 the bit is in that register.
        rx_late = self.PAD_LATENCY + self.sample_offset
        self.tx = Position(2*half_bick, slot_width, slots, late=0)
        self.rx = Position(2*half_bick, slot_width, slots, late=rx_late)
        self.comb += self.frame_tick.eq(self.phase == sys_per_frame - 1)
        self.sync += If(self.frame_tick, self.phase.eq(0)).Else(self.phase.eq(self.phase + 1))

        self.add_clocks(pads, mclk_per_frame, half_bick, bick_polarity, lrck_level, lrck_width,
            data_delay)
        self.add_transmitter(pads)
        self.add_receiver(pads)
        if with_csr:
            self.add_csr()

    def add_clocks(self, pads, mclk_per_frame, half_bick, bick_polarity, lrck_level, lrck_width,
        data_delay):
        # Out of reset the pads go on as if frames had been running: no edge without its partner.
        lrck_cycles = lrck_width*2*half_bick
        lrck_start  = -data_delay*2*half_bick % self.sys_per_frame
        lrck_end    = (lrck_start + lrck_cycles) % self.sys_per_frame
        started     = (self.sys_per_frame - 1 - lrck_start) < lrck_cycles
        bick = Signal(reset=1 - bick_polarity)
        lrck = Signal(reset=lrck_level if started else 1 - lrck_level)
        self.sync += [
            bick.eq((self.tx.cycle < half_bick) == bick_polarity),
            If(self.phase == lrck_start, lrck.eq(lrck_level)),
            If(self.phase == lrck_end,   lrck.eq(1 - lrck_level)),
        ]
        self.comb += [
            pads.bick.eq(bick),
            pads.lrck.eq(lrck),
        ]

        if mclk_per_frame is not None:
            half_mclk = self.sys_per_frame//mclk_per_frame//2
            mclk      = Signal()
            self.mclk = Position(2*half_mclk, 1, 1, late=0)
            self.sync += mclk.eq(self.mclk.cycle < half_mclk)
            self.comb += pads.mclk.eq(mclk)

    def add_transmitter(self, pads):
        width    = self.data_width
        filling  = [Signal(width) for _ in range(self.slots)] # The frame that is coming in.
        filled   = [Signal(width) for _ in range(self.slots)] # The same, with this cycle's beat.
        complete = Signal(self.slots*width)                   # The newest complete frame.
        playing  = Signal(self.slots*width)                   # What is left of the DAC's frame.

        channel, next_channel = Signal(max=self.slots + 1), Signal(max=self.slots + 1)
        self.comb += [
            self.sink.ready.eq(1),
            channel.eq(Mux(self.sink.first, 0, next_channel)),
        ]
        for slot in range(self.slots):
            self.comb += [
                filled[slot].eq(Mux(self.sink.first, 0, filling[slot])),
                If(channel == slot, filled[slot].eq(self.sink.data)),
            ]
        self.sync += If(self.sink.valid,
            If(channel != self.slots, next_channel.eq(channel + 1)),
            [register.eq(word) for register, word in zip(filling, filled, strict=True)],
            If(self.sink.last,
                # Slot 0 is sent first, so it is at the end that is shifted out.
                complete.eq(Cat(*reversed(filled))),
            ),
        )

        sdin = Signal()
        self.sync += [
            If(self.tx.cycle == 0,
                sdin.eq(0),
                If(self.tx.bit < width,
                    sdin.eq(playing[-1] & ~self.mute),
                    playing.eq(Cat(0, playing[:-1])),
                ),
            ),
            If(self.frame_tick, playing.eq(complete)),
            If(self.mute,       playing.eq(0)),
        ]
        if hasattr(pads, "sdin1"):
            self.comb += pads.sdin1.eq(sdin)

    def add_receiver(self, pads):
        width     = self.data_width
        sdout     = Signal(reset_less=True)
        word      = Signal(width)
        at_bit    = Signal() # A bit is in `sdout`, ...
        at_first  = Signal() # ... the first of the frame,
        at_word   = Signal() # ... the last of a word.
        listening = Signal() # False until the first whole frame after reset.
        muted     = Signal() # `mute` was seen during this frame.
        if hasattr(pads, "sdout1"):
            self.sync += sdout.eq(pads.sdout1)
        self.comb += [
            at_bit.eq(self.rx.cycle == 0),
            at_first.eq(at_bit & (self.rx.slot == 0) & (self.rx.bit == 0)),
            at_word.eq(at_bit & (self.rx.bit == width - 1)),
        ]
        self.sync += [
            muted.eq(self.mute | (muted & ~at_first)),
            If(at_first, listening.eq(1)),
            If(at_bit, word.eq(Cat(sdout, word[:-1]))),
            self.source.valid.eq(at_word & listening),
            If(at_word,
                self.source.data.eq(Mux(muted | self.mute, 0, Cat(sdout, word[:-1]))),
                self.source.first.eq(self.rx.slot == 0),
                self.source.last.eq(self.rx.slot == self.slots - 1),
            ),
        ]

    def add_csr(self):
        self.frames        = CSRStatus(32, description="Frames since reset.")
        self.frame_cycles  = CSRStatus(17, name="sys_per_frame",
            description="Sys cycles per frame.")

        # # #

        self.comb += self.frame_cycles.status.eq(self.sys_per_frame)
        self.sync += If(self.frame_tick, self.frames.status.eq(self.frames.status + 1))

    def frame_latency(self, cycles):
        """Frames between the one that the codec sends and the one that brings its answer.

        cycles : sys cycles from the last beat at `source` to that at `sink`, 0 if connected.

            last beat at source  last_bit + PAD_LATENCY + sample_offset + 1     cycle of the frame
            last beat at sink    at most sys_per_frame - 2, for the frame that follows
        """
        arrival = self.last_bit + self.PAD_LATENCY + self.sample_offset + 1 + cycles
        return -(-(arrival + self.TX_LATENCY - self.PAD_LATENCY)//self.sys_per_frame)
