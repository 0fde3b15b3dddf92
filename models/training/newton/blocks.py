# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""A wide net that begins as narrow nets side by side, small enough for Gauss-Newton steps.

Three or so of its layers hold the narrow nets. The layers before only hand the input on, in two
halves, since a ReLU passes one sign; the layers behind hand the outputs on, likewise, and take
their mean. All other channels are left as random as they were, but nothing of theirs is heard: what
they are good for, gradient descent on the whole finds out.
"""

from dataclasses import replace

import numpy as np

from models.fit import fit
from models.spec import ModelError


def narrow(spec, count, indices):
    """The NetworkSpec of one of `count` nets that fit side by side into the layers `indices`.

    It has one output. Raises ModelError where a layer's channels do not divide.
    """
    layers, channels = [], spec.in_channels
    for index in indices:
        layer, is_last = spec.layers[index], index == indices[-1]
        if layer.out_channels % count:
            raise ModelError(
                f"layer {index}: {layer.out_channels} channels do not divide into {count} blocks"
            )
        width = 1 if is_last else layer.out_channels // count
        layers.append(replace(layer, in_channels=channels, out_channels=width, relu=not is_last))
        channels = width
    return replace(spec, layers=tuple(layers), name=f"{spec.name}-block")


def join(spec, pairs, blocks, indices):
    """Weights of `spec` that compute the mean of the narrow nets.

    pairs : random weights to begin with, per layer (kernel [tap, in, out], bias [out]) floats
    blocks: of each narrow net, likewise
    """
    joined = [(kernel.copy(), bias.copy()) for kernel, bias in pairs]
    for index, (kernel, bias) in enumerate(joined):
        for inputs, outputs, part, part_bias in _parts(index, spec, blocks, indices):
            kernel[:, :, outputs] = 0
            bias[outputs] = part_bias
            kernel[-len(part) :, inputs, outputs] = part
    kernel, _ = joined[-1]
    kernel /= len(blocks)
    return joined


def _parts(index, spec, blocks, indices):
    """Per block (input channels, output channels, kernel, bias) of layer `index`."""
    halves = np.array([[1.0, -1.0]])
    identity = np.eye(2 * spec.in_channels)[None]
    if index == 0 and index not in indices:
        part = np.kron(np.eye(spec.in_channels), halves)[None]
        return [(slice(None), slice(part.shape[2]), part, 0)]
    if index < indices[0]:
        part = slice(len(identity[0]))
        return [(part, part, identity, 0)]
    if index > indices[-1]:
        count = 2 * len(blocks)
        if index < len(spec.layers) - 1:
            return [(slice(count), slice(count), np.eye(count)[None], 0)]
        return [(slice(count), slice(1), np.tile(halves, len(blocks)).T[None], 0)]
    found = []
    for number, pairs in enumerate(blocks):
        kernel, bias = pairs[indices.index(index)]
        ins, outs = kernel.shape[1:]
        inputs, outputs = (slice(number * width, (number + 1) * width) for width in (ins, outs))
        if index == 0:
            inputs = slice(ins)
        if index == indices[0] and index:
            inputs, kernel = slice(2 * ins), np.kron(kernel.transpose(0, 2, 1), halves)
            kernel = kernel.transpose(0, 2, 1)
        if index == indices[-1]:
            outputs = slice(2 * number, 2 * number + 2)
            kernel, bias = kernel * halves, bias * halves[0]
        found.append((inputs, outputs, kernel, bias))
    return found


def widened(model, spec, seed):
    """Weights of `spec` that compute what `model` does, per layer (kernel, bias) floats, for a net
    that is to learn more. Channels that the model has not are fed at random (He-uniform), but
    nothing reads them yet.

    Raises ModelError where the model's layers do not fit into those of `spec` one by one.
    """
    layers = model.spec.layers
    same = len(layers) == len(spec.layers) and all(
        (a.kernel_size, a.dilation, a.repeat, a.weights, a.relu)
        == (b.kernel_size, b.dilation, b.repeat, b.weights, b.relu)
        for a, b in zip(layers, spec.layers, strict=True)
    )
    if not same:
        raise ModelError(f"{model.spec.name}: its layers are not those of {spec.name}, or narrower")
    rng, to_float = np.random.default_rng([seed, 0x51DE]), spec.number_format.to_float
    pairs = []
    for old, layer, pair in zip(layers, spec.layers, fit(model, spec).weights, strict=True):
        kernel, bias = map(to_float, pair)
        if layer.relu:
            limit = np.sqrt(6 / layer.fan_in)
            new = (layer.kernel_size, layer.in_channels, layer.out_channels - old.out_channels)
            kernel[:, :, old.out_channels :] = rng.uniform(-limit, limit, new)
        pairs.append((kernel, bias))
    return pairs
