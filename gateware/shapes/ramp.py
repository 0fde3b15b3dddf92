# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The part of the way in a frame, of PHASE, for glides and fades; in C: firmware/audio/ramp.c."""

PHASE_BITS = 32
PHASE      = 2**PHASE_BITS # the end of the way
MS_MOST    = 10_000        # of a glide or a cross-fade that a user asks for

def frames_in(ms, fs):
    """Frames of a way of `ms`; fs: frames per second, a whole number, see `whole_rate`."""
    return int(ms*fs/1000)

def whole_rate(sys_clk_freq, cycles_per_sample):
    """Frames per second rounded down, which console and host both count a way with."""
    return int(sys_clk_freq)//cycles_per_sample

def rate_of(frames):
    """The part of the way in a frame, rounded up, so that `frames` complete it; 0, a jump, for less
    than two."""
    return -(-PHASE//frames) if frames > 1 else 0

def frames_of(rate):
    """Frames that a way of this rate takes; 0 for a jump."""
    return -(-PHASE//rate) if rate else 0
