# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What the simulated codec plays and hears, as arrays of frames."""

import numpy as np

CHANNELS = 4

def as_frames(frames):
    """int32 [n, 4] of int [n] or [n, 1 to 4]; ValueError for other shapes and beyond 24 bits."""
    frames = np.asarray(frames)
    if frames.ndim == 1:
        frames = frames[:, None]
    if frames.dtype.kind not in "iu" or frames.ndim != 2 or not 1 <= frames.shape[1] <= CHANNELS:
        raise ValueError(f"frames must be integers [n, 1 to {CHANNELS}], got "
            f"{frames.dtype} {frames.shape}")
    if len(frames) == 0 or frames.min() < -(1 << 23) or frames.max() >= 1 << 23:
        raise ValueError("frames must be at least one, of 24-bit codes")
    whole = np.zeros((len(frames), CHANNELS), np.int32)
    whole[:, :frames.shape[1]] = frames
    return whole

def read_frames(path):
    """int32 [n, 4] of a file of raw little-endian int32; a frame that is not whole is left out."""
    words = np.fromfile(path, "<i4")
    return words[:len(words)//CHANNELS*CHANNELS].reshape(-1, CHANNELS)
