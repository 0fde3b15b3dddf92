"""What a Keras file says of a quantiser or an activation, in terms of a number format.

A quantiser stands there as a string, "quantized_bits(16,3,alpha=1)", or as a class name with
options. Only the classes below are made, from plain numbers, so nothing of a file is executed.
"""

import ast
import inspect

import keras
import numpy as np
import qkeras

from models.keras.file import plain_name
from models.keras.qkeras_model import ExactReLU, Po2, float64
from models.messages import either, must_be
from models.spec import ModelError, NumberFormat

CLASSES = {
    "quantized_bits": qkeras.quantized_bits,
    "quantized_relu": qkeras.quantized_relu,
    "quantized_po2": qkeras.quantized_po2,
    "ExactReLU": ExactReLU,
    "Po2": Po2,
}
OF_WEIGHTS = ("quantized_bits", "quantized_po2", "Po2")
POWERS_OF_TWO = ("quantized_po2", "Po2")

TEXT_MOST = 1000  # characters of a quantiser

# Options that change no integer of a forward: names, and what only training uses.
_FREE = {"var_name", "use_ste", "use_variables"}


def parse(value):
    """(name, options) of a quantiser, all its options with defaults, or of a function, with None.

    value: what the file says; None is the function "linear". Raises ModelError for what is neither.
    """
    if value is None:
        return "linear", None
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
    try:
        bound = inspect.signature(CLASSES[name]).bind(*positional, **named)
    except TypeError as error:
        raise ModelError(f"quantiser {name}: {error}") from error
    bound.apply_defaults()
    return bound.arguments


def of_activation(name, options):
    """(NumberFormat, relu) of a quantiser after a convolution.

    Raises ModelError where it is not one rounding to a word, saturating.
    """
    plain = {
        "quantized_bits": {"symmetric": (0,), "keep_negative": (1,), "alpha": (None, 1)},
        "quantized_relu": {"use_sigmoid": (0,), "negative_slope": (0,), "is_quantized_clip": (1,)},
        "ExactReLU": {},
    }
    if name not in plain:
        raise ModelError(must_be("the quantiser of an output", either(plain), name))
    usual = {"use_stochastic_rounding": (0,), "qnoise_factor": (1,)}
    _only(name, options, {**usual, **plain[name]}, _FREE | {"bits", "integer", "relu_upper_bound"})
    relu = name != "quantized_bits"  # a ReLU's word is the positive half of a signed one
    bits, integer = options["bits"], options["integer"]
    return NumberFormat(bits + relu, bits - integer - (not relu)), relu


def quantised(name, options, values):
    """`values` float64 as QKeras quantises weights, in float64."""
    if name not in OF_WEIGHTS:
        raise ModelError(must_be("the quantiser of weights", either(OF_WEIGHTS), name))
    allowed = {"use_stochastic_rounding": (0,), "qnoise_factor": (1,)}
    free = set(options) - {"alpha", "scale_axis", "elements_per_scale", "post_training_scale"}
    if name == "quantized_bits":  # another alpha scales by what is found in the weights
        allowed["alpha"] = (1,)
    _only(name, options, allowed, free - set(allowed))
    with float64():
        return np.asarray(CLASSES[name](**options)(keras.ops.convert_to_tensor(values)))


def _only(name, options, allowed, free):
    """Raise ModelError unless every option is free, None, or has an allowed value."""
    for option, value in options.items():
        if option in allowed:
            if value not in allowed[option]:
                wanted = either(map(repr, allowed[option]))
                raise ModelError(must_be(f"{name}: {option}", wanted, repr(value)))
        elif option not in free and value is not None:
            raise ModelError(must_be(f"{name}: {option}", None, repr(value)))
