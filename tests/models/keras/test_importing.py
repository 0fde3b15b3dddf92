# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Models that Keras saved, imported: the integers of QKeras's own forward, or the layer named."""

import json
from functools import partial

import h5py
import keras
import numpy as np
import pytest
from qkeras import QActivation, QConv1D, quantized_bits, quantized_po2, quantized_relu

from models import topologies
from models.__main__ import main
from models.keras import qkeras_model, quantisers
from models.keras.importing import import_file
from models.keras.integers import export_weights
from models.keras.lowering.layers import KINDS
from models.messages import either
from models.reference import Reference
from models.spec import Model, ModelError
from tests.support.hdl.nets import random_frames, random_model
from tests.support.soc.command_line import run_main

run = partial(run_main, main)

WORD = "quantized_bits(16,3,alpha=1)"


class Builder:
    """Builds one network twice: as a user would, to be saved, and in float64, to be run.

    In float64 causal QConv1Ds become zeros and "valid" (their own forward crashes in qkeras-v3
    1.2.1), and quantized_relu, which computes in float32, becomes the one without that cast.
    """

    def __init__(self, runs):
        self.runs = runs

    def conv(self, filters, taps=1, dilation=1, quantised=True, padding="causal", **options):
        """A convolution as a function of a tensor; the same object may be called again."""
        make, before = keras.layers.Conv1D, lambda x: x
        if quantised:
            make = QConv1D
            options = {"kernel_quantizer": WORD, "bias_quantizer": WORD, **options}
            if padding == "causal" and self.runs:
                padding, zeros = "valid", (dilation * (taps - 1), 0)
                before = lambda x: keras.layers.ZeroPadding1D(zeros)(x)  # noqa: E731
        layer = make(filters, taps, padding=padding, dilation_rate=dilation, **options)
        return lambda x: layer(before(x))

    def relu(self, bits=15, integer=3, **options):
        if self.runs:
            return qkeras_model.ExactReLU(bits, integer)
        return quantized_relu(bits, integer, **options)


def inline(b, x):
    x = b.conv(6, 4, 3, activation=b.relu())(x)
    x = b.conv(5, 2, 7, activation=b.relu())(x)
    return b.conv(2, 3, 128, activation=quantized_bits(16, 3, alpha=1))(x)


def activation_layers(b, x):
    """QActivation by object and by string, ReLUs before and after, a Dropout, an inputs' word."""
    x = QActivation(WORD)(x)
    x = b.conv(6, 4, 3)(x)
    x = QActivation(b.relu())(x)
    x = keras.layers.Dropout(0.1)(x)
    x = b.conv(5, 1)(x)
    x = keras.layers.ReLU()(x)
    x = QActivation("quantized_bits(bits=16, integer=3, alpha=1.0)")(x)
    x = b.conv(5, 2, activation="relu")(x) if not b.runs else keras.layers.ReLU()(b.conv(5, 2)(x))
    x = QActivation(quantized_bits(16, 3, alpha=1.0))(x)
    x = QActivation(b.relu())(b.conv(3, 2, 2)(x))
    return QActivation(quantized_bits(16, 3))(b.conv(2, 2, 5, use_bias=False)(x))


def plain_conv1d(b, x):
    """Keras's own causal Conv1D; its weights happen to be words."""
    x = b.conv(6, 4, 3, quantised=False)(x)
    x = QActivation(b.relu())(x)
    x = b.conv(2, 4, 9, quantised=False)(x)
    return QActivation(WORD)(x)


def zeros_in_front(b, x):
    x = keras.layers.ZeroPadding1D((9, 0))(x)
    x = b.conv(6, 4, 3, padding="valid")(x)
    x = QActivation(b.relu())(x)
    return QActivation(WORD)(b.conv(2, 1, padding="valid")(x))


def powers_of_two(b, x):
    power = {"kernel_quantizer": quantized_po2(4, max_value=2)}
    x = QActivation(b.relu())(b.conv(6, 4, 3, **power)(x))
    own = {"kernel_quantizer": qkeras_model.Po2(16, 12)}
    return QActivation(WORD)(b.conv(2, 1, **own)(x))


def narrow_weights_wide_words(b, x):
    """Coarser weights lie on the words' grid; words of Q5.12 by quantized_relu(16, 4)."""
    narrow = {"kernel_quantizer": quantized_bits(8, 0, alpha=1), "bias_quantizer": None}
    x = QActivation(b.relu(16, 4))(b.conv(6, 4, 3, **narrow)(x))
    return QActivation(quantized_bits(17, 4, alpha=1))(b.conv(2, 2, **narrow)(x))


def repeated(b, x):
    """One layer three times in a row, and once more after another."""
    again, one = b.conv(4, 3, 2), b.conv(4, 1)
    for layer in (again, again, again, one, again):
        x = QActivation(b.relu())(layer(x))
    return x


NETS = [inline, activation_layers, plain_conv1d, zeros_in_front, powers_of_two,
        narrow_weights_wide_words, repeated]  # fmt: skip


def build(make, runs, sequential=False):
    inputs = keras.Input((None, 4), name="frames")
    model = keras.Model(inputs, make(Builder(runs), inputs))
    return keras.Sequential(model.layers) if sequential else model


def weights_for(model, seed=1):
    """Random float weights, some far out of range; words for layers without quantisers."""
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        values = [rng.normal(0, 0.6, v.shape).astype(np.float32) for v in layer.weights]
        if values and getattr(layer, "kernel_quantizer", None):
            values[0][0, 0, 0] = -11.3
        if values and not getattr(layer, "bias_quantizer", None):
            values[-1] = np.rint(values[-1] * 4096) / 4096
        if values and not hasattr(layer, "kernel_quantizer"):
            values[0] = np.rint(values[0] * 4096) / 4096
        layer.set_weights(values)
    return model


def saved(make, path, sequential=False):
    """Save the user's float32 model; returns its weights in the order of its convolutions."""
    model = weights_for(build(make, runs=False, sequential=sequential))
    model.save(path)
    return [layer.get_weights() for layer in model.layers if layer.weights]


def forward(make, weights, frames, frac):
    """Integers of the QKeras model in float64."""
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    try:
        model = build(make, runs=True)
        layers = [layer for layer in model.layers if layer.weights]
        for layer, values in zip(layers, weights, strict=True):
            layer.set_weights(values)
        result = np.asarray(model(frames[None] / 2.0**frac))[0] * 2.0**frac
    finally:
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy("float32")
    assert result.dtype == np.float64 and np.array_equal(result, np.rint(result))
    return result


@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
@pytest.mark.parametrize("suffix", ["keras", "h5"])
@pytest.mark.parametrize("make", NETS, ids=lambda make: make.__name__)
def test_import_equals_the_forward(make, suffix, tmp_path):
    path = tmp_path / f"their.{suffix}"
    weights = saved(make, path)
    model = import_file(path, 48_000)
    frames = random_frames(model.spec, 1500, seed=4)
    frames[500:] //= 8  # loud, then quiet: saturations, then the fine grid
    reference = Reference(model)
    wanted = forward(make, weights, frames, model.spec.number_format.frac)
    assert np.array_equal(reference.run(frames), wanted)
    assert sum(reference.saturations) > 0 and len(np.unique(wanted)) > 100
    assert model.spec.sample_rate == 48_000 and model.spec.name == "their"


def test_topologies_that_come_out(tmp_path):
    def layers(make):
        saved(make, tmp_path / "m.keras")
        spec = import_file(tmp_path / "m.keras", 192_000).spec
        shapes = [(x.in_channels, x.out_channels, x.kernel_size, x.dilation) for x in spec.layers]
        return shapes, [(x.relu, x.weights, x.repeat) for x in spec.layers], str(spec.number_format)

    word = "Q4.12 half_even"
    ways = [(True, "fixed", 1), (True, "fixed", 1), (False, "fixed", 1)]
    assert layers(inline) == ([(4, 6, 4, 3), (6, 5, 2, 7), (5, 2, 3, 128)], ways, word)
    ways = [(True, "fixed", 3), (True, "fixed", 1), (True, "fixed", 1)]
    assert layers(repeated) == ([(4, 4, 3, 2), (4, 4, 1, 1), (4, 4, 3, 2)], ways, word)
    ways = [(True, "po2", 1), (False, "po2", 1)]
    assert layers(powers_of_two) == ([(4, 6, 4, 3), (6, 2, 1, 1)], ways, word)
    assert layers(narrow_weights_wide_words)[2] == "Q5.12 half_even"


@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
def test_sequential_and_all_valid_models(tmp_path):
    def valid(b, x):
        x = QActivation(b.relu())(b.conv(6, 4, 3, padding="valid")(x))
        return QActivation(WORD)(b.conv(2, 3, 2, padding="valid")(x))

    for suffix in ("keras", "h5"):
        path = tmp_path / f"m.{suffix}"
        weights = saved(valid, path, sequential=True)
        model = import_file(path, 192_000)
        frames = random_frames(model.spec, 500, seed=5)
        late = Reference(model).run(frames)[model.spec.receptive_field - 1 :]
        assert np.array_equal(late, forward(valid, weights, frames, 12))


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("name", ["waveshaper", "po2", "reuse", "mcu"])
def test_nets_of_this_project_come_back(name, causal, tmp_path):
    spec = topologies.get(name)
    net = qkeras_model.build(spec, causal)
    wanted = random_model(spec, seed=2, scale=0.1)
    export_weights(wanted, net)
    net.save(tmp_path / f"{name}.keras")
    model = import_file(tmp_path / f"{name}.keras", spec.sample_rate, name)
    assert model.spec == spec
    for got, pair in zip(model.weights, wanted.weights, strict=True):
        assert np.array_equal(got[0], pair[0]) and np.array_equal(got[1], pair[1])


def test_keras_2_file(tmp_path):
    """As QKeras 0.9 with TensorFlow 2.15 writes .h5: other nesting, names that end in ":0"."""
    word = {"class_name": "quantized_bits", "config": {"bits": 16, "integer": 3, "symmetric": 0,
            "alpha": 1.0, "keep_negative": True, "use_stochastic_rounding": False,
            "qnoise_factor": 1.0}}  # fmt: skip

    def layer(kind, name, source, **config):
        nodes = [[[source, 0, 0, {}]]] if source else []
        config = {"name": name, "trainable": True, "dtype": "float32", **config}
        return {"class_name": kind, "config": config, "name": name, "inbound_nodes": nodes}

    conv = {"filters": 3, "kernel_size": [2], "strides": [1], "padding": "causal",
            "data_format": "channels_last", "dilation_rate": [5], "groups": 1,
            "activation": "linear", "use_bias": True, "kernel_quantizer": word,
            "bias_quantizer": word, "kernel_range": None, "bias_range": None}  # fmt: skip
    layers = [
        layer("InputLayer", "input_1", None, batch_input_shape=[None, None, 2]),
        layer("QConv1D", "a", "input_1", **conv),
        layer("QActivation", "q", "a", activation="quantized_relu(15,3)"),
    ]
    inner = {"name": "m", "layers": layers, "input_layers": [["input_1", 0, 0]],
             "output_layers": [["q", 0, 0]]}  # fmt: skip
    rng = np.random.default_rng(3)
    kernel, bias = rng.normal(0, 1, (2, 2, 3)), rng.normal(0, 1, 3)
    with h5py.File(tmp_path / "old.h5", "w") as file:
        config = json.dumps({"class_name": "Functional", "config": inner})
        file.attrs["model_config"], file.attrs["keras_version"] = config, "2.15.0"
        group = file.create_group("model_weights/a")
        group.attrs["weight_names"] = [b"a/kernel:0", b"a/bias:0"]
        group["a/kernel:0"], group["a/bias:0"] = kernel.astype("f4"), bias.astype("f4")
        for name in ("input_1", "q"):
            file.create_group(f"model_weights/{name}").attrs["weight_names"] = []
    model = import_file(tmp_path / "old.h5", 24_000)
    (only,) = model.spec.layers
    assert (only.dilation, only.relu, model.spec.number_format.frac) == (5, True, 12)
    for got, wanted in zip(model.weights[0], (kernel, bias), strict=True):
        assert np.array_equal(got, np.rint(wanted.astype("f4").astype(float) * 4096))


def lambda_layer(b, x):
    return keras.layers.Lambda(lambda y: y * 2, name="code")(x)


REFUSED = {
    "code": (lambda_layer, "layer code (Lambda): is code in the file, which is never run"),
    "lstm": (
        lambda b, x: keras.layers.LSTM(3, name="cell")(x),
        f"layer cell (LSTM): its kind must be {either(KINDS)}",
    ),
    "open": (
        lambda b, x: b.conv(2, 2, name="first")(x),
        "layer first: its output must be quantised: by a QActivation of quantized_bits(bits, "
        "integer, alpha=1) or quantized_relu(bits - 1, integer), or by --output-format, as Q4.12",
    ),
    "not quantised between": (
        lambda b, x: QActivation(WORD)(b.conv(2, 2, name="second")(b.conv(2, 2)(x))),
        "layer second (QConv1D): what comes in must be quantised: a QActivation of "
        "quantized_bits(bits, integer, alpha=1) or quantized_relu(bits - 1, integer) in front; "
        "got a sum of 2 taps, which is no single kernel with 2 more",
    ),
    "relu not quantised": (
        lambda b, x: QActivation(WORD)(b.conv(2, name="c")(keras.layers.ReLU()(b.conv(2)(x)))),
        "layer c (QConv1D): what comes in must be quantised: a QActivation of "
        "quantized_bits(bits, integer, alpha=1) or quantized_relu(bits - 1, integer) in front; "
        "got relu of a sum",
    ),
    "float": (
        lambda b, x: QActivation(WORD)(b.conv(2, kernel_quantizer=None, name="raw")(x)),
        "layer raw (QConv1D): kernel without a quantiser: quantised values must lie on a grid "
        "of at most 18 bits, which alpha=1 or another power of two makes, got 1.23015334e-05 and "
        "values of 35 bits",
    ),
    "scale": (
        lambda b, x: QActivation(WORD)(
            b.conv(2, kernel_quantizer=quantized_bits(16, 3, alpha="auto"), name="c")(x)
        ),
        "layer c (QConv1D): kernel: quantised values must lie on a grid of at most 18 bits, which "
        "alpha=1 or another power of two makes, got 1.23495288e-05 and values of more than 62 bits",
    ),
    "scale of a signal": (
        lambda b, x: QActivation(quantized_bits(8, 3, alpha="auto_po2"), name="q")(b.conv(2)(x)),
        "layer q (QActivation): quantized_bits(8, 3): alpha must be a number, got 'auto_po2', "
        "which scales by each signal that comes",
    ),
    "same": (
        lambda b, x: QActivation(WORD)(b.conv(2, 3, padding="same", name="c")(x)),
        "layer c (QConv1D): padding must be 'causal' or 'valid', got 'same'",
    ),
    "stride": (
        lambda b, x: QActivation(WORD)(b.conv(2, 3, padding="valid", strides=2, name="c")(x)),
        "layer c (QConv1D): strides must be 1, got 2",
    ),
    "groups": (
        lambda b, x: QActivation(WORD)(b.conv(2, 3, quantised=False, strides=2, name="c")(x)),
        "layer c (Conv1D): strides must be 1, got 2",
    ),
    "zeros": (
        lambda b, x: QActivation(WORD)(
            b.conv(2, 3, 4, padding="valid", name="c")(keras.layers.ZeroPadding1D((9, 0))(x))
        ),
        "layer c (QConv1D): zeros before padding 'valid' must be at most 8, got 9",
    ),
    "zeros late": (
        lambda b, x: QActivation(WORD)(
            b.conv(2, 3, name="c")(QActivation(WORD)(b.conv(2, 3, padding="valid")(x)))
        ),
        "layer c (QConv1D): all convolutions must be padded, or none: got zeros in front of "
        "frames of which 2 were dropped before",
    ),
    "future": (
        lambda b, x: b.conv(2, 3, padding="valid")(keras.layers.ZeroPadding1D(1, name="z")(x)),
        "layer z (ZeroPadding1D): padding must be causal, (n, 0), got (1, 1)",
    ),
    "tanh": (
        lambda b, x: QActivation(WORD, name="q")(b.conv(2, activation="tanh")(x)),
        "layer q (QActivation): quantized_bits(16, 3) of tanh of a sum must be a rounding to a "
        "word, which it is not; "
    ),
    "leaky": (
        lambda b, x: QActivation(b.relu(negative_slope=0.25), name="q")(b.conv(2)(x)),
        "layer q (QActivation): quantized_relu(15, 3) of a sum must be a rounding to a word, "
        "which it is not; ",
    ),
    "noise": (
        lambda b, x: QActivation(quantized_bits(16, 3, alpha=1, qnoise_factor=0.5), name="q")(
            b.conv(2)(x)
        ),
        "layer q (QActivation): quantized_bits(16, 3) of a sum must be a rounding to a word, "
        "which it is not; ",
    ),
    "unknown": (
        lambda b, x: QActivation("bernoulli(1)", name="q")(b.conv(2)(x)),
        f"layer q (QActivation): quantiser must be {either(quantisers.CLASSES)}, got bernoulli",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_the_layer_that_is_not_supported_is_named(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    make, message = REFUSED[name]
    inputs = keras.Input((24, 4))
    model = keras.Model(inputs, make(Builder(runs=False), inputs))
    for layer in model.layers:
        rng = np.random.default_rng(7)
        layer.set_weights([rng.normal(0, 0.01, v.shape) for v in layer.weights])
    model.save("their.keras")
    status, out, err = run(["import", "their.keras", "-o", "m.npz"], capsys)
    assert (status, out) == (2, "")
    whole = f"python3 -m models import: error: their.keras: {message}"
    assert err == f"{whole}\n" or whole[-2:] in ("; ", ": ") and err.startswith(whole)
    assert err.count("\n") == 1
    assert not (tmp_path / "m.npz").exists()


@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_code_in_a_file_is_not_run(suffix, tmp_path):
    """A Lambda whose code leaves a mark when Keras's own loader, told to trust it, runs it."""
    mark = tmp_path / "mark"
    body = f"lambda y: (open({str(mark)!r}, 'w').close(), y * 2)[1]"
    inputs = keras.Input((None, 2))
    keras.Model(inputs, keras.layers.Lambda(eval(body))(inputs)).save(tmp_path / f"m.{suffix}")
    mark.unlink()
    with pytest.raises(ModelError, match="is code in the file, which is never run"):
        import_file(tmp_path / f"m.{suffix}", 192_000)
    assert not mark.exists()
    keras.models.load_model(tmp_path / f"m.{suffix}", safe_mode=False)
    assert mark.exists(), "the file is harmless: this test shows nothing"


@pytest.mark.parametrize(
    "content, reason",
    [
        (None, "no such file"),
        (b"", "not a readable Keras model (.keras, .h5): "),
        (b"PK\x03\x04 and no more", "not a readable Keras model (.keras, .h5): "),
    ],
    ids=["missing", "empty", "cut"],
)
def test_files_that_are_no_model(content, reason, tmp_path):
    path = tmp_path / "x.keras"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError) as caught:
        import_file(path, 192_000)
    assert str(caught.value).startswith(f"{path}: {reason}") and "\n" not in str(caught.value)


@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
def test_damaged_files_are_one_line(tmp_path):
    """Bytes changed anywhere: a model, or one line; never another exception."""
    rng = np.random.default_rng(12)
    for suffix in ("keras", "h5"):
        saved(inline, tmp_path / f"m.{suffix}")
        whole = (tmp_path / f"m.{suffix}").read_bytes()
        bad = tmp_path / f"bad.{suffix}"
        for _ in range(60):
            data = bytearray(whole)
            for at in rng.integers(len(data), size=20):
                data[at] = rng.integers(256)
            bad.write_bytes(data[: rng.integers(len(data) // 2, len(data) + 1)])
            try:
                import_file(bad, 192_000)
            except ModelError as error:
                assert str(error).startswith(f"{bad}: ") and "\n" not in str(error)


def test_weights_alone(tmp_path):
    build(inline, runs=False).save_weights(tmp_path / "m.weights.h5")
    with pytest.raises(ModelError, match="weights alone, without the layers; save the whole model"):
        import_file(tmp_path / "m.weights.h5", 192_000)


def test_the_command_writes_the_model(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    saved(repeated, "their.keras")
    argv = ["import", "their.keras", "-o", "m.npz", "--sample-rate", 96_000]
    status, out, err = run(argv, capsys)
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        "layer 0: 4 -> 4, 3 taps, dilation 2, fixed, relu, 3 times",
        "layer 1: 4 -> 4, 1 taps, dilation 1, fixed, relu",
        "layer 2: 4 -> 4, 3 taps, dilation 2, fixed, relu",
        "m.npz: 124 parameters, Q4.12 half_even, receptive field 17",
    ]
    assert Model.load("m.npz").spec == import_file("their.keras", 96_000).spec
    before = (tmp_path / "m.npz").read_bytes()
    for output, reason in (
        ("m.txt", "m.txt: a model must end in .npz, got .txt"),
        ("m", "m: a model must end in .npz, got no suffix"),
        ("none/m.npz", "none/m.npz: the folder none does not exist"),
    ):
        status, out, err = run(["import", "their.keras", "-o", output], capsys)
        assert (status, out) == (2, "")
        assert err == f"python3 -m models import: error: {reason}\n"
    (tmp_path / "their.keras").write_bytes(b"PK")
    assert run(["import", "their.keras", "-o", "m.npz"], capsys)[0] == 2
    assert (tmp_path / "m.npz").read_bytes() == before
