# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What a net does when its input stands still, and when the input is as rough as a word allows."""

from dataclasses import dataclass

import numpy as np

from models.reference import Reference

LEVELS = (-1.0, -0.5, 0.0, 0.5, 1.0)  # of a wave that stands still
STILL_FRAMES = 2000


@dataclass(frozen=True)
class Still:
    """Noise of a net whose input stands still, in LSB of the number format.

    ripple: largest peak-to-peak of the output while no input bit changes
    hiss:   largest RMS of the output, without DC, while every input wanders by -1, 0 or +1 LSB
    """

    ripple: int
    hiss: float


@dataclass(frozen=True)
class Excitation:
    """What an input did to the net, over all places.

    peak:      largest magnitude of output channel 0, in the number format's values
    saturated: part of all words in the net that were clipped
    settles:   samples from the return of silence until the output stands still for good
    returned:  whether the output then equals that of a net that was always silent
    """

    peak: float
    saturated: float
    settles: int
    returned: bool


def standing_still(model, places):
    """Still, over LEVELS and all places; deterministic."""
    spec, rng = model.spec, np.random.default_rng(1)
    ripple, hiss = 0, 0.0
    count, lead = spec.receptive_field + STILL_FRAMES, spec.receptive_field - 1
    for place in places:
        for level in LEVELS:
            frames = _frames(spec, np.full(count, spec.number_format.from_float(level)), place)
            still = Reference(model).run(frames)[lead:, 0]
            ripple = max(ripple, int(np.ptp(still)))
            frames[:, :3] += rng.integers(-1, 2, (count, 3))
            hiss = max(hiss, float(np.std(Reference(model).run(frames)[lead:, 0])))
    return Still(ripple, hiss)


def waves_without_mercy(spec):
    """{name: wave words int64 [n]}: discontinuous, up to the format's ends, always the same."""
    number_format, rng = spec.number_format, np.random.default_rng(2)
    low, high = number_format.min, number_format.max
    count = max(4096, 4 * spec.receptive_field)
    phase = np.arange(count) * (200.0 / spec.sample_rate) % 1.0
    ends = np.array([low, high])
    return {
        "silence": np.zeros(count, np.int64),
        "ramp": number_format.from_float(2 * phase - 1),
        "square": number_format.from_float(np.where(phase < 0.5, 1.0, -1.0)),
        "full-scale square": ends[(phase < 0.5).astype(int)],
        "full-scale steps": np.repeat(rng.integers(low, high + 1, count // 64 + 1), 64)[:count],
        "full-scale flips": ends[np.arange(count) % 2],
        "white noise": rng.integers(low, high + 1, count),
    }


def excite(model, places):
    """{name: Excitation} of `waves_without_mercy` and of noise on all inputs, embedding included;
    silence follows each at its place."""
    spec, rng = model.spec, np.random.default_rng(3)
    low, high = spec.number_format.min, spec.number_format.max
    waves = waves_without_mercy(spec)
    result = {}
    for name in (*waves, "noise on all inputs"):
        found = []
        for place in places:
            if name in waves:
                rough = _frames(spec, waves[name], place)
            else:
                rough = rng.integers(low, high + 1, (len(waves["silence"]), spec.in_channels))
            found.append(_excite(model, rough, place))
        result[name] = Excitation(
            max(one.peak for one in found),
            float(np.mean([one.saturated for one in found])),
            max(one.settles for one in found),
            all(one.returned for one in found),
        )
    return result


def _excite(model, rough, place):
    spec = model.spec
    silence = _frames(spec, np.zeros(2 * spec.receptive_field, np.int64), place)
    rest = Reference(model).run(silence)[-1, 0]
    reference = Reference(model)
    loud = reference.run(rough)[:, 0]
    words = len(rough) * sum(layer.out_channels * layer.repeat for layer in spec.layers)
    saturated = sum(reference.saturations) / words
    after = reference.run(silence)[:, 0]
    moving = np.flatnonzero(after != after[-1])
    settles = int(moving[-1]) + 1 if len(moving) else 0
    peak = float(np.abs(np.concatenate([loud, after])).max() / spec.number_format.one)
    return Excitation(peak, saturated, settles, bool(after[-1] == rest))


def _frames(spec, wave, place):
    frames = np.zeros((len(wave), spec.in_channels), np.int64)
    frames[:, 0] = wave
    frames[:, 1:3] = spec.number_format.from_float(place.embedding)
    return frames
