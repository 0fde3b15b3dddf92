# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Chains of version 1 as networks of version 2, and back where that is possible."""

import zlib
from dataclasses import replace

from models.graph.model import GraphModel
from models.graph.parts import INPUT, Layer, Product, Term
from models.graph.spec import Network
from models.graph.words import LINEAR, RELU, Word
from models.number_format import ModelError, NumberFormat
from models.spec import Conv1DSpec, Model, NetworkSpec


def chain_network(spec):
    """The Network of a models.spec.NetworkSpec.

    Pass p of layer i is the layer "conv<i>", or "conv<i>_<p>" where it repeats; the passes share
    their weights. Raises ModelError for words of more than 18 bits.
    """
    word = Word(spec.number_format.bits, spec.number_format.frac, spec.number_format.rounding)
    layers, source = [], INPUT
    for index, layer in enumerate(spec.layers):
        first = None
        for turn in range(layer.repeat):
            name = f"conv{index}_{turn}" if layer.repeat > 1 else f"conv{index}"
            term = Term(source, layer.kernel_size, layer.dilation, word, layer.weights, share=first)
            shape = (name, layer.out_channels, (term,))
            activation = RELU if layer.relu else LINEAR
            layers.append(Layer(*shape, word, first, activation=activation, word=word))
            first, source = first or name, name
    return Network(spec.in_channels, tuple(layers), (source,), word, spec.sample_rate, spec.name)


def from_chain(model):
    """The GraphModel of a models.spec.Model: the same integers, see chain_network."""
    network = chain_network(model.spec)
    owners = [layer.name for layer in network.layers if layer.bias_of is None]
    kernels = {(name, 0): kernel for name, (kernel, _) in zip(owners, model.weights)}
    biases = {name: bias for name, (_, bias) in zip(owners, model.weights)}
    return GraphModel(network, kernels, biases, meta=model.meta)


def chain_spec(network):
    """The models.spec.NetworkSpec of a Network that is a chain of one format.

    Raises ModelError with one line that names the layer and what a chain of version 1 has not.
    """
    layers, source, first = [], INPUT, None
    for layer in network.layers:
        obstacle = _obstacle(network, layer, source)
        if obstacle:
            raise ModelError(f"layer {layer.name}: {obstacle}")
        (term,) = layer.terms
        source = layer.name
        if term.share is None:
            first = layer
            channels = network.channels[term.source], layer.out_channels
            taps = term.kernel_size, term.dilation
            layers.append(Conv1DSpec(*channels, *taps, layer.activation == RELU, term.weights))
            continue
        if first is None or not term.share == layer.bias_of == first.name:
            raise ModelError(f"layer {layer.name}: a chain shares between passes in a row only")
        if _shape(layer) != _shape(first):
            raise ModelError(f"layer {layer.name}: passes that share weights must be alike")
        layers[-1] = replace(layers[-1], repeat=layers[-1].repeat + 1)
    if network.outputs != (source,):
        raise ModelError("network: a chain gives out its last layer alone")
    word = network.in_word
    number_format = NumberFormat(word.bits, word.frac, word.rounding)
    return NetworkSpec(tuple(layers), number_format, network.sample_rate, network.name)


def as_chain(model):
    """The models.spec.Model of a GraphModel that is a chain, see chain_spec. Raises ModelError."""
    spec = chain_spec(model.spec)
    return Model(spec, list(zip(model.kernels.values(), model.biases.values())), model.meta)


def fingerprint(network):
    """CRC-32 of the topology: two nets with the same one can swap weights.

    A chain of version 1 keeps the fingerprint that it has there.
    """
    try:
        return chain_spec(network).fingerprint
    except ModelError:
        return zlib.crc32(network.topology().encode())


def _shape(layer):
    """What all passes of a layer of version 1 have in common."""
    (term,) = layer.terms
    return term.kernel_size, term.dilation, term.weights, layer.activation, layer.out_channels


def _obstacle(network, layer, source):
    """What keeps the layer out of a chain whose signal so far is `source`; None: nothing."""
    if isinstance(layer, Product):
        return "a chain has no products"
    if len(layer.terms) != 1 or layer.adds:
        return f"a chain has one term per layer, got {len(layer.terms)} and {len(layer.adds)} adds"
    (term,) = layer.terms
    if term.source != source:
        return f"a chain's layer must read the layer before it ({source}), got {term.source}"
    if layer.activation not in (RELU, LINEAR):
        return f"a chain's activation must be relu or linear, got {layer.activation.kind}"
    if layer.wide is not None:
        return "a chain keeps no wide sums"
    if layer.bias is None:
        return "a chain's layers have biases"
    for what, word in (("word", layer.word), ("kernel", term.kernel), ("bias", layer.bias)):
        if (word.bits, word.frac) != (network.in_word.bits, network.in_word.frac) or (
            what == "word" and word.rounding != network.in_word.rounding
        ):
            return f"a chain of version 1 has one format ({network.in_word}), {what} is {word}"
    return None
