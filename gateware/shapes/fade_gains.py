# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The gains of a cross-fade: sine and cosine of a quarter turn, from a table."""

from math import pi, sin

GAIN_FRAC  = 16 # fractional bits of a gain, 0 to 1
TABLE_BITS = 8  # of the table's index; values between the entries are interpolated

# The sine of a quarter turn, 2**TABLE_BITS steps and its end.
SINE = tuple(round(sin(pi/2*i/2**TABLE_BITS)*2**GAIN_FRAC) for i in range(2**TABLE_BITS + 1))
