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


def random_windows(rng, size, ages, spec, shares=(0.4, 0.2), jumping=0.005, sharp=0.0, beyond=1.0):
    """`size` windows of random places, phases and pitches, a share `jumping` of them with a jump.

    shares: as waves.random_places takes them;  beyond: as waves.random_pitches
    sharp : share that is drawn more often the shorter the triangle's last turn is ago; the weights
            make up for it

    Returns (inputs, targets, weights): those of `windows`, and float64 [size].
    """
    pitch = waves.random_pitches(rng, size, beyond)
    if sharp:
        start, weights = _after_turns(rng, pitch, spec.sample_rate, sharp)
    else:
        start, weights = rng.random(size), np.ones(size)
    jumped = rng.random(size) * spec.receptive_field
    after, count = waves.random_places(rng, size, *shares), round(jumping * size)
    before = waves.random_places(rng, count, *shares) + after[count:]
    return *jumps(before, after, jumped, pitch, start, ages, spec), weights


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
