# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What a tensor of a Keras model is: words of layers that were rounded, or an exact sum."""

from dataclasses import dataclass, replace

import numpy as np

from models.spec import ModelError


@dataclass(frozen=True, eq=False)
class TermDraft:
    """A convolution's part of a sum: kernel float64 [tap, in, out] on a signal's words.

    owner: what the kernel is known by where it is used again;  declared: (bits, frac) of its
    quantiser, or None;  powers: of two by construction;  wide: may need two kernels of 18 bits,
    as products of kernels do.
    """

    source: str
    kernel: np.ndarray
    dilation: int = 1
    owner: tuple = ()
    declared: tuple | None = None
    powers: bool = False
    wide: bool = False

    @property
    def span(self):
        return (len(self.kernel) - 1) * self.dilation


@dataclass(frozen=True, eq=False)
class Sum:
    """An exact sum, not rounded yet: terms, signals to add, biases float64 [out] or None."""

    channels: int
    terms: tuple = ()
    adds: tuple = ()
    bias: np.ndarray | None = None
    bias_owner: tuple = ()
    bias_declared: tuple | None = None


@dataclass(frozen=True)
class Gate:
    """The product of two signals, not rounded yet."""

    channels: int
    a: str
    b: str


@dataclass(frozen=True)
class Words:
    """Words of signals, one after the other: (name, channels) each."""

    pieces: tuple

    @property
    def channels(self):
        return sum(count for _, count in self.pieces)


@dataclass(frozen=True, eq=False)
class Tensor:
    """A value over time.

    late: frames at the start that it lacks;  zeros: zeros that were put in front;
    cut: frames that it lacks at the end, or that only its end is kept: for the output alone;
    functions: of single values, applied but not rounded yet;  name: of the layer it is from.
    """

    value: Sum | Gate | Words
    name: str
    late: int = 0
    zeros: int = 0
    cut: str = ""
    functions: tuple = ()

    @property
    def channels(self):
        return self.value.channels


def selected(source, count, at, total, start=0, size=None, factor=1.0):
    """The TermDraft that puts channels `start` to `start + size` of a signal of `count` channels
    to the outputs from `at` on, of `total`."""
    size = count - start if size is None else size
    kernel = np.zeros((1, count, total))
    kernel[0, range(start, start + size), range(at, at + size)] = factor
    owner = ("select", count, at, total, start, size, factor)
    return TermDraft(source, kernel, owner=owner)


def as_sum(value):
    """A Sum of what is words or a sum already. Raises ModelError for a product."""
    if isinstance(value, Gate):
        raise ModelError("what comes in must be quantised, got a product")
    if isinstance(value, Sum):
        return value
    if len(value.pieces) == 1:
        return Sum(value.channels, adds=(value.pieces[0][0],))
    return Sum(value.channels, spread(value, value.channels))


def spread(value, total, at=0, factor=1.0):
    """TermDrafts that put words to the outputs from `at` on, of `total`."""
    terms = []
    for signal, count in value.pieces:
        terms.append(selected(signal, count, at, total, factor=factor))
        at += count
    return tuple(terms)


def added(a, b):
    """The Sum of two Sums."""
    bias = a.bias if b.bias is None else b.bias if a.bias is None else a.bias + b.bias
    one = b if a.bias is None else a
    plain = a.bias is None or b.bias is None
    return Sum(
        a.channels, a.terms + b.terms, a.adds + b.adds, bias,
        one.bias_owner if plain else (), one.bias_declared if plain else None,
    )  # fmt: skip


def mapped(value, matrix, owner):
    """A Sum times a matrix float64 [in, out]: what a 1x1 kernel makes of it."""
    terms = []
    for term in value.terms:
        kernel = term.kernel @ matrix
        terms.append(
            replace(term, kernel=kernel, owner=(term.owner, owner), declared=None,
                    powers=False, wide=True)
        )  # fmt: skip
    for signal in value.adds:
        terms.append(TermDraft(signal, matrix[None], owner=owner))
    bias = None if value.bias is None else value.bias @ matrix
    return Sum(matrix.shape[1], tuple(terms), (), bias, (value.bias_owner, owner))
