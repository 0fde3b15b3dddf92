# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What the words of the codec mean: 16 bits, taken as Q4.12, at clocks that make 192 kHz."""

BITS = 16
FRAC = 12

SYS_CLK_FREQ = 49_152_000 # Hz; 256 cycles per sample at 192 kHz
