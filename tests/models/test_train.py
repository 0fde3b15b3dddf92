"""Training, in small: it learns, it repeats, it says what it did."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile

from models.__main__ import main
from models.spec import Model
from models.topologies import get
from models.training import quality, waves
from models.training.recipe import Recipe
from models.training.recordings import Recordings
from models.training.train import silence, train

SPEC = replace(get("original"), sample_rate=24_000)
RECIPE = Recipe(steps=60, batch=8, outputs=128, seed=3, check_every=20)


def test_training_learns_and_repeats():
    first, again, other = (train(SPEC, replace(RECIPE, seed=s), progress=False) for s in (3, 3, 4))
    latent, integers, history = first
    assert [step for step, _ in history] == [20, 40, 60]
    assert history == again[2] and history != other[2]
    for a, b in zip(integers, again[1], strict=True):
        assert np.array_equal(a[0], b[0]) and np.array_equal(a[1], b[1])
    losses = [loss for _, loss in history]
    assert losses[2] < 0.9 * losses[0]
    for floats, words in zip(latent, integers, strict=True):
        for value, word in zip(floats, words, strict=True):
            assert np.array_equal(SPEC.number_format.from_float(value), word)


def test_channels_without_a_target_are_silenced():
    pairs = [(np.ones((2, 3, 3)), np.ones(3)), (np.ones((2, 3, 4)), np.ones(4))]
    first, last = silence(pairs)
    assert first[0].all() and first[1].all()
    assert last[0][:, :, 0].all() and not last[0][:, :, 1:].any()
    assert last[1].tolist() == [1, 0, 0, 0]
    assert pairs[1][0].all(), "the caller's arrays stay"


def test_train_command_writes_an_honest_model(tmp_path, monkeypatch, capsys):
    # TensorFlow takes its number of threads only before its first operation.
    monkeypatch.setattr("models.training.train.use_threads", lambda count: None)
    path = tmp_path / "net.npz"
    command = ["train", "original", "--sample-rate", "24000", "--steps", "30", "--batch", "4"]
    command += ["--outputs", "64", "--seed", "5", "-o", str(path)]
    assert main(command) == 0
    model = Model.load(path)
    assert model.spec == SPEC
    meta = model.meta
    assert meta["command"] == "python -m models " + " ".join(command)
    assert meta["seed"] == 5 and meta["recipe"]["steps"] == 30
    measured = quality.esr_per_corner(quality.reference_of(model), model.spec)
    assert meta["esr_db_integer"] == measured
    assert meta["esr_db_float"] == pytest.approx(measured, abs=0.2)
    out = capsys.readouterr().out
    for name, value in measured.items():
        assert f"{name:8} {value:9.2f} dB {meta['esr_db_float'][name]:9.2f} dB\n" in out


def test_train_command_on_recordings(tmp_path, monkeypatch, capsys):
    """What it says of them, and the errors of the test's recordings alone."""
    monkeypatch.setattr("models.training.train.use_threads", lambda count: None)
    takes = tmp_path / "takes"
    takes.mkdir()
    rng = np.random.default_rng(1)
    for index in range(4):
        phase = waves.phase(rng.uniform(50, 400), 24_000, 3000)
        frames = np.stack([waves.triangle(phase), waves.sine(phase)], axis=1) / 8
        soundfile.write(takes / f"{index}.wav", frames * [1, -1 if index == 2 else 1], 24_000)
    (takes / "labels.json").write_text('{"*": {"in1": [-1, 0.5]}}')
    path = tmp_path / "net.npz"
    command = ["train", "original", "--sample-rate", "24000", "--steps", "30", "--batch", "4"]
    command += ["--outputs", "64", "--data", str(takes), "-o", str(path)]
    assert main(command) == 0
    data = Recordings(takes, SPEC, seed=Recipe.seed)
    model = Model.load(path)
    assert model.meta["data"] == data.description
    assert model.meta["esr_db_integer"] == data.esr(quality.reference_of(model))
    assert list(model.meta["esr_db_integer"]) == ["-1 0.5"]
    out = capsys.readouterr().out.splitlines()
    assert out[:3] == [
        "2.wav: in1 is the core wave upside down: inverted?",
        "2.wav: in1 is inverted against the others of embedding -1 0.5",
        data.description,
    ]
    assert f"-1 0.5   {model.meta['esr_db_integer']['-1 0.5']:9.2f} dB" in "\n".join(out)
    assert main([*command, "--outputs", "3000"]) == 2
    assert capsys.readouterr().err == (
        f"python -m models train: error: {takes}: the longest burst of embedding -1 0.5 for "
        "train has 3000 samples at 24000 Hz; 3063 are needed: 63 of history and 3000 outputs\n"
    )
