# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What the FPGAs hold that the planner folds nets onto.

Source: Lattice FPGA-DS-02012 (ECP5 and ECP5-5G family data sheet), table "ECP5 and ECP5-5G Family
Selection Guide": 18x18 multipliers, sysMEM blocks of 18 kbit (DP16KD) and LUTs in thousands. The
LUTs to the last one are the table's distributed RAM (8 bits a LUT: 97, 194, 351, 669 kbit), as
nextpnr counts them.

The LFE5U-12F is the die of the LFE5U-25F, sold as 12,000 LUTs and 32 block RAMs; nextpnr places and
routes it as a 25F and uses all of that die. The table keeps to what Lattice promises.
"""

from dataclasses import dataclass

from models.number_format import ModelError


@dataclass(frozen=True)
class Device:
    """Multipliers of 18x18 bits, block RAMs of 18 kbit (DP16KD), 4-input LUTs."""

    name: str
    multipliers: int
    block_rams: int
    luts: int


_12 = (28, 32, 12_144)
_25 = (28, 56, 24_288)
_45 = (72, 108, 43_848)
_85 = (156, 208, 83_640)

DEVICES = {
    name: Device(name, *figures)
    for name, figures in (
        ("LFE5U-12F", _12),
        ("LFE5U-25F", _25),
        ("LFE5U-45F", _45),
        ("LFE5U-85F", _85),
        ("LFE5UM5G-25F", _25),
        ("LFE5UM5G-45F", _45),
        ("LFE5UM5G-85F", _85),
    )
}


def get(name):
    """The Device called `name`; case and what follows the density (as in LFE5U-25F-6BG381C) do not
    matter. Raises ModelError that lists the known names."""
    known = "-".join(str(name).upper().split("-")[:2])
    try:
        return DEVICES[known]
    except KeyError:
        raise ModelError(f"device {name!r} is not known; known: {', '.join(DEVICES)}") from None
