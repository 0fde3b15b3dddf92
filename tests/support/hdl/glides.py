# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The straight line that an embedding glides along, as gateware/audio/glide.py promises it."""


def rate_of(frames):
    """The rate that reaches the target in so many frames; 0, a jump, for less than two."""
    return 0 if frames < 2 else -(-(2**32) // frames)


def line(start, targets, rate):
    """Values from frame 0 (still `start`) to the one before the target is reached.

    targets: the target as of each frame, targets[k] for the frame k + 1
    """
    values, k = [start], 1
    while rate and k * rate < 2**32:
        values.append(start + ((targets[k - 1] - start) * (k * rate >> 16) >> 16))
        k += 1
    return values if rate else []
