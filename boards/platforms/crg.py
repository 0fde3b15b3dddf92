# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Clocks and resets of every board: one PLL, from the board's oscillator."""

from migen import *
from migen.genlib.resetsync import AsyncResetSynchronizer

from litex.gen import *

from litex.soc.cores.clock import ECP5PLL

# PLL ----------------------------------------------------------------------------------------------

class PLL(ECP5PLL):
    """LiteX's ECP5PLL with the solution nearest to the frequencies asked for, in their ratios;
    LiteX takes the first one within 1 %.

    Source: Lattice FPGA-DS-02012, table "sysCLOCK PLL Timing" (the ranges are ECP5PLL's).
    """
    MARGIN = 1e-2 # Of the frequency; the sample rate is off by as much.

    def __init__(self):
        ECP5PLL.__init__(self)
        self.solution = None

    def solve(self):
        """LiteX's dict of dividers and frequencies, once all outputs are there.

        Raises ValueError where there is no solution within MARGIN.
        """
        wanted = dict(self.clkouts)
        best, margin = None, self.MARGIN
        while margin > 0:
            self.clkouts = {n: (clk, freq, phase, margin, dpa)
                for n, (clk, freq, phase, _, dpa) in wanted.items()}
            try:
                config = ECP5PLL.compute_config(self)
            except ValueError:
                break
            ratios = {freq*config[f"clko{n}_div"] for n, (_, freq, *_) in wanted.items()}
            if len(ratios) == 1:
                best = dict(config), self.clkouts
            # Each is nearer than the one before it, until there is none.
            margin = max(abs(config[f"clko{n}_freq"]/wanted[n][1] - 1) for n in wanted)*(1 - 1e-9)
        if best is None:
            raise ValueError(f"sys_clk_freq must be within {self.MARGIN:.0%} of what the PLL makes "
                f"from {self.clkin_freq/1e6:g} MHz, got {wanted[0][1]:.10g} Hz")
        self.solution, self.clkouts = best
        return self.solution

    def compute_config(self):
        """What ECP5PLL calls when the design is finalised."""
        return self.solution

# Resets -------------------------------------------------------------------------------------------

class Resets(LiteXModule):
    """Resets of cd_sys and cd_wavenet (or None): from `cause` on, however short, until CYCLES of
    cd_por after its end.

    Their clocks run all that time, so strobes without a reset of their own run out. "wavenet"
    leaves it last, so it is in reset whenever "sys" is.
    """
    CYCLES = 1024

    def __init__(self, cd_por, cd_sys, cd_wavenet, cause):
        count = Signal(max=self.CYCLES + 1, reset=self.CYCLES)
        busy  = Signal(reset=1) # A register: what resets asynchronously must not glitch.
        self.sync.por += [
            busy.eq(count != 0),
            If(count != 0, count.eq(count - 1)),
        ]
        self.specials += [
            AsyncResetSynchronizer(cd_por, cause),
            AsyncResetSynchronizer(cd_sys, cd_por.rst | busy),
        ]
        if cd_wavenet is not None:
            self.specials += AsyncResetSynchronizer(cd_wavenet, cd_sys.rst)

# CRG ----------------------------------------------------------------------------------------------

class CRG(LiteXModule):
    """Clock domains "sys" and, for wavenet_clk_ratio above 1, "wavenet" of that many times its
    frequency, from one PLL.

    clk               : the board's oscillator, of clk_freq Hz
    sys_clk_freq      : Hz, as wanted; self.sys_clk_freq is what the PLL makes of it
    wavenet_clk_ratio : 1, 2 or 4
    reset             : a button, 1 = pressed

    Both are in reset (see Resets) until the PLL has locked, by the button, and by self.rst, LiteX's
    reset of the SoC: a pulse of one sys cycle.

    Raises ValueError for a frequency that the PLL cannot make.
    """
    def __init__(self, clk, clk_freq, sys_clk_freq, wavenet_clk_ratio=1, reset=0):
        low, high = PLL.clko_freq_range
        if not low <= sys_clk_freq <= high/wavenet_clk_ratio:
            raise ValueError(f"sys_clk_freq must be {low:.10g} to "
                f"{high/wavenet_clk_ratio:.10g} Hz, got {sys_clk_freq:.10g}")
        self.rst        = Signal()
        self.cd_por     = ClockDomain()
        self.cd_sys     = ClockDomain()
        self.cd_wavenet = ClockDomain("wavenet") if wavenet_clk_ratio > 1 else None

        # # #

        self.pll = pll = PLL()
        self.comb += self.cd_por.clk.eq(clk)
        pll.register_clkin(clk, clk_freq)
        pll.create_clkout(self.cd_sys, sys_clk_freq, with_reset=False)
        if wavenet_clk_ratio > 1:
            pll.create_clkout(self.cd_wavenet, sys_clk_freq*wavenet_clk_ratio, with_reset=False)
        for clkout, cd in zip(pll.clkouts.values(), (self.cd_sys, self.cd_wavenet)):
            clkout[0].name_override = f"pll_{cd.name}" # What nextpnr is to call the domain.
            clkout[0].attr.add("keep")
        self.sys_clk_freq = pll.solve()["clko0_freq"]
        self.resets = Resets(self.cd_por, self.cd_sys, self.cd_wavenet,
            cause = ~pll.locked | self.rst | reset)
