# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Nets of version 2 in the commands: rendered, or refused with the layer; and --approximate."""

from functools import partial
from pathlib import Path

import keras
import numpy as np
import pytest
import qkeras

from models.__main__ import main
from models.graph.files import load, load_chain
from models.graph.reference import GraphReference
from models.sound import wav
from models.spec import Model
from tests.support.qkeras_forward import forward
from tests.support.soc.command_line import run_main

CASES = Path(__file__).parent / "cases"
run = partial(run_main, main)
BITS = "quantized_bits(16,3,alpha=1)"


@pytest.fixture
def room(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wave = np.rint(np.sin(np.arange(480) * 0.05) * 8000).astype(np.int16)
    wav.write("in.wav", wave, 48_000)
    return wave


def test_render_of_a_graph_and_of_one_input(room, capsys):
    for case in ("16_symmetric_activation", "54_one_input_channel"):
        argv = ["import", CASES / case / "their.keras", "-o", "m.npz", "--sample-rate", 48_000]
        assert run(argv, capsys)[0] == 0
        status, out, err = run(["render", "m.npz", "in.wav", "out.wav"], capsys)
        assert (status, err) == (0, "") and "0.010 s at 48000 Hz" in out
        model = load("m.npz")
        frames = np.zeros((len(room), model.spec.in_channels), np.int64)
        frames[:, 0] = room
        frames[:, 1:3] = -4096  # render's own embedding, (-1, -1)
        wanted = GraphReference(model).run(frames)[:, 0]
        got = np.rint(wav.read("out.wav", 48_000)[:, 0] * 32768)
        assert np.array_equal(got, wanted) and len(np.unique(wanted)) > 100


def test_what_takes_chains_alone_names_the_layer(room, capsys):
    argv = ["import", CASES / "16_symmetric_activation" / "their.keras", "-o", "m.npz"]
    assert run(argv, capsys)[0] == 0
    reason = (
        "m.npz: must be a chain of one format for this command (file version 1), got a graph of "
        "version 2: layer q_conv1d_17: a chain's activation must be relu or linear, got clip\n"
    )
    for argv in (["evaluate", "m.npz", "--no-qkeras"], ["image", "m.npz", "-o", "m.img"]):
        status, out, err = run(argv, capsys)
        assert (status, out, err) == (2, "", f"python3 -m models {argv[0]}: error: {reason}")


def test_a_chain_in_a_file_of_version_2_is_taken_everywhere(tmp_path, capsys):
    path = tmp_path / "m.npz"
    argv = ["import", CASES / "13_keras_3.3.3" / "their.keras", "-o", path]
    assert run(argv, capsys)[0] == 0
    chain = Model.load(path)
    load(path).save(path)  # the same as a graph
    again = Model.load(path)
    assert again.spec == load_chain(path).spec
    assert [x.kernel_size for x in again.spec.layers] == [x.kernel_size for x in chain.spec.layers]
    for got, wanted in zip(again.weights, chain.weights, strict=True):
        assert np.array_equal(got[0], wanted[0]) and np.array_equal(got[1], wanted[1])


def tanh_net(bits):
    """A convolution, words of `bits` bits, a real tanh of them."""
    x = inputs = keras.Input((None, 2))
    kernel = {"kernel_quantizer": BITS, "bias_quantizer": BITS}
    x = qkeras.QConv1D(3, 2, padding="valid", **kernel)(x)
    x = qkeras.QActivation(f"quantized_bits({bits},3,alpha=1)")(x)
    x = qkeras.QActivation("quantized_tanh(16,use_real_tanh=True)", name="tanh")(x)
    model = keras.Model(inputs, x)
    rng = np.random.default_rng(1)
    for layer in model.layers:
        layer.set_weights([rng.normal(0, 1, v.shape) for v in layer.weights])
    return model


def test_a_function_of_12_bits_is_exact_and_one_of_16_is_told(tmp_path, capsys):
    path, output = tmp_path / "their.keras", tmp_path / "m.npz"
    frames = np.random.default_rng(2).integers(-16384, 16384, (500, 2))
    for bits in (8, 12):
        theirs = tanh_net(bits)
        theirs.save(path)
        assert run(["import", path, "-o", output], capsys)[0] == 0
        got = GraphReference(load(output)).run(frames)[1:] / 2.0**15
        assert np.array_equal(got, forward(theirs, frames, 12))
    theirs = tanh_net(16)
    theirs.save(path)
    status, out, err = run(["import", path, "-o", output.with_name("n.npz")], capsys)
    assert (status, out) == (2, "") and not output.with_name("n.npz").exists()
    assert "layer tanh (QActivation): quantized_tanh(16) of Q4.12 half_even: a table of 4096" in err
    assert "of 65536 words" in err and err.endswith("; --approximate takes it\n")
    status, out, err = run(["import", path, "-o", output, "--approximate"], capsys)
    assert (status, err) == (
        0,
        "",
    ) and "quantized_tanh(16) is a table that differs" in out
    told = int(out.split("differs from it in ")[1].split()[0])
    got = GraphReference(load(output)).run(frames)[1:] / 2.0**15
    wrong = got != forward(theirs, frames, 12)
    assert 0 < told < 65536 / 2 and 0 < wrong.mean() < 0.5
    assert np.abs(got - forward(theirs, frames, 12)).max() < 2**-13
