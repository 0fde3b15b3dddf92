"""A wide net that begins as narrow nets side by side, small enough for Gauss-Newton steps.

Three or so of its layers hold the narrow nets. The layers before only hand the input on, in two
halves, since a ReLU passes one sign; the layers behind hand the outputs on, likewise, and take
their mean. All other channels are left as random as they were, but nothing of theirs is heard: what
they are good for, gradient descent on the whole finds out.
"""

from dataclasses import replace

import numpy as np

from models.spec import ModelError
from models.training import gauss_newton
from models.training.gauss_newton import Tree
from models.training.polish import CHECKS, draw

WORSE = 1.02  # a block's step may make the check of all so much worse


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


class Together:
    """Narrow nets of `spec` that learn their mean together: round by round, each takes a
    Gauss-Newton step towards what the others leave to be done.

    blocks: of each, per layer (kernel [tap, in, out], bias [out]) floats; `pairs` as they are now
    data, count, rng: windows(rng, size, ages) gives `count` single outputs a step
    """

    def __init__(self, spec, blocks, data, count, rng):
        self.spec, self.data, self.count, self.rng = spec, data, count, rng
        self.trees = [Tree(spec, pairs) for pairs in blocks]
        self.ages = gauss_newton.ages(spec)
        self.damping = [gauss_newton.FIRST] * len(blocks)
        self.fixed = draw(data, np.random.default_rng(0), CHECKS, self.ages, spec.number_format)

    @property
    def pairs(self):
        return [tree.pairs for tree in self.trees]

    def round(self):
        """Returns the mean squared error of the mean on windows that are always the same."""
        frames, targets = self.fixed
        outputs = [tree.chunked_outputs(frames) for tree in self.trees]
        for number, tree in enumerate(self.trees):
            others = sum(outputs) - outputs[number]
            limit = WORSE * np.mean((sum(outputs) - len(outputs) * targets) ** 2)

            def is_good(moved, others=others, limit=limit):
                mean = others + moved.chunked_outputs(frames)
                return np.mean((mean - len(outputs) * targets) ** 2) < limit

            self._step(number, is_good)
            outputs[number] = tree.chunked_outputs(frames)
        return float(np.mean((sum(outputs) / len(outputs) - targets) ** 2))

    def _step(self, number, is_good):
        args = self.data, self.rng, self.count, self.ages, self.spec.number_format
        frames, targets = draw(*args)
        others = [tree for tree in self.trees if tree is not self.trees[number]]
        left = len(self.trees) * targets - sum(tree.chunked_outputs(frames) for tree in others)
        self.damping[number], _ = gauss_newton.step(
            self.trees[number], frames, left, self.damping[number], is_good
        )
        tree = self.trees[number]
        tree.vector = np.clip(tree.vector, tree.low, tree.high)  # as the quantisers will


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
    if index == 0:
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
        if index == indices[0]:
            inputs, kernel = slice(2 * ins), np.kron(kernel.transpose(0, 2, 1), halves)
            kernel = kernel.transpose(0, 2, 1)
        if index == indices[-1]:
            outputs = slice(2 * number, 2 * number + 2)
            kernel, bias = kernel * halves, bias * halves[0]
        found.append((inputs, outputs, kernel, bias))
    return found
