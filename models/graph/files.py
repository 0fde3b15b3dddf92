# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Model files of either version, read as networks of version 2."""

from models import npz
from models.files import FileError
from models.graph.chain import as_chain, from_chain
from models.graph.model import GraphModel
from models.graph.spec import Network
from models.number_format import ModelError, shown
from models.spec import FILE_BYTES, Model


def load(path):
    """The GraphModel in an .npz that a Model or a GraphModel saved, of any origin: its size and
    what it asks for are bounded.

    Raises ModelError with one line that names the file and the reason.
    """
    try:
        arrays = npz.read(path, FILE_BYTES)
    except FileError as error:
        raise ModelError(str(error)) from error
    for name in ("meta", "spec"):
        if name not in arrays:
            raise ModelError(f"{path}: not a model: {name!r} is missing")
    try:
        described, meta = (npz.read_json(arrays.pop(name)) for name in ("spec", "meta"))
        if not isinstance(described, dict) or "version" not in described:
            return from_chain(Model.load(path))
        if not isinstance(meta, dict):
            raise ModelError(f"not a model: meta is {shown(meta)}, not a JSON object")
        return GraphModel(Network.from_dict(described), *_parts(arrays), meta)
    except ModelError as error:
        text = str(error)
        raise ModelError(text if text.startswith(str(path)) else f"{path}: {text}") from None
    except ValueError as error:
        raise ModelError(f"{path}: not a model: {error}") from None


def load_any(path):
    """The Model of a chain of one format, in a file of either version, else the GraphModel.

    Raises ModelError as `load` does.
    """
    try:
        return Model.load(path)
    except ModelError:
        return load(path)


def load_chain(path):
    """The Model in a file of either version. Raises ModelError as `load` does, and for a net of
    version 2 that is no chain of one format: with the layer."""
    model = load(path)
    try:
        return as_chain(model)
    except ModelError as error:
        raise ModelError(
            f"{path}: must be a chain of one format for this command (file version 1), got a graph "
            f"of version 2: {error}"
        ) from None


def _parts(arrays):
    """(kernels, biases, tables) by the names that GraphModel.save gives them."""
    kernels, biases, tables = {}, {}, {}
    for name, values in arrays.items():
        kind, _, rest = name.partition(":")
        layer, _, index = rest.rpartition(":")
        if kind == "kernel" and index.isdecimal():
            kernels[layer, int(index)] = values
        elif kind == "bias":
            biases[rest] = values
        elif kind == "table" and len(values) == 2:
            tables[rest] = tuple(values)
        else:
            raise ModelError(f"not a model: unknown array {shown(name)}")
    return kernels, biases, tables
