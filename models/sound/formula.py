# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Waves as formulas of the phase t in [0, 1): arithmetic and a few functions, never run as code.

t = 0 is where the triangle of the input turns up, t = 0.5 where it turns down:

    sin(2*pi*t)     fold(3*tri(t))     1 if t < 0.25 else -1/3     tanh(4*sin(2*pi*t))
"""

import ast
import operator

import numpy as np

from models.spec import ModelError

MOST = 300  # characters

_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def triangle(p):
    """-1 at p = 0, up to +1 at p = 0.5, and down again."""
    return 1 - 4 * np.abs(p - 0.5)


def fold(x):
    """x folded back into [-1, 1] at its ends, as often as it takes."""
    return 1 - np.abs((x + 1) % 4 - 2)


FUNCTIONS = {  # name: (function, number of arguments)
    "abs": (np.abs, 1),
    "clip": (lambda x, low, high: np.minimum(np.maximum(x, low), high), 3),
    "cos": (np.cos, 1),
    "exp": (np.exp, 1),
    "floor": (np.floor, 1),
    "fold": (fold, 1),
    "max": (np.maximum, 2),
    "min": (np.minimum, 2),
    "sign": (np.sign, 1),
    "sin": (np.sin, 1),
    "sqrt": (np.sqrt, 1),
    "tanh": (np.tanh, 1),
    "tri": (triangle, 1),
}
ALLOWED = f"t, pi, numbers, + - * / % **, < > <= >=, A if X else B, {', '.join(FUNCTIONS)}"


def evaluate(text, t):
    """float64, shaped as t: the formula at phases t [...] in [0, 1).

    Raises ModelError for what is no formula of ALLOWED; values that are not finite are returned.
    """
    if not isinstance(text, str) or len(text) > MOST:
        raise ModelError(f"formula: must have at most {MOST} characters, got {str(text)[:30]}...")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        with np.errstate(all="ignore"):
            values = _value(tree, {"t": np.asarray(t, np.float64), "pi": np.float64(np.pi)})
    except (SyntaxError, ValueError) as error:
        if isinstance(error, ModelError):
            raise ModelError(f"formula {text!r}: {error}") from None
        raise ModelError(f"formula {text!r}: must be made of {ALLOWED}") from None
    except (RecursionError, MemoryError):
        raise ModelError(f"formula {text!r}: nested too deeply") from None
    return np.broadcast_to(np.asarray(values, np.float64), np.shape(t)).copy()


def _value(node, names):
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return np.float64(value) if abs(value) < 1e300 else np.float64(np.inf)
        case ast.Name(id=name) if name in names:
            return names[name]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_value(left, names), _value(right, names))
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_value(operand, names))
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _OPERATORS:
            holds = _OPERATORS[type(op)](_value(left, names), _value(right, names))
            return np.asarray(holds, np.float64)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            chosen = _value(test, names) != 0
            return np.where(chosen, _value(body, names), _value(orelse, names))
        case ast.Call(func=ast.Name(id=name), args=given, keywords=[]) if name in FUNCTIONS:
            function, count = FUNCTIONS[name]
            if len(given) != count:
                raise ModelError(f"{name} takes {count} values, got {len(given)}")
            return function(*(_value(argument, names) for argument in given))
        case ast.Call(func=ast.Name(id=name)) | ast.Name(id=name):
            raise ModelError(f"must be made of {ALLOWED}, got {name}")
    raise ModelError(f"must be made of {ALLOWED}, got {ast.unparse(node)[:30]}")
