# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""LambdaConcept ECPIX-5: pins, clocks, programmer.

Source: LambdaConcept ECPIX-5 pinout, docs.lambdaconcept.com; litex-boards.
"""

from litex.build.generic_platform import *
from litex.build.lattice import LatticeECP5Platform
from litex.build.openfpgaloader import OpenFPGALoader

from boards.platforms import crg

# IOs ----------------------------------------------------------------------------------------------

_io = [
    ("clk100", 0, Pins("K23"), IOStandard("LVCMOS33")),
    ("rst_n",  0, Pins("N5"),  IOStandard("LVCMOS33")),

    # USB, second port of the FT2232H.
    ("serial", 0,
        Subsignal("tx", Pins("R24")),
        Subsignal("rx", Pins("R26")),
        IOStandard("LVCMOS33"),
    ),

    # RGMII Ethernet (KSZ9031).
    ("eth_clocks", 0,
        Subsignal("tx", Pins("A12")),
        Subsignal("rx", Pins("E11")),
        IOStandard("LVCMOS33"),
    ),
    ("eth", 0,
        Subsignal("rst_n",   Pins("C13")),
        Subsignal("mdio",    Pins("A13")),
        Subsignal("mdc",     Pins("C11")),
        Subsignal("rx_ctl",  Pins("A11")),
        Subsignal("rx_data", Pins("B11 A10 B10 A9"), Misc("PULLMODE=UP")), # Advertises all modes.
        Subsignal("tx_ctl",  Pins("C9")),
        Subsignal("tx_data", Pins("D8 C8 B8 A8")),
        IOStandard("LVCMOS33"),
    ),
]

_connectors = [
    ("pmod0", "T25 U25 U24 V24 T26 U26 V26 W26"),
    ("pmod1", "U23 V23 U22 V21 W25 W24 W23 W22"),
    ("pmod2", "J24 H22 E21 D18 K22 J21 H21 D22"),
    ("pmod3", "E4  F4  E6  H4  F3  D4  D5  F5"),
    ("pmod4", "E26 D25 F26 F25 C26 C25 A25 A24"),
    ("pmod5", "D19 C21 B21 C22 D21 A21 A22 A23"),
    ("pmod6", "C16 B17 C18 B19 A17 A18 A19 C19"),
    ("pmod7", "D14 B14 E14 B16 C14 A14 A15 A16"),
]

# Platform -----------------------------------------------------------------------------------------

class Platform(LatticeECP5Platform):
    devices            = ("LFE5UM5G-85F", "LFE5UM5G-45F")
    pmod_ports         = tuple(name for name, _ in _connectors)
    default_clk_name   = "clk100"
    default_clk_period = 1e9/100e6

    def __init__(self, device=devices[0], toolchain="trellis"):
        LatticeECP5Platform.__init__(self, f"{device}-8BG554I", _io, _connectors,
            toolchain=toolchain)

    def create_programmer(self):
        return OpenFPGALoader("ecpix5")

    def do_finalize(self, fragment):
        LatticeECP5Platform.do_finalize(self, fragment)
        self.add_period_constraint(self.lookup_request("clk100",        loose=True), 1e9/100e6)
        self.add_period_constraint(self.lookup_request("eth_clocks:rx", loose=True), 1e9/125e6)

# CRG ----------------------------------------------------------------------------------------------

class CRG(crg.CRG):
    def __init__(self, platform, sys_clk_freq, wavenet_clk_ratio=1):
        crg.CRG.__init__(self, platform.request("clk100"), 100e6, sys_clk_freq, wavenet_clk_ratio,
            reset = ~platform.request("rst_n"))

# Ethernet -----------------------------------------------------------------------------------------

def eth_phy(platform):
    from liteeth.phy.ecp5rgmii import LiteEthPHYRGMII
    return LiteEthPHYRGMII(platform.request("eth_clocks"), platform.request("eth"), rx_delay=0)
