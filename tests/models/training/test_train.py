# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Training, in small: it learns, it repeats, it says what it did."""

import re
from dataclasses import replace
from functools import lru_cache
from itertools import islice

import numpy as np
import pytest
import soundfile

from models.__main__ import main
from models.recordings.takes import Recordings
from models.sound import errors as quality
from models.sound import waves
from models.spec import Model, ModelError
from models.topologies import TOPOLOGIES, get
from models.training import checkpoint
from models.training.loop import Training
from models.training.loss import FRAMES, mix, spectral
from models.training.recipe import RECIPES, Recipe, recipe_of, spec_of
from models.training.train import Synthetic, silence, train

SPEC = replace(get("original"), sample_rate=24_000)
RECIPE = Recipe(steps=60, batch=8, outputs=128, seed=3, check_every=20, polish=4, windows=3000)
RECIPE = replace(RECIPE, jumping=0.002, modulated=0.006, settling=0.5)


@lru_cache
def trained():
    return train(SPEC, RECIPE, progress=False)


def test_training_learns_and_repeats():
    first = trained()
    again, other = (train(SPEC, replace(RECIPE, seed=seed), progress=False) for seed in (3, 4))
    latent, integers, history = first
    assert [step for step, _ in history["descent"]] == [20, 40, 60]
    assert [step for step, _ in history["polish"]] == [1, 2, 3, 4]
    assert history == again[2] and history != other[2]
    for a, b in zip(integers, again[1], strict=True):
        assert np.array_equal(a[0], b[0]) and np.array_equal(a[1], b[1])
    first, *_, descended = (loss for _, loss in history["descent"])
    assert descended < 0.9 * first and history["polish"][-1][1] < 0.8 * descended
    for floats, words in zip(latent, integers, strict=True):
        for value, word in zip(floats, words, strict=True):
            assert np.array_equal(SPEC.number_format.from_float(value), word)


@pytest.mark.parametrize("name", ["mcu", "po2", "reuse"])
def test_every_kind_of_layer_learns(name):
    spec = replace(get(name), sample_rate=24_000)
    recipe = replace(RECIPE, steps=240, batch=16, seed=2, check_every=60, polish=0)
    *_, history = train(spec, recipe, progress=False)
    losses = [loss for _, loss in history["descent"]]
    assert min(losses[1:]) < 0.9 * losses[0]


@pytest.mark.parametrize("descended, polished", [(31, 0), (60, 1), (60, 3)])
def test_a_training_that_was_interrupted_goes_on_as_if_it_had_not_been(
    descended, polished, tmp_path
):
    path = checkpoint.path_of(tmp_path / "net.npz")
    whole = trained()
    training = Training(SPEC, RECIPE, Synthetic(SPEC, RECIPE))
    list(islice(training.descend(), descended))
    list(islice(training.polish(), polished))
    training.save(path)
    assert [file.name for file in tmp_path.iterdir()] == ["net.checkpoint.npz"]
    resumed = train(SPEC, RECIPE, progress=False, path=path, resume=True)
    assert resumed[2] == whole[2]
    for a, b in zip(resumed[1], whole[1], strict=True):
        assert np.array_equal(a[0], b[0]) and np.array_equal(a[1], b[1])


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda path: None, "no such file: there is nothing to resume"),
        (lambda path: path.write_text("PK"), "is not a checkpoint"),
        (lambda path: np.savez(path, a=1), "is not a checkpoint: 'facts'"),
        (
            lambda path: Training(SPEC, replace(RECIPE, rate=0.5), Synthetic(SPEC, RECIPE)).save(
                path
            ),
            "is of another training: recipe must be {",
        ),
    ],
)
def test_what_cannot_be_resumed_is_refused(change, words, tmp_path):
    path = tmp_path / "net.checkpoint.npz"
    change(path)
    with pytest.raises(ModelError, match=re.escape(words)):
        train(SPEC, RECIPE, progress=False, path=path, resume=True)


def test_a_loss_that_is_no_number_ends_it():
    training = Training(SPEC, RECIPE, Synthetic(SPEC, RECIPE))
    training.net.set_weights([np.full_like(value, np.nan) for value in training.net.get_weights()])
    with pytest.raises(ModelError, match="the loss is nan after 20 steps: a lower --rate"):
        list(training.descend())


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_five_minutes_make_a_fair_net():
    # 20,000 steps and 100 of Gauss-Newton took 5 minutes of one core.
    spec = get("original_24k")
    recipe = replace(recipe_of("original_24k"), polish=100)
    _, integers, _ = train(spec, recipe, progress=False)
    model = Model(spec, integers)
    assert max(quality.esr_per_corner(quality.reference_of(model), spec).values()) <= -15


def test_it_ends_when_nothing_gets_better():
    recipe = replace(RECIPE, steps=400, rate=1e-12, check_every=10, patience=3, polish=0)
    *_, history = train(SPEC, recipe, progress=False)
    losses = [loss for _, loss in history["descent"]]
    best = losses.index(min(losses))
    assert len(losses) == best + 4 < 40


def test_fitted_words_are_others_of_the_same_net():
    _, plain, _ = trained()
    latent, fitted, history = train(SPEC, replace(RECIPE, fitted=True), progress=False)
    assert history == trained()[2]
    pairs = list(zip(latent, plain, fitted, strict=True))
    for floats, at_once, words in pairs[:-1]:  # of the last the channels that are silent differ
        for value, rounded, word in zip(floats, at_once, words, strict=True):
            assert np.array_equal(SPEC.number_format.from_float(value), rounded)
            assert np.abs(word - rounded).max() < 20
    assert not np.array_equal(plain[1][0], fitted[1][0])

    fixed = Synthetic(SPEC, RECIPE).fixed(100, 512)

    def distance(words):
        """Of the integers' waves from those of the net before rounding."""
        nets = quality.reference_of(Model(SPEC, words)), quality.FloatTwin(SPEC, latent)
        return sum(np.mean((nets[0](inputs) - nets[1](inputs)) ** 2) for inputs in fixed[0])

    assert distance(fitted) < 0.8 * distance(plain)


def test_noisy_steps_do_not_end_it_settled_ones_do():
    """Gauss-Newton on so few windows makes the net worse with almost every step."""
    recipe = replace(RECIPE, steps=20, polish=40, patience=3, windows=60, settling=0.25)
    *_, history = train(SPEC, recipe, progress=False)
    checks = dict(history["polish"])
    best = min(range(31, max(checks) + 1), key=checks.get)
    assert max(checks) in (best + 3, 40), "30 steps forget, whatever they bring"
    recipe = replace(recipe, settling=0.0)
    *_, history = train(SPEC, recipe, progress=False)
    checks = dict(history["polish"])
    assert max(checks) == min(checks, key=checks.get) + 3 < 30


def test_the_loss_is_what_it_says():
    rng = np.random.default_rng(1)
    output, target = rng.normal(size=(2, 3, 512)).astype(np.float32)
    squared = np.mean((output - target) ** 2)
    assert float(mix(Recipe())(output, target)) == pytest.approx(squared, rel=1e-5)
    steps = np.mean((np.diff(output) - np.diff(target)) ** 2)
    mixed = float(mix(Recipe(slope=2.0, spectral=0.5))(output, target))
    distance = float(spectral(output, target))
    assert mixed == pytest.approx(squared + 2 * steps + 0.5 * distance, rel=1e-5)

    def resolution(length):
        window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
        starts = range(0, 512 - length + 1, length // 4)
        a, b = (
            np.abs(np.fft.rfft([x[:, i : i + length] * window for i in starts]))
            for x in (output, target)
        )
        return np.mean((a - b) ** 2) / length / np.mean(window**2)

    assert distance == pytest.approx(np.mean([resolution(n) for n in FRAMES]), rel=1e-3)
    assert float(spectral(output, output)) == 0


def test_every_topology_has_its_recipe():
    assert set(TOPOLOGIES) <= set(RECIPES)
    assert {spec_of(name).topology() for name in RECIPES} == {
        spec.topology() for spec in TOPOLOGIES.values()
    }


def test_a_training_goes_on_from_another(tmp_path):
    """With other weights than alone, from the best of the first; interrupted in between as well."""
    first = replace(RECIPE, steps=40, polish=2)
    recipe = replace(RECIPE, steps=0, polish=3, before=first)
    *_, begun = train(SPEC, first, progress=False)
    latent, integers, history = train(SPEC, recipe, progress=False)
    (start,) = [loss for _, loss in history["descent"]]
    assert start == pytest.approx(min(loss for _, loss in begun["polish"]), rel=1e-6)
    assert len(history["polish"]) == 3 and history["polish"][-1][1] < start
    path = tmp_path / "net.checkpoint.npz"
    again = train(SPEC, recipe, progress=False, path=path)
    assert checkpoint.of_part(path, "before").exists()
    path.unlink()
    resumed = train(SPEC, recipe, progress=False, path=path, resume=True)
    for pairs in (again[1], resumed[1]):
        for a, b in zip(integers, pairs, strict=True):
            assert np.array_equal(a[0], b[0]) and np.array_equal(a[1], b[1])


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
    command += [
        "--outputs",
        "64",
        "--polish",
        "1",
        "--windows",
        "2000",
        "--seed",
        "5",
        "-o",
        str(path),
    ]
    assert main(command) == 0
    model = Model.load(path)
    assert model.spec == SPEC
    meta = model.meta
    assert meta["command"] == "python3 -m models " + " ".join(command)
    assert meta["seed"] == 5 and meta["recipe"]["steps"] == 30
    measured = quality.esr_per_corner(quality.reference_of(model), model.spec)
    assert meta["esr_db_integer"] == measured
    assert meta["esr_db_float"] == pytest.approx(measured, abs=0.2)
    out = capsys.readouterr().out
    for name, value in measured.items():
        assert f"{name:8} {value:9.2f} dB {meta['esr_db_float'][name]:9.2f} dB\n" in out


def test_powers_of_two_can_be_trained_as_words(tmp_path, monkeypatch):
    monkeypatch.setattr("models.training.train.use_threads", lambda count: None)
    path = tmp_path / "net.npz"
    command = ["train", "po2", "--no-po2", "--steps", "1", "--batch", "1", "--outputs", "8"]
    assert main([*command, "--polish", "0", "-o", str(path)]) == 0
    spec = Model.load(path).spec
    assert [layer.weights for layer in spec.layers] == ["fixed"] * 7
    assert spec.parameters == get("po2").parameters


@pytest.mark.parametrize(
    "first, second, what, given",
    [
        ("edges", "inside", "the sum of --edges and --inside", "0.7 + 0.4"),
        (
            "jumping",
            "modulated",
            "the sum of the error's shares",
            "--jumping 0.7 and --modulated 0.4",
        ),
    ],
)
def test_shares_of_more_than_all_are_refused(first, second, what, given, tmp_path, capsys):
    command = ["train", "original", f"--{first}", "0.7", f"--{second}", "0.4"]
    assert main([*command, "-o", str(tmp_path / "net.npz")]) == 2
    assert capsys.readouterr().err == (
        f"python3 -m models train: error: {what} must be at most 1, got {given}\n"
    )


@pytest.mark.parametrize("low, high", [("400", "100"), ("100", "100"), ("100", "12000")])
def test_pitches_rise_and_end_below_half_the_rate(low, high, tmp_path, capsys):
    command = ["train", "original", "--sample-rate", "24000", "--pitches", low, high]
    assert main([*command, "-o", str(tmp_path / "net.npz")]) == 2
    assert capsys.readouterr().err == (
        "python3 -m models train: error: --pitches must rise and end below half the rate "
        f"(12000 Hz), got {low} {high}\n"
    )


def test_a_training_of_no_steps_is_refused(tmp_path, capsys):
    command = ["train", "original", "--steps", "0", "--polish", "0"]
    assert main([*command, "-o", str(tmp_path / "net.npz")]) == 2
    assert capsys.readouterr().err == (
        "python3 -m models train: error: one of --steps and --polish must be above 0, got 0 and 0\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_gauss_newton_alone_trains(tmp_path, monkeypatch):
    """From random weights, on the sharpened and extended examples that wide nets learn from."""
    monkeypatch.setattr("models.training.train.use_threads", lambda count: None)
    path = tmp_path / "net.npz"
    command = "train original --sample-rate 24000 --steps 0 --polish 3 --windows 4000 --outputs 32"
    command += f" --sharp 0.5 --beyond 1.1 -o {path}"
    assert main(command.split()) == 0
    history = Model.load(path).meta["loss_history"]
    assert [step for step, _ in history["descent"]] == [0]
    assert history["polish"][-1][1] < 0.5 * history["descent"][0][1]


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
    command += [
        "--outputs",
        "64",
        "--polish",
        "1",
        "--windows",
        "2000",
        "--data",
        str(takes),
        "-o",
        str(path),
    ]
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
        f"python3 -m models train: error: {takes}: the longest burst of embedding -1 0.5 for "
        "train has 3000 samples at 24000 Hz; 3063 are needed: 63 of history and 3000 outputs\n"
    )
