# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Convolutions over time as terms: kernels float64 [tap, in, out], whatever Keras's layer."""

from dataclasses import dataclass, replace

import numpy as np

from models.keras.lowering.tensors import Sum, TermDraft, Words, added, as_sum
from models.keras.lowering.weights import quantised
from models.messages import must_be
from models.spec import ModelError


@dataclass(frozen=True)
class Kernel:
    """values: float64 [tap, in, out];  dilation; the rest as of a TermDraft."""

    values: np.ndarray
    dilation: int = 1
    declared: tuple | None = None
    powers: bool = False
    wide: bool = False


def _single(value):
    """Keras writes the numbers of one dimension as [n], (n,) or n."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _plain(layer, options):
    for option, allowed in options:
        value = _single(layer.config.get(option, allowed))
        if value != allowed:
            raise ModelError(must_be(option, repr(allowed), repr(value)))


def _shape(layer, weights, dimensions):
    values = weights.values
    if values.ndim != dimensions or 0 in values.shape:
        raise ModelError(f"kernel must have {dimensions} dimensions, got shape {values.shape}")
    taps = _single(layer.config.get("kernel_size", 1))
    if dimensions == 3 and values.shape[0] != taps:
        raise ModelError(f"kernel must have kernel_size {taps} taps, got {values.shape[0]}")
    return values


def grouped_kernel(layer):
    """Of Conv1D and QConv1D. Groups become blocks among zeros."""
    _plain(layer, (("strides", 1), ("data_format", "channels_last")))
    weights = quantised(layer, 0, "kernel_quantizer", "kernel")
    values = _shape(layer, weights, 3)
    groups = _single(layer.config.get("groups", 1))
    if not isinstance(groups, int) or groups < 1 or values.shape[2] % groups:
        raise ModelError(must_be("groups", f"a divisor of filters ({values.shape[2]})", groups))
    if groups > 1:
        taps, each, out = values.shape
        whole, size = np.zeros((taps, each * groups, out)), out // groups
        for g in range(groups):
            outs = slice(g * size, (g + 1) * size)
            whole[:, g * each : (g + 1) * each, outs] = values[:, :, outs]
        values = whole
    dilation = _single(layer.config.get("dilation_rate", 1))
    return Kernel(values, dilation, weights.declared, weights.powers)


def dense_kernel(layer):
    """Of Dense and QDense, which run on each frame alone."""
    weights = quantised(layer, 0, "kernel_quantizer", "kernel")
    return Kernel(_shape(layer, weights, 2)[None], 1, weights.declared, weights.powers)


def depthwise_kernel(layer, wide=False):
    _plain(layer, (("strides", 1), ("data_format", "channels_last")))
    weights = quantised(layer, 0, "depthwise_quantizer", "depthwise kernel")
    values = _shape(layer, weights, 3)
    taps, channels, each = values.shape
    whole = np.zeros((taps, channels, channels * each))
    for c in range(channels):
        whole[:, c, c * each : (c + 1) * each] = values[:, c]
    dilation = _single(layer.config.get("dilation_rate", 1))
    return Kernel(whole, dilation, weights.declared, weights.powers, wide)


def separable_kernel(layer):
    """A depthwise kernel and a 1x1 kernel with no rounding between: their product."""
    depthwise = depthwise_kernel(layer)
    pointwise = quantised(layer, 1, "pointwise_quantizer", "pointwise kernel").values
    if pointwise.ndim != 3 or pointwise.shape[0] != 1:
        raise ModelError(f"pointwise kernel must be [1, in, out], got shape {pointwise.shape}")
    return Kernel(depthwise.values @ pointwise[0], depthwise.dilation, wide=True)


def convolve(layer, tensor, kernel, biases):
    """The Tensor of an exact sum that the layer makes of a tensor."""
    taps, channels, out = kernel.values.shape
    if channels != tensor.channels:
        raise ModelError(f"kernel must have {tensor.channels} input channels, got {channels}")
    if biases is not None and biases.values.shape != (out,):
        raise ModelError(f"bias must have shape ({out},), got {biases.values.shape}")
    span = (taps - 1) * kernel.dilation
    late, zeros = _time(layer, tensor, span)
    bias = None if biases is None else biases.values
    own = Sum(out, bias=bias, bias_owner=(id(layer), "bias"),
              bias_declared=biases and biases.declared)  # fmt: skip
    value = tensor.value
    if isinstance(value, Words):
        terms, at = [], 0
        for signal, count in value.pieces:
            part = kernel.values[:, at : at + count]
            owner = (id(layer), at, count)
            terms.append(
                TermDraft(signal, part, kernel.dilation, owner, kernel.declared, kernel.powers,
                          kernel.wide)
            )  # fmt: skip
            at += count
        value = replace(own, terms=tuple(terms))
    else:
        value = _on_sum(layer, as_sum(value), kernel, zeros, own)
    return replace(tensor, value=value, late=late, zeros=0, name=layer.name)


def _on_sum(layer, value, kernel, zeros, own):
    """A convolution of a sum that was not rounded: one kernel, the product of both."""
    taps = len(kernel.values)
    terms = []
    for term in value.terms:
        if taps > 1 and len(term.kernel) > 1:
            raise ModelError(
                "what comes in must be quantised: a QActivation of quantized_bits(bits, integer, "
                "alpha=1) or quantized_relu(bits - 1, integer) in front; got a sum of "
                f"{len(term.kernel)} taps, which is no single kernel with {taps} more"
            )
        product = term.kernel @ kernel.values  # one of them has one tap
        dilation = kernel.dilation if taps > 1 else term.dilation
        owner = (term.owner, id(layer))
        terms.append(TermDraft(term.source, product, dilation, owner, wide=True))
    for signal in value.adds:
        terms.append(TermDraft(signal, kernel.values, kernel.dilation, (id(layer), "add"),
                               kernel.declared, kernel.powers, kernel.wide))  # fmt: skip
    bias = None
    if value.bias is not None and value.bias.any():
        if zeros:
            raise ModelError(
                f"what comes in must be quantised: {zeros} zeros in front of a sum with biases "
                "have no biases, so no single kernel makes this"
            )
        bias = value.bias @ kernel.values.sum(axis=0)
    made = Sum(own.channels, tuple(terms), (), bias, (value.bias_owner, id(layer)))
    return added(made, own)


def _time(layer, tensor, span):
    """(frames that are missing in front after the layer, zeros in front of it)."""
    mode = layer.config.get("padding", "valid")
    if mode == "same" and span == 0:
        mode = "valid"
    if mode not in ("causal", "valid"):
        raise ModelError(must_be("padding", "'causal' or 'valid'", repr(mode)))
    if tensor.cut:
        raise ModelError(f"a cut must stand at the end of the model, got in front: {tensor.cut}")
    zeros = tensor.zeros
    if mode == "causal" and span:
        if zeros:
            raise ModelError(must_be("zeros before padding 'causal'", 0, zeros))
        zeros = span
    if zeros > span:
        raise ModelError(must_be(f"zeros before padding {mode!r}", f"at most {span}", zeros))
    if zeros and tensor.late:
        raise ModelError(
            "all convolutions must be padded, or none: got zeros in front of frames of which "
            f"{tensor.late} were dropped before"
        )
    return tensor.late + span - zeros, zeros
