# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""QKeras's own forward, in float64, equals the integer reference: layer by layer, bit for bit."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from qkeras import QConv1D, quantized_relu

from models import topologies
from models.keras import qkeras_model
from models.keras.integers import export_weights, import_model
from models.reference import Reference
from models.sound import waves
from models.spec import Conv1DSpec, Model, ModelError, NetworkSpec, NumberFormat
from tests.support.hdl.nets import random_frames, random_model

ZOO = sorted((Path(topologies.__file__).parent / "zoo").glob("*.npz"))


@pytest.fixture
def float64():
    for name in ("float64", "float32"):
        keras.config.set_floatx(name)
        keras.config.set_dtype_policy(name)
        if name == "float64":
            yield


def qkeras_layers(model, frames):
    """Integers after each layer of `model`, [n, out] each, as QKeras computes them."""
    spec = model.spec
    net = qkeras_model.build(spec, causal=True)
    export_weights(model, net)
    last = [f"quant{i}" + (f"_{x.repeat - 1}" if x.repeat > 1 else "")
            for i, x in enumerate(spec.layers)]  # fmt: skip
    probe = keras.Model(net.input, [net.get_layer(name).output for name in last])
    values = probe(spec.number_format.to_float(frames)[None])
    scaled = [np.asarray(value)[0] * spec.number_format.one for value in values]
    for layer in scaled:
        assert layer.dtype == np.float64 and np.array_equal(layer, np.rint(layer)), "off the grid"
    return scaled


def reference_layers(model, frames):
    """The same from the reference: the net cut after each layer."""
    for count in range(1, len(model.spec.layers) + 1):
        spec = NetworkSpec(model.spec.layers[:count], model.spec.number_format)
        yield Reference(Model(spec, model.weights[:count])).run(frames)


def assert_equal_layer_by_layer(model, frames):
    for got, wanted in zip(
        qkeras_layers(model, frames), reference_layers(model, frames), strict=True
    ):
        assert got.shape == wanted.shape
        assert np.array_equal(got, wanted), f"{np.count_nonzero(got != wanted)} differ"


def zoo_frames(spec):
    """12,000 frames of the four corners at four pitches, then 2,000 of noise over all codes."""
    places = [waves.corner(name) for name in waves.WAVES]
    pitches = np.array([55.0, 110.0, 440.0, 880.0])
    tones, _ = waves.examples(places, pitches, np.zeros(4), 3000, spec)
    return np.concatenate([*tones, random_frames(spec, 2000, seed=1)])


@pytest.mark.parametrize("path", ZOO, ids=lambda path: path.stem)
def test_zoo_model_equals_qkeras(path, float64):
    model = Model.load(path)
    frames = zoo_frames(model.spec)
    assert len(frames) >= 10_000
    assert_equal_layer_by_layer(model, frames)
    if path.stem == "waveshaper":
        reference = Reference(model)
        reference.run(frames)
        assert sum(reference.saturations) > 0, "saturation is part of what must be equal"


@pytest.mark.parametrize(
    "number_format",
    [NumberFormat(16, 12), NumberFormat(8, 5), NumberFormat(12, 3), NumberFormat(18, 13),
     NumberFormat(16, 15)],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("scale", [1.0, 0.3, 0.05], ids=["saturating", "loud", "quiet"])
def test_random_models_equal_qkeras(number_format, scale, float64):
    layers = (
        Conv1DSpec(3, 8, 4, 5),
        Conv1DSpec(8, 8, 3, 2, relu=False, repeat=2),
        Conv1DSpec(8, 6, 1),
        Conv1DSpec(6, 2, 2, 7, relu=False),
    )
    model = random_model(NetworkSpec(layers, number_format), seed=number_format.bits, scale=scale)
    frames = random_frames(model.spec, 1000, seed=6)
    assert_equal_layer_by_layer(model, frames)
    if scale == 1.0:
        reference = Reference(model)
        reference.run(frames)
        assert min(reference.saturations) > 100


@pytest.mark.parametrize(
    "number_format",
    [NumberFormat(16, 12), NumberFormat(8, 5), NumberFormat(18, 13), NumberFormat(16, 15),
     NumberFormat(12, 3)],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("scale", [1.0, 0.05], ids=["saturating", "quiet"])
def test_random_po2_pairs_and_repeats_equal_qkeras(number_format, scale, float64):
    """8 -> 16 -> 8 in powers of two, zeros among them, and powers of two that repeat."""
    layers = (
        Conv1DSpec(3, 8, 4, 5),
        Conv1DSpec(8, 16, weights="po2"),
        Conv1DSpec(16, 8, weights="po2"),
        Conv1DSpec(8, 8, 3, 2, relu=False, weights="po2", repeat=3),
        Conv1DSpec(8, 2, 2, 7, relu=False),
    )
    model = random_model(NetworkSpec(layers, number_format), seed=number_format.bits, scale=scale)
    assert all((model.weights[i][0] == 0).any() for i in (1, 2, 3))
    assert_equal_layer_by_layer(model, random_frames(model.spec, 1000, seed=6))


@pytest.mark.parametrize("name", ["po2", "reuse"])
def test_topologies_equal_qkeras(name, float64):
    model = random_model(topologies.get(name), seed=5, scale=0.1)
    assert_equal_layer_by_layer(model, random_frames(model.spec, 1500, seed=7))


@pytest.mark.parametrize("floatx", ["float32", "float64"])
@pytest.mark.parametrize(
    "number_format",
    [NumberFormat(), NumberFormat(8, 5), NumberFormat(16, 15), NumberFormat(24, 23),
     NumberFormat(4, 1)],
    ids=str,
)  # fmt: skip
def test_po2_quantiser(number_format, floatx):
    """Every power of two of the format stays itself; others go to the nearest exponent, or 0."""
    bits, frac = number_format.bits, number_format.frac
    quantiser = qkeras_model.Po2(bits, frac)
    exact = [sign * 2.0**e for e in range(-frac, bits - 1 - frac) for sign in (1, -1)] + [0.0]
    assert len(exact) == 2 * (bits - 1) + 1
    keras.config.set_floatx(floatx)
    try:
        values = np.asarray(quantiser(tf.constant(exact, floatx)), np.float64)
        assert values.tolist() == exact
        least, most = 2.0**-frac, 2.0 ** (bits - 2 - frac)
        pairs = [(0.5 * least, 0), (0.51 * least, least), (1.4 * least, least),
                 (1.4 * most, most), (0.72 * most, most), (0.7 * most, most / 2)]  # fmt: skip
        got = np.asarray(quantiser(tf.constant([p[0] for p in pairs], floatx)), np.float64)
        assert got.tolist() == [p[1] for p in pairs]
    finally:
        keras.config.set_floatx("float32")


def test_po2_gradient_goes_straight_through():
    """Zero included: a weight that fell to zero can come back."""
    x = tf.constant([-5.0, -1.3, -1e-5, 0.0, 1e-4, 0.6, 2.9])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = qkeras_model.Po2(16, 12)(x)
    assert y.numpy().tolist() == [-4, -1, 0, 0, 0, 0.5, 4]
    assert tape.gradient(y, x).numpy().tolist() == [1.0] * 7


def test_po2_import_of_weights_as_training_leaves_them():
    """Powers of two on the grid, far-off weights included; and there and back."""
    spec = NetworkSpec((Conv1DSpec(2, 4, weights="po2"), Conv1DSpec(4, 2, 2, weights="po2")))
    net = qkeras_model.build(spec)
    rng = np.random.default_rng(9)
    for i in range(2):
        layer = net.get_layer(f"conv{i}")
        values = [rng.normal(0, 0.5, v.shape).astype(np.float32) for v in layer.weights]
        values[0][0, :2, 0] = [100.1, -300.7]
        values[0][0, :2, 1] = [0.0, -1e-4]
        layer.set_weights(values)
    model = import_model(net, spec)
    assert model.weights[0][0][0, :2, :2].tolist() == [[16384, 0], [-16384, 0]]
    for i, (kernel, _) in enumerate(model.weights):
        variable = np.asarray(net.get_layer(f"conv{i}").kernel, np.float64)
        inside = (abs(variable) > 2**-13) & (abs(variable) < 5)
        variable = variable[inside]
        wanted = np.sign(variable) * 2.0 ** np.rint(np.log2(abs(variable)))
        assert np.array_equal(kernel[inside], wanted * 4096)
    export_weights(model, net)
    again = import_model(net, spec)
    for a, b in zip(again.weights, model.weights, strict=True):
        assert np.array_equal(a[0], b[0]) and np.array_equal(a[1], b[1])


def test_the_po2_weight_that_qkeras_lacks():
    spec = NetworkSpec((Conv1DSpec(1, 1, weights="po2"),))
    model = Model(spec, [(np.full((1, 1, 1), -32768), np.zeros(1, int))])
    with pytest.raises(ModelError) as caught:
        export_weights(model, qkeras_model.build(spec))
    message = "layer 0: a po2 weight of QKeras must be -16384 to 16384, got -32768"
    assert str(caught.value) == message


def test_a_layer_that_repeats_is_one_layer():
    net = qkeras_model.build(topologies.get("reuse"))
    assert sum(isinstance(layer, QConv1D) for layer in net.layers) == 3
    assert net.count_params() == topologies.get("reuse").parameters == 1572


def test_stock_relu_is_not_exact(zoo, float64, monkeypatch):
    """Why ExactReLU exists. If this fails, QKeras has dropped its float32 cast: so may we."""
    monkeypatch.setattr(qkeras_model, "ExactReLU", quantized_relu)
    model = random_model(NetworkSpec((Conv1DSpec(4, 16, 4, 8),)), seed=3, scale=0.1)
    frames = random_frames(model.spec, 3000, seed=3)
    net = qkeras_model.build(model.spec, causal=True)
    export_weights(model, net)
    stock = np.asarray(net(model.spec.number_format.to_float(frames)[None]))[0] * 4096
    wrong = np.count_nonzero(stock != Reference(model).run(frames))
    assert 0 < wrong < stock.size / 100


def test_exact_relu_is_the_stock_relu_in_float32():
    """Values and gradients, on a range that saturates on both sides and holds ties."""
    x = np.random.default_rng(0).uniform(-10, 10, 20_000).astype(np.float32)
    x[:4000] = (np.arange(4000, dtype=np.float32) - 500.5) / 4096
    results = []
    for quantiser in (quantized_relu(15, 3), qkeras_model.ExactReLU(15, 3)):
        with tf.GradientTape() as tape:
            variable = tf.constant(x)
            tape.watch(variable)
            y = quantiser(variable)
        results.append((y.numpy(), tape.gradient(y, variable).numpy()))
    (stock, stock_gradient), (exact, exact_gradient) = results
    assert np.array_equal(stock, exact)
    assert np.array_equal(stock_gradient, exact_gradient)
    assert exact.max() == np.float32(32767 / 4096) and exact.min() == 0


def test_quantisers_are_the_number_format():
    for number_format in (NumberFormat(), NumberFormat(8, 5)):
        quantiser = qkeras_model.word(number_format)
        values = np.linspace(-9, 9, 36_001).astype(np.float32)
        got = np.asarray(quantiser(values), np.float64) * number_format.one
        assert np.array_equal(got, number_format.from_float(values))


def test_import_gives_the_integers_that_the_layers_use():
    """Float weights as training leaves them, out of range ones included; and there and back."""
    spec = NetworkSpec((Conv1DSpec(3, 4, 2, 3), Conv1DSpec(4, 2, relu=False)))
    net = qkeras_model.build(spec)
    rng = np.random.default_rng(8)
    for i in range(2):
        layer = net.get_layer(f"conv{i}")
        values = [rng.normal(0, 5, v.shape).astype(np.float32) for v in layer.weights]
        values[0][0, :2, 0] = [100.1, -300.7]
        layer.set_weights(values)
    model = import_model(net, spec, {"seed": 8})
    assert model.meta == {"seed": 8}
    for i, pair in enumerate(model.weights):
        for variable, integers in zip(net.get_layer(f"conv{i}").weights, pair, strict=True):
            wanted = spec.number_format.from_float(np.asarray(variable))
            assert np.array_equal(integers, wanted)
    assert model.weights[0][0][0, :2, 0].tolist() == [32767, -32768]
    export_weights(model, net)
    again = import_model(net, spec)
    for a, b in zip(again.weights, model.weights, strict=True):
        assert np.array_equal(a[0], b[0]) and np.array_equal(a[1], b[1])


def test_import_refuses_another_format():
    spec = NetworkSpec((Conv1DSpec(3, 4, 2, 3),))
    net = qkeras_model.build(spec)
    coarse = NetworkSpec(spec.layers, NumberFormat(8, 5))
    with pytest.raises(ModelError) as caught:
        import_model(net, coarse)
    message = "layer 0: kernel: quantised values must lie on the grid of Q3.5 half_even"
    assert str(caught.value) == message


def test_valid_and_causal_builds_agree():
    spec = NetworkSpec((Conv1DSpec(2, 3, 4, 3), Conv1DSpec(3, 1, 2, 5, relu=False)))
    model = random_model(spec, 4, 0.01)
    values = spec.number_format.to_float(random_frames(spec, 60, 4))[None].astype(np.float32)
    outputs = []
    for causal in (False, True):
        net = qkeras_model.build(spec, causal)
        export_weights(model, net)
        outputs.append(np.asarray(net(values))[0])
    assert outputs[0].shape == (60 - spec.receptive_field + 1, 1) and outputs[1].shape == (60, 1)
    assert np.array_equal(outputs[0], outputs[1][spec.receptive_field - 1 :])


@pytest.mark.parametrize(
    "spec, message",
    [
        (NetworkSpec((Conv1DSpec(1, 1),), NumberFormat(16, 12, "floor")),
         "QKeras rounds half_even; rounding 'floor' is not possible"),
    ],
)  # fmt: skip
def test_what_qkeras_cannot_do(spec, message):
    with pytest.raises(ModelError) as caught:
        qkeras_model.build(spec)
    assert str(caught.value) == message
