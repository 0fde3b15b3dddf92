"""A QKeras model that was trained elsewhere, from its file, as a Model of the same integers."""

import re
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from models.keras import quantisers
from models.keras.file import KerasLayer, read_chain
from models.keras.integers import integers
from models.messages import either, must_be
from models.spec import Conv1DSpec, Model, ModelError, NetworkSpec

ACTIVATIONS = ("Activation", "QActivation", "ReLU")
IDENTITIES = ("InputLayer", "Dropout", "SpatialDropout1D", "GaussianNoise")  # when not training
CONVOLUTIONS = ("Conv1D", "QConv1D")
SUPPORTED = (*CONVOLUTIONS, "ZeroPadding1D", *ACTIVATIONS, *IDENTITIES)
_BAD_FIELDS = (KeyError, TypeError, ValueError, AttributeError, SyntaxError, RecursionError)


@dataclass
class Pass:
    """One run of a convolution: what followed it decides `relu` and `quantised`."""

    layer: KerasLayer
    kernel_size: int
    dilation: int
    relu: bool = False
    quantised: bool = False

    @property
    def key(self):
        return self.layer, self.relu


def import_file(path, sample_rate, name=None, chain=None):
    """The Model of a .keras or .h5 file: `models.reference` on it gives, on integer inputs, the
    integers of the QKeras model's forward in float64.

    Supported is a chain of Conv1D or QConv1D, each followed by a quantiser to one number format
    (quantized_bits(bits, integer, alpha=1) or quantized_relu(bits-1, integer)), inline or as
    QActivation, with a ReLU before or after. Padding is "causal", or "valid" with or without
    ZeroPadding1D of dilation*(kernel_size-1) zeros in front; without them the QKeras model's output
    starts later. A layer that runs several times in a row becomes `repeat`.

    sample_rate: Hz, which the file does not tell;  name: of the network, default the file's;
    chain: what read_chain gave for the file, where it was read before.
    Raises ModelError, one line that begins with the path and names the layer and the reason.
    """
    try:
        passes, number_format = _passes(read_chain(path) if chain is None else chain)
        layers, weights = [], []
        for (layer, relu), turns in groupby(passes, key=lambda turn: turn.key):
            turns = list(turns)
            spec, pair = _convolution(layer, turns[0], relu, len(turns), number_format)
            layers.append(spec)
            weights.append(pair)
        name = name or re.sub(r"[^A-Za-z0-9._-]", "_", Path(path).stem)[:40]
        spec = NetworkSpec(tuple(layers), number_format, sample_rate, name)
        return Model(spec, weights, {"data": f"imported from {Path(path).name}"})
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None


def _passes(chain):
    """(list of Pass, NumberFormat) of a chain of KerasLayers."""
    passes, number_format, zeros = [], None, 0
    for layer in chain:
        try:
            if layer.kind in CONVOLUTIONS:
                _end(passes)
                passes.append(_pass(layer, zeros))
                zeros = 0
                number_format = _activate(layer.config.get("activation"), passes, number_format)
            elif layer.kind == "ZeroPadding1D":
                zeros += _zeros(layer.config["padding"])
            elif layer.kind == "ReLU":
                _plain_relu(layer.config)
                number_format = _activate("relu", passes, number_format)
            elif layer.kind in ACTIVATIONS:
                number_format = _activate(layer.config["activation"], passes, number_format)
            elif layer.kind == "Lambda":
                raise ModelError("is code in the file, which is never run")
            elif layer.kind not in IDENTITIES:
                raise ModelError(f"its kind must be {either(SUPPORTED)}")
        except ModelError as error:
            named = str(error).startswith("layer ")
            raise (error if named else layer.error(error)) from None
        except _BAD_FIELDS as error:
            reason = (str(error) or type(error).__name__).splitlines()[0]
            raise layer.error(f"unreadable options: {reason}") from error
    if not passes:
        raise ModelError("must have a Conv1D or QConv1D, got no convolution")
    if zeros:
        raise ModelError(f"a convolution must follow zero padding, got {zeros} zeros at the end")
    _end(passes)
    return passes, number_format


def _end(passes):
    """No convolution may follow one whose sums were not rounded."""
    if passes and not passes[-1].quantised:
        raise passes[-1].layer.error(
            "its output is not quantised; a QActivation of quantized_bits(bits, integer, alpha=1) "
            "or quantized_relu(bits - 1, integer) must follow"
        )


def _pass(layer, zeros):
    config = layer.config
    for option, allowed in (("strides", 1), ("groups", 1), ("data_format", "channels_last")):
        value = _single(config.get(option, allowed))
        if value != allowed:
            raise ModelError(must_be(option, repr(allowed), repr(value)))
    taps, dilation = _single(config["kernel_size"]), _single(config.get("dilation_rate", 1))
    depth, padding = (taps - 1) * dilation, config["padding"]
    if padding not in ("causal", "valid"):
        raise ModelError(must_be("padding", "'causal' or 'valid'", repr(padding)))
    allowed = (0,) if padding == "causal" else (0, depth)
    if zeros not in allowed:
        wanted = either(sorted(set(allowed)))
        raise ModelError(must_be(f"zeros before padding {padding!r}", wanted, zeros))
    return Pass(layer, taps, dilation)


def _single(value):
    """Keras writes the numbers of one dimension as [n], (n,) or n."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _zeros(padding):
    before, after = padding if isinstance(padding, list) else (padding, padding)
    if after or before < 0:
        raise ModelError(must_be("padding", "causal, (n, 0)", f"({before}, {after})"))
    return before


def _plain_relu(config):
    for option in ("max_value", "negative_slope", "threshold"):
        if config.get(option):
            raise ModelError(must_be(option, "left out", repr(config[option])))


def _activate(value, passes, number_format):
    """Take an activation into the last pass; returns the model's number format as known so far."""
    name, options = quantisers.parse(value)
    if name == "linear":
        return number_format
    if options is None:
        if name != "relu":
            raise ModelError(must_be("activation", "relu or a quantiser", name))
        relu = True
    else:
        found, relu = quantisers.of_activation(name, options)
        if number_format not in (None, found):
            raise ModelError(f"{name} must make {number_format} like those before it, got {found}")
        number_format = found
    if not passes:
        if relu:
            raise ModelError("a ReLU must follow a convolution, got one on the inputs")
        return number_format  # inputs are words already
    passes[-1].relu |= relu
    passes[-1].quantised |= options is not None
    return number_format


def _convolution(layer, turn, relu, repeat, number_format):
    """(Conv1DSpec, (kernel, bias) integers) of a convolution that runs `repeat` times."""
    config = layer.config
    wanted = 1 + bool(config.get("use_bias", True))
    if len(layer.arrays) != wanted or layer.arrays[0].ndim != 3:
        shapes = ", ".join(str(array.shape) for array in layer.arrays) or "none"
        raise layer.error(f"must hold a kernel and a bias, got arrays of shape {shapes}")
    kernel = layer.arrays[0]
    bias = layer.arrays[1] if wanted == 2 else np.zeros(kernel.shape[2])
    try:
        kernel, powers = _weights(kernel, config.get("kernel_quantizer"), "kernel", number_format)
        bias, _ = _weights(bias, config.get("bias_quantizer"), "bias", number_format)
        spec = Conv1DSpec(
            *(kernel.shape[1], kernel.shape[2], turn.kernel_size, turn.dilation, relu),
            weights="po2" if powers else "fixed",
            repeat=repeat,
        )
    except ModelError as error:
        raise layer.error(error) from None
    return spec, (kernel, bias)


def _weights(values, quantiser, what, number_format):
    """(integers, whether they are powers of two by construction)."""
    if quantiser is None:
        return integers(values, number_format, f"{what} without a quantiser"), False
    name, options = quantisers.parse(quantiser)
    if options is None:
        raise ModelError(f"{what} quantiser must be one of QKeras's, got {name}")
    values = quantisers.quantised(name, options, values)
    return integers(values, number_format, what), name in quantisers.POWERS_OF_TWO
