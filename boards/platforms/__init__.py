# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The boards by their names on the command line, the default one first.

A board is a module with Platform (devices, pmod_ports, create_programmer()), CRG and, where it has
an Ethernet PHY, eth_phy().
"""

from boards.platforms import colorlight_i5, colorlight_i9, ecpix5, ulx3s

BOARDS = {
    "ecpix5"        : ecpix5,
    "colorlight_i5" : colorlight_i5,
    "colorlight_i9" : colorlight_i9,
    "ulx3s"         : ulx3s,
}
