# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Colorlight i5 v7.0 on its extension board: pins, clocks, programmer.

Source: github.com/wuxx/Colorlight-FPGA-Projects; litex-boards.
"""

from litex.build.generic_platform import *
from litex.build.lattice import LatticeECP5Platform
from litex.build.openfpgaloader import OpenFPGALoader

from boards.platforms import crg

# IOs ----------------------------------------------------------------------------------------------

_io = [
    ("clk25", 0, Pins("P3"), IOStandard("LVCMOS33")),

    # USB, the DAPLink of the extension board.
    ("serial", 0,
        Subsignal("tx", Pins("J17")),
        Subsignal("rx", Pins("H18")),
        IOStandard("LVCMOS33"),
    ),

    # RGMII Ethernet (B50612D), the first of two.
    ("eth_clocks", 0,
        Subsignal("tx", Pins("G1")),
        Subsignal("rx", Pins("H2")),
        IOStandard("LVCMOS33"),
    ),
    ("eth", 0,
        Subsignal("rst_n",   Pins("P4")),
        Subsignal("mdio",    Pins("P5")),
        Subsignal("mdc",     Pins("N5")),
        Subsignal("rx_ctl",  Pins("P2")),
        Subsignal("rx_data", Pins("K2 L1 N1 P1")),
        Subsignal("tx_ctl",  Pins("K1")),
        Subsignal("tx_data", Pins("G2 H1 J1 J3")),
        IOStandard("LVCMOS33"),
    ),
]

# pmodc is P2A; there U16 is the board's LED, K18 its button as well.
_connectors = [
    ("pmodc", "P17 R18 C18 U16 M17 R17 T18 K18"),
    ("pmode", "C17 B18 B20 F20 A18 A19 B19 D20"),
    ("pmodf", "D1  C1  C2  E3  E2  D2  B1  A3"),
]

# Platform -----------------------------------------------------------------------------------------

class Platform(LatticeECP5Platform):
    devices            = ("LFE5U-25F",)
    pmod_ports         = tuple(name for name, _ in _connectors)
    default_clk_name   = "clk25"
    default_clk_period = 1e9/25e6

    def __init__(self, device=devices[0], toolchain="trellis"):
        LatticeECP5Platform.__init__(self, f"{device}-6BG381C", _io, _connectors,
            toolchain=toolchain)

    def create_programmer(self):
        return OpenFPGALoader("colorlight-i5")

    def do_finalize(self, fragment):
        LatticeECP5Platform.do_finalize(self, fragment)
        self.add_period_constraint(self.lookup_request("clk25",         loose=True), 1e9/25e6)
        self.add_period_constraint(self.lookup_request("eth_clocks:rx", loose=True), 1e9/125e6)

# CRG ----------------------------------------------------------------------------------------------

class CRG(crg.CRG):
    def __init__(self, platform, sys_clk_freq, wavenet_clk_ratio=1):
        crg.CRG.__init__(self, platform.request("clk25"), 25e6, sys_clk_freq, wavenet_clk_ratio)

# Ethernet -----------------------------------------------------------------------------------------

def eth_phy(platform):
    from liteeth.phy.ecp5rgmii import LiteEthPHYRGMII
    return LiteEthPHYRGMII(platform.request("eth_clocks"), platform.request("eth"), tx_delay=0)
