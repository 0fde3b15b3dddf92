"""Model files of either version, read as networks of version 2."""

import json

import numpy as np

from models.graph.chain import from_chain
from models.graph.model import GraphModel
from models.graph.spec import Network
from models.number_format import ModelError
from models.spec import Model, read_arrays


def load(path):
    """The GraphModel in an .npz that a Model or a GraphModel saved.

    Raises ModelError with one line that names the file and the reason.
    """
    arrays = read_arrays(path)
    try:
        described = json.loads(str(arrays["spec"]))
        if not isinstance(described, dict) or "version" not in described:
            return from_chain(Model.load(path))
        spec = Network.from_dict(described)
        return GraphModel(spec, *_integers(spec, arrays), json.loads(str(arrays["meta"])))
    except ModelError as error:
        message = str(error)
        raise ModelError(
            message if message.startswith(str(path)) else f"{path}: {message}"
        ) from None
    except (KeyError, ValueError, RecursionError) as error:
        raise ModelError(f"{path}: not a model: {error}") from None


def _integers(spec, arrays):
    kernels, biases, tables = {}, {}, {}
    for name, values in arrays.items():
        kind, _, rest = name.partition(":")
        if kind == "kernel":
            layer, _, index = rest.rpartition(":")
            kernels[layer, int(index)] = values
        elif kind == "bias":
            biases[rest] = values
        elif kind == "table":
            tables[rest] = tuple(np.asarray(values))
    return kernels, biases, tables
