# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Descriptions of version 2: what they refuse, files of both versions, chains there and back."""

import json
from dataclasses import replace

import numpy as np
import pytest

from models.graph.chain import as_chain, chain_spec, fingerprint, from_chain
from models.graph.files import load
from models.graph.model import GraphModel
from models.graph.parts import Layer, Product, Term
from models.graph.reference import GraphReference
from models.graph.spec import Network
from models.graph.words import RELU, Activation, Word
from models.number_format import ModelError
from models.reference import Reference
from models.spec import Model
from tests.support.graphs import random_graph
from tests.support.hdl.nets import random_frames, random_network

W8 = Word(8, 4)


def network(*layers, outputs=None, **options):
    return Network(2, layers, outputs or (layers[-1].name,), W8, **options)


def first(**changes):
    options = {"terms": (Term("input", 2, 3, W8),), "bias": W8, "word": W8} | changes
    return Layer("first", 3, **options)


def second(**changes):
    options = {"terms": (Term("first", kernel=W8),), "bias": W8, "word": W8} | changes
    return Layer("second", 3, **options)


REFUSED = {
    "a term's source must be the input or an earlier layer, got 'later'": lambda: network(
        first(terms=(Term("later"),))
    ),
    "layer first: the name is taken": lambda: network(first(), first()),
    "layer first: needs at least one term or add": lambda: network(first(terms=())),
    "layer first: what is added must have out_channels (3) channels, input has 2": lambda: network(
        first(adds=("input",))
    ),
    "layer first: the exact sum needs 73 bits, at most 62": lambda: network(
        first(bias=Word(18, 40), word=Word(18, 4), terms=(Term("input", kernel=Word(18, -10)),))
    ),
    "layer p: a and b must have as many channels, got 2 and 3": lambda: network(
        first(), Product("p", "input", "first")
    ),
    "layer second: share first must have a kernel of its own, of the same shape and format": (
        lambda: network(first(), second(terms=(Term("first", kernel=W8, share="first"),)))
    ),
    "layer second: bias_of first has other biases in shape or format": lambda: network(
        first(), second(bias=Word(), bias_of="first")
    ),
    "network: outputs must name layers, got 'input'": lambda: network(first(), outputs=("input",)),
    "network: outputs must share one format, got Q4.4 half_even and Q4.12 half_even (first)": (
        lambda: network(first(word=Word()), second(), outputs=("second", "first"))
    ),
    "activation table: segments is needed": lambda: Activation("table", shift=3),
    "activation clip: low 3 must not exceed high 2": lambda: Activation("clip", low=3, high=2),
    "activation relu: only a table may change the word's format": lambda: Activation(
        "relu", word=W8
    ),
    "word: bits must be 2 to 18, got 19": lambda: Word(19),
    "history_words must be at most 16777216, got 33554430": lambda: network(
        first(terms=(Term("input", 2, (1 << 24) - 1, W8),))
    ),
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_is_refused(message):
    with pytest.raises(ModelError) as error:
        REFUSED[message]()
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_weights_that_do_not_fit():
    spec = network(first())
    kernel, bias = np.zeros((2, 2, 3), int), np.zeros(3, int)
    good = {("first", 0): kernel}, {"first": bias}
    GraphModel(spec, *good)
    for kernels, biases, message in (
        ({}, good[1], "layer first: kernel is missing"),
        ({("first", 0): kernel[:1]}, good[1], "kernel must have shape (2, 2, 3), got (1, 2, 3)"),
        ({("first", 0): kernel + 128}, good[1], "kernel must be -128..127, reaches 128..128"),
        ({("first", 0): kernel * 1.0}, good[1], "kernel must hold integers, got float64"),
        (good[0], {**good[1], "other": bias}, "bias other belongs to no layer"),
    ):
        with pytest.raises(ModelError, match=message.replace("(", r"\(").replace(")", r"\)")):
            GraphModel(spec, kernels, biases)


def test_a_table_that_leaves_its_format():
    tanh = Activation("table", segments=1, shift=0)
    spec = network(first(activation=tanh))
    parts = {("first", 0): np.zeros((2, 2, 3), int)}, {"first": np.zeros(3, int)}
    GraphModel(spec, *parts, {"first": (np.array([0, 0]), np.array([1, -1]))})
    with pytest.raises(ModelError, match="table must stay within Q4.4 half_even, reaches 0..254"):
        GraphModel(spec, *parts, {"first": (np.array([0, 0]), np.array([2, 0]))})


@pytest.mark.parametrize("seed", range(30))
def test_a_file_gives_the_same_network(tmp_path, seed):
    model = random_graph(seed)
    model.meta["note"] = "a"
    model.save(tmp_path / "net.npz")
    again = load(tmp_path / "net.npz")
    assert (again.spec, again.meta) == (model.spec, model.meta)
    for kind in ("kernels", "biases", "tables"):
        ours, theirs = getattr(model, kind), getattr(again, kind)
        assert ours.keys() == theirs.keys()
        for key in ours:
            np.testing.assert_array_equal(ours[key], theirs[key])
    assert fingerprint(again.spec) == fingerprint(model.spec)


def test_names_are_no_part_of_the_fingerprint():
    spec = network(first(), second(adds=("first",)))
    renamed = network(
        replace(first(), name="a"),
        replace(second(adds=("a",), terms=(Term("a", kernel=W8),)), name="b"),
        name="other",
        sample_rate=48_000,
    )
    assert fingerprint(spec) == fingerprint(renamed)
    assert fingerprint(spec) != fingerprint(network(first(), second(adds=("first",), wide=20)))


def test_files_of_version_1(tmp_path):
    model, _ = random_network(5)
    model.save(tmp_path / "one.npz")
    graph = load(tmp_path / "one.npz")
    assert fingerprint(graph.spec) == model.spec.fingerprint
    assert load_version(tmp_path / "one.npz") is None


def load_version(path):
    with np.load(path) as data:
        return json.loads(str(data["spec"])).get("version")


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda d: d.update(version=3), "version must be 2, got 3"),
        (lambda d: d.pop("outputs"), "network description is incomplete"),
        (lambda d: d["layers"][0].update(colour=1), "unknown field 'colour'"),
        (lambda d: d.update(layers=7), "network description is incomplete"),
    ],
)
def test_files_that_are_damaged(tmp_path, change, message):
    model = random_graph(1)
    model.save(tmp_path / "net.npz")
    with np.load(tmp_path / "net.npz") as data:
        arrays = dict(data)
    spec = json.loads(str(arrays["spec"]))
    change(spec)
    np.savez(tmp_path / "bad.npz", **arrays | {"spec": json.dumps(spec)})
    with pytest.raises(ModelError) as error:
        load(tmp_path / "bad.npz")
    assert str(error.value).startswith(f"{tmp_path / 'bad.npz'}: ")
    assert message in str(error.value) and "\n" not in str(error.value)


def test_a_file_with_an_array_too_many(tmp_path):
    model = random_graph(1)
    model.save(tmp_path / "net.npz")
    with np.load(tmp_path / "net.npz") as data:
        np.savez(tmp_path / "bad.npz", **data, extra=np.zeros(2))
    with pytest.raises(ModelError, match="unknown array 'extra'"):
        load(tmp_path / "bad.npz")


# Chains -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(60))
def test_chains_there_and_back(seed):
    model, _ = random_network(seed)
    if model.spec.number_format.bits > 18:
        return
    graph = from_chain(model)
    frames = random_frames(model.spec, 50, seed)
    reference, chain = GraphReference(graph), Reference(model)
    np.testing.assert_array_equal(reference.run(frames), chain.run(frames))
    assert sum(reference.saturations.values()) == sum(chain.saturations)
    again = as_chain(graph)
    assert again.spec == model.spec
    for (kernel, bias), (ours, ours_bias) in zip(again.weights, model.weights):
        np.testing.assert_array_equal(kernel, ours)
        np.testing.assert_array_equal(bias, ours_bias)
    assert fingerprint(graph.spec) == model.spec.fingerprint
    assert graph.spec.receptive_field == model.spec.receptive_field
    assert graph.spec.macs_per_sample == model.spec.macs_per_sample
    assert graph.spec.parameters == model.spec.parameters


@pytest.mark.parametrize(
    "layers, message",
    [
        ((first(), second(adds=("first",))), "layer second: a chain has one term per layer, got 1"),
        ((first(), Product("p", "first", "first", W8)), "layer p: a chain has no products"),
        ((first(bias=None),), "layer first: a chain's layers have biases"),
        ((first(wide=20),), "layer first: a chain keeps no wide sums"),
        ((first(word=Word(8, 5)),), "layer first: a chain of version 1 has one format (Q4.4 half"),
        ((first(), second(terms=(Term("input", kernel=W8),))), "must read the layer before it"),
        (
            (first(activation=Activation("clip", low=0, high=3)),),
            "layer first: a chain's activation must be relu or linear, got clip",
        ),
    ],
)
def test_what_is_no_chain(layers, message):
    with pytest.raises(ModelError) as error:
        chain_spec(network(*layers))
    assert message in str(error.value)


def test_relu_and_linear_are_what_chains_have():
    spec = chain_spec(network(first(activation=RELU), second()))
    assert [layer.relu for layer in spec.layers] == [True, False]


def test_zoo_nets_are_networks_of_version_2(zoo):
    for path in sorted(zoo.parent.glob("*.npz")):
        assert fingerprint(load(path).spec) == Model.load(path).spec.fingerprint
