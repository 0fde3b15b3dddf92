# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What an ideal shaper makes of an input that is no steady triangle: the target where a wave begins
or ends, changes its level or pitch, and for inputs of any other kind.

It takes the input, clipped to [-1, 1], for a triangle: its value and whether it last rose or fell
tell the phase. Where the input stands still, what it last did counts less and less, and after half
a receptive field the target is the mean of the two phases that the value may stand for. A steady
triangle has the target that it always has.
"""

import numpy as np

from models.sound import waves

SOUNDS = (20.0, 10_000.0)  # Hz, of sines
LEVELS = (0.5, 8.0)  # of sines, noise and steps
HELD = 64  # samples that noise is held for, at most
CHANGED = 1.25  # the highest level that a wave changes to or from


def targets(x, slope, gains, spec, plane):
    """Targets [batch] at the newest of the samples x [batch, n >= SMOOTHING], oldest first.

    slope: 1 where x rises, -1 where it falls, 0 where it stands still, [batch, n]
    gains: [batch, wave]
    """
    x = np.clip(x, -1, 1)
    places = np.arange(x.shape[1])
    last = np.maximum.accumulate(np.where(slope != 0, places, -1), axis=1)[:, -waves.SMOOTHING :]
    direction = np.take_along_axis(slope, np.maximum(last, 0), axis=1)
    since = np.where(last < 0, np.inf, places[-waves.SMOOTHING :] - last)
    faith = direction * np.clip(1 - since / (spec.receptive_field / 2), 0, 1)
    x = x[:, -waves.SMOOTHING :]
    rising = np.minimum((x + 1) / 4, np.nextafter(0.5, 0))
    falling = np.minimum(1 - (x + 1) / 4, np.nextafter(1, 0))
    up, down = (plane.mix(gains[:, None], p) for p in (rising, falling))
    return np.mean((1 + faith) / 2 * up + (1 - faith) / 2 * down, axis=1)


def windows(x, slope, places, ages, spec, plane):
    """(inputs int64 [batch, n, in_channels], targets float64 [batch]) of inputs x [batch, history],
    oldest first, as models.training.windows has them; slope: as `targets` takes it; places: as
    waves.examples takes them."""
    embeddings, gains = waves.arrays(places)
    frames = np.zeros((*x[:, -1 - ages].shape, spec.in_channels))
    frames[:, :, 0] = x[:, -1 - ages]
    frames[:, :, 1:3] = embeddings[:, None]
    return spec.number_format.from_float(frames), targets(x, slope, gains, spec, plane)


def history(spec):
    """Samples that `windows` needs."""
    return spec.receptive_field + waves.SMOOTHING


def random_breaks(rng, pitch, spec):
    """(x, slope) [batch, history] of triangles of which as many begin, end, change level, change
    pitch and jump in phase, somewhere in the receptive field; pitch: [batch] Hz, after it."""
    size, count = len(pitch), history(spec)
    ages = np.arange(count)[::-1]
    broken = rng.random(size)[:, None] * spec.receptive_field
    is_old = ages >= broken
    kind = rng.integers(5, size=size)
    before, after = rng.uniform(0, CHANGED, (2, size))
    kinds = [kind == 0, kind == 1, kind == 2]
    before = np.select(kinds, [0.0, 1.0, before], 1.0)
    after = np.select(kinds, [1.0, 0.0, after], 1.0)
    other = np.where(kind == 3, rng.permutation(pitch), pitch)
    start, jump = rng.random((2, size))
    step, other = pitch / spec.sample_rate, other / spec.sample_rate
    phase = np.where(
        is_old,
        -other[:, None] * (ages - broken) + np.where(kind == 4, jump, 0.0)[:, None],
        step[:, None] * (broken - ages),
    )
    level = np.where(is_old, before[:, None], after[:, None])
    phase = (start[:, None] + phase) % 1.0
    x = level * waves.triangle(phase)
    return x, np.where((level > 0) & (np.abs(x) <= 1), np.where(phase < 0.5, 1, -1), 0)


def random_foreign(rng, size, spec):
    """(x, slope) [size, history] that are no triangles: as many sines, noise that is held for 1 to
    HELD samples, and values that stand still, half of them 0.

    Where noise is going cannot be known: its slope is 0, the target the mean of both phases.
    """
    count = history(spec)
    kind = rng.integers(3, size=size)
    level = np.exp(rng.uniform(*np.log(LEVELS), size))[:, None]
    turn = np.exp(rng.uniform(*np.log(SOUNDS), size)) / spec.sample_rate
    sines = np.sin(2 * np.pi * (rng.random(size)[:, None] + turn[:, None] * np.arange(count)))
    held = np.exp(rng.uniform(0, np.log(HELD), size)).astype(int)[:, None]
    noise = np.take_along_axis(rng.uniform(-1, 1, (size, count)), np.arange(count) // held, axis=1)
    still = np.where(rng.random(size) < 0.5, 0.0, rng.uniform(-1, 1, size))[:, None]
    kinds = [kind[:, None] == 0, kind[:, None] == 1]
    x = np.select(kinds, [level * sines, level * noise], still)
    clipped = np.clip(sines * level, -1, 1)
    slope = np.sign(np.diff(clipped, prepend=clipped[:, :1], axis=1))
    return x, np.where(kinds[0], slope, 0)
