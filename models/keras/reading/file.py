# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""A Keras model file as data: its layers, their options and arrays, see nodes.py.

Nothing in the file is executed and no class is looked up by a name from it, so a file of unknown
origin can be read: Keras's own loader imports the modules that the file names. Read are .keras
(Keras 3, and Keras 2 from 2.12 on), .h5 (Keras 2 and 3), and model.json with a file of weights.
"""

import io
import os
import zipfile

import h5py

from models import npz
from models.files import FileError, check_readable
from models.keras.reading.nodes import flatten
from models.keras.reading.stores import KerasStore, LegacyStore
from models.spec import Conv1DSpec, ModelError

WEIGHTS = "model.weights.h5"
FILE_BYTES = 64 << 20
JSON_BYTES = 4 << 20
ARRAY_BYTES = 64 << 20  # of all weights, as float64

# What JSON, zipfile and h5py raise on files that are damaged or of another shape.
_UNREADABLE = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OSError,
    RuntimeError,
    MemoryError,
    NotImplementedError,
    zipfile.BadZipFile,
)


def read_graph(path, weights=None):
    """The nodes.Graph of a model file.

    weights: path of a file of weights, where `path` is a description alone, in JSON.
    Raises ModelError, one line, for a file that is no Keras model or too large, and for a model
    whose graph cannot be followed (it names the layer).
    """
    try:
        graph = _read(path, weights)
        _check_sizes(graph)
        return graph
    except FileError as error:
        message = str(error)
        raise ModelError(message.removeprefix(f"{path}: ")) from error
    except ModelError:
        raise
    except _UNREADABLE as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise ModelError(f"not a readable Keras model (.keras, .h5): {reason}") from error


def _read(path, weights):
    if os.path.isdir(path):
        if os.path.exists(os.path.join(path, "saved_model.pb")):
            raise ModelError("a SavedModel folder, without layers: save as .keras or .h5")
        raise ModelError("a folder; a model file is needed: .keras, .h5")
    check_readable(path, FILE_BYTES)
    with open(path, "rb") as stream:
        start = stream.read(16)
        if start[:1] == b"\x80":
            raise ModelError("a pickle, which is code and never loaded; save as .keras or .h5")
        if start.lstrip()[:1] == b"{":
            return _read_json(stream, weights)
        if weights:
            raise ModelError("holds its weights; --weights is for a description in JSON")
        if zipfile.is_zipfile(stream):
            npz.check_zip(stream)
            with zipfile.ZipFile(stream) as archive:
                config = npz.read_json(_unpacked(archive, "config.json", JSON_BYTES).decode())
                packed = io.BytesIO(_unpacked(archive, WEIGHTS, ARRAY_BYTES))
            with h5py.File(packed, "r") as file:
                return flatten(config, KerasStore(file, ARRAY_BYTES))
        with h5py.File(stream, "r") as file:
            if "model_config" not in file.attrs:
                raise ModelError(
                    "weights alone, without the layers; save the whole model, or give "
                    "model.json with --weights"
                )
            config = file.attrs["model_config"]
            config = config.decode() if isinstance(config, bytes) else str(config)
            if len(config) > JSON_BYTES:
                raise ModelError(f"a description must have at most {JSON_BYTES} bytes")
            return flatten(npz.read_json(config), LegacyStore(file["model_weights"], ARRAY_BYTES))


def _read_json(stream, weights):
    if not weights:
        raise ModelError("a description without weights; give the file with --weights")
    stream.seek(0)
    text = stream.read(JSON_BYTES + 1)
    if len(text) > JSON_BYTES:
        raise ModelError(f"a description must have at most {JSON_BYTES} bytes")
    config = npz.read_json(text.decode())
    check_readable(weights, FILE_BYTES)
    with open(weights, "rb") as stream, h5py.File(stream, "r") as file:
        if "model_weights" in file:
            return flatten(config, LegacyStore(file["model_weights"], ARRAY_BYTES))
        store = LegacyStore if "layer_names" in file.attrs else KerasStore
        return flatten(config, store(file, ARRAY_BYTES))


def _unpacked(archive, name, most):
    """The bytes of a member of a zip, at most `most`."""
    member = archive.getinfo(name)
    if member.compress_type not in npz.METHODS:
        raise ModelError(f"compression must be deflate or none, got {member.compress_type}")
    if member.file_size > most:
        raise ModelError(f"{name} must unpack to at most {most} bytes, got {member.file_size}")
    return archive.read(member)


def _check_sizes(graph):
    """Raises ModelError for a convolution that no network may hold: before Keras is loaded."""
    for call in graph.calls:
        layer = call.layer
        if layer.kind in ("Conv1D", "QConv1D") and layer.arrays and layer.arrays[0].ndim == 3:
            taps, *channels = layer.arrays[0].shape
            dilation = layer.config.get("dilation_rate", 1)
            if isinstance(dilation, list) and len(dilation) == 1:
                dilation = dilation[0]
            try:
                Conv1DSpec(*channels, taps, dilation)
            except ModelError as error:
                raise layer.error(str(error).removeprefix("layer: ")) from None
