# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Registers of the AK4619 against the bytes that are known to play, and the format of its port."""

import pytest

from gateware.audio.ak4619_registers import Field, Register, registers, serial_format
from gateware.audio.tdm import TDM
from tests.support.soc.serial_port import TDM128, make_pads

# The set-up that is known to play (docs/codec.md, "Registers as written"), register 0x00 up.
PLAYS_48K = "37 AE 1C 00 22 22 30 30 30 30 22 55 00 06 18 18 18 18 04 05 0A"
PLAYS_192K = "37 AF 1C 04 22 22 30 30 30 30 22 55 00 06 18 18 18 18 04 05 0A"


@pytest.mark.parametrize(
    "rate, text", [(192000, PLAYS_192K), (48000, PLAYS_48K), (8000, PLAYS_48K)]
)
def test_register_bytes_are_those_that_play(rate, text):
    assert [r.byte for r in registers(rate)] == list(bytes.fromhex(text))
    assert [r.address for r in registers(rate)] == list(range(0x15))


def test_registers_at_96_khz():
    """FS = 001, and BICK = 12.288 MHz is not above 12.288 MHz: SDOPH stays 0."""
    table = [r.byte for r in registers(96000)]
    assert table[0x01] == 0xAE and table[0x03] == 0x01
    plays = list(bytes.fromhex(PLAYS_48K))
    assert [i for i in range(0x15) if table[i] != plays[i]] == [0x03]


def test_register_fields_must_fit():
    for fields in [(Field("A", 0, 2, 4, ""),), (Field("A", 0, 2, 1, ""), Field("B", 1, 1, 0, ""))]:
        with pytest.raises(ValueError, match="AK4619: power: [AB] = [04] does not fit"):
            _ = Register(0, "power", fields).byte


@pytest.mark.parametrize(
    "sys_clk_freq, rate, sys_per_frame, mclk_per_frame",
    [
        (49.152e6, 192000, 256, 128),
        (49.152e6, 96000, 512, 256),
        (49.152e6, 48000, 1024, 256),
        (49.152e6, 8000, 6144, 256),
        (98.304e6, 192000, 512, 128),
        (49.1582e6, 192000, 256, 128),  # What a PLL makes of 100 MHz.
    ],
)
def test_serial_format_follows_the_clock(sys_clk_freq, rate, sys_per_frame, mclk_per_frame):
    """docs/codec.md: MCLK 256fs up to 96 kHz, 128fs at 192 kHz; BICK 128fs in four slots."""
    parameters = serial_format(sys_clk_freq, rate)
    ratios = dict(sys_per_frame=sys_per_frame, mclk_per_frame=mclk_per_frame)
    assert parameters == dict(TDM128, **ratios)
    assert TDM(make_pads(), **parameters).sys_per_frame == sys_per_frame


@pytest.mark.parametrize(
    "sys_clk_freq, rate, message",
    [
        (
            49.152e6,
            88200,
            "AK4619: sample_rate must be 8000 to 48000, 96000 or 192000 Hz, got 88200",
        ),
        (
            50e6,
            192000,
            "AK4619: sys_clk_freq must be a multiple of 49152000 Hz for 192000 Hz, got 50000000",
        ),
        (
            12e6,
            48000,
            "AK4619: sys_clk_freq must be a multiple of 24576000 Hz for 48000 Hz, got 12000000",
        ),
    ],
)
def test_illegal_clocks(sys_clk_freq, rate, message):
    with pytest.raises(ValueError) as error:
        serial_format(sys_clk_freq, rate)
    assert str(error.value) == message
