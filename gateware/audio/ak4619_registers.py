# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Registers of the AK4619VN for a sample rate, and the serial port's format that goes with them.

Source: AK4619VN data sheet 200900082-E-00: register map, Table 1 (FS), Table 2 (TDM, DCF, DSL,
SLOT), Table 5 (BCKP). Fields are given where they matter to this gateware; the other registers hold
the bytes that are known to play on the eurorack module.
"""

from typing import NamedTuple

FIRST_REGISTER = 0x00  # Writes auto-increment from here.
MCLK_MAX       = 24.822e6
BICK_SLOW_MAX  = 12.288e6  # SDOUT has to be in fast mode (SDOPH) when BICK is above.
BICK_PER_FRAME = 128
SYS_TOLERANCE  = 0.01  # Of fs; what a PLL leaves over is below 0.1 %.

# Registers ----------------------------------------------------------------------------------------

class Field(NamedTuple):
    name    : str
    offset  : int
    size    : int
    value   : int
    meaning : str

class Register(NamedTuple):
    address : int
    name    : str
    content : object # tuple of Field, or the byte that is known to play.

    @property
    def byte(self):
        """What is written to the register, 0 to 255."""
        if isinstance(self.content, int):
            return self.content
        byte, used = 0, 0
        for field in self.content:
            mask = (2**field.size - 1) << field.offset
            if mask & used or not 0 <= field.value < 2**field.size:
                raise ValueError(f"AK4619: {self.name}: {field.name} = {field.value} does not fit")
            byte |= field.value << field.offset
            used |= mask
        return byte

def clock_row(sample_rate):
    """(FS, MCLK cycles per frame) for a sample rate in Hz, after Table 1.

    Raises ValueError for a rate without a row.
    """
    if 8000 <= sample_rate <= 48000:
        return 0b000, 256
    if sample_rate == 96000:
        return 0b001, 256
    if sample_rate == 192000:
        return 0b100, 128
    raise ValueError(
        f"AK4619: sample_rate must be 8000 to 48000, 96000 or 192000 Hz, got {sample_rate}")

def registers(sample_rate):
    """The registers 0x00 to 0x14 for a sample rate in Hz, TDM128, as they are while it plays."""
    fs, _ = clock_row(sample_rate)
    sdoph = int(BICK_PER_FRAME*sample_rate > BICK_SLOW_MAX)
    return [
        Register(0x00, "power management", (
            Field("PMAD2", 5, 1, 1, "ADC 2 on"),
            Field("PMAD1", 4, 1, 1, "ADC 1 on"),
            Field("PMDA2", 2, 1, 1, "DAC 2 on"),
            Field("PMDA1", 1, 1, 1, "DAC 1 on"),
            Field("RSTN",  0, 1, 1, "out of reset"),
        )),
        Register(0x01, "audio interface format 1", (
            Field("TDM",   7, 1, 1,     "all channels on SDIN1 and SDOUT1"),
            Field("DCF",   4, 3, 0b010, "TDM128, I2S compatible: first bit one BICK after LRCK"),
            Field("DSL",   2, 2, 0b11,  "32-bit slots"),
            Field("BCKP",  1, 1, 1,     "BICK rises at the LRCK edge"),
            Field("SDOPH", 0, 1, sdoph, "SDOUT fast mode, for BICK above 12.288 MHz"),
        )),
        Register(0x02, "audio interface format 2", (
            Field("SLOT",  4, 1, 1,     "slots follow from the slot length"),
            Field("DIDL",  2, 2, 0b11,  "32-bit words in"),
            Field("DODL",  0, 2, 0b00,  "24-bit words out"),
        )),
        Register(0x03, "system clock", (
            Field("FS",    0, 3, fs,    "MCLK cycles per frame and range of fs"),
        )),
        Register(0x04, "microphone amplifier gain 1", 0x22),
        Register(0x05, "microphone amplifier gain 2", 0x22),
        Register(0x06, "ADC 1 left volume",           0x30),
        Register(0x07, "ADC 1 right volume",          0x30),
        Register(0x08, "ADC 2 left volume",           0x30),
        Register(0x09, "ADC 2 right volume",          0x30),
        Register(0x0a, "ADC digital filter",          0x22),
        Register(0x0b, "ADC analog input",            0x55),
        Register(0x0c, "reserved",                    0x00),
        Register(0x0d, "ADC mute, high-pass filter",  0x06),
        Register(0x0e, "DAC 1 left volume",           0x18),
        Register(0x0f, "DAC 1 right volume",          0x18),
        Register(0x10, "DAC 2 left volume",           0x18),
        Register(0x11, "DAC 2 right volume",          0x18),
        Register(0x12, "DAC input select",            0x04),
        Register(0x13, "DAC de-emphasis",             0x05),
        Register(0x14, "DAC mute, filter",            0x0a),
    ]

def register_bytes(sample_rate):
    """The registers' bytes from FIRST_REGISTER up, without a gap."""
    table = registers(sample_rate)
    for address, register in enumerate(table, start=FIRST_REGISTER):
        if register.address != address:
            raise ValueError(f"AK4619: register 0x{register.address:02x} is not at its place")
    return [register.byte for register in table]

# Serial Format ------------------------------------------------------------------------------------

def serial_format(sys_clk_freq, sample_rate):
    """Parameters of TDM that agree with `registers(sample_rate)`.

    sys_clk_freq : Hz, as it is; within 1 % of an even multiple of 128 * sample_rate.

    Raises ValueError, naming the value and what is allowed, for a sample_rate without a row of
    Table 1, a sys_clk_freq that does not divide down to it, and an MCLK above 24.822 MHz.
    """
    _, mclk_per_frame = clock_row(sample_rate)
    step              = 2*max(mclk_per_frame, BICK_PER_FRAME)
    sys_per_frame     = max(round(sys_clk_freq/sample_rate/step), 1)*step
    if abs(sys_clk_freq/(sys_per_frame*sample_rate) - 1) > SYS_TOLERANCE:
        raise ValueError(f"AK4619: sys_clk_freq must be a multiple of {step*sample_rate} Hz for "
            f"{sample_rate} Hz, got {sys_clk_freq:.0f}")
    mclk = sys_clk_freq*mclk_per_frame/sys_per_frame
    if mclk > MCLK_MAX:
        raise ValueError(f"AK4619: MCLK must be at most {MCLK_MAX:.0f} Hz, got {mclk:.0f}")
    return dict(
        slots          = 4,
        slot_width     = 32,
        sys_per_frame  = sys_per_frame,
        mclk_per_frame = mclk_per_frame,
        bick_polarity  = 1,
        lrck_level     = 0,
        data_delay     = 1,
    )
