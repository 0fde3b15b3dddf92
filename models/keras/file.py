"""A Keras model file as data: the chain of its layers, their options and arrays.

Nothing in the file is executed and no class is looked up by a name from it, so a file of unknown
origin can be read: Keras's own loader imports the modules that the file names. Read are .keras
(Keras 3) and .h5 (Keras 2 and 3).
"""

import io
import math
import zipfile
from dataclasses import dataclass

import h5py
import numpy as np

from models import npz
from models.files import FileError, check_readable
from models.messages import must_be
from models.spec import Conv1DSpec, ModelError

WEIGHTS = "model.weights.h5"
FILE_BYTES = 64 << 20
JSON_BYTES = 4 << 20
ARRAY_BYTES = 64 << 20  # of all weights, as float64
LAYERS_MOST = 4096  # as they run, with all that is no convolution

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

    Raises ModelError, one line, for a file that is no Keras model or too large, and for a model
    that is not a chain (it names the layer that branches).
    """
    try:
        check_readable(path, FILE_BYTES)
        with open(path, "rb") as stream:
            if zipfile.is_zipfile(stream):
                npz.check_zip(stream)
                with zipfile.ZipFile(stream) as archive:
                    config = npz.read_json(_unpacked(archive, "config.json", JSON_BYTES).decode())
                    weights = io.BytesIO(_unpacked(archive, WEIGHTS, ARRAY_BYTES))
                with h5py.File(weights, "r") as file:
                    chain = _chain(config, _arrays_of_keras(file))
            else:
                with h5py.File(stream, "r") as file:
                    if "model_config" not in file.attrs:
                        raise ModelError("weights alone, without the layers; save the whole model")
                    config = _text(file.attrs["model_config"])
                    if len(config) > JSON_BYTES:
                        raise ModelError(f"a description of more than {JSON_BYTES} bytes")
                    chain = _chain(npz.read_json(config), _arrays_of_h5(file))
        _check_sizes(chain)
        return chain
    except FileError as error:
        message = str(error)
        raise ModelError(message.removeprefix(f"{path}: ")) from error
    except ModelError:
        raise
    except _UNREADABLE as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise ModelError(f"not a readable Keras model (.keras, .h5): {reason}") from error


def _unpacked(archive, name, most):
    """The bytes of a member of a zip, at most `most`."""
    member = archive.getinfo(name)
    if member.compress_type not in npz.METHODS:
        raise ModelError(f"compression must be deflate or none, got {member.compress_type}")
    if member.file_size > most:
        raise ModelError(f"{name} must unpack to at most {most} bytes, got {member.file_size}")
    return archive.read(member)


def _check_sizes(chain):
    """Raises ModelError for a convolution that no NetworkSpec may hold: before Keras is loaded."""
    if len(chain) > LAYERS_MOST:
        raise ModelError(f"must have at most {LAYERS_MOST} layers, got {len(chain)}")
    for layer in chain:
        if layer.kind in ("Conv1D", "QConv1D") and layer.arrays and layer.arrays[0].ndim == 3:
            taps, *channels = layer.arrays[0].shape
            dilation = layer.config.get("dilation_rate", 1)
            if isinstance(dilation, list) and len(dilation) == 1:
                dilation = dilation[0]
            try:
                Conv1DSpec(*channels, taps, dilation)
            except ModelError as error:
                raise layer.error(str(error).removeprefix("layer: ")) from None


class _Budget:
    """Reads datasets until they have taken ARRAY_BYTES."""

    def __init__(self):
        self.left = ARRAY_BYTES

    def array(self, group, name):
        """The dataset `name` of a group as float64. Chunks are unpacked whole, so they count."""
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise ModelError(f"array {name!r} is a link to elsewhere, which is not followed")
        dataset = group[name]
        if dataset.external or dataset.is_virtual:
            raise ModelError(f"array {name!r} is in another file, which is not read")
        if dataset.dtype.kind not in "fiu":
            raise ModelError(f"array {name!r} must hold numbers, got {dataset.dtype}")
        self.left -= 8 * max(math.prod(dataset.shape), math.prod(dataset.chunks or (0,)))
        if self.left < 0:
            raise ModelError(f"its arrays must take at most {ARRAY_BYTES} bytes")
        return np.asarray(dataset[()], np.float64)


def _arrays_of_keras(weights):
    """{layer name: arrays} of a .keras file's HDF5 part, where groups carry the class's name."""
    found, budget = {}, _Budget()

    def visit(path, item):
        if path.split("/")[-1] == "vars" and "name" in item.attrs:
            count = len(item)
            arrays = (budget.array(item, str(i)) for i in range(count))
            found[item.attrs["name"]] = tuple(arrays)

    weights.visititems(visit)
    return found


def _arrays_of_h5(file):
    """{layer name: arrays} of a .h5 file."""
    found, budget = {}, _Budget()
    for name, group in file["model_weights"].items():
        names = (_text(entry) for entry in group.attrs.get("weight_names", ()))
        found[name] = tuple(budget.array(group, entry) for entry in names)
    return found


def _text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def _chain(config, arrays):
    kind = plain_name(config["class_name"])
    if kind not in ("Sequential", "Functional", "Model"):
        raise ModelError(must_be("the model's class", "Sequential or Functional", kind))
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
