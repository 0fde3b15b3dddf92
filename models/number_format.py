# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The fixed-point words of a network, and the error that names what is wrong with a description."""

from dataclasses import dataclass

import numpy as np

from models.errors import UserError
from models.messages import either, must_be

ROUNDINGS = ("half_even", "floor")
SHOWN_MOST = 80  # characters of a value in a message


class ModelError(UserError, ValueError):
    """A model file or a description that cannot be used; the message is one line for the user."""


def shown(value):
    """repr(value), shortened: what a hostile file says must not fill the screen."""
    text = repr(value)
    return text if len(text) <= SHOWN_MOST else f"{text[: SHOWN_MOST - 3]}..."


def check_int(owner, name, value, low, high=None):
    """Raise ModelError unless `value` is a whole number in [low, high]."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise ModelError(must_be(f"{owner}: {name}", "a whole number", shown(value)))
    if value < low or (high is not None and value > high):
        allowed = f"at least {low}" if high is None else f"{low} to {high}"
        raise ModelError(must_be(f"{owner}: {name}", allowed, shown(value)))


def check_choice(owner, name, value, choices):
    """Raise ModelError unless `value` is one of `choices`."""
    if value not in choices:
        raise ModelError(must_be(f"{owner}: {name}", either(choices), shown(value)))


def round_shift(values, shift, rounding):
    """Integers round(values / 2**shift); a negative shift multiplies.

    values: an array of int64, or of Python's integers. rounding: "half_even" or "floor".
    """
    if shift <= 0:
        return values << -shift
    whole = values >> shift
    if rounding == "floor":
        return whole
    rest, half = values - (whole << shift), 1 << (shift - 1)
    return whole + ((rest > half) | ((rest == half) & ((whole & 1) == 1)))


@dataclass(frozen=True)
class FixedPoint:
    """Signed fixed point: the integer n of `bits` bits is the value n / 2**frac, saturating.

    `rounding` is how a sum becomes such a word: "half_even" (as QKeras, through tf.round) or
    "floor" (arithmetic shift, as truncating hardware). Subclasses say which widths there are.
    """

    bits: int = 16
    frac: int = 12
    rounding: str = "half_even"

    @property
    def min(self):
        return -(1 << (self.bits - 1))

    @property
    def max(self):
        return (1 << (self.bits - 1)) - 1

    def from_float(self, value):
        """Nearest representable integers (half to even), saturated. Any shape; returns int64."""
        scaled = np.rint(np.asarray(value, np.float64) * 2.0**self.frac)
        return np.clip(scaled, self.min, self.max).astype(np.int64)

    def to_float(self, value):
        """Values of the integers `value`, exactly, as float64."""
        return np.asarray(value, np.float64) / 2.0**self.frac

    def __str__(self):
        return f"Q{self.bits - self.frac}.{self.frac} {self.rounding}"


@dataclass(frozen=True)
class NumberFormat(FixedPoint):
    """The one format of a chain of version 1, of words, weights and biases (default Q4.12)."""

    def __post_init__(self):
        check_int("number format", "bits", self.bits, 4, 24)
        check_int("number format", "frac", self.frac, 1, self.bits - 1)
        check_choice("number format", "rounding", self.rounding, ROUNDINGS)

    @property
    def one(self):
        """The integer that stands for 1.0."""
        return 1 << self.frac

    def accumulator_bits(self, fan_in):
        """Width of a signed accumulator that cannot overflow for `fan_in` products and a bias."""
        bound = fan_in * self.min**2 + (-self.min << self.frac)
        return bound.bit_length() + 1
