# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

from migen import *

from litex.gen import *

from gateware.audio.tdm import I2S_FORMAT

# I2S Pmod -----------------------------------------------------------------------------------------

class I2SPmod(LiteXModule):
    """A stereo DAC and ADC with clocks of their own and no registers, as on Digilent's Pmod I2S2
    (CS4344, CS5343; its jumper JP1 on SLV): one set of clocks for both.

    pads : mclk, bick, lrck of any number of pins each, sdin1 and sdout1
    self.pads : the same for TDM, a pin each

    Source: Cirrus Logic CS4344 and CS5343 data sheets, tables of MCLK/LRCK ratios, as reprinted in
    the Pmod I2S2 reference manual; both converters take 48 and 96 kHz.
    """
    MCLK_PER_FRAME = {48_000: 256, 96_000: 128} # Sample rate in Hz -> MCLK cycles; 12.288 MHz.
    SYS_TOLERANCE  = 0.01 # Of fs; what a PLL leaves over is below 0.2 %.

    def __init__(self, pads):
        self.pads = Record([(name, 1) for name in ("mclk", "bick", "lrck", "sdin1", "sdout1")])

        # # #

        for name in "mclk", "bick", "lrck", "sdin1":
            pins = getattr(pads, name)
            self.comb += pins.eq(Replicate(getattr(self.pads, name), len(pins)))
        self.comb += self.pads.sdout1.eq(pads.sdout1)

    @classmethod
    def serial_format(cls, sys_clk_freq, sample_rate):
        """Parameters of TDM for a sample rate from sys_clk_freq, both in Hz.

        Raises ValueError, naming the value and what is allowed, for a sample_rate that one of the
        converters lacks and a sys_clk_freq that does not divide down to it.
        """
        if sample_rate not in cls.MCLK_PER_FRAME:
            raise ValueError(f"I2SPmod: sample_rate must be "
                f"{' or '.join(map(str, cls.MCLK_PER_FRAME))} Hz, got {sample_rate}")
        mclk_per_frame = cls.MCLK_PER_FRAME[sample_rate]
        step           = 2*mclk_per_frame
        sys_per_frame  = max(round(sys_clk_freq/sample_rate/step), 1)*step
        if abs(sys_clk_freq/(sys_per_frame*sample_rate) - 1) > cls.SYS_TOLERANCE:
            raise ValueError(f"I2SPmod: sys_clk_freq must be a multiple of {step*sample_rate} Hz "
                f"for {sample_rate} Hz, got {sys_clk_freq:.0f}")
        return dict(I2S_FORMAT, sys_per_frame=sys_per_frame, mclk_per_frame=mclk_per_frame)
