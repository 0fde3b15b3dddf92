# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Single outputs of the synthetic waves, each with the frames that a net makes it from."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from models.sound import shaping, waves
from models.sound.plane import STANDARD, Plane

RECENT = np.arange(waves.SMOOTHING)[::-1]  # ages of what the moving average takes
OFTEN = 16  # a few windows that move tell little, and where the net is bad that much is noise
MOVING = (20.0, 2500.0)  # Hz, of an embedding that moves


def windows(places, pitch, start, ages, spec, plane=STANDARD):
    """One output a place, as waves.examples has it.

    places: as waves.examples takes them;  pitch: [batch] Hz;  start: [batch] phase at the output
    ages: int [n], how many samples before the output the frames are
    Returns (inputs int64 [batch, n, in_channels], targets float64 [batch]).
    """
    return jumps(places, places, np.zeros(len(pitch)), pitch, start, ages, spec, plane)


def jumps(before, after, jumped, pitch, start, ages, spec, plane=STANDARD):
    """`windows` in which the embedding jumped from `before` to `after`, `jumped` [batch] samples
    ago. The target fades at constant power from one wave to the other while the net sees both."""
    (old, old_gains), (new, new_gains) = waves.arrays(before), waves.arrays(after)
    is_old = (ages >= jumped[:, None])[:, :, None]
    embeddings = np.where(is_old, old[:, None], new[:, None])
    p = waves.phase_at(pitch, spec.sample_rate, -ages, start)
    turn = np.pi / 2 * jumped[:, None] / spec.receptive_field
    faded = np.cos(turn) * old_gains + np.sin(turn) * new_gains
    gains = np.where(old_gains == new_gains, new_gains, faded)
    inputs = waves.frames(embeddings, p, spec)
    return inputs, _smoothed(gains[:, None], pitch, start, spec, plane)


def moving(path, pitch, start, ages, spec, plane=STANDARD):
    """`windows` of an embedding that is never still; the target has the gains of each moment.

    path: function of int ages [n] -> embeddings [batch, n, 2]
    """
    inputs = waves.frames(path(ages), waves.phase_at(pitch, spec.sample_rate, -ages, start), spec)
    return inputs, _smoothed(plane.gains_at(path(RECENT)), pitch, start, spec, plane)


def _smoothed(gains, pitch, start, spec, plane):
    """The target [batch] of gains [batch, RECENT or 1, wave]."""
    p = waves.phase_at(pitch, spec.sample_rate, -RECENT, start)
    return waves.smooth(plane.mix(gains, p))[:, 0]


def random_path(rng, size, sample_rate):
    """`size` ellipses somewhere on the plane, as `moving` takes them, log-uniform in MOVING Hz."""
    step = np.exp(rng.uniform(*np.log(MOVING), (size, 1, 1))) / sample_rate
    reach, turn = rng.random((2, size, 1, 2))
    middle = (1 - reach) * rng.uniform(-1, 1, (size, 1, 2))
    return lambda ages: middle + reach * np.sin(2 * np.pi * (turn - step * ages[:, None]))


@dataclass(frozen=True)
class Mixture:
    """What random windows are.

    shares: as Plane.random_places takes them
    jumping, modulated: shares in which the embedding jumps, and in which it moves all the time
    broken, foreign: shares of inputs that begin, end or change, and that are no triangles (shaping)
    sharp : share that is drawn more often the shorter the triangle's last turn is ago
    noise : LSB, of the normal noise on the embedding, at most; each window has its own, from 0 up

    What is rare is drawn OFTEN more times than its share says. The weights make up for that, and
    for `sharp`: any weighted mean stays.
    """

    shares: tuple[float, float] = (0.4, 0.2)
    jumping: float = 0.0
    modulated: float = 0.0
    broken: float = 0.0
    foreign: float = 0.0
    sharp: float = 0.0
    noise: float = 0.0
    pitches: waves.Pitches = waves.Pitches()
    plane: Plane = STANDARD

    def counts(self, size):
        """(how many of `size` windows are jumping, modulated, broken, foreign, steady; the weight
        of one of each)."""
        rare = [self.jumping, self.modulated, self.broken, self.foreign]
        wanted = np.array([*rare, 1 - sum(rare)])
        often = wanted * (OFTEN, OFTEN, OFTEN, OFTEN, 1)
        until = np.round(size * np.cumsum(often) / often.sum()).astype(int)
        counts = np.diff([0, *until[:-1], size])
        return counts, wanted * size / np.maximum(counts, 1)


def random_windows(rng, size, ages, spec, mixture=Mixture()):
    """`size` windows of random places, phases and pitches, as the Mixture says.

    Returns (inputs, targets, weights): those of `windows`, and float64 [size].
    """
    plane, shares = mixture.plane, mixture.shares
    pitch = mixture.pitches.draw(rng, size)
    if mixture.sharp:
        start, weights = _after_turns(rng, pitch, spec.sample_rate, mixture.sharp)
    else:
        start, weights = rng.random(size), np.ones(size)
    counts, each = mixture.counts(size)
    weights *= np.repeat(each, counts) * mixture.pitches.weights(pitch)
    jumped = rng.random(size) * spec.receptive_field
    after = plane.random_places(rng, size, *shares)
    before = tuple(
        np.concatenate([one, there[counts[0] :]])
        for one, there in zip(plane.random_places(rng, counts[0], *shares), after, strict=True)
    )
    inputs, targets = jumps(before, after, jumped, pitch, start, ages, spec, plane)
    ends = np.cumsum(counts)
    moves, breaks, strange = (slice(a, b) for a, b in pairwise(ends[:4]))
    if counts[1]:
        path = random_path(rng, counts[1], spec.sample_rate)
        inputs[moves], targets[moves] = moving(path, pitch[moves], start[moves], ages, spec, plane)
    for part, make in (
        (breaks, lambda: shaping.random_breaks(rng, pitch[breaks], spec)),
        (strange, lambda: shaping.random_foreign(rng, counts[3], spec)),
    ):
        if part.start < part.stop:
            there = tuple(values[part] for values in after)
            inputs[part], targets[part] = shaping.windows(*make(), there, ages, spec, plane)
    if mixture.noise:
        _add_noise(rng, inputs, mixture.noise, spec.number_format)
    return inputs, targets, weights


def _add_noise(rng, inputs, most, number_format):
    """To the embedding, in place; each window has its own deviation, up to `most` LSB."""
    deviation = rng.uniform(0, most, (len(inputs), 1, 1))
    noise = np.rint(rng.normal(size=inputs[:, :, 1:3].shape) * deviation).astype(np.int64)
    inputs[:, :, 1:3] = np.clip(inputs[:, :, 1:3] + noise, number_format.min, number_format.max)


def _after_turns(rng, pitch, sample_rate, share):
    """(phases, weights) [batch]: random phases, a `share` of them with the logarithm of the time
    since the triangle turned evenly spread, from a sample to half a period.

    Square and ramp do what they do in a few samples behind a turn: hardly ever drawn at 30 Hz, but
    most of the error.
    """
    half = sample_rate / pitch / 2  # samples from turn to turn
    is_near, where = rng.random(len(pitch)) < share, rng.random(len(pitch))
    since = np.where(is_near, np.expm1(where * np.log1p(half)), where * half)
    density = (1 - share) / half + share / ((1 + since) * np.log1p(half))
    turn = 0.5 * (rng.random(len(pitch)) < 0.5)
    return (turn + since / half / 2) % 1.0, 1 / half / density
