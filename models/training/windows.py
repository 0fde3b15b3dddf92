"""Single outputs of the synthetic waves, each with the frames that a net makes it from."""

import numpy as np

from models.training import waves


def windows(places, pitch, start, ages, spec):
    """One output a place, as waves.examples has it.

    places: [batch] of waves.Place;  pitch: [batch] Hz;  start: [batch] phase at the output
    ages: int [n], how many samples before the output the frames are
    Returns (inputs int64 [batch, n, in_channels], targets float64 [batch]).
    """
    return jumps(places, places, np.zeros(len(places)), pitch, start, ages, spec)


def jumps(before, after, jumped, pitch, start, ages, spec):
    """`windows` in which the embedding jumped from `before` to `after`, `jumped` [batch] samples
    ago. The target fades at constant power from one wave to the other while the net sees both."""
    old, new = (np.array([place.embedding for place in places]) for places in (before, after))
    is_old = (ages >= jumped[:, None])[:, :, None]
    embeddings = np.where(is_old, old[:, None], new[:, None])
    p = waves.phase_at(pitch, spec.sample_rate, -ages, start)
    old, new = (np.array([place.gains for place in places]) for places in (before, after))
    turn = np.pi / 2 * jumped[:, None] / spec.receptive_field
    gains = np.where(old == new, new, np.cos(turn) * old + np.sin(turn) * new)
    recent = waves.phase(pitch, spec.sample_rate, waves.SMOOTHING, start, 1 - waves.SMOOTHING)
    inputs = waves.frames(embeddings, p, spec)
    return inputs, waves.smooth(waves.mix(gains, recent))[:, 0]


def random_windows(rng, size, ages, spec, shares=(0.4, 0.2), jumping=0.005):
    """`size` windows of random places, phases and pitches, a share `jumping` of them with a jump.

    shares: as waves.random_places takes them.  Returns as `windows`.
    """
    pitch, start = waves.random_pitches(rng, size), rng.random(size)
    jumped = rng.random(size) * spec.receptive_field
    after, count = waves.random_places(rng, size, *shares), round(jumping * size)
    before = waves.random_places(rng, count, *shares) + after[count:]
    return jumps(before, after, jumped, pitch, start, ages, spec)
