# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Nets of one's own waves: what --waves takes, and that all that is told follows them."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import soundfile

from models.__main__ import main
from models.commands.zoo import table
from models.quality import evaluation, report
from models.showcase import examples
from models.showcase.tour import Tour
from models.sound import errors, own_waves, waves
from models.sound.plane import STANDARD, Plane, Wave, of_model
from models.spec import Conv1DSpec, Model, ModelError, NetworkSpec
from models.training import windows
from models.training.recipe import Recipe, recipe_of, spec_of
from models.training.train import Synthetic
from tests.support.hdl.nets import random_model
from tests.support.soc.command_line import run_main

run = partial(run_main, main)
SPEC = NetworkSpec((Conv1DSpec(3, 4, 2, 5), Conv1DSpec(4, 1, relu=False)), sample_rate=24_000)
TWO = Plane([Wave("soft", "sin(2*pi*t)"), Wave("hard", "sign(tri(t))")])


def model_of(plane, name="own"):
    model = random_model(replace(SPEC, name=name), seed=3, scale=0.05)
    model.meta["waves"] = plane.to_meta()
    return model


def test_texts_become_waves(tmp_path):
    path = tmp_path / "my wave.wav"
    soundfile.write(path, np.sin(2 * np.pi * np.arange(100) / 100) / 4, 8000, subtype="FLOAT")
    plane = own_waves.read(["a=2*t-1", "square", str(path), f"mine={path}", " b = t >= 0.5 "])
    assert plane.names == ("a", "square", "my_wave", "mine", "b")
    p = np.arange(100) / 100
    for index, wanted in ((0, 2 * p - 1), (1, waves.square(p)), (4, p >= 0.5)):
        assert np.array_equal(plane.waves[index](p), wanted)
    for index in (2, 3):  # a peak of 1, whatever the file's
        np.testing.assert_allclose(plane.waves[index](p), np.sin(2 * np.pi * p), atol=1e-4)


def test_a_long_period_keeps_its_low_harmonics(tmp_path):
    p = np.arange(10_000) / 10_000
    soundfile.write(tmp_path / "a.wav", 0.5 * np.sin(2 * np.pi * 7 * p), 8000, subtype="FLOAT")
    (wave,) = own_waves.read([str(tmp_path / "a.wav"), "sine"]).waves[:1]
    assert len(wave.period) == 2048
    np.testing.assert_allclose(wave(p), np.sin(2 * np.pi * 7 * p), atol=1e-3)


@pytest.mark.parametrize(
    "texts, reason",
    [
        (["sine"], "--waves must be 2 to 8, got 1"),
        (["sine"] * 9, "--waves must be 2 to 8, got 9"),
        (["sine", "sine"], "waves: two are called sine; each needs a name of its own"),
        (["sine", "2*t-1"], "--waves: a wave must be NAME=FORMULA, "),
        (["sine", "a=open('x')"], "wave a: formula \"open('x')\": must be made of t, pi, "),
        (["sine", "none.wav"], "none.wav: no such file"),
        (["sine", "text.wav"], "text.wav: must be WAV, FLAC or AIFF "),
        (["sine", "short.wav"], "short.wav: must have at least 8 samples, got 7"),
        (["sine", "long.wav"], "long.wav: must have at most 65536 samples, got 65537"),
        (["sine", "silent.wav"], "silent.wav: must sound, got a peak of 0"),
    ],
)
def test_what_is_no_wave_is_refused_before_the_work(texts, reason, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.wav").write_text("no sound")
    for name, values in (("short", np.ones(7)), ("long", np.ones(65_537)), ("silent", np.zeros(9))):
        soundfile.write(tmp_path / f"{name}.wav", values / 2, 8000)
    status, out, err = run(["train", "waveshaper", "--waves", *texts], capsys)
    assert (status, out) == (2, "") and err.count("\n") == 1
    assert err.startswith(f"python3 -m models train: error: {reason}")
    assert not list(tmp_path.glob("*.npz"))


def test_waves_and_recordings_exclude_each_other(tmp_path, capsys):
    argv = ["train", "original", "--waves", "sine", "ramp", "--data", tmp_path]
    status, _, err = run([*argv, "-o", tmp_path / "x.npz"], capsys)
    assert status == 2
    assert err.endswith("only one of --waves and --data may be given, got both\n")


def test_examples_have_the_targets_of_the_plane():
    """Inputs do not change; the target is the smoothed mix of the plane's waves."""
    place = TWO.edge("soft", "hard", 0.25)
    args = [place], np.array([440.0]), np.array([0.3]), 50, SPEC
    inputs, target = waves.examples(*args, TWO)
    assert np.array_equal(
        inputs[0, :, 0], waves.examples([waves.corner("sine")], *args[1:])[0][0, :, 0]
    )
    p = waves.phase(440.0, 24_000, 59, 0.3, first=-9)
    mix = sum(g * wave(p) for g, wave in zip(place.gains, TWO.waves))
    np.testing.assert_allclose(target[0], np.convolve(mix, np.ones(10) / 10, "valid"), atol=1e-9)
    mixture = windows.Mixture(jumping=0.01, modulated=0.01, broken=0.01, foreign=0.01, plane=TWO)
    newest = np.zeros(1, int)
    drawn = windows.random_windows(np.random.default_rng(1), 300, newest, SPEC, mixture)
    assert drawn[0].shape == (300, 1, 3) and np.abs(drawn[1]).max() <= 2


def test_a_net_is_judged_by_its_own_waves():
    recipe = Recipe(waves=("soft=sin(2*pi*t)", "hard=sign(tri(t))"))
    data = Synthetic(SPEC, recipe)
    assert data.plane == TWO
    assert data.facts["waves"] == TWO.to_meta()
    assert data.facts["trained"] == {"level": 1.0, "pitch_hz": [30.0, 1000.0]}
    assert data.description.startswith("synthetic waves soft, hard, crc 0x")
    assert data.description.endswith("without the pitches of waves.HELD_OUT")
    assert Synthetic(SPEC, Recipe()).facts["waves"] == STANDARD.to_meta()

    def net(inputs):  # the second wave wherever asked
        return np.convolve(np.sign(inputs[:, 0]), np.ones(10) / 10)[: len(inputs)]

    esr = data.esr(net)
    assert list(esr) == ["soft", "hard"] and esr["hard"] < -20 < -10 < esr["soft"]


def test_tables_and_pictures_follow_the_waves(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    plane = Plane([Wave(f"w{i}", f"sin(2*pi*t)*{i + 1}/9") for i in range(3)])
    model = model_of(plane)
    model.save("own.npz")
    page = tmp_path / "page.md"
    page.write_text("<!-- tables: begin -->\n<!-- tables: end -->\n")
    random_model(SPEC, seed=3, scale=0.05).save("plain.npz")
    argv = ["evaluate", "own.npz", "plain.npz", "--no-qkeras", "--page", page, "--plots", "out"]
    status, out, err = run(argv, capsys)
    assert (status, err) == (0, "")
    found = evaluation.evaluate(model)
    edges = [f"{a}-{b}" for a, b in plane.edges]
    assert found.places == (*plane.names, *edges, "centre")
    for place in found.places:
        assert f"{place:15}{found.integers.pooled(place):7.2f} dB" in out
    assert f"| net | rate | multiplications | {' | '.join(found.places)} |" in page.read_text()
    assert "| net | rate | multiplications | sine | ramp | square | zigzag |" in page.read_text()
    assert all((tmp_path / "out/own" / name).stat().st_size for name in ("grid.png", "spectra.png"))
    place = plane.corner(plane.names[1])
    pairs = list(errors.signals(SPEC, place, evaluation.PITCHES, plane))
    wanted = np.concatenate([pairs[evaluation.PITCHES.index(p)][1] for p in evaluation.TRAINED])
    which = [evaluation.PITCHES.index(pitch) for pitch in evaluation.TRAINED]
    there = [found.integers.targets[plane.names[1]][index] for index in which]
    assert np.array_equal(np.concatenate(there), wanted)
    assert report.noted_cost(model) is None
    model.meta["esr_db_integer"] = dict.fromkeys(plane.names, -20.0)
    model.meta["esr_db_float"] = dict.fromkeys(plane.names, -20.5)
    assert report.noted_cost(model) == 0.5
    (row,) = list(table({"own.npz": model}))[2:]
    assert "<br>".join(f"{name} -20.0" for name in plane.names) in row


@pytest.mark.parametrize("count", range(2, 9))
def test_sounds_and_the_tour_visit_every_wave(count):
    plane = Plane([Wave(f"w{i}", f"sin(2*pi*t)*{i + 1}/9") for i in range(count)])
    corners, walk, modulated, rough, phrase = examples.make(SPEC, 0.1, plane)
    visited = [tuple(point) for point in corners.embedding[:: len(corners.embedding) // count]]
    assert visited[:count] == list(plane.corners.values())
    assert ", ".join(plane.names) in corners.text
    for index in range(count):  # each as loud as it should be
        part = corners.target[index * 2400 :][:2400]
        assert np.nanmax(part) == pytest.approx((index + 1) / 9, abs=0.02)
    for sound in (walk, modulated, rough, phrase):
        assert np.isfinite(sound.embedding).all() and np.abs(sound.embedding).max() <= 1
    tour = Tour(model_of(plane), 24_000)
    assert list(tour.stops)[:count] == list(plane.names) and len(tour.stops) == count + 1
    assert tour.embeddings[:count] == list(plane.corners.values())
    spans = [(i * tour.each, (i + 1) * tour.each) for i in range(count + 1)]
    target = tour.target(spans)
    assert np.abs(target[slice(*spans[1])]).max() == pytest.approx(2 / 9, abs=0.02)
    assert tour.errors(target, spans) == [-np.inf] * (count + 1)


def test_a_trained_net_tells_its_waves_and_range(tmp_path, monkeypatch, capsys):
    # TensorFlow takes its number of threads only before its first operation.
    monkeypatch.setattr("models.training.train.use_threads", lambda count: None)
    path, first = tmp_path / "net.npz", tmp_path / "first.npz"
    command = "train original --sample-rate 24000 --outputs 64 --polish 2 --windows 2000".split()
    command += ["--waves", "soft=sin(2*pi*t)", "hard=sign(tri(t))"]
    assert run([*command, "--steps", "3", "-o", first], capsys)[0] == 0
    status, out, _ = run([*command, "--from", first, "-o", path], capsys)
    assert status == 0 and "\nsoft " in out and "\nhard " in out
    model, before = Model.load(path), Model.load(first)
    assert of_model(model) == TWO
    assert model.meta["trained"] == {"level": 1.0, "pitch_hz": [30.0, 1000.0]}
    assert model.meta["recipe"]["waves"] == command[-2:]
    measured = errors.esr_per_corner(errors.reference_of(model), model.spec, TWO)
    assert model.meta["esr_db_integer"] == measured
    # It went on from where the first one ended, without gradient descent.
    history = model.meta["loss_history"]
    assert [step for step, _ in history["descent"]] == [0]
    best = min(loss for _, loss in before.meta["loss_history"]["polish"])
    assert history["descent"][0][1] == pytest.approx(best, rel=0.02)
    assert history["polish"][-1][1] < history["descent"][0][1]


def test_a_net_of_another_shape_cannot_be_begun_with(tmp_path, zoo, capsys):
    for name, reason in (
        (
            "original",
            f"--from {zoo}: waveshaper: its layers are not those of original, or narrower",
        ),
        ("wide", "--from must not be given for wide, which starts from narrow nets"),
    ):
        argv = ["train", name, "--from", zoo, "--polish", "1", "-o", tmp_path / "x.npz"]
        status, _, err = run(argv, capsys)
        assert (status, err) == (2, f"python3 -m models train: error: {reason}\n")


def test_a_sibling_has_the_shape_of_its_topology():
    assert spec_of("folds").topology() == spec_of("waveshaper").topology()
    assert spec_of("folds").name == "folds"
    assert own_waves.read(recipe_of("folds").waves).names == ("fold", "saw", "pulse", "arc")
    with pytest.raises(ModelError, match="^net 'sine' is not known; known: folds, mcu, "):
        spec_of("sine")
