"""A Keras model file as data: the chain of its layers, their options and arrays.

Nothing in the file is executed and no class is looked up by a name from it, so a file of unknown
origin can be read: Keras's own loader imports the modules that the file names. Read are .keras
(Keras 3) and .h5 (Keras 2 and 3).
"""

import json
import zipfile
from dataclasses import dataclass

import h5py
import numpy as np

from models.spec import ModelError

# What JSON, zipfile and h5py raise on files that are damaged or of another shape.
_UNREADABLE = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OSError,
    RuntimeError,
    NotImplementedError,
    zipfile.BadZipFile,
)


@dataclass(frozen=True, eq=False)
class KerasLayer:
    """One layer as the file describes it.

    kind: class name without its package;  config: the options, from JSON;  arrays: float64, in
    Keras's order (kernel, bias).
    """

    name: str
    kind: str
    config: dict
    arrays: tuple

    def error(self, reason):
        """A ModelError that names the layer."""
        return ModelError(f"layer {self.name} ({self.kind}): {reason}")


def plain_name(class_name):
    """The class of "package>Class", as Keras writes registered ones."""
    return class_name.rsplit(">", 1)[-1]


def read_chain(path):
    """The layers of a model from input to output; one that runs several times comes several times.

    Raises ModelError, one line, for a file that is no Keras model, and for a model that is not a
    chain (it names the layer that branches).
    """
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                config = json.loads(archive.read("config.json"))
                with archive.open("model.weights.h5") as stream, h5py.File(stream, "r") as weights:
                    return _chain(config, _arrays_of_keras(weights))
        with open(path, "rb") as stream, h5py.File(stream, "r") as file:
            if "model_config" not in file.attrs:
                raise ModelError("weights alone, without the layers; save the whole model")
            return _chain(json.loads(file.attrs["model_config"]), _arrays_of_h5(file))
    except FileNotFoundError as error:
        raise ModelError("no such file") from error
    except ModelError:
        raise
    except _UNREADABLE as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise ModelError(f"not a readable Keras model (.keras, .h5): {reason}") from error


def _arrays_of_keras(weights):
    """{layer name: arrays} of a .keras file's HDF5 part, where groups carry the class's name."""
    found = {}

    def visit(path, item):
        if path.split("/")[-1] == "vars" and "name" in item.attrs:
            count = len(item)
            found[item.attrs["name"]] = tuple(_array(item[str(i)]) for i in range(count))

    weights.visititems(visit)
    return found


def _arrays_of_h5(file):
    """{layer name: arrays} of a .h5 file."""
    found = {}
    for name, group in file["model_weights"].items():
        names = (_text(entry) for entry in group.attrs.get("weight_names", ()))
        found[name] = tuple(_array(group[entry]) for entry in names)
    return found


def _array(dataset):
    return np.asarray(dataset[()], np.float64)


def _text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def _chain(config, arrays):
    kind = plain_name(config["class_name"])
    if kind not in ("Sequential", "Functional", "Model"):
        raise ModelError(f"a model of class {kind} is not supported: Sequential, Functional")
    inner = config["config"]
    entries = inner["layers"] if isinstance(inner, dict) else inner  # a list: Sequential, Keras 2
    layers = {}
    for entry in entries:
        name = entry["config"]["name"]
        described = plain_name(entry["class_name"]), entry["config"], arrays.get(name, ())
        layers[name] = (KerasLayer(name, *described), entry.get("inbound_nodes"))
    if kind == "Sequential":
        return [layer for layer, _ in layers.values()]
    return _walk(layers, list(_tensors(inner["output_layers"])))


def _walk(layers, sources):
    """From the model's output back to its input."""
    if len(sources) != 1:
        raise ModelError(f"{len(sources)} outputs; only a chain with 1 is supported")
    visits, seen = [], set()
    while sources:
        name, node = sources[0]
        if (name, node) in seen:
            raise ModelError(f"layer {name} is its own input")
        seen.add((name, node))
        layer, nodes = layers[name]
        visits.insert(0, layer)
        if layer.kind == "InputLayer":
            return visits
        sources = list(_tensors(nodes[node]))
        if len(sources) != 1:
            raise layer.error(f"takes {len(sources)} inputs; only a chain is supported")
    raise ModelError("no layer")


def _tensors(node):
    """(layer name, node index) of the tensors in a piece of a functional model's description."""
    if isinstance(node, list) and len(node) >= 3 and isinstance(node[0], str):
        yield node[0], int(node[1])
    elif isinstance(node, dict) and "keras_history" in node:
        yield from _tensors(node["keras_history"])
    elif isinstance(node, dict | list):
        for value in node.values() if isinstance(node, dict) else node:
            yield from _tensors(value)
