# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Model files as people have them (cases/NOTICE.md): equal to QKeras, or the true reason."""

import json
import re
import shutil
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from models.__main__ import main
from models.graph.files import load
from models.graph.reference import GraphReference
from tests.support.qkeras_forward import forward_of_file
from tests.support.soc.command_line import run_main

CASES = Path(__file__).parent / "cases"
run = partial(run_main, main)

# File, options, version of the file that comes out, frames that the Keras model's output lacks.
EXPECTED = {
    "03_auto_po2_on_grid/their.keras": ((), 1, 0),
    "04a_alpha_0.5/their.keras": ((), 1, 0),
    "04c_alpha_per_channel/their.keras": ((), 1, 0),
    "06a_ternary_kernel/their.keras": ((), 1, 0),
    "07a_quantized_linear_kernel/their.keras": ((), 1, 0),
    "08_relu_upper_bound/their.keras": (("--relu-upper-bound", "clip"), 2, 0),
    "09a_qdense_over_time/their.keras": ((), 1, 0),
    "10a_nested_sequential/their.keras": ((), 1, 14),
    "10a_nested_sequential/their.h5": ((), 1, 14),
    "12a_cropping_end/their.keras": ((), 1, 6),
    "12c_Identity/their.keras": ((), 1, 0),
    "13_keras_3.3.3/their.keras": ((), 1, 0),
    "13_keras_3.3.3/their.h5": ((), 1, 0),
    "14_keras_2/their.keras": ((), 1, 0),
    "14_keras_2/their.h5": ((), 1, 0),
    "15_keras_2_names_with_slash/their.keras": ((), 1, 0),
    "15_keras_2_names_with_slash/their.h5": ((), 1, 0),
    "16_symmetric_activation/their.keras": ((), 2, 0),
    "17_keep_negative_0/their.keras": ((), 1, 0),
}


def imported(file, options, capsys, folder):
    """(GraphModel, what the command printed)."""
    output = folder / "m.npz"
    status, out, err = run(["import", file, "-o", output, *options], capsys)
    assert (status, err) == (0, ""), err
    return load(output), out


def outputs_of(model, frames):
    reference = GraphReference(model)
    return reference.run(frames)


@pytest.mark.parametrize("name", EXPECTED)
def test_equals_qkeras_of_the_trained_model(name, capsys, tmp_path):
    options, version, late = EXPECTED[name]
    model, out = imported(CASES / name, options, capsys, tmp_path)
    expected = np.load((CASES / name).parent / "expected.npz")
    assert model.spec.in_word.frac == 12
    assert np.array_equal(outputs_of(model, expected["frames"])[late:], expected["outputs"])
    assert ("a file of version 2" in out) == (version == 2)
    assert (f"starts {late} frames later" in out) == (late > 0)


FORWARD = {  # No expected.npz: QKeras runs the file here.
    "02_original_po2_pairs": ((), 2),
    "28_coarser_input_quantiser": ((), 2),
    "54_one_input_channel": ((), 1),
}


def frames_for(model, count=400):
    rng = np.random.default_rng(3)
    word = model.spec.in_word
    frames = rng.integers(word.min, word.max + 1, (count, model.spec.in_channels))
    frames[count // 2 :] >>= 3
    return frames


@pytest.mark.parametrize("name", FORWARD)
def test_equals_qkeras_of_the_file(name, capsys, tmp_path):
    options, version = FORWARD[name]
    path = CASES / name / "their.keras"
    model, out = imported(path, options, capsys, tmp_path)
    frames = frames_for(model)
    wanted = forward_of_file(path, frames, model.spec.in_word.frac)
    got = outputs_of(model, frames)
    assert np.array_equal(got / model.spec.out_word.one, wanted)
    assert len(np.unique(got)) > 50 and ("a file of version 2" in out) == (version == 2)


def test_the_last_layer_without_a_quantiser(capsys, tmp_path):
    """The published original's net: --output-format rounds its sums, saturating."""
    path = CASES / "01_original_qb_net" / "their.keras"
    status, out, err = run(["import", path, "-o", tmp_path / "m.npz"], capsys)
    assert (status, out) == (2, "") and not (tmp_path / "m.npz").exists()
    assert "layer stage2: its output must be quantised: " in err
    assert "or by --output-format, as Q5.12\n" in err
    for text, version in (("Q5.12", 1), ("Q4.12", 2), ("Q2.6", 2)):
        model, out = imported(path, ("--output-format", text), capsys, tmp_path)
        assert ("a file of version 2" in out) == (version == 2)
        frames = frames_for(model, 640)  # the file's own length
        wanted = forward_of_file(path, frames, model.spec.in_word.frac)
        word = model.spec.out_word
        assert f"Q{word.bits - word.frac}.{word.frac}" == text
        assert not np.array_equal(wanted * word.one, np.rint(wanted * word.one)), "sums are finer"
        assert np.array_equal(outputs_of(model, frames), word.from_float(wanted))


REFUSED = {
    "08_relu_upper_bound": "layer q_activation_21 (QActivation): relu_upper_bound 6.0 is below "
    "full scale 7.99976, and QKeras does not save is_quantized_clip, which decides whether it "
    "acts: --relu-upper-bound clip (it was False) or ignore (True, the default)",
    "11_batchnorm": "layer batch_normalization (BatchNormalization): what it scales by must be a "
    "word of at most 18 bits, got -0.063412264 in channel 0: fold it into the kernel and bias of "
    "the convolution in front before the last training, or give it factors that are powers of two",
    "22_plain_float_keras": "layer a0 (Conv1D): kernel without a quantiser: quantised values must "
    "lie on a grid of at most 18 bits, which alpha=1 or another power of two makes, got "
    "0.171338826 and values of 26 bits",
    "55_nan_weights": "layer q_conv1d_3 (QConv1D): a weight holds NaN: the training diverged",
}


@pytest.mark.parametrize("name", REFUSED)
def test_the_true_reason(name, capsys, tmp_path):
    path = CASES / name / "their.keras"
    status, out, err = run(["import", path, "-o", tmp_path / "m.npz"], capsys)
    assert (status, out) == (2, "") and not (tmp_path / "m.npz").exists()
    assert err == f"python3 -m models import: error: {path}: {REFUSED[name]}\n"


def test_containers_that_are_not_read(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("saved").mkdir()
    Path("saved/saved_model.pb").write_bytes(b"\x08\x01")
    Path("empty").mkdir()
    Path("model.pkl").write_bytes(b"\x80\x04N.")
    Path("model.json").write_text('{"class_name": "Sequential", "config": {"layers": []}}')
    for file, reason in (
        ("saved", "a SavedModel folder, without layers: save as .keras or .h5"),
        ("empty", "a folder; a model file is needed: .keras, .h5"),
        ("model.pkl", "a pickle, which is code and never loaded; save as .keras or .h5"),
        ("model.json", "a description without weights; give the file with --weights"),
    ):
        status, out, err = run(["import", file, "-o", "m.npz"], capsys)
        assert (status, out, err) == (2, "", f"python3 -m models import: error: {file}: {reason}\n")


def test_a_description_and_its_weights(capsys, tmp_path):
    """model.json with the weights that Keras 2 wrote beside it."""
    folder = CASES / "14_keras_2"
    with zipfile.ZipFile(folder / "their.keras") as archive:
        (tmp_path / "model.json").write_bytes(archive.read("config.json"))
        (tmp_path / "own.weights.h5").write_bytes(archive.read("model.weights.h5"))
    expected = np.load(folder / "expected.npz")
    shutil.copy(folder / "their.h5", tmp_path)
    shutil.copy(folder / "quantized.weights.h5", tmp_path)
    for weights in ("own.weights.h5", "their.h5", "quantized.weights.h5"):
        options = ("--weights", tmp_path / weights)
        model, _ = imported(tmp_path / "model.json", options, capsys, tmp_path)
        assert np.array_equal(outputs_of(model, expected["frames"]), expected["outputs"])


@pytest.mark.parametrize(
    "activation",
    [
        "quantized_relu(15,3,negative_slope=0.3)",
        "quantized_bits(16,'a')",
        "quantized_bits(16,3,alpha=[1,2])",
        "quantized_tanh(40)",
        "quantized_relu(15,3,use_sigmoid='x'",
        "ternary(alpha='x')",
    ],
)
def test_options_that_qkeras_does_not_take_are_one_line(activation, capsys, tmp_path):
    folder, bad = CASES / "16_symmetric_activation", tmp_path / "bad.keras"
    with zipfile.ZipFile(folder / "their.keras") as whole, zipfile.ZipFile(bad, "w") as archive:
        config = json.loads(whole.read("config.json"))
        config["config"]["layers"][-1]["config"]["activation"] = activation
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("model.weights.h5", whole.read("model.weights.h5"))
    status, out, err = run(["import", bad, "-o", tmp_path / "m.npz"], capsys)
    assert (status, out) == (2, "") and not (tmp_path / "m.npz").exists()
    assert f"{bad}: layer q_activation_19 (QActivation): " in err and err.count("\n") == 1


def test_the_quantiser_of_the_inputs_is_told(capsys, tmp_path):
    path = CASES / "28_coarser_input_quantiser" / "their.keras"
    _, out = imported(path, (), capsys, tmp_path)
    assert "layer q_activation_47: a quantiser of the inputs, which are rounded so\n" in out
    assert "in Q4.12 half_even, out Q4.12 half_even" in out


def test_the_page_names_all_layers_that_are_taken():
    from models.keras.lowering.layers import KINDS

    page = (Path(__file__).parents[3] / "docs" / "import.md").read_text()
    told = set(re.findall(r"\w+", page))
    assert set(KINDS) - told <= {"InputLayer", "GetItem", "QDepthwiseConv1D"}
    for option in ("--output-format", "--input-format", "--relu-upper-bound", "--approximate"):
        assert option in page
