# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Fixed-point words of a network description, version 2, and the exact functions of one word."""

from dataclasses import dataclass

import numpy as np

from models.number_format import (
    ROUNDINGS,
    FixedPoint,
    ModelError,
    check_choice,
    check_int,
    round_shift,
)

MOST_BITS = 18  # the ECP5's multipliers and block RAM rows are that wide
LEAST_FRAC, MOST_FRAC = -16, 40
KINDS = ("linear", "relu", "clip", "leaky", "table")


@dataclass(frozen=True)
class Word(FixedPoint):
    """A format of one layer's words, kernel or biases.

    frac may be negative or above bits: formats per layer follow the layer's range. Raises
    ModelError.
    """

    def __post_init__(self):
        check_int("word", "bits", self.bits, 2, MOST_BITS)
        check_int("word", "frac", self.frac, LEAST_FRAC, MOST_FRAC)
        check_choice("word", "rounding", self.rounding, ROUNDINGS)

    @property
    def one(self):
        """What 1.0 is in units of the last place, as a float: 2.0**frac."""
        return 2.0**self.frac


@dataclass(frozen=True)
class Activation:
    """An exact integer function of a layer's word w, after rounding and saturation.

    linear : w
    relu   : max(w, 0)
    clip   : min(max(w, low), high), bounds as integers
    leaky  : w for w >= 0, else round(w * slope / 2**shift), half to even
    table  : 2**segments linear segments over all words. The word's upper `segments` bits choose a
             segment i, in order from the least word on, its lower bits are `rest`:
             base[i] + floor(slope[i] * rest / 2**shift + 1/2). The entries belong to the model.

    word   : format of the result; None: that of w. Only a table may change the format.
    Raises ModelError.
    """

    kind: str = "linear"
    low: int | None = None
    high: int | None = None
    slope: int | None = None
    shift: int | None = None
    segments: int | None = None
    word: Word | None = None

    _FIELDS = {"clip": ("low", "high"), "leaky": ("slope", "shift"), "table": ("segments", "shift")}

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ModelError(f"activation: kind must be one of {', '.join(KINDS)}, got {self.kind}")
        wanted = self._FIELDS.get(self.kind, ())
        for name in ("low", "high", "slope", "shift", "segments"):
            value = getattr(self, name)
            if (value is not None) != (name in wanted):
                must = "is needed" if name in wanted else "must be left out"
                raise ModelError(f"activation {self.kind}: {name} {must}")
        if self.kind == "clip" and not self.low <= self.high:
            raise ModelError(f"activation clip: low {self.low} must not exceed high {self.high}")
        if self.shift is not None:
            check_int(f"activation {self.kind}", "shift", self.shift, 0, 24)
        if self.slope is not None:
            check_int("activation leaky", "slope", self.slope, 0, 1 << self.shift)
        if self.segments is not None:
            check_int("activation table", "segments", self.segments, 0, 12)
        if self.word is not None and self.kind != "table":
            raise ModelError(f"activation {self.kind}: only a table may change the word's format")

    @property
    def may_be_negative(self):
        return not (self.kind == "relu" or (self.kind == "clip" and self.low >= 0))


LINEAR, RELU = Activation(), Activation("relu")


def apply(activation, words, word, table=None):
    """activation(words), int64 of any shape; word: format of `words`; table: (base, slope)."""
    match activation.kind:
        case "relu":
            return np.maximum(words, 0)
        case "clip":
            return np.clip(words, activation.low, activation.high)
        case "leaky":
            small = round_shift(words * activation.slope, activation.shift, "half_even")
            return np.where(words < 0, small, words)
        case "table":
            base, slope = table
            rest_bits = word.bits - activation.segments
            offset = words - word.min
            index, rest = offset >> rest_bits, offset & ((1 << rest_bits) - 1)
            half = (1 << activation.shift) >> 1
            return base[index] + ((slope[index] * rest + half) >> activation.shift)
    return words
