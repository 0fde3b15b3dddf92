# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Which waves a net is to make, and where each lies on the embedding plane.

Two to eight waves lie on the border of the plane [-1, 1] x [-1, 1], in a fixed order of places.
On the border from A to its neighbour B the target fades from one to the other at constant power.
Inside, the target of two or four waves (at corners) is the product of such fades in e0 and in e1;
of other numbers, it fades from the border to the centre, where all waves are as loud. The power of
the gains is 1 everywhere.

A model file tells its waves in meta["waves"], a list in the order of the places:

    {"name": "sine", "at": [-1, -1], "formula": "sin(pi/2*tri(t))"}     formula.py
    {"name": "mine", "at": [-1, 1], "period": [0, 402, ..]}             a period, n / 32768

A file without has STANDARD.
"""

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from models.messages import must_be
from models.sound import formula
from models.spec import ModelError

NAME = r"[A-Za-z][A-Za-z0-9_]{0,15}"
PEAK = 2.0  # of a wave
LEAST_RMS = 0.01
LONGEST = 2048  # values of a period
PLACES = {  # by the number of waves: clockwise from the lower left
    2: ((-1, -1), (1, -1)),
    3: ((-1, -1), (0, 1), (1, -1)),
    4: ((-1, -1), (-1, 1), (1, 1), (1, -1)),
    5: ((-1, -1), (-1, 1), (0, 1), (1, 1), (1, -1)),
    6: ((-1, -1), (-1, 1), (0, 1), (1, 1), (1, -1), (0, -1)),
    7: ((-1, -1), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1)),
    8: ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1)),
}


@dataclass(frozen=True)
class Place:
    """A place on the embedding plane.

    embedding: (e0, e1);  gains: weight of each of the plane's waves in the target, in their order.
    """

    embedding: tuple[float, float]
    gains: tuple[float, ...]


@dataclass(frozen=True)
class Wave:
    """A wave, a function of the phase in [0, 1): a formula, or a period of integers n / 32768 that
    are joined by straight lines. Raises ModelError for one that is not finite, silent or loud."""

    name: str
    formula: str = ""
    period: tuple[int, ...] = ()

    def __post_init__(self):
        if not isinstance(self.name, str) or not re.fullmatch(NAME, self.name):
            raise ModelError(
                f"wave {str(self.name)[:40]!r}: a name must be a letter and at most 15 letters, "
                "digits and underscores"
            )
        try:
            values = self(np.arange(4096) / 4096)
        except ModelError as error:
            raise ModelError(f"wave {self.name}: {error}") from None
        if not np.isfinite(values).all():
            at = np.flatnonzero(~np.isfinite(values))[0] / 4096
            raise ModelError(f"wave {self.name}: must be finite, got {values[int(at * 4096)]} "
                             f"at t = {at:g}")  # fmt: skip
        if np.abs(values).max() > PEAK:
            raise ModelError(
                f"wave {self.name}: must stay within -{PEAK:g} to {PEAK:g}, "
                f"got a peak of {np.abs(values).max():.3g}"
            )
        if np.sqrt(np.mean(values**2)) < LEAST_RMS:
            raise ModelError(f"wave {self.name}: is silent; an RMS of at least {LEAST_RMS:g} is "
                             "needed")  # fmt: skip

    def __call__(self, p):
        if not self.period:
            return formula.evaluate(self.formula, p)
        place = np.asarray(p) * len(self._closed[:-1])
        first = np.minimum(place.astype(int), len(self.period) - 1)
        rest = place - first
        return self._closed[first] * (1 - rest) + self._closed[first + 1] * rest

    @cached_property
    def _closed(self):
        return np.array([*self.period, self.period[0]]) / 32768


class Plane:
    """waves: 2 to 8 of Wave;  at: where each lies, [wave, 2];  edges: pairs of neighbours' names.

    Raises ModelError for another number of waves, or two of one name.
    """

    def __init__(self, waves):
        self.waves = tuple(waves)
        if len(self.waves) not in PLACES:
            raise ModelError(must_be("waves", "2 to 8", len(self.waves)))
        self.names = tuple(wave.name for wave in self.waves)
        if len(set(self.names)) < len(self.names):
            twice = next(name for name in self.names if self.names.count(name) > 1)
            raise ModelError(f"waves: two are called {twice}; each needs a name of its own")
        self.at = np.array(PLACES[len(self.waves)], np.float64)
        pairs = list(zip(self.names, (*self.names[1:], self.names[0])))
        self.edges = tuple(pairs[:1] if len(self.waves) == 2 else pairs)

    def __eq__(self, other):
        return isinstance(other, Plane) and self.waves == other.waves

    def __hash__(self):
        return hash(self.waves)

    @property
    def corners(self):
        """{name: (e0, e1)}."""
        return {n: tuple(map(float, at)) for n, at in zip(self.names, self.at, strict=True)}

    def corner(self, name):
        """The place where the target is the wave `name` alone."""
        return self.edge(name, name, 1.0)

    def edge(self, a_name, b_name, a):
        """The place `a` of the way from B to its neighbour A along the border, with the target
        sin(a*pi/2)*A + sin((1-a)*pi/2)*B; a in [0, 1]."""
        first, second = self.names.index(a_name), self.names.index(b_name)
        gains = np.zeros(len(self.waves))
        gains[first] += np.sin(a * np.pi / 2)
        gains[second] += np.sin((1 - a) * np.pi / 2)
        (point,) = self._between(np.array([first]), np.array([second]), np.array([a]))
        return Place(tuple(map(float, point)), tuple(map(float, gains)))

    def inside(self, x, y):
        """The place (x, y), each in [-1, 1]."""
        gains = tuple(map(float, self.gains_at(np.array([x, y]))))
        return Place((float(x), float(y)), gains)

    def gains_at(self, points):
        """Weights [..., wave] of the waves in the target at embeddings [..., 2] in [-1, 1]."""
        points = np.asarray(points)[..., None, :]
        if len(self.waves) in (2, 4):
            toward = 1 + points * self.at  # 2 where a wave is, 0 where it is not
            fades = np.sin(toward * np.pi / 4)
            return fades[..., 0] if len(self.waves) == 2 else np.prod(fades, axis=-1)
        radius = np.abs(points).max(axis=-1)
        starts = around(self.at)
        lengths = np.diff(starts, append=8)
        since = (around(points) - starts) % 8  # .. of the wave before, and to the one after
        ahead = (starts - around(points)) % 8
        rising = np.where(
            ahead < np.roll(lengths, 1), np.cos(ahead / np.roll(lengths, 1) * np.pi / 2), 0
        )
        falling = np.where(since < lengths, np.cos(since / lengths * np.pi / 2), 0)
        border = np.maximum(rising, falling)
        turn = radius * np.pi / 2
        gains = np.sin(turn) * border + np.cos(turn) / np.sqrt(len(self.waves))
        return gains / np.linalg.norm(gains, axis=-1, keepdims=True)

    def mix(self, gains, p):
        """The waves, each times its gain [..., n or 1, wave], at phases p [..., n]."""
        return sum(gains[..., i] * wave(p) for i, wave in enumerate(self.waves))

    def walk(self, positions):
        """Embeddings [n, 2] on the border: at position k that of wave k, and on to the next; with
        len(waves) it is back at the first."""
        count = len(self.waves)
        number = np.floor(positions).astype(int)
        starts = self.at[number % count], self.at[(number + 1) % count]
        rest = (positions - number)[:, None]
        straight = (1 - rest) * starts[0] + rest * starts[1]
        if count != 3:
            return straight
        first, second = around(starts[0])[:, None], around(starts[1])[:, None]
        return on_border((first + rest * ((second - first) % 8))[:, 0])

    def random_places(self, rng, size, edge_share=0.4, inside_share=0.2):
        """`size` random places, as many of them on an edge and inside the plane, the others
        corners: (embeddings [size, 2], gains [size, wave])."""
        kind, which = rng.random(size), rng.integers(len(self.waves), size=size)
        spread = rng.random((size, 2))
        inside = kind < inside_share
        on_edge = ~inside & (kind < inside_share + edge_share)
        points = np.where(inside[:, None], 2 * spread - 1, self.at[which])
        gains = np.where(inside[:, None], self.gains_at(points), np.eye(len(self.waves))[which])
        numbers = np.array([[self.names.index(name) for name in edge] for edge in self.edges])
        first, second = numbers[which % len(numbers)].T
        way = spread[:, 0]
        rows = np.flatnonzero(on_edge)
        points[rows] = self._between(first, second, way)[rows]
        gains[rows] = 0
        gains[rows, first[rows]] = np.sin(way * np.pi / 2)[rows]
        gains[rows, second[rows]] = np.sin((1 - way) * np.pi / 2)[rows]
        return points, gains

    def _between(self, first, second, share):
        """Points [n, 2] that are `share` [n] of the way from the waves `second` [n] to `first`."""
        stop, start = self.at[first], self.at[second]
        share = share[:, None]
        straight = share * stop + (1 - share) * start
        start, stop = around(start)[:, None], around(stop)[:, None]
        way = (stop - start + 4) % 8 - 4
        bent = on_border((start + share * way)[:, 0])
        on_one_side = (self.at[first] == self.at[second]).any(axis=1)
        return np.where(on_one_side[:, None], straight, bent)

    def to_meta(self):
        """meta["waves"] of a model file."""
        kinds = (
            {"period": list(w.period)} if w.period else {"formula": w.formula} for w in self.waves
        )
        return [
            {"name": name, "at": [float(x) for x in at], **kind}
            for name, at, kind in zip(self.names, self.at, kinds, strict=True)
        ]


def around(points):
    """How far [...] points [..., 2] are along the border, clockwise from the lower left, 0 to 8;
    points inside as their projection from the centre."""
    x, y = points[..., 0], points[..., 1]
    radius = np.maximum(np.maximum(np.abs(x), np.abs(y)), 1e-12)
    x, y = x / radius, y / radius
    sides = [x <= -1, y >= 1, x >= 1]
    return np.select(sides, [1 + y, 3 + x, 5 - y], 7 - x) % 8


def on_border(distance):
    """The points [..., 2] of `around`."""
    side, rest = np.divmod(np.asarray(distance) % 8, 2)
    rest = rest - 1
    one = np.ones_like(rest)
    x = np.select([side == 0, side == 1, side == 2], [-one, rest, one], -rest)
    y = np.select([side == 0, side == 1, side == 2], [rest, one, -rest], -one)
    return np.stack([x, y], axis=-1)


STANDARD = Plane(
    [
        Wave("sine", "sin(pi/2*tri(t))"),
        Wave("ramp", "2*t-1"),
        Wave("square", "1 if t < 0.5 else -1"),
        Wave("zigzag", "fold(3*tri(t))"),
    ]
)


def of_model(model):
    """The Plane of a model, STANDARD where its file does not tell. Raises ModelError."""
    told = model.meta.get("waves")
    if told is None:
        return STANDARD
    if not isinstance(told, list) or not all(isinstance(one, dict) for one in told):
        raise ModelError("meta: waves must be a list of name, at, and formula or period")
    plane = Plane([_told(one) for one in told])
    for wave, at in zip(told, plane.at.tolist(), strict=True):
        if wave.get("at") != at:
            raise ModelError(f"meta: wave {wave['name']} must lie at {at}, got {wave.get('at')!r}")
    return plane


def _told(one):
    period = one.get("period", [])
    good = isinstance(period, list) and len(period) <= LONGEST
    if not good or not all(isinstance(n, int) and abs(n) <= PEAK * 32768 for n in period):
        raise ModelError(
            f"meta: a period must be at most {LONGEST} integers of +/-{PEAK:g} * 32768"
        )
    return Wave(one.get("name"), one.get("formula", ""), tuple(period))
