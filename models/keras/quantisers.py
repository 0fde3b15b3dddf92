# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What a Keras file says of a quantiser or an activation, as a function on float64 values.

A quantiser stands there as a string, "quantized_bits(16,3,alpha=1)", or as a class name with
options. Only the classes below are made, from plain numbers, so nothing of a file is executed.
"""

import ast
import contextlib
import inspect
from dataclasses import dataclass, field

import keras
import numpy as np
import qkeras
import qkeras.quantizers

from models.keras.qkeras_model import ExactReLU, Po2, float64
from models.keras.reading.stores import plain_name
from models.messages import either, must_be
from models.spec import ModelError

CLASSES = {
    name: getattr(qkeras, name)
    for name in (
        "quantized_bits",
        "quantized_linear",
        "quantized_relu",
        "quantized_po2",
        "quantized_relu_po2",
        "quantized_tanh",
        "quantized_sigmoid",
        "quantized_hswish",
        "quantized_ulaw",
        "ternary",
        "binary",
        "stochastic_ternary",
        "stochastic_binary",
    )
} | {"ExactReLU": ExactReLU, "Po2": Po2}
POWERS_OF_TWO = ("quantized_po2", "Po2")
FUNCTIONS = ("linear", "relu", "relu6", "leaky_relu", "tanh", "sigmoid", "hard_sigmoid", "elu",
             "softsign", "softplus", "swish", "silu", "gelu", "hard_silu", "hard_swish",
             "hard_tanh", "exponential")  # fmt: skip

TEXT_MOST = 1000  # characters of a quantiser
# Saved without what decides whether they act; see upper_bound.
UPPER_BOUND = ("ignore", "clip")
# Options of a scale that is found in the weights, which QKeras does not save.
UNSAVED = ("scale_axis", "elements_per_scale", "min_po2_exponent", "max_po2_exponent")


@dataclass(frozen=True)
class Function:
    """A function of one value, or a quantiser of values.

    name: as in the file;  options: of a quantiser, defaults included, None of a plain function;
    run: float64 array -> float64 array.
    """

    name: str
    options: dict | None
    run: object = field(compare=False)

    @property
    def quantises(self):
        return self.options is not None

    @property
    def automatic(self):
        """Whether its scale is found in the values."""
        alpha = (self.options or {}).get("alpha", 1)
        unset = alpha is None and self.name in ("ternary", "binary", "quantized_linear")
        return unset or (isinstance(alpha, str) and alpha.startswith("auto"))

    def __str__(self):
        bits = [self.options[k] for k in ("bits", "integer") if k in (self.options or {})]
        return f"{self.name}({', '.join(map(str, bits))})" if bits else self.name

    def __hash__(self):
        return hash((self.name, repr(self.options)))


def parse(value, upper_bound=None, trained=False):
    """The Function that the file names, or None for none and "linear".

    upper_bound: "clip" or "ignore": what a quantized_relu's relu_upper_bound does. With "ignore",
    QKeras's default, full scale is the bound; QKeras does not save which;  trained: as layers use
    it for kernels, where some find a scale in the values if alpha is None.
    Raises ModelError for what is not known.
    """
    name, options = _read(value)
    if name in (None, "linear"):
        return None
    if options is None:
        if name not in FUNCTIONS:
            raise ModelError(must_be("activation", f"a quantiser, {either(FUNCTIONS)}", name))
        return Function(name, None, _on_arrays(getattr(keras.activations, name)))
    if options.get("use_stochastic_rounding"):
        raise ModelError(must_be(f"{name}: use_stochastic_rounding", False, True))
    bound = options.get("relu_upper_bound")
    if name == "quantized_relu" and bound is not None:
        _bound(options, bound, upper_bound)
    with exact():
        made = CLASSES[name](**options)
        if trained and hasattr(made, "_set_trainable_parameter"):
            made._set_trainable_parameter()
            options["alpha"] = getattr(made, "alpha", None)
    return Function(name, options, _on_arrays(made))


def relu(max_value=None, negative_slope=0.0, threshold=0.0):
    """The Function of Keras's ReLU layer with its options, plain numbers."""

    def run(x):
        return keras.activations.relu(x, negative_slope, max_value, threshold)

    options = max_value, negative_slope, threshold
    name = "relu" if options == (None, 0, 0) else f"relu{options}"
    return Function(name, None, _on_arrays(run))


def _bound(options, bound, upper_bound):
    positive = options["bits"] - bool(options["negative_slope"])
    full = (2.0**positive - 1) * 2.0 ** (options["integer"] - positive)
    if bound >= full:
        return
    if upper_bound not in UPPER_BOUND:
        raise ModelError(
            f"relu_upper_bound {bound} is below full scale {full:.6g}, and QKeras does not save "
            "is_quantized_clip, which decides whether it acts: --relu-upper-bound clip (it was "
            "False) or ignore (True, the default)"
        )
    options["is_quantized_clip"] = upper_bound == "ignore"


def _read(value):
    """(name, options) of a quantiser, all its options with defaults, or of a function, with None.

    value: what the file says. Raises ModelError for what is neither.
    """
    if value is None:
        return None, None
    if isinstance(value, dict):
        name, given = plain_name(value["class_name"]), value["config"]
        if isinstance(given, str):  # a function: {"class_name": "function", "config": "relu"}
            return plain_name(given), None
        return name, _options(name, (), given)
    if len(str(value)) > TEXT_MOST:
        raise ModelError(f"a quantiser must have at most {TEXT_MOST} characters")
    tree = ast.parse(str(value), mode="eval").body
    if isinstance(tree, ast.Name):
        return tree.id, (_options(tree.id, (), {}) if tree.id in CLASSES else None)
    if not isinstance(tree, ast.Call) or not isinstance(tree.func, ast.Name):
        raise ModelError(f"must be a quantiser, got {value!r}")
    positional = [ast.literal_eval(node) for node in tree.args]
    named = {keyword.arg: ast.literal_eval(keyword.value) for keyword in tree.keywords}
    return tree.func.id, _options(tree.func.id, positional, named)


def _options(name, positional, named):
    if name not in CLASSES:
        raise ModelError(must_be("quantiser", either(CLASSES), name))
    if name == "quantized_hswish":  # saves options that it does not take itself
        saved = {"keep_negative": True, "post_training_scale": None}
        named = {k: v for k, v in named.items() if k not in saved or v != saved[k]}
    try:
        bound = inspect.signature(CLASSES[name]).bind(*positional, **named)
    except TypeError as error:
        raise ModelError(f"quantiser {name}: {error}") from error
    bound.apply_defaults()
    for option, value in bound.arguments.items():
        if option in ("bits", "integer") and not (
            isinstance(value, int) and not isinstance(value, bool) and -64 <= value <= 64
        ):
            raise ModelError(must_be(f"{name}: {option}", "-64 to 64", repr(value)))
    return dict(bound.arguments)


class _Operations:
    """Keras's operations for QKeras, whose casts to float32 are to the float type in use."""

    def __init__(self, operations):
        self._operations = operations

    def __getattr__(self, name):
        return getattr(self._operations, name)

    def cast(self, x, dtype):
        return self._operations.cast(x, "float64" if dtype == "float32" else dtype)

    def log(self, x):  # of Python's numbers, which are float32 otherwise
        return self._operations.log(self._operations.convert_to_tensor(x, "float64"))


@contextlib.contextmanager
def exact():
    """QKeras in float64 throughout: the stock quantized_relu, among others, computes in float32
    whatever the float type is, and so misses its own grid (see qkeras_model.ExactReLU)."""
    before = qkeras.quantizers.Kops
    qkeras.quantizers.Kops = _Operations(before)
    try:
        with float64():
            yield
    finally:
        qkeras.quantizers.Kops = before


def _on_arrays(function):
    def run(values):
        with exact():
            return np.asarray(function(keras.ops.convert_to_tensor(values, "float64")), np.float64)

    return run
