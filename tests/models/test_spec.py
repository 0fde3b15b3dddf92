# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Descriptions and model files: what is refused, and in which words."""

import pickle

import numpy as np
import pytest

from models.spec import Conv1DSpec, Model, ModelError, NetworkSpec, NumberFormat
from models.topologies import TOPOLOGIES, get
from tests.support.hdl.nets import random_model

SPEC = NetworkSpec(
    (Conv1DSpec(3, 2, 2, 4), Conv1DSpec(2, 2, 3, 1, repeat=2), Conv1DSpec(2, 1, relu=False)),
    NumberFormat(12, 8, "floor"),
    sample_rate=48_000,
    name="small",
)
PICKLED = "must hold plain arrays, got pickled objects, which are never loaded"


def raises(message, function, *args, **kwargs):
    with pytest.raises(ModelError) as caught:
        function(*args, **kwargs)
    assert str(caught.value) == message


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "model.npz"
    model = random_model(SPEC, seed=1)
    model.meta.update(seed=1, esr_db_integer={"sine": -20.5})
    model.save(path)
    return path, model


def test_facts_of_a_spec():
    assert SPEC.receptive_field == 1 + 4 + 2 * 2
    assert SPEC.macs_per_sample == 2 * 3 * 2 + 2 * 3 * 2 * 2 + 2
    assert SPEC.parameters == (12 + 2) + (12 + 2) + (2 + 1)
    assert (SPEC.in_channels, SPEC.out_channels) == (3, 1)


def test_facts_of_the_known_nets():
    assert {name: spec.parameters for name, spec in TOPOLOGIES.items()} == {
        "waveshaper": 1572,
        "oscillator": 3124,
        "original": 1572,
        "po2": 1092,
        "reuse": 1572,
        "wide": 71297,
        "original_24k": 1572,
        "mcu": 465,
    }
    assert get("waveshaper").receptive_field == 505
    assert get("original").receptive_field == 64
    assert get("po2").receptive_field == 505
    assert get("reuse").receptive_field == 601
    assert get("wide").receptive_field == 517
    assert get("mcu").receptive_field == 256
    assert get("wide").macs_per_sample == 70_912
    assert get("oscillator").receptive_field == 505
    assert get("oscillator").macs_per_sample == 3072
    shapes = [(x.in_channels, x.out_channels, x.weights) for x in get("po2").layers]
    pair = [(8, 16, "po2"), (16, 8, "po2")]
    assert shapes == [(4, 8, "fixed"), *pair, (8, 8, "fixed"), *pair, (8, 4, "fixed")]
    assert [layer.relu for layer in get("waveshaper").layers] == [True, True, False]
    raises(
        "topology 'sine' is not known; known: "
        "mcu, original, original_24k, oscillator, po2, reuse, waveshaper, wide",
        get,
        "sine",
    )


def test_number_format_rounds_half_to_even_and_saturates():
    q4_12 = NumberFormat()
    values = np.array([0.5, 1.5, -0.5, -1.5, 2.5]) / 4096
    assert q4_12.from_float(values).tolist() == [0, 2, 0, -2, 2]
    assert q4_12.from_float([8.0, -9.0, 7.9999]).tolist() == [32767, -32768, 32767]
    assert q4_12.to_float([-32768, 4096, 1]).tolist() == [-8.0, 1.0, 2.0**-12]


@pytest.mark.parametrize("fan_in", [1, 7, 64])
@pytest.mark.parametrize("bits, frac", [(4, 1), (16, 12), (24, 23)])
def test_accumulator_bits_hold_the_worst_sum(bits, frac, fan_in):
    fmt = NumberFormat(bits, frac)
    top = fan_in * fmt.min**2 + (fmt.max << frac)
    bottom = fan_in * fmt.min * fmt.max + (fmt.min << frac)
    width = fmt.accumulator_bits(fan_in)
    assert -(1 << (width - 1)) <= bottom and top < 1 << (width - 1)
    assert top >= 1 << (width - 3), "two bits less would do"


def test_save_and_load(saved):
    path, model = saved
    loaded = Model.load(path)
    assert loaded.spec == SPEC
    assert loaded.meta == model.meta
    assert loaded.spec.fingerprint == SPEC.fingerprint
    for got, wanted in zip(loaded.weights, model.weights, strict=True):
        for a, b in zip(got, wanted, strict=True):
            assert a.dtype == np.int64 and np.array_equal(a, b)
    assert [file.name for file in path.parent.iterdir()] == ["model.npz"]


def test_a_failed_save_leaves_the_old_file(saved):
    path, model = saved
    before = path.read_bytes()
    model.meta["array"] = np.zeros(3)  # not JSON
    with pytest.raises(TypeError):
        model.save(path)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["model.npz"]


def test_missing_file(tmp_path):
    path = tmp_path / "none.npz"
    raises(f"{path}: no such file", Model.load, path)


def test_folder(tmp_path):
    raises(f"{tmp_path}: is a folder, not a file", Model.load, tmp_path)


def test_truncated_file(saved):
    path, _ = saved
    path.write_bytes(path.read_bytes()[:-200])
    raises(f"{path}: not a readable .npz: File is not a zip file", Model.load, path)


def test_empty_file(saved):
    path, _ = saved
    path.write_bytes(b"")
    raises(f"{path}: not a readable .npz: File is not a zip file", Model.load, path)


def test_other_file(saved):
    path, _ = saved
    path.write_text("hello")
    raises(f"{path}: not a readable .npz: File is not a zip file", Model.load, path)


def test_corrupt_bytes(saved):
    """Any flipped bit or cut is refused in one line, or hits a byte that does not matter."""
    path, model = saved
    whole = path.read_bytes()
    rng = np.random.default_rng(5)
    refused = 0
    for turn in range(600):
        damaged = bytearray(whole)
        damaged[rng.integers(len(whole))] ^= 1 << rng.integers(8)
        path.write_bytes(damaged[: rng.integers(len(whole))] if turn % 3 == 0 else damaged)
        try:
            loaded = Model.load(path)
        except ModelError as error:
            refused += 1
            assert str(error).startswith(f"{path}: ") and "\n" not in str(error)
        else:
            assert loaded.spec == model.spec and loaded.meta == model.meta
            for got, wanted in zip(loaded.weights, model.weights, strict=True):
                assert all(np.array_equal(a, b) for a, b in zip(got, wanted, strict=True))
    assert refused > 300


def test_pickle(saved):
    path, _ = saved
    path.write_bytes(pickle.dumps({"spec": SPEC.to_dict()}))
    raises(f"{path}: not a readable .npz: {PICKLED}", Model.load, path)


def test_pickled_arrays(saved):
    path, model = saved
    arrays = dict(np.load(path))
    arrays["kernel0"] = np.array([[1], "two"], dtype=object)
    np.savez(path, **arrays)
    raises(f"{path}: not a readable .npz: {PICKLED}", Model.load, path)


def test_bare_array(tmp_path):
    path = tmp_path / "model.npy"
    np.save(path, np.zeros(3))
    raises(f"{path}: a bare array, not an .npz", Model.load, path)


@pytest.mark.parametrize(
    "name, value, message",
    [
        ("spec", None, "not a model: 'spec' is missing"),
        ("kernel1", None, "not a model: 'kernel1' is missing"),
        ("kernel0", np.zeros((2, 3, 9), int),
         "layer 0: kernel: shape must be (2, 3, 2), got (2, 3, 9)"),
        ("bias2", np.zeros(2, int), "layer 2: bias: shape must be (1,), got (2,)"),
        ("bias2", np.zeros(1), "layer 2: bias must hold integers, got float64"),
        ("bias1", np.array([0, 2048]), "layer 1: bias must be -2048 to 2047, got 0 to 2048"),
        ("meta", np.array("[1]"), "not a model: meta is [1], not a JSON object"),
        ("meta", np.array("{"), "not a model: Expecting property name enclosed in double quotes: "
         "line 1 column 2 (char 1)"),
        ("spec", np.array("{}"), "network description is incomplete: 'layers'"),
    ],
)  # fmt: skip
def test_contents_that_do_not_fit(saved, name, value, message):
    path, _ = saved
    arrays = dict(np.load(path))
    del arrays[name]
    if value is not None:
        arrays[name] = value
    np.savez(path, **arrays)
    raises(f"{path}: {message}", Model.load, path)


def test_layers_that_do_not_fit_each_other(saved):
    path, _ = saved
    arrays = dict(np.load(path))
    arrays["spec"] = np.array(str(arrays["spec"]).replace('"in_channels": 2', '"in_channels": 5', 1)
                              .replace('"repeat": 2', '"repeat": 1'))  # fmt: skip
    np.savez(path, **arrays)
    message = "network: layer 0 gives 2 channels, layer 1 takes 5; they must be equal"
    raises(f"{path}: {message}", Model.load, path)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: NumberFormat(3, 1), "number format: bits must be 4 to 24, got 3"),
        (lambda: NumberFormat(25, 1), "number format: bits must be 4 to 24, got 25"),
        (lambda: NumberFormat(16, 16), "number format: frac must be 1 to 15, got 16"),
        (lambda: NumberFormat(16.0), "number format: bits must be a whole number, got 16.0"),
        (lambda: NumberFormat(rounding="up"),
         "number format: rounding must be half_even or floor, got 'up'"),
        (lambda: Conv1DSpec(0, 4), "layer: in_channels must be 1 to 4096, got 0"),
        (lambda: Conv1DSpec(4, 4, 4, True), "layer: dilation must be a whole number, got True"),
        (lambda: Conv1DSpec(4, 4, relu=1), "layer: relu must be true or false, got 1"),
        (lambda: Conv1DSpec(4, 4, weights="int"),
         "layer: weights must be fixed or po2, got 'int'"),
        (lambda: Conv1DSpec(4, 8, repeat=2),
         "layer: repeat 2 needs as many outputs as inputs, not 4 -> 8"),
        (lambda: NetworkSpec(()), "network: must have at least 1 layer, got 0"),
        (lambda: NetworkSpec((Conv1DSpec(1, 1),), sample_rate=0),
         "network: sample_rate must be 1 to 10000000, got 0"),
        (lambda: NetworkSpec((Conv1DSpec(1, 1),), sample_rate=10**30),
         f"network: sample_rate must be 1 to 10000000, got {10**30}"),
        (lambda: NetworkSpec((Conv1DSpec(1, 1),), name='a"b'),
         "network: name must be 1 to 40 letters, digits, dots, dashes and underscores, got 'a\"b'"),
        (lambda: NetworkSpec((Conv1DSpec(1, 1),), name=5),
         "network: name must be 1 to 40 letters, digits, dots, dashes and underscores, got 5"),
        (lambda: NetworkSpec((Conv1DSpec(4, 3), Conv1DSpec(4, 1))),
         "network: layer 0 gives 3 channels, layer 1 takes 4; they must be equal"),
        (lambda: Model(SPEC, []), "model: 0 weight pairs for 3 layers"),
        (lambda: Model(NetworkSpec((Conv1DSpec(1, 1, weights="po2"),)),
                       [(np.array([[[3]]]), np.array([3]))]),
         "layer 0: the weights of a po2 kernel must be powers of two"),
    ],
)  # fmt: skip
def test_bad_descriptions(make, message):
    raises(message, make)
