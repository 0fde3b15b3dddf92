# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Functions of a sum or of a word, as a rounding to a word and an exact activation.

Whatever the class of a quantiser says, it is taken by its values: QKeras itself is run on all words
of the format, beside them, on the ties between them and far outside, and must give what the
rounding and the activation give.
"""

from dataclasses import dataclass

import numpy as np

from models.graph.words import (
    LEAST_FRAC,
    LINEAR,
    MOST_BITS,
    MOST_FRAC,
    RELU,
    Activation,
    Word,
    apply,
    round_shift,
)
from models.spec import ModelError

ENTRY_BITS = 12  # a table has an entry per word up to there
_FINE = 20  # bits below a word's step where a sum is tried


@dataclass(frozen=True)
class Step:
    """What a quantiser is: round to `word`, then `activation`, with its table where it has one.

    differs: words for which QKeras gives another value: 0 unless approximated.
    """

    word: Word
    activation: Activation = LINEAR
    table: tuple | None = None
    differs: int = 0

    @property
    def out_word(self):
        return self.activation.word or self.word


def grid(values, most_bits=MOST_BITS):
    """(frac, integers) of float64 values on the coarsest grid that holds them, or None."""
    values = np.asarray(values, np.float64)
    if not np.isfinite(values).all():
        return None
    for frac in range(LEAST_FRAC, MOST_FRAC + 1):
        scaled = values * 2.0**frac
        if np.array_equal(scaled, np.rint(scaled)):
            most = np.abs(scaled).max() if values.size else 0
            return (frac, scaled.astype(np.int64)) if most < 2.0**62 else None
    return None


def fitting(values):
    """The smallest Word that holds float64 values exactly, any number of bits; None: no grid does.

    Returns (bits, frac, integers).
    """
    found = grid(values)
    if found is None:
        return None
    frac, integers = found
    low, high = (int(integers.min()), int(integers.max())) if integers.size else (0, 0)
    return max(2, high.bit_length() + 1, (~low).bit_length() + 1 if low < 0 else 0), frac, integers


def of_sum(run, function, name=None):
    """The Step that a quantiser of exact sums is.

    run: float64 -> float64, `function` with what comes before it;  name: of both, for messages.
    Raises ModelError: with how many words the nearest rounding differs.
    """
    best, bits = None, function.options.get("bits", 1)
    for word in _words(function):
        step = _candidate(run, word)
        if step is None:
            continue
        differs = _differing(run, step)
        if not differs:
            return step
        if word.bits >= bits and (best is None or differs < best[0]):
            best = differs, word
    told = f"; the nearest, {best[1]}, differs in {best[0]} words" if best else ""
    raise ModelError(
        f"{name or function} of a sum must be a rounding to a word, which it is not{told}; a "
        "quantiser in front, quantized_bits(12, 3, alpha=1), makes it a function of a word"
    )


def _words(function):
    options = function.options
    bits, integer = options.get("bits", 1), options.get("integer", 0) or 0
    shapes = [(bits, bits - integer - 1), (bits + 1, bits - integer), (bits, bits - integer),
              (bits + 1, bits - integer - 1), (bits + 1, bits - integer - 2)]  # fmt: skip
    shapes = [(b, f, "half_even") for b, f in shapes] + [(2, 0, "floor"), (3, 1, "floor")]
    for bits, frac, rounding in dict.fromkeys(shapes):
        if 2 <= bits <= MOST_BITS and LEAST_FRAC <= frac <= MOST_FRAC:
            yield Word(bits, frac, rounding)


def _candidate(run, word):
    """A Step of the word with the values that `run` has there."""
    far = 1024 * word.max  # not further: QKeras adds x + (q(x) - x), which must stay exact
    low, high = run(np.array([-far, far]) / word.one) * word.one
    if low == np.rint(low) and high == np.rint(high) and word.min <= low <= high <= word.max:
        plain = Step(word, _clip(word, int(low), int(high)))
        few = np.array([0, 1, -1, 2, -2, 3, -3]) / word.one
        if np.array_equal(run(few), _values(plain, few)):
            return plain
    if word.bits > ENTRY_BITS:
        return None
    return _table(word, run(_all(word) / word.one))


def _clip(word, low, high):
    if (low, high) == (word.min, word.max):
        return LINEAR
    return RELU if (low, high) == (0, word.max) else Activation("clip", low=low, high=high)


def _all(word):
    return np.arange(word.min, word.max + 1)


def _table(word, values):
    """The Step with an entry per word, or None where the values are on no grid."""
    found = fitting(values)
    if found is None or found[0] > MOST_BITS:
        return None
    bits, frac, integers = found
    activation = Activation("table", segments=word.bits, shift=0, word=Word(bits, frac))
    return Step(word, activation, (integers, np.zeros_like(integers)))


def _values(step, x):
    """What a Step gives for float64 values."""
    word = step.word
    words = np.clip(np.asarray(x) * word.one, word.min - 4, word.max + 4) * 2.0**_FINE
    words = round_shift(words.astype(np.int64), _FINE, word.rounding)
    words = np.clip(words, word.min, word.max)
    return step.out_word.to_float(apply(step.activation, words, word, step.table))


def _differing(run, step):
    word = step.word
    words = np.arange(word.min - 3, word.max + 4, dtype=np.float64)[:, None]
    beside = np.array([0, 0.5, 0.5 - 2.0**-_FINE, 0.5 + 2.0**-_FINE, -(2.0**-_FINE)])
    x = (words + beside) / word.one
    wrong = (run(x.ravel()) != _values(step, x.ravel())).reshape(x.shape).any(axis=1)
    far = np.array([2.0, -2.0, 1000.0, -1000.0]) * word.max / word.one
    return int(wrong.sum()) + int((run(far) != _values(step, far)).sum())


# Functions of a word ------------------------------------------------------------------------------


def leaves(run, word):
    """Whether a function leaves all words of a format as they are."""
    values = _all(word) / word.one
    return np.array_equal(run(values), values)


def of_word(run, word, name, approximate=False, wish=None):
    """The Step that a function of words is, with a table where nothing simpler will do.

    run: float64 -> float64;  word: format of the words;  name: for messages;  wish: format of the
    result that approximate=True rounds to. Raises ModelError with how many words differ.
    """
    words = _all(word)
    values = run(words / word.one)
    for activation in _simple(word, values):
        step = Step(word, activation)
        if np.array_equal(step.out_word.to_float(apply(activation, words, word)), values):
            return step
    if not np.isfinite(values).all():
        raise ModelError(f"{name} must be finite on all words of {word}")
    found = fitting(values)
    out = None if found is None or found[0] > MOST_BITS else Word(found[0], found[1])
    rounded = out is None
    if rounded:
        out = wish or Word(word.bits, word.frac)
    step = _segments(word, out.from_float(values), out)
    got = step.out_word.to_float(apply(step.activation, words, word, step.table))
    differs = int(np.count_nonzero(got != values))
    if not differs:
        return step
    worst = np.abs(got - values).max()
    if not approximate:
        raise ModelError(
            f"{name} of {word}: a table of {len(step.table[0])} segments differs from it in "
            f"{differs} of {len(words)} words, by at most {worst:.3g}; --approximate takes it"
        )
    return Step(step.word, step.activation, step.table, differs)


def _simple(word, values):
    """Activations without a table that might have these values."""
    scaled = values * word.one
    low, high = scaled.min(), scaled.max()
    if low == np.rint(low) and high == np.rint(high) and word.min <= low <= high <= word.max:
        yield _clip(word, int(low), int(high))
    slope = values[0] / (word.min / word.one)
    for shift in range(17):
        if 0 <= slope <= 1 and slope * (1 << shift) == round(slope * (1 << shift)):
            yield Activation("leaky", slope=int(slope * (1 << shift)), shift=shift)
            return


def _segments(word, integers, out):
    """The table through the first and last word of each segment; an entry per word to 12 bits."""
    segments = min(word.bits, ENTRY_BITS)
    size = 1 << (word.bits - segments)
    table = integers.reshape(-1, size)
    base, rise = table[:, 0], table[:, -1] - table[:, 0]
    shift = 0
    slope = np.zeros_like(base)
    if size > 1:
        shift = max(s for s in range(17) if (np.abs(rise).max() << s) // (size - 1) < 1 << 17)
        slope = np.rint(rise * 2.0**shift / (size - 1)).astype(np.int64)
    activation = Activation("table", segments=segments, shift=shift, word=out)
    half = (1 << shift) >> 1
    last = base + ((slope * (size - 1) + half) >> shift)
    slope = np.where((last < out.min) | (last > out.max), 0, slope)
    return Step(word, activation, (base, slope))
