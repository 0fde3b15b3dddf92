# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The boards' SoC on LiteX's simulation platform: codec and console are C models at the pins."""

import logging
from pathlib import Path

from migen import *

from litex.build.generic_platform import Pins, Subsignal
from litex.build import io
from litex.build.sim import SimPlatform
from litex.soc.integration.builder import Builder

from gateware.shapes.codec_word import SYS_CLK_FREQ

from soc.litex_private import numbered_afresh
from soc.options import grouped
from soc.wavenet_soc import WaveNetSoC

# IOs ----------------------------------------------------------------------------------------------

_bytes = (
    Subsignal("source_valid", Pins(1)),
    Subsignal("source_ready", Pins(1)),
    Subsignal("source_data",  Pins(8)),

    Subsignal("sink_valid",   Pins(1)),
    Subsignal("sink_ready",   Pins(1)),
    Subsignal("sink_data",    Pins(8)),
)

_io = [
    # The accelerator's clock, if it has one of its own, rises with sys_clk, see sim_main.cpp.
    ("sys_clk",     0, Pins(1)),
    ("wavenet_clk", 0, Pins(1)),

    # Console and bridge: bytes with valid/ready, no baud rate, see soc/sim/modules/serial_tcp.
    ("serial", 0, *_bytes),
    ("serial", 1, *_bytes),

    # AK4619, see soc/sim/modules/ak4619. SCL and SDA are open drain: oe = 1 pulls low.
    ("codec", 0,
        Subsignal("mclk",   Pins(1)),
        Subsignal("bick",   Pins(1)),
        Subsignal("lrck",   Pins(1)),
        Subsignal("sdin1",  Pins(1)),
        Subsignal("sdout1", Pins(1)),
        Subsignal("scl_oe", Pins(1)),
        Subsignal("sda_oe", Pins(1)),
        Subsignal("sda",    Pins(1)),
        Subsignal("pdn",    Pins(1)),
    ),
]

MODULES = ("serial_tcp", "serial_script", "ak4619")

# Platform -----------------------------------------------------------------------------------------

class Platform(SimPlatform):
    def __init__(self):
        SimPlatform.__init__(self, "SIM", list(_io))

# CRG ----------------------------------------------------------------------------------------------

class _CRG(io.CRG):
    def __init__(self, platform, wavenet_clk_ratio):
        io.CRG.__init__(self, platform.request("sys_clk"))
        if wavenet_clk_ratio > 1:
            self.clock_domains.cd_wavenet = ClockDomain()
            self.comb += [
                self.cd_wavenet.clk.eq(platform.request("wavenet_clk")),
                self.cd_wavenet.rst.eq(self.cd_sys.rst),
            ]

# Build --------------------------------------------------------------------------------------------

def generate(model, folding, output_dir, builder_kwargs=None, **soc_kwargs):
    """Writes Verilog, memory contents and firmware of a simulated SoC to `output_dir`, LiteX's way.

    Returns (soc, gateware folder, further Verilog files). soc_kwargs: options by name, see
    soc/options.py, SoCCore's, and sys_clk_freq (default: SYS_CLK_FREQ).
    Raises ValueError as WaveNetSoC does, FirmwareError where the firmware does not compile.
    """
    if not logging.root.handlers: # LiteX would log every bus region otherwise.
        logging.basicConfig(level=logging.WARNING)
    with numbered_afresh():
        return _generate(model, folding, output_dir, builder_kwargs, **soc_kwargs)

def _generate(model, folding, output_dir, builder_kwargs, sys_clk_freq=SYS_CLK_FREQ,
    wavenet_clk_ratio=1, **soc_kwargs):
    platform = Platform()
    soc = WaveNetSoC(platform, sys_clk_freq,
        crg        = _CRG(platform, wavenet_clk_ratio),
        codec_pads = platform.request("codec"),
        model      = model,
        folding    = folding,
        **grouped(**{"uart_name": "sim", "wavenet_clk_ratio": wavenet_clk_ratio, **soc_kwargs}),
    )
    builder = Builder(soc, **{
        **(builder_kwargs or {}), "output_dir": output_dir, "compile_software": False})
    builder.software_packages.clear() # The firmware needs none of LiteX's libraries.
    builder.build(run=False)
    sources = [source for source, *_ in platform.sources if Path(source).name != "sim.v"]
    return soc, Path(builder.gateware_dir), sources
