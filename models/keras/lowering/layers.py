# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What each kind of Keras layer makes of tensors. One function a kind: (importer, call's layer,
tensors, arguments) -> Tensor."""

from dataclasses import replace

import numpy as np

from models.keras import quantisers
from models.keras.lowering.convolutions import (
    convolve,
    dense_kernel,
    depthwise_kernel,
    grouped_kernel,
    separable_kernel,
)
from models.keras.lowering.tensors import Gate, Sum, Words, added, as_sum, mapped, spread
from models.keras.lowering.weights import quantised
from models.messages import must_be
from models.spec import ModelError

IDENTITIES = ("InputLayer", "Identity", "Dropout", "SpatialDropout1D", "GaussianNoise",
              "GaussianDropout", "AlphaDropout", "ActivityRegularization")  # fmt: skip


def identity(work, layer, tensors, arguments):
    return tensors[0]


def convolution(work, layer, tensors, arguments):
    bias = layer.config.get("use_bias", True)
    if "Separable" in layer.kind:
        weights, at = separable_kernel(layer), 2
    elif "Depthwise" in layer.kind:
        weights, at = depthwise_kernel(layer), 1
    elif "Dense" in layer.kind:
        weights, at = dense_kernel(layer), 1
    else:
        weights, at = grouped_kernel(layer), 1
    biases = quantised(layer, at, "bias_quantizer", "bias", trained=False) if bias else None
    tensor = work.draft.settled(tensors[0], layer.name)
    made = convolve(layer, tensor, weights, biases)
    return activate(work, layer, made, layer.config.get("activation"))


def activation(work, layer, tensors, arguments):
    return activate(work, layer, tensors[0], layer.config["activation"])


def relu(work, layer, tensors, arguments):
    config = layer.config
    slope = config.get("negative_slope", config.get("alpha", 0.0))
    slope = (
        config.get("negative_slope", config.get("alpha", 0.3)) if "Leaky" in layer.kind else slope
    )
    numbers = config.get("max_value"), slope or 0.0, config.get("threshold") or 0.0
    for number in numbers:
        if number is not None and not isinstance(number, int | float):
            raise ModelError(f"its options must be numbers, got {number!r}")
    return _apply(work, layer, tensors[0], quantisers.relu(*numbers))


def activate(work, layer, tensor, described):
    """The tensor after an activation as the file describes it."""
    function = quantisers.parse(described, work.upper_bound)
    return tensor if function is None else _apply(work, layer, tensor, function)


def _apply(work, layer, tensor, function):
    if tensor.zeros and function.run(np.zeros(1))[0]:
        raise ModelError(f"{function} must keep the {tensor.zeros} zeros in front of it zero")
    if not function.quantises:
        return replace(tensor, functions=(*tensor.functions, function))
    return work.draft.quantise(tensor, function, layer.name)


# Time ---------------------------------------------------------------------------------------------


def padding(work, layer, tensors, arguments):
    given = layer.config["padding"]
    before, after = given if isinstance(given, list) else (given, given)
    if after or before < 0:
        raise ModelError(must_be("padding", "causal, (n, 0)", f"({before}, {after})"))
    return replace(tensors[0], zeros=tensors[0].zeros + before)


def cropping(work, layer, tensors, arguments):
    given = layer.config["cropping"]
    before, after = given if isinstance(given, list) else (given, given)
    if min(before, after) < 0:
        raise ModelError(must_be("cropping", "0 or more", f"({before}, {after})"))
    return _cropped(tensors[0], before, after)


def _cropped(tensor, before, after):
    zeros = max(0, tensor.zeros - before)
    late = tensor.late + max(0, before - tensor.zeros)
    cut = f"the last {after} frames are dropped" if after else tensor.cut
    return replace(tensor, late=late, zeros=zeros, cut=cut)


def item(work, layer, tensors, arguments):
    """x[:, start:stop, from:to]."""
    if len(arguments) != 1 or not isinstance(arguments[0], list) or len(arguments[0]) > 3:
        raise ModelError("the index must be [:, a:b, c:d]")
    slices = [_slice(part) for part in arguments[0]]
    slices += [(None, None)] * (3 - len(slices))
    if slices[0] != (None, None):
        raise ModelError("the index must leave the batch whole: [:, a:b, c:d]")
    tensor, (start, stop) = tensors[0], slices[1]
    if start is not None and start < 0 and stop is None:
        tensor = replace(tensor, cut=f"only the last {-start} frames are kept")
    elif stop is None or stop < 0:
        tensor = _cropped(tensor, start or 0, -(stop or 0))
    else:
        raise ModelError(must_be("frames of a stream", "n: or :-n", f"{start}:{stop}"))
    low, high, _ = slice(*slices[2]).indices(tensor.channels)
    if (low, high) == (0, tensor.channels):
        return tensor
    if low >= high:
        raise ModelError("the index must leave a channel")
    matrix = np.zeros((tensor.channels, high - low))
    matrix[range(low, high), range(high - low)] = 1
    return _linear(work, layer, tensor, matrix, None, ("slice", low, high))


def _slice(part):
    config = part["config"]
    if config["step"] not in (None, 1):
        raise ModelError(must_be("step", 1, config["step"]))
    return config["start"], config["stop"]


# Sums and products --------------------------------------------------------------------------------


def together(tensors):
    """(late, cut) that the tensors share. Raises ModelError where they are not aligned."""
    for what in ("late", "zeros", "cut"):
        values = [getattr(tensor, what) for tensor in tensors]
        if len(set(values)) > 1:
            raise ModelError(f"what comes together must have the same frames, got {what} {values}")
    if tensors[0].zeros:
        raise ModelError(f"a convolution must follow zero padding, got {tensors[0].zeros} zeros")
    return {"late": tensors[0].late, "cut": tensors[0].cut}


def _alike(layer, work, tensors, arguments):
    if arguments or len(tensors) < 2:
        raise ModelError("must be called with 2 or more tensors and no constants")
    counts = [tensor.channels for tensor in tensors]
    if len(set(counts)) > 1:
        raise ModelError(f"channels must be as many in all inputs, got {counts}")
    return [work.draft.settled(tensor, layer.name) for tensor in tensors], together(tensors)


def add(work, layer, tensors, arguments):
    tensors, time = _alike(layer, work, tensors, arguments)
    value = as_sum(tensors[0].value)
    for number, tensor in enumerate(tensors[1:]):
        more = as_sum(tensor.value)
        if layer.kind == "Subtract":
            more = mapped(more, -np.eye(more.channels), ("minus", number))
        value = added(value, more)
    if layer.kind == "Average":
        factor = 1.0 / len(tensors)
        value = mapped(value, np.eye(value.channels) * factor, ("mean", len(tensors)))
    return replace(tensors[0], value=value, name=layer.name, **time)


def multiply(work, layer, tensors, arguments):
    tensors, time = _alike(layer, work, tensors, arguments)
    if len(tensors) != 2:
        raise ModelError(must_be("tensors of a product", 2, len(tensors)))
    a, b = (work.single(tensor, layer) for tensor in tensors)
    return replace(tensors[0], value=Gate(tensors[0].channels, a, b), name=layer.name, **time)


def concatenate(work, layer, tensors, arguments):
    axis = layer.config.get("axis", -1)
    if axis not in (-1, 2):
        raise ModelError(must_be("axis", "-1, the channels", axis))
    time = together(tensors)
    pending = {tensor.functions for tensor in tensors}
    if len(pending) > 1:
        tensors = [work.draft.settled(tensor, layer.name) for tensor in tensors]
    if all(isinstance(tensor.value, Words) for tensor in tensors):
        value = Words(sum((tensor.value.pieces for tensor in tensors), ()))
        return replace(tensors[0], value=value, name=layer.name, **time)
    total, at = sum(tensor.channels for tensor in tensors), 0
    value = Sum(total)
    for tensor in tensors:
        if isinstance(tensor.value, Words):
            part = Sum(total, spread(tensor.value, total, at))
        else:
            place = np.zeros((tensor.channels, total))
            place[range(tensor.channels), range(at, at + tensor.channels)] = 1
            part = mapped(as_sum(tensor.value), place, ("place", at, total))
        value = added(value, part)
        at += tensor.channels
    return replace(tensors[0], value=value, name=layer.name, **time)


# Scales -------------------------------------------------------------------------------------------


def _linear(work, layer, tensor, matrix, bias, owner):
    tensor = work.draft.settled(tensor, layer.name)
    if tensor.zeros:
        raise ModelError(f"a convolution must follow zero padding, got {tensor.zeros} zeros")
    value = mapped(as_sum(tensor.value), matrix, owner)
    if bias is not None:
        value = added(value, Sum(value.channels, bias=bias))
    return replace(tensor, value=value, name=layer.name)


def batch_normalization(work, layer, tensors, arguments):
    from models.keras.lowering.normalization import factors

    if layer.config.get("axis", -1) not in (-1, 2, [2], [-1]):
        raise ModelError(must_be("axis", "-1, the channels", layer.config["axis"]))
    channels = tensors[0].channels
    scale, shift = factors(layer, channels)
    made = _linear(work, layer, tensors[0], np.diag(scale), shift, (id(layer), "scale"))
    return activate(work, layer, made, layer.config.get("activation"))


def rescaling(work, layer, tensors, arguments):
    channels = tensors[0].channels
    scale, offset = (
        np.broadcast_to(np.asarray(layer.config.get(key, default), np.float64), (channels,))
        for key, default in (("scale", 1.0), ("offset", 0.0))
    )
    bias = offset.copy() if offset.any() else None
    return _linear(work, layer, tensors[0], np.diag(scale), bias, (id(layer), "scale"))


def code(work, layer, tensors, arguments):
    raise ModelError("is code in the file, which is never run")


KINDS = {
    **dict.fromkeys(IDENTITIES, identity),
    **dict.fromkeys(
        ("Conv1D", "QConv1D", "Dense", "QDense", "DepthwiseConv1D", "QDepthwiseConv1D",
         "SeparableConv1D", "QSeparableConv1D"),
        convolution,
    ),
    **dict.fromkeys(("Activation", "QActivation"), activation),
    **dict.fromkeys(("ReLU", "LeakyReLU"), relu),
    **dict.fromkeys(("Add", "Subtract", "Average"), add),
    **dict.fromkeys(("BatchNormalization", "QBatchNormalization"), batch_normalization),
    "Multiply": multiply,
    "Concatenate": concatenate,
    "ZeroPadding1D": padding,
    "Cropping1D": cropping,
    "GetItem": item,
    "Rescaling": rescaling,
    "Lambda": code,
}  # fmt: skip
