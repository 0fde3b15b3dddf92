# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Bridges on an ECP5 and in simulation: what elaborates, what is refused."""

import pytest
from litex.build.generic_platform import Pins, Subsignal
from litex.build.io import CRG
from litex.build.lattice import LatticeECP5Platform
from litex.soc.integration.builder import Builder

from soc.options import grouped
from soc.sim.sim_soc import SYS_CLK_FREQ, generate
from soc.wavenet_soc import WaveNetSoC
from tests.support.soc.soc_runs import planned, zoo_model

CODEC = [Subsignal(name, Pins(1)) for name in "mclk bick lrck sdin1 sdout1 scl sda pdn".split()]
SERIAL = [Subsignal("tx", Pins(1)), Subsignal("rx", Pins(1))]


def elaborate(folder, serials=2, **options):
    """The Verilog of a SoC for an LFE5U-25F with so many serial ports."""
    pins = [("clk", 0, Pins(1)), ("codec", 0, *CODEC)]
    pins += [("serial", number, *SERIAL) for number in range(serials)]
    platform = LatticeECP5Platform("LFE5U-25F-6BG256C", pins, toolchain="trellis")
    model = zoo_model()
    soc = WaveNetSoC(
        platform,
        SYS_CLK_FREQ,
        crg=CRG(platform.request("clk")),
        codec_pads=platform.request("codec"),
        model=model,
        folding=planned(model),
        **grouped(**options),
    )
    builder = Builder(soc, output_dir=folder, compile_software=False)
    builder.software_packages.clear()
    builder.build(run=False, build_name="top")
    return (folder / "gateware" / "top.v").read_text()


def masters(text):
    marks = {"uartbone": "_uartbridge_", "jtagbone": "jtagbone_"}
    return {name for name, mark in marks.items() if mark in text}


def test_uartbone_and_jtagbone_on_an_ecp5(tmp_path):
    text = elaborate(tmp_path, with_uartbone=True, with_jtagbone=True)
    assert masters(text) == {"uartbone", "jtagbone"}
    assert "JTAGG" in text and "serial1_tx" in text


def test_none_by_default(tmp_path):
    assert masters(elaborate(tmp_path)) == set()


def test_a_board_with_one_port_has_its_console_on_the_bridge(tmp_path):
    with pytest.raises(
        ValueError, match="with_uartbone needs a serial port beside .*; uart_name cross"
    ):
        elaborate(tmp_path / "a", serials=1, with_uartbone=True)
    text = elaborate(tmp_path / "b", serials=1, with_uartbone=True, uart_name="crossover")
    assert masters(text) == {"uartbone"}


def test_what_there_is_no_pin_for_is_refused(tmp_path):
    with pytest.raises(ValueError, match="with_etherbone needs an Ethernet PHY, "):
        elaborate(tmp_path / "a", with_etherbone=True)
    with pytest.raises(ValueError, match="with_jtagbone needs a JTAG port .*, SIM has none"):
        generate(zoo_model(), planned(zoo_model()), tmp_path / "b", with_jtagbone=True)
