# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What must hold between the parts of a network description; errors name the layer."""

import re

from models.graph.parts import INPUT, Layer, Product
from models.number_format import ModelError, check_int
from models.spec import NAME, WEIGHT_KINDS

MOST_SUM_BITS = 62  # what int64 arithmetic holds with room for a rounding
MOST_CHANNELS, MOST_TAPS, MOST_SPAN, MOST_LAYERS = 4096, 4096, 1 << 24, 4096
MOST_HISTORY = 1 << 24  # words that all layers together keep of the past
MOST_MACS = 1 << 22  # multiplications per sample


def check(network):
    """Raises ModelError with one line for the first thing that is wrong with a Network."""
    _Check(network).run()


class _Check:
    def __init__(self, network):
        self.network = network
        self.seen = {INPUT: None}

    def run(self):
        network = self.network
        for layer in network.layers:
            if not isinstance(layer.name, str) or not re.fullmatch(NAME, layer.name):
                raise ModelError(f"network: layer name {layer.name!r} must match {NAME}")
            if layer.name in self.seen:
                raise ModelError(f"layer {layer.name}: the name is taken")
            (self.product if isinstance(layer, Product) else self.layer)(layer)
            self.seen[layer.name] = layer
        for what, found, most in (
            ("history_words", network.history_words, MOST_HISTORY),
            ("macs_per_sample", network.macs_per_sample, MOST_MACS),
        ):
            if found > most:
                raise ModelError(f"network: {what} must be at most {most}, got {found}")
        if not network.outputs:
            raise ModelError("network: outputs must name at least 1 layer")
        for name in network.outputs:
            if name not in network.by_name:
                raise ModelError(f"network: outputs must name layers, got {name!r}")
            if network.word_of(name) != network.out_word:
                raise ModelError(
                    f"network: outputs must share one format, got {network.out_word} and "
                    f"{network.word_of(name)} ({name})"
                )
        for name, most in network.sum_most.items():
            bits = most.bit_length() + 1
            if bits > MOST_SUM_BITS:
                raise ModelError(
                    f"layer {name}: the exact sum needs {bits} bits, at most {MOST_SUM_BITS}"
                )

    def earlier(self, layer, what, name):
        if name not in self.seen:
            raise ModelError(
                f"layer {layer.name}: {what} must be the input or an earlier layer, got {name!r}"
            )

    def product(self, layer):
        for what, name in (("a", layer.a), ("b", layer.b)):
            self.earlier(layer, what, name)
        a, b = (self.network.channels[name] for name in (layer.a, layer.b))
        if a != b:
            raise ModelError(
                f"layer {layer.name}: a and b must have as many channels, got {a} and {b}"
            )

    def layer(self, layer):
        at = f"layer {layer.name}"
        check_int(at, "out_channels", layer.out_channels, 1, MOST_CHANNELS)
        if not layer.terms and not layer.adds:
            raise ModelError(f"{at}: needs at least one term or add")
        for term in layer.terms:
            self.term(layer, term)
        for name in layer.adds:
            self.earlier(layer, "adds", name)
            channels = self.network.channels[name]
            if channels != layer.out_channels:
                raise ModelError(
                    f"{at}: what is added must have out_channels ({layer.out_channels}) channels, "
                    f"{name} has {channels}"
                )
        if layer.wide is not None:
            check_int(at, "wide", layer.wide, 2, MOST_SUM_BITS)
        if layer.bias_of is not None:
            other = self.seen.get(layer.bias_of)
            if not isinstance(other, Layer) or other.bias is None or other.bias_of is not None:
                raise ModelError(f"{at}: bias_of must name an earlier layer with biases of its own")
            if (other.bias, other.out_channels) != (layer.bias, layer.out_channels):
                raise ModelError(
                    f"{at}: bias_of {layer.bias_of} has other biases in shape or format"
                )

    def term(self, layer, term):
        at = f"layer {layer.name}"
        self.earlier(layer, "a term's source", term.source)
        check_int(at, "kernel_size", term.kernel_size, 1, MOST_TAPS)
        check_int(at, "dilation", term.dilation, 1, MOST_SPAN)
        if term.span > MOST_SPAN:
            raise ModelError(f"{at}: a term reads {term.span} samples back, at most {MOST_SPAN}")
        if term.weights not in WEIGHT_KINDS:
            raise ModelError(
                f"{at}: weights must be {' or '.join(WEIGHT_KINDS)}, got {term.weights!r}"
            )
        if term.share is None:
            return
        other = self.seen.get(term.share)
        if not isinstance(other, Layer) or not 0 <= term.share_term < len(other.terms):
            raise ModelError(f"{at}: share must name an earlier layer's term, got {term.share!r}")
        shared = other.terms[term.share_term]
        channels = self.network.channels
        ours = (
            term.kernel_size,
            channels[term.source],
            layer.out_channels,
            term.kernel,
            term.weights,
        )
        if shared.share is not None or ours != (
            shared.kernel_size,
            channels[shared.source],
            other.out_channels,
            shared.kernel,
            shared.weights,
        ):
            raise ModelError(
                f"{at}: share {term.share} must have a kernel of its own, of the same shape "
                "and format"
            )
