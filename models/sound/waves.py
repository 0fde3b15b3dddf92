# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Synthetic training data: a triangle goes in, the wave asked for by the embedding comes out.

Phase p is in [0, 1), amplitudes are 1.0. Which waves there are, and where on the embedding plane, a
Plane says (plane.py); here are those of STANDARD. Every target is phase-locked to the triangle of
the input.
"""

from dataclasses import dataclass

import numpy as np

from models.sound.formula import fold, triangle
from models.sound.plane import STANDARD
from models.spec import ModelError

SMOOTHING = 10  # samples of the causal moving average over every target
PITCH_RANGE = (30.0, 1000.0)  # Hz, of training
# What a net is judged by, Hz: 12 pitches, log-spaced from 30 to 4,000, and more where an oscillator
# goes beyond. Training draws none within 1 % of them.
_SPACED = np.geomspace(30.0, 4000.0, 12)
HELD_OUT = tuple(
    sorted([16.5, 20.7, 26.0, *_SPACED.tolist(), *np.sqrt(_SPACED[8:-1] * _SPACED[9:]).tolist()])
)
HELD_OUT_BAND = 0.01


def sine(p):
    return np.sin(np.pi / 2 * triangle(p))


def ramp(p):
    return 2 * p - 1


def square(p):
    return np.where(p < 0.5, 1.0, -1.0)


def zigzag(p):
    """The triangle driven threefold and folded back into [-1, 1]."""
    return fold(3 * triangle(p))


WAVES = {"sine": sine, "ramp": ramp, "square": square, "zigzag": zigzag}
CORNERS, EDGES = STANDARD.corners, STANDARD.edges
corner, edge, inside = STANDARD.corner, STANDARD.edge, STANDARD.inside


def phase(pitch, sample_rate, count, start=0.0, first=0):
    """Phases in [0, 1) of samples first .. first+count-1 of a tone; `start` is that of sample 0.

    pitch [Hz] and start may be arrays [batch]; the result is [..., count] float64.
    """
    return phase_at(pitch, sample_rate, np.arange(first, first + count), start)


def phase_at(pitch, sample_rate, samples, start=0.0):
    """`phase` of the samples numbered `samples`, in any order."""
    step = np.asarray(pitch, np.float64)[..., None] / sample_rate
    start = np.asarray(start, np.float64)[..., None]
    return (start + step * samples) % 1.0


def smooth(target, width=SMOOTHING):
    """Causal moving average over the last axis; the result is width-1 samples shorter."""
    total = np.cumsum(target, axis=-1, dtype=np.float64)
    total = np.concatenate([np.zeros_like(total[..., :1]), total], axis=-1)
    return (total[..., width:] - total[..., :-width]) / width


def examples(places, pitch, start, count, spec, plane=STANDARD):
    """Net inputs and wanted outputs for tones that last `count` samples.

    places: [batch] of the plane's Place, or (embeddings [batch, 2], gains [batch, wave])
    pitch: [batch] Hz;  start: [batch] phase of the first sample
    Returns (inputs int64 [batch, count, in_channels] in the net's number format, channels wave, e0,
    e1 and zeros; targets float64 [batch, count], smoothed as if the tone had always sounded).
    Raises ModelError for a net of fewer than 3 input channels.
    """
    embeddings, gains = arrays(places)
    # The phases start SMOOTHING-1 samples early: history of the moving average.
    p = phase(pitch, spec.sample_rate, SMOOTHING - 1 + count, start, first=1 - SMOOTHING)
    return frames(embeddings[:, None], p[:, SMOOTHING - 1 :], spec), smooth(
        plane.mix(gains[:, None], p)
    )


def arrays(places):
    """(embeddings [batch, 2], gains [batch, wave]) of places as `examples` takes them."""
    if isinstance(places, tuple):
        return places
    embeddings = np.array([place.embedding for place in places])
    return embeddings, np.array([place.gains for place in places])


def moving(embeddings, pitch, start, spec, plane=STANDARD):
    """`examples` of embeddings [batch, SMOOTHING-1+count, 2] that move, each in [-1, 1]; the target
    has the gains of every moment."""
    total = embeddings.shape[1]
    p = phase(pitch, spec.sample_rate, total, start, first=1 - SMOOTHING)
    late = slice(SMOOTHING - 1, None)
    target = smooth(plane.mix(plane.gains_at(embeddings), p))
    return frames(embeddings[:, late], p[:, late], spec), target


def circle(hertz, sample_rate, count):
    """Embeddings [count, 2] once around the plane `hertz` times a second."""
    turn = 2 * np.pi * hertz / sample_rate * np.arange(count)
    return np.column_stack([np.cos(turn), np.sin(turn)])


def frames(embeddings, p, spec):
    """Net inputs int64 [batch, n, in_channels] at phases p [batch, n] and embeddings [batch, n, 2],
    n or 1. Raises ModelError for a net of fewer than 3 input channels."""
    if spec.in_channels < 3:
        raise ModelError(f"network: {spec.in_channels} input channels; wave, e0 and e1 need 3")
    values = np.zeros((*p.shape, spec.in_channels))
    values[:, :, 0] = triangle(p)
    values[:, :, 1:3] = embeddings
    return spec.number_format.from_float(values)


@dataclass(frozen=True)
class Pitches:
    """Pitches of training: log-uniform from `lowest` to `highest` Hz, and by the factor `beyond`
    below and above; those below and above PITCH_RANGE count with the weights `below`, `above`."""

    lowest: float = PITCH_RANGE[0]
    highest: float = PITCH_RANGE[1]
    below: float = 1.0
    above: float = 1.0
    beyond: float = 1.0

    def weights(self, pitch):
        """float64 [n] of pitch [n]."""
        low, high = PITCH_RANGE
        return np.select([pitch < low, pitch > high], [self.below, self.above], 1.0)

    def draw(self, rng, size):
        """`size` pitches in Hz, without the bands around HELD_OUT."""
        ends = np.log((self.lowest, self.highest))
        low, high = ends + np.log(self.beyond) * np.array([-1, 1])
        half = np.log(1 + HELD_OUT_BAND)
        bands = [np.clip((c - half, c + half), low, high) for c in np.log(HELD_OUT)]
        pitch = rng.uniform(low, high - sum(stop - start for start, stop in bands), size)
        for start, stop in bands:  # ascending: what lies above a band moves up by its width
            pitch = np.where(pitch >= start, pitch + (stop - start), pitch)
        return np.exp(pitch)

    def draw_by_weight(self, rng, size):
        """`draw`, each pitch as often as its weight says."""
        found = np.empty(0)
        while len(found) < size:
            more = self.draw(rng, size)
            if self.below == self.above == 1:
                return more
            found = np.append(found, more[rng.random(size) < self.weights(more)])
        return found[:size]


def random_examples(rng, size, count, spec, shares=(0.4, 0.2), pitches=Pitches(), plane=STANDARD):
    """`examples` of random places, phases and pitches; shares: as Plane.random_places takes
    them."""
    pitch = pitches.draw_by_weight(rng, size)
    places = plane.random_places(rng, size, *shares)
    return examples(places, pitch, rng.random(size), count, spec, plane)
