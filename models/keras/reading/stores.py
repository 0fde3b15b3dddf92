# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The arrays of a Keras model file, by the place of a layer among the layers.

Two layouts: that of .keras and .weights.h5, groups with the class's name, and that of .h5, groups
with the layer's name. What a file asks for is bounded; links are not followed.
"""

import math
import re

import h5py
import numpy as np

from models.spec import ModelError

CONTAINERS = ("layers", "_layer_checkpoint_dependencies")  # the second: Keras 2.12
_BATCH_NORMALIZATION = ("BatchNormalization", "QBatchNormalization")
_WRAPPERS = ("TimeDistributed",)


class _Budget:
    """Reads datasets until they have taken `most` bytes."""

    def __init__(self, most):
        self.left = self.most = most

    def array(self, group, name):
        """The dataset `name` of a group as float64. Chunks are unpacked whole, so they count."""
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise ModelError(f"array {name!r} is a link to elsewhere, which is not followed")
        dataset = group[name]
        if dataset.external or dataset.is_virtual:
            raise ModelError(f"array {name!r} is in another file, which is not read")
        kind = _text(dataset.attrs.get("dtype", "")) or str(dataset.dtype)
        if kind == "bfloat16" or (dataset.dtype.kind == "V" and dataset.dtype.itemsize == 2):
            raise ModelError(f"array {name!r} is bfloat16; save the model in float32")
        if dataset.dtype.kind not in "fiu":
            raise ModelError(f"array {name!r} must hold numbers, got {dataset.dtype}")
        self.left -= 8 * max(math.prod(dataset.shape), math.prod(dataset.chunks or (0,)))
        if self.left < 0:
            raise ModelError(f"its arrays must take at most {self.most} bytes")
        return np.asarray(dataset[()], np.float64)


class KerasStore:
    """Arrays of .keras and .weights.h5: layers/CLASS[_N]/vars/0, nested alike.

    N counts layers of one class in their order. Keras 3.6 and later write the layer's name beside
    the arrays; where it is there, it must fit.
    """

    def __init__(self, group, most_bytes, budget=None):
        self.group, self.budget = group, budget or _Budget(most_bytes)
        self.counts = {}
        self.names = None

    def _container(self):
        for name in CONTAINERS:
            if isinstance(self.group, h5py.Group) and name in self.group:
                return self.group[name]
        return None

    def next(self, kind, name, config):
        """The store of the next layer of a model: call once a layer, in order."""
        base = _snake(kind)
        count = self.counts[base] = self.counts.get(base, -1) + 1
        container = self._container()
        if container is None:
            return KerasStore(None, 0, self.budget)
        if self.names is None:  # layer name -> group, where the file tells
            self.names = {}
            for key in container:
                told = _told(container[key])
                if told is not None:
                    self.names[told] = key
        key = self.names.get(name, f"{base}_{count}" if count else base)
        if key not in container:
            return KerasStore(None, 0, self.budget)
        told = _told(container[key])
        if told is not None and told != name:
            return KerasStore(None, 0, self.budget)
        return KerasStore(container[key], 0, self.budget)

    def wrapped(self, kind, config):
        """The store of the layer that a wrapper holds."""
        inner = self.group.get("layer") if isinstance(self.group, h5py.Group) else None
        return KerasStore(inner, 0, self.budget)

    def arrays(self, kind, config):
        if not isinstance(self.group, h5py.Group) or "vars" not in self.group:
            return ()
        group = self.group["vars"]
        return tuple(self.budget.array(group, str(i)) for i in range(len(group)))


class LegacyStore:
    """Arrays of .h5: a group per layer of the model, those of nested models in a row."""

    def __init__(self, group, most_bytes):
        self.group, self.budget = group, _Budget(most_bytes)

    def next(self, kind, name, config):
        arrays = []
        if name in self.group:
            group = self.group[name]
            names = (_text(entry) for entry in group.attrs.get("weight_names", ()))
            arrays = [self.budget.array(group, entry) for entry in names]
        return _Row(arrays, *_counts(kind, config, bool(config.get("trainable", True))))


class _Row:
    """A piece of a row of arrays, of one layer or a nested model: trained ones first."""

    def __init__(self, arrays, trained, others):
        whole = len(arrays) == trained + others
        self.trained = arrays[:trained] if whole else arrays
        self.others = arrays[trained:] if whole else []
        self.at = [0, 0]

    def next(self, kind, name, config):
        counts = _counts(kind, config, bool(config.get("trainable", True)))
        taken = []
        for index, row in enumerate((self.trained, self.others)):
            at = self.at[index]
            taken += row[at : at + counts[index]]
            self.at[index] = at + counts[index]
        return _Row(taken, *counts)

    def wrapped(self, kind, config):
        return self

    def arrays(self, kind, config):
        return (*self.trained, *self.others)


def _counts(kind, config, trainable):
    """(trained, other) arrays of a layer, of a nested model or wrapper with all that is in it."""
    if "layers" in config or isinstance(config.get("layer"), dict):
        inner = config["layers"] if "layers" in config else [config["layer"]]
        pairs = [
            _counts(plain_name(e["class_name"]), e["config"],
                    trainable and bool(e["config"].get("trainable", True)))
            for e in inner
        ]  # fmt: skip
        return sum(a for a, _ in pairs), sum(b for _, b in pairs)
    trained, others = int(bool(config.get("use_bias", True))), 0
    if kind in _BATCH_NORMALIZATION:
        trained = int(bool(config.get("scale", True))) + int(bool(config.get("center", True)))
        others = 2
    elif "Separable" in kind:
        trained += 2
    elif "Conv" in kind or "Dense" in kind:
        trained += 1
    else:
        trained = 0
    return (trained, others) if trainable else (0, trained + others)


def plain_name(class_name):
    """The class of "package>Class", as Keras writes registered ones."""
    return str(class_name).rsplit(">", 1)[-1]


def _snake(name):
    """A class's name as Keras writes it in a file of weights."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def _told(group):
    """The layer's name that a group tells, or None."""
    inner = group.get("vars") if isinstance(group, h5py.Group) else None
    return None if inner is None or "name" not in inner.attrs else _text(inner.attrs["name"])


def _text(value):
    return value.decode() if isinstance(value, bytes) else str(value)
