"""Single outputs of the synthetic waves, each with the frames that a net makes it from."""

import numpy as np

from models.training import waves
from models.training.plane import STANDARD

RECENT = np.arange(waves.SMOOTHING)[::-1]  # ages of what the moving average takes
OFTEN = 16  # a few windows that move tell little, and where the net is bad that much is noise
MOVING = (20.0, 2500.0)  # Hz, of an embedding that moves


def windows(places, pitch, start, ages, spec, plane=STANDARD):
    """One output a place, as waves.examples has it.

    places: [batch] of Place of the plane;  pitch: [batch] Hz;  start: [batch] phase at the output
    ages: int [n], how many samples before the output the frames are
    Returns (inputs int64 [batch, n, in_channels], targets float64 [batch]).
    """
    return jumps(places, places, np.zeros(len(places)), pitch, start, ages, spec, plane)


def jumps(before, after, jumped, pitch, start, ages, spec, plane=STANDARD):
    """`windows` in which the embedding jumped from `before` to `after`, `jumped` [batch] samples
    ago. The target fades at constant power from one wave to the other while the net sees both."""
    old, new = (np.array([place.embedding for place in places]) for places in (before, after))
    is_old = (ages >= jumped[:, None])[:, :, None]
    embeddings = np.where(is_old, old[:, None], new[:, None])
    p = waves.phase_at(pitch, spec.sample_rate, -ages, start)
    old, new = (np.array([place.gains for place in places]) for places in (before, after))
    turn = np.pi / 2 * jumped[:, None] / spec.receptive_field
    gains = np.where(old == new, new, np.cos(turn) * old + np.sin(turn) * new)
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


def random_windows(
    rng,
    size,
    ages,
    spec,
    shares=(0.4, 0.2),
    jumping=0.0,
    modulated=0.0,
    sharp=0.0,
    beyond=1.0,
    plane=STANDARD,
):
    """`size` windows of random places, phases and pitches.

    shares : as Plane.random_places takes them;  beyond: as waves.random_pitches
    jumping, modulated: shares in which the embedding jumps, and in which it moves all the time
    sharp  : share that is drawn more often the shorter the triangle's last turn is ago

    What moves is drawn OFTEN more times than its share says. The weights make up for that, and for
    `sharp`: any weighted mean stays.

    Returns (inputs, targets, weights): those of `windows`, and float64 [size].
    """
    pitch = waves.random_pitches(rng, size, beyond)
    if sharp:
        start, weights = _after_turns(rng, pitch, spec.sample_rate, sharp)
    else:
        start, weights = rng.random(size), np.ones(size)
    wanted = np.array([jumping, modulated, 1 - jumping - modulated])
    often = wanted * (OFTEN, OFTEN, 1)
    jumps_until, moves_until = np.round(size * np.cumsum(often) / often.sum()).astype(int)[:2]
    counts = np.array([jumps_until, moves_until - jumps_until, size - moves_until])
    weights *= np.repeat(wanted * size / np.maximum(counts, 1), counts)
    jumped = rng.random(size) * spec.receptive_field
    after = plane.random_places(rng, size, *shares)
    before = plane.random_places(rng, jumps_until, *shares) + after[jumps_until:]
    inputs, targets = jumps(before, after, jumped, pitch, start, ages, spec, plane)
    if counts[1]:
        part = slice(jumps_until, moves_until)
        path = random_path(rng, counts[1], spec.sample_rate)
        inputs[part], targets[part] = moving(path, pitch[part], start[part], ages, spec, plane)
    return inputs, targets, weights


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
