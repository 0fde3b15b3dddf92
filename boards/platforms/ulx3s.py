# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Radiona ULX3S v2.x and v3.x: pins, clocks, programmer.

Source: github.com/emard/ulx3s, doc/constraints/ulx3s_v20.lpf and doc/MANUAL.md.
"""

from litex.build.generic_platform import *
from litex.build.lattice import LatticeECP5Platform
from litex.build.openfpgaloader import OpenFPGALoader

from boards.platforms import crg

# IOs ----------------------------------------------------------------------------------------------

_io = [
    ("clk25", 0, Pins("G2"), IOStandard("LVCMOS33")),
    ("rst",   0, Pins("R1"), IOStandard("LVCMOS33"), Misc("PULLMODE=DOWN")), # Button F1.

    # USB, the FT231X of US1.
    ("serial", 0,
        Subsignal("tx", Pins("L4")),
        Subsignal("rx", Pins("M1"), Misc("PULLMODE=UP")),
        IOStandard("LVCMOS33"),
    ),

    # High keeps the ESP32 from loading a bitstream of its own.
    ("wifi_gpio0", 0, Pins("L2"), IOStandard("LVCMOS33")),
]

# Where J1 and J2 have 3.3 V and GND at a Pmod's place: GP is the row of pins 1 to 4, GN that of 7
# to 10, the lowest number beside GND. gp14's pins are those of the ADC as well.
_connectors = [
    ("gp0",  "B9  A9  A10 B11 C10 B10 A11 C11"), # J1, GP/GN 3 2 1 0
    ("gp7",  "C4  A2  A4  A6  B4  B1  A5  B6"),  # J1, GP/GN 10 9 8 7
    ("gp14", "L16 N16 N17 U18 L17 M17 P16 U17"), # J2, GP/GN 17 16 15 14
    ("gp21", "C16 B17 B15 C18 D16 C17 C15 D17"), # J2, GP/GN 24 23 22 21
]

# Platform -----------------------------------------------------------------------------------------

class Platform(LatticeECP5Platform):
    devices            = ("LFE5U-12F", "LFE5U-25F", "LFE5U-45F", "LFE5U-85F")
    pmod_ports         = tuple(name for name, _ in _connectors)
    default_clk_name   = "clk25"
    default_clk_period = 1e9/25e6

    def __init__(self, device=devices[0], toolchain="trellis"):
        LatticeECP5Platform.__init__(self, f"{device}-6BG381C", _io, _connectors,
            toolchain=toolchain)

    def create_programmer(self):
        return OpenFPGALoader("ulx3s")

    def do_finalize(self, fragment):
        LatticeECP5Platform.do_finalize(self, fragment)
        self.add_period_constraint(self.lookup_request("clk25", loose=True), 1e9/25e6)

# CRG ----------------------------------------------------------------------------------------------

class CRG(crg.CRG):
    def __init__(self, platform, sys_clk_freq, wavenet_clk_ratio=1):
        crg.CRG.__init__(self, platform.request("clk25"), 25e6, sys_clk_freq, wavenet_clk_ratio,
            reset = platform.request("rst"))
        self.comb += platform.request("wifi_gpio0").eq(1)
