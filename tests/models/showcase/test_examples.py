# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The examples: what goes in, what is wanted, and that the WAVs are the reference's integers."""

from functools import partial

import numpy as np
import pytest
import soundfile

from models.__main__ import main
from models.reference import Reference
from models.showcase import examples
from models.sound import waves
from models.sound.errors import esr_db
from models.spec import Conv1DSpec, Model, ModelError, NetworkSpec
from tests.support.hdl.nets import random_model
from tests.support.listening import assert_listenable
from tests.support.soc.command_line import run_main

run = partial(run_main, main)

SPEC = NetworkSpec((Conv1DSpec(4, 4, 2, 5), Conv1DSpec(4, 1, relu=False)), sample_rate=24_000)
SOUNDS = {sound.name: sound for sound in examples.make(SPEC)}


def dominant(signal):
    """Hz of the strongest bin."""
    energy = np.abs(np.fft.rfft(signal * np.hanning(len(signal))))
    return np.fft.rfftfreq(len(signal), 1 / 24_000)[energy.argmax()]


def test_five_examples_of_whole_signals():
    assert list(SOUNDS) == ["corners", "walk", "modulated", "rough", "phrase"]
    assert [len(s.wave) for s in SOUNDS.values()] == [96_000, 192_000, 144_000, 172_800, 96_000]
    for sound in SOUNDS.values():
        assert len(sound.wave) == len(sound.embedding) == len(sound.target)
        assert np.abs(sound.embedding).max() <= 1
        assert len(sound.moments) == 4 and 0 < max(sound.moments) < len(sound.wave) / 24_000
        words = examples.frames(sound, SPEC)
        assert words.shape == (len(sound.wave), 4) and not words[:, 3].any()
        assert np.array_equal(words[:, 1:3], np.rint(sound.embedding * 4096))


def test_corners_hold_the_waves_of_the_training():
    sound = SOUNDS["corners"]
    for index, name in enumerate(waves.WAVES):
        here = slice(index * 24_000, (index + 1) * 24_000)
        assert np.unique(sound.embedding[here], axis=0).tolist() == [list(waves.CORNERS[name])]
        spec, place = SPEC, waves.corner(name)
        start = np.array([(0.25 + here.start * 110 / 24_000) % 1])
        inputs, target = waves.examples([place], np.array([110.0]), start, 24_000, spec)
        assert np.abs(examples.frames(sound, SPEC)[here] - inputs[0]).max() <= 1
        part = slice(here.start + SPEC.receptive_field + 10, here.stop)
        same = np.isclose(sound.target[part], target[0, SPEC.receptive_field + 10 :], atol=1e-6)
        assert same.mean() > 0.99  # a phase may fall on either side of a square's edge
        assert np.isnan(sound.target[here][: SPEC.receptive_field - 1]).all()


def test_the_walk_passes_every_edge_with_its_target():
    sound = SOUNDS["walk"]
    for index, (a, b) in enumerate(waves.EDGES):
        at = round((index + 0.25) / 4 * len(sound.wave))
        place = waves.edge(a, b, 0.75)
        np.testing.assert_allclose(sound.embedding[at], place.embedding, atol=1e-4)
        span = slice(at, at + 300)
        phase = (0.25 + np.arange(at - 9, at + 300) * 110 / 24_000) % 1
        mix = sum(g * wave(phase) for g, wave in zip(place.gains, waves.WAVES.values()))
        assert esr_db(sound.target[span], waves.smooth(mix)) < -30  # the gains move on meanwhile
    assert np.abs(np.diff(sound.embedding, axis=0)).max() < 1e-4
    assert np.abs(sound.embedding).max(axis=1).min() == 1  # never off the border


def test_the_modulation_is_at_audio_rate():
    sound = SOUNDS["modulated"]
    np.testing.assert_allclose(np.linalg.norm(sound.embedding, axis=1), 1)
    assert dominant(sound.embedding[:4800, 0]) == pytest.approx(205, rel=0.05)
    assert dominant(sound.embedding[-2400:, 1]) == pytest.approx(1960, rel=0.05)
    at = 50_000
    moments = np.arange(at - 9, at + 1)
    wanted = [
        sum(
            gain * wave((0.25 + moment * 110 / 24_000) % 1)
            for gain, wave in zip(waves.inside(*place).gains, waves.WAVES.values())
        )
        for moment, place in zip(moments, sound.embedding[moments])
    ]
    assert sound.target[at] == pytest.approx(np.mean(wanted))
    assert np.isfinite(sound.target[SPEC.receptive_field - 1 :]).all()


def test_rough_inputs_are_what_they_say():
    parts = np.split(SOUNDS["rough"].wave, 6)
    ramp, square, silence, steps, noise, again = parts
    assert np.ptp(np.diff(ramp)) > 1.9 and set(np.unique(square)) == {-1, 1}
    assert not silence.any() and not again.any()
    assert np.abs(steps).max() > 7 and np.count_nonzero(np.diff(steps)) == 59
    energy = np.abs(np.fft.rfft(noise)) ** 2
    assert energy[: len(energy) // 2].sum() == pytest.approx(energy.sum() / 2, rel=0.05)
    corners = np.split(SOUNDS["rough"].embedding, 24)
    assert [list(part[0]) for part in corners[:4]] == [[-1, -1], [-1, 1], [1, 1], [1, -1]]


def test_the_phrase_plays_its_notes():
    sound, each = SOUNDS["phrase"], 3000
    notes = {i: note for i, note in enumerate(examples.PHRASE) if note is not None}
    for i, note in notes.items():
        part = sound.wave[i * each : (i + 1) * each]
        crossings = np.count_nonzero(np.diff(part > 0))
        assert abs(crossings - 2 * 110 * 2 ** (note / 12) * each / 24_000) <= 1
    assert np.abs(np.diff(sound.wave)).max() < 0.05  # legato
    assert np.abs(np.diff(sound.embedding, axis=0)).max() < 0.05  # and no jump of the embedding
    bright = sound.embedding[[i * each + 96 for i in notes], 1]
    assert (bright > 0.85).all()
    dull = sound.embedding[[i * each - 1 for i in notes if i], 1]
    assert (dull < -0.4).all()
    sides = sound.embedding[[i * each + 96 for i in notes], 0]
    assert sides.tolist() == [(-1) ** (n + 1) for n in range(len(notes))]


def test_figures_of_known_signals():
    sound = SOUNDS["corners"]
    time = np.arange(96_000) / 24_000
    tone = 0.5 + np.sin(2 * np.pi * 1000 * time)
    tone[5000] += 3
    found = examples.figures(sound, tone, 24_000)
    assert found["peak"] == pytest.approx(4, abs=0.6) and found["dc"] == pytest.approx(
        0.5, abs=0.01
    )
    assert found["rms"] == pytest.approx(np.sqrt(0.75), abs=0.01)
    assert found["centroid"] == pytest.approx(1000, rel=0.01)
    # The sine itself steps by up to 0.26 at 24 kHz; a slower one only where it clicks.
    slow = np.sin(2 * np.pi * 100 * time)
    slow[5000] += 3
    assert examples.figures(sound, slow, 24_000)["clicks"] == 2 / 4
    perfect = np.nan_to_num(sound.target)
    assert examples.figures(sound, perfect, 24_000)["esr"] == -np.inf
    assert examples.figures(SOUNDS["rough"], tone, 24_000)["esr"] is None
    silent = examples.figures(sound, np.zeros(96_000), 24_000)
    assert silent["centroid"] == 0 and silent["ultrasonic"] == -np.inf and silent["esr"] == 0


def test_a_net_without_an_embedding_is_refused():
    spec = NetworkSpec((Conv1DSpec(2, 1),))
    with pytest.raises(ModelError, match="^network: 2 input channels; wave, e0 and e1 need 3$"):
        examples.make(spec)


def test_the_wavs_are_the_reference_after_silence(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    model = random_model(SPEC, seed=4, scale=0.1)
    model.save("m.npz")
    status, out, err = run(["examples", "m.npz", "-o", "a/b"], capsys)
    assert (status, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()[1:6]] == list(SOUNDS)
    for name, sound in SOUNDS.items():
        given, rate = soundfile.read(tmp_path / f"a/b/{name}_input.wav", dtype="int16")
        heard, _ = soundfile.read(tmp_path / f"a/b/{name}.wav", dtype="int16")
        assert rate == 24_000 and given.shape == (len(sound.wave), 3)
        reference = Reference(model)
        reference.run(np.zeros((1000, 4), int))
        frames = np.column_stack([given, np.zeros(len(given))]).astype(int)
        assert np.array_equal(frames, examples.frames(sound, SPEC))
        assert np.array_equal(reference.run(frames)[:, 0], heard)
        assert (tmp_path / f"a/b/{name}.png").stat().st_size > 50_000
    seconds = sum(len(sound.wave) for sound in SOUNDS.values()) / 24_000 + 0.5 * (len(SOUNDS) - 1)
    assert_listenable(tmp_path / "a/b/listen.wav", seconds)
    assert "listen.wav: all of them, 48 kHz, stereo, peak -3 dBFS; to listen: " in out


def test_the_zoo_plays_the_examples_as_it_should(zoo):
    """At a tenth of the length: errors as at its corners, no click on the walk but the targets'."""
    from models.commands.examples import play

    model = Model.load(zoo)
    for sound in examples.make(model.spec, pace=0.1):
        found = examples.figures(sound, play(model, sound), model.spec.sample_rate)
        if sound.name in ("corners", "walk", "phrase"):
            assert found["esr"] < -15 and abs(found["dc"]) < 0.1
        if sound.name == "walk":
            assert found["clicks"] < 5
        if sound.name == "modulated":
            assert found["esr"] < -8 and abs(found["dc"]) < 0.1 and found["centroid"] > 500
