# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What a Calibration makes of words, in integers."""

import numpy as np


def calibrated(words, constants, bits=16, invert=False):
    """words: int [n, slots]; constants: (offset, gain) a slot. Formula: see Calibration."""
    offsets, gains = np.array(constants).T
    words = np.asarray(words, np.int64)
    words = ~words if invert else words
    return np.clip((words - offsets) * gains >> 10, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
