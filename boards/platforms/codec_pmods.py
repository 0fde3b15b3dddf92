# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Codecs on a Pmod connector: their pins, as an extension of a LiteX platform.

The pins of a connector are numbered as LiteX does, 0 to 3 for pins 1 to 4 of a Pmod and 4 to 7 for
pins 7 to 10.
"""

from litex.build.generic_platform import *

PLUGS = ("ribbon", "direct")

def _position(index, plug):
    """Where the signal arrives that a ribbon brings to `index`: a direct plug swaps the rows."""
    if plug not in PLUGS:
        raise ValueError(f"pmod_plug must be {' or '.join(PLUGS)}, got {plug!r}")
    return index if plug == "ribbon" else (index + 4) % 8

# AK4619 -------------------------------------------------------------------------------------------

def ak4619(port, plug="ribbon"):
    """eurorack-pmod (AK4619, four inputs, four outputs) on the connector `port`.

    The module's own pull-ups hold the I2C lines; those of the FPGA keep them high, and SDOUT low,
    where no module is plugged in.
    """
    def pins(index):
        return Pins(f"{port}:{_position(index, plug)}")
    return [("codec", 0,
        Subsignal("sdin1",  pins(0)), # To the codec.
        Subsignal("sdout1", pins(1), Misc("PULLMODE=DOWN")),
        Subsignal("lrck",   pins(2)),
        Subsignal("bick",   pins(3)),
        Subsignal("scl",    pins(4), Misc("PULLMODE=UP")),
        Subsignal("sda",    pins(5), Misc("PULLMODE=UP")),
        Subsignal("pdn",    pins(6)),
        Subsignal("mclk",   pins(7)),
        IOStandard("LVCMOS33"),
        Misc("DRIVE=4"),
    )]

# I2S ----------------------------------------------------------------------------------------------

def i2s(port, plug=None):
    """Pmod I2S2 (CS4344 DAC in the upper row, CS5343 ADC in the lower) on the connector `port`.

    The DAC and the ADC get the same clocks, on two pins each. It is plugged in as Pmods are,
    whatever `plug` says.
    Source: Digilent Pmod I2S2 reference manual, table "Pinout Description".
    """
    def pins(*indices):
        return Pins(" ".join(f"{port}:{index}" for index in indices))
    return [("codec", 0,
        Subsignal("mclk",   pins(0, 4)),
        Subsignal("lrck",   pins(1, 5)),
        Subsignal("bick",   pins(2, 6)),
        Subsignal("sdin1",  pins(3)), # To the DAC.
        Subsignal("sdout1", pins(7), Misc("PULLMODE=DOWN")),
        IOStandard("LVCMOS33"),
        Misc("DRIVE=4"),
    )]

CODEC_PMODS = {"ak4619": ak4619, "i2s": i2s}

# Calibration --------------------------------------------------------------------------------------

# (offset, gain) a channel after power-up, see gateware/audio/calibration.py: the defaults of
# eurorack-pmod R3.3, whose inputs invert. `python3 -m soc calibrate` sets others.
CALIBRATION = {
    "ak4619": {
        "input_calibration"  : ((-157, 1156), (-182, 1157), (64, 1162), (-140, 1157)),
        "output_calibration" : ((-705, 997), (-603, 1000), (-568, 1006), (-747, 1004)),
        "invert_inputs"      : True,
    },
    "i2s": {},
}
