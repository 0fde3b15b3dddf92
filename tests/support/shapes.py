# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Shapes of players' networks (Neural Amp Modeler, A2) with random weights, for cost and speed."""

from models.graph.parts import Layer, Term
from models.graph.spec import Network
from models.graph.words import LINEAR, Activation, Word
from tests.support.graphs import random_weights

A2_KERNELS = (6,) * 14 + (15, 15) + (6,) * 7
A2_DILATIONS = (1, 3, 7, 17, 41, 101, 239) * 2 + (1, 13) + (1, 3, 7, 17, 41, 101, 239)
WORD, KERNEL = Word(18, 12), Word(16, 12)
LEAKY = Activation("leaky", slope=655, shift=16)  # 0.01


def a2(channels, name="a2"):
    """The shape of an A2 capture of 8 (Full) or 3 channels (Lite): residual and head kept wide."""
    layers = [Layer("in", channels, (Term("input", kernel=KERNEL),), word=WORD, wide=48)]
    x, head = "in", ()
    for index, (taps, dilation) in enumerate(zip(A2_KERNELS, A2_DILATIONS)):
        conv = Term(x, taps, dilation, KERNEL)
        cond = Term("input", kernel=KERNEL)
        act, total, onward = f"act{index}", f"head{index}", f"x{index}"
        layers.append(Layer(act, channels, (conv, cond), KERNEL, activation=LEAKY, word=WORD))
        layers.append(Layer(total, channels, adds=(act, *head), word=WORD, wide=48))
        head = (total,)
        if index < len(A2_KERNELS) - 1:
            mix = Term(act, kernel=KERNEL)
            layers.append(Layer(onward, channels, (mix,), KERNEL, adds=(x,), word=WORD, wide=48))
            x = onward
    last = Term(head[0], 16, 1, KERNEL)
    layers.append(Layer("out", 1, (last,), KERNEL, activation=LINEAR, word=WORD))
    return Network(1, layers, ("out",), WORD, 48_000, name)


def random_a2(channels, seed=0):
    return random_weights(a2(channels), seed)
