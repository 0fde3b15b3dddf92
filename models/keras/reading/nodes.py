# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The graph of a Keras model: which layer is called on which tensors, nested models opened up."""

from dataclasses import dataclass, field

import numpy as np

from models.keras.reading.stores import plain_name
from models.messages import either, must_be
from models.spec import ModelError

LAYERS_MOST = 4096  # calls of layers, with all that is no convolution
NESTED_MOST = 32
MODELS = ("Sequential", "Functional", "Model")
WRAPPERS = ("TimeDistributed",)


@dataclass(frozen=True, eq=False)
class KerasLayer:
    """One layer as the file describes it; the same object wherever it is called.

    kind: class name without its package;  config: the options, from JSON;  arrays: float64, in
    Keras's order (kernel, bias);  inner: the KerasLayer of a wrapper, or None.
    """

    name: str
    kind: str
    config: dict
    arrays: tuple
    inner: "KerasLayer | None" = None

    def error(self, reason):
        """A ModelError that names the layer."""
        return ModelError(f"layer {self.name} ({self.kind}): {reason}")


@dataclass(frozen=True)
class Call:
    """A layer applied to tensors.

    inputs: numbers of tensors;  output: number of the tensor that comes out;
    arguments: what else it is called with, as the file says it (of operations: x[:, 3:], x + 1).
    """

    layer: KerasLayer
    inputs: tuple
    output: int
    arguments: tuple = ()


@dataclass
class Graph:
    """Calls in an order in which they can run. Tensor 0 is the input.

    channels: of the input, None where the file does not tell;  output: number of a tensor.
    """

    calls: list = field(default_factory=list)
    channels: int | None = None
    output: int = 0
    tensors: int = 1

    def add(self, layer, inputs, arguments=()):
        if len(self.calls) >= LAYERS_MOST:
            raise ModelError(f"must have at most {LAYERS_MOST} layers")
        self.calls.append(Call(layer, tuple(inputs), self.tensors, tuple(arguments)))
        self.tensors += 1
        return self.tensors - 1


def flatten(config, store):
    """The Graph of a model's description, with the arrays from a store (stores.py).

    Raises ModelError, or what a description of another shape makes Python raise.
    """
    graph = Graph()
    model = _Model(config, store, 0)
    outputs = model.run(graph, [0])
    if len(outputs) != 1:
        raise ModelError(f"must have 1 output, got {len(outputs)}")
    graph.output = outputs[0]
    graph.channels = model.channels
    return graph


class _Model:
    """A Sequential or functional model, its layers made once, run where it is called."""

    def __init__(self, config, store, depth):
        self.kind = plain_name(config["class_name"])
        if self.kind not in MODELS:
            raise ModelError(must_be("the model's class", either(MODELS), self.kind))
        if depth > NESTED_MOST:
            raise ModelError(f"models must be nested at most {NESTED_MOST} deep")
        inner = config["config"]
        entries = inner["layers"] if isinstance(inner, dict) else inner  # a list: Keras 2
        self.layers, self.channels = {}, None
        operations = ("GetItem",)
        for entry in entries:
            kind, options = plain_name(entry["class_name"]), entry["config"]
            name = entry.get("name") or options["name"]
            nodes = entry.get("inbound_nodes")
            if kind in MODELS:
                made = _Model(entry, store.next(kind, name, options), depth + 1)
            elif kind in operations:
                made = KerasLayer(name, kind, options, ())
            else:
                made = _layer(kind, name, options, store.next(kind, name, options))
            if kind == "InputLayer":
                shape = options.get("batch_shape") or options.get("batch_input_shape") or [None]
                self.channels = shape[-1]
                if len(shape) != 3:
                    raise made.error(must_be("shape", "(batch, time, channels)", tuple(shape)))
            self.layers[name] = made, nodes
        if self.kind != "Sequential":
            self.inputs = list(_tensors(inner["input_layers"]))
            self.outputs = list(_tensors(inner["output_layers"]))
            if depth == 0 and len(self.inputs) != 1:
                raise ModelError(f"must have 1 input, got {len(self.inputs)}")

    def run(self, graph, tensors):
        """The tensors that come out of the model on `tensors`."""
        if self.kind == "Sequential":
            for layer, _ in self.layers.values():
                tensors = _call(graph, layer, tensors)
            return tensors
        if len(tensors) != len(self.inputs):
            raise ModelError(must_be("inputs of a nested model", len(self.inputs), len(tensors)))
        known = {(name, node): [t] for (name, node, _), t in zip(self.inputs, tensors)}
        for wanted in self.outputs:
            self._resolve(graph, known, wanted)
        return [known[name, node][which] for name, node, which in self.outputs]

    def _resolve(self, graph, known, wanted):
        """Run what the tensor `wanted` needs, depth first, without recursion."""
        stack, open_ = [wanted[:2]], set()
        while stack:
            name, node = at = stack[-1]
            if at in known:
                stack.pop()
                continue
            layer, nodes = self.layers[name]
            described = nodes[node]
            sources = list(_tensors(described))
            missing = [source[:2] for source in sources if source[:2] not in known]
            if missing and at in open_:
                raise ModelError(f"layer {name} is its own input")
            if missing:
                open_.add(at)
                stack += missing
                continue
            if not sources:
                raise ModelError(f"layer {name}: must have an input")
            inputs = [known[a, b][which] for a, b, which in sources]
            known[at] = _call(graph, layer, inputs, _arguments(described))
            stack.pop()


def _layer(kind, name, options, store):
    inner = None
    if kind in WRAPPERS:
        wrapped = options["layer"]
        inner_kind = plain_name(wrapped["class_name"])
        inner = _layer(
            inner_kind, wrapped["config"]["name"], wrapped["config"], store.wrapped(kind, options)
        )
        return KerasLayer(name, kind, options, (), inner)
    layer = KerasLayer(name, kind, options, store.arrays(kind, options))
    for array in layer.arrays:
        if not np.isfinite(array).all():
            what = "NaN" if np.isnan(array).any() else "inf"
            raise layer.error(f"a weight holds {what}: the training diverged")
    return layer


def _call(graph, layer, tensors, arguments=()):
    if isinstance(layer, _Model):
        return layer.run(graph, tensors)
    if layer.kind == "InputLayer":
        return tensors
    return [graph.add(layer, tensors, arguments)]


def _tensors(node):
    """(layer name, node, which output) of the tensors in a piece of a model's description."""
    if isinstance(node, list) and len(node) >= 3 and isinstance(node[0], str):
        yield node[0], int(node[1]), int(node[2])
    elif isinstance(node, dict) and "keras_history" in node:
        yield from _tensors(node["keras_history"])
    elif isinstance(node, dict | list):
        for value in node.values() if isinstance(node, dict) else node:
            yield from _tensors(value)


def _arguments(node):
    """What a call is given beside tensors: of Keras 3 the positional arguments, None for tensors;
    of Keras 2 the options of the call."""
    if isinstance(node, dict):
        positional = node.get("args", [])
        named = {k: v for k, v in node.get("kwargs", {}).items() if v is not None}
        named.pop("mask", None), named.pop("training", None)
        rest = [None if list(_tensors(value)) else value for value in positional]
        rest += [value for value in named.values() if not list(_tensors(value))]
        return [value for value in rest if value is not None]
    return [entry[3] for entry in node if isinstance(entry, list) and len(entry) > 3 and entry[3]]
