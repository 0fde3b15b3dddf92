# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The parts of a network description: terms, layers, products."""

from dataclasses import dataclass

from models.graph.words import LINEAR, Activation, Word

INPUT = "input"  # the signal that comes in; the others are the layers' outputs


@dataclass(frozen=True)
class Term:
    """One causal convolution into a layer's sum.

    source  : "input" or the name of an earlier layer; the words that it gives out
    kernel  : format of the weights; with weights="po2" each is zero or a power of two
    share   : name of an earlier layer whose kernel, of the term with index `share_term`, is used
    Tap K-1 reads the newest sample.
    """

    source: str
    kernel_size: int = 1
    dilation: int = 1
    kernel: Word = Word()
    weights: str = "fixed"
    share: str | None = None
    share_term: int = 0

    @property
    def span(self):
        """How many samples before the newest one the term reads."""
        return (self.kernel_size - 1) * self.dilation


@dataclass(frozen=True)
class Layer:
    """A sum of terms and earlier sums, requantised once, then an activation.

    bias     : format of the biases, or None for a layer without
    bias_of  : name of an earlier layer whose biases are used
    adds     : names of earlier layers whose sums (where they are kept wide) or words are added
    word     : format that the sum is rounded and saturated to
    wide     : bits of the exact sum that later layers' `adds` see, saturating there; None: they see
               the layer's output word
    """

    name: str
    out_channels: int
    terms: tuple[Term, ...] = ()
    bias: Word | None = None
    bias_of: str | None = None
    adds: tuple[str, ...] = ()
    activation: Activation = LINEAR
    word: Word = Word()
    wide: int | None = None

    @property
    def out_word(self):
        """Format of what the layer gives out."""
        return self.activation.word or self.word


@dataclass(frozen=True)
class Product:
    """Elementwise product of two earlier layers' words of the same sample, requantised: a gate."""

    name: str
    a: str
    b: str
    word: Word = Word()
    activation: Activation = LINEAR

    terms, adds, bias, bias_of, wide = (), (), None, None, None

    @property
    def out_word(self):
        return self.activation.word or self.word
