# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The cross-fade of two models in integers, as gateware/wavenet/fade/crossfade.py makes it.

Constant power: the gains are cosine and sine of a quarter turn, so that models which have nothing
in common are heard at a constant loudness. What two models have in common would grow by up to 3 dB,
and its steps with it: the output is therefore held to the largest step that either model has made
since the fade was asked for.
Source of the law: E. Tarr, Hack Audio (Routledge, 2019), section "Constant-power crossfade".
"""

import numpy as np

from gateware.shapes.fade_gains import GAIN_FRAC, SINE, TABLE_BITS
from gateware.shapes.ramp import PHASE, rate_of

__all__ = ["PHASE", "crossfade", "gain", "rate_of"]


def gain(phase):
    """sin(pi/2 * phase/PHASE) with GAIN_FRAC fractional bits, phase 0 to PHASE."""
    index, part = phase >> (32 - TABLE_BITS), phase >> (16 - TABLE_BITS) & 0xFFFF
    first, second = SINE[index], SINE[min(index + 1, 2**TABLE_BITS)]
    return first + ((second - first) * part >> 16)


def crossfade(playing, incoming, warm_up, rate, bits=16):
    """(output, end): what is heard from the first frame on that both models compute.

    playing, incoming : int [n, channels], their answers to the same frames
    warm_up : frames for the incoming model to fill its histories: its receptive field. Its answers
              before the last of these are not looked at
    rate    : rate_of(length of the fade)
    end     : the first frame that is the incoming model's alone, which all later ones are

    Raises ValueError where the frames end before the fade does.
    """
    playing, incoming = np.asarray(playing, np.int64), np.asarray(incoming, np.int64)
    heard = playing.copy()
    slew = np.abs(np.diff(playing[:warm_up], axis=0)).max(axis=0, initial=1)
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    for frame in range(warm_up, len(playing)):
        phase = min((frame - warm_up + 1) * rate, PHASE)
        weights = gain(PHASE - phase), gain(phase)
        mix = weights[0] * playing[frame] + weights[1] * incoming[frame]
        mix = np.clip(mix + 2 ** (GAIN_FRAC - 1) >> GAIN_FRAC, low, high)
        for steps in (playing, incoming):
            slew = np.maximum(slew, np.abs(steps[frame] - steps[frame - 1]))
        heard[frame] = heard[frame - 1] + np.clip(mix - heard[frame - 1], -slew, slew)
        if phase == PHASE and (heard[frame] == incoming[frame]).all():
            heard[frame + 1 :] = incoming[frame + 1 :]
            return heard, frame + 1
    raise ValueError(f"{len(playing)} frames end before the fade does")
