# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What `evaluate` measures, against signals and nets whose figures are known."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from models.__main__ import main
from models.quality import evaluation, pages, stability
from models.quality import plots as quality_plots
from models.quality import report as quality_report
from models.reference import Reference
from models.sound import errors, spectra, waves
from models.sound.plane import STANDARD
from models.spec import Conv1DSpec, Model, NetworkSpec, NumberFormat
from tests.support.hdl.nets import random_model
from tests.support.soc.command_line import run_main

run = partial(run_main, main)

SPEC = NetworkSpec((Conv1DSpec(3, 4, 2, 5), Conv1DSpec(4, 1, relu=False)), sample_rate=24_000)
SMALL = random_model(SPEC, seed=3, scale=0.05)
PLACES = list(evaluation.places_of(STANDARD).values())


AT_47_HZ, AT_4_KHZ = 4, 17  # places in evaluation.PITCHES


def one_layer(*taps, sample_rate=24_000):
    """A net that sums its wave at several delays of 5 samples; taps: weights, oldest first."""
    spec = NetworkSpec((Conv1DSpec(3, 1, len(taps), 5, relu=False),), sample_rate=sample_rate)
    kernel = np.zeros((len(taps), 3, 1), int)
    kernel[:, 0, 0] = np.array(taps) * 4096
    return Model(spec, [(kernel, np.zeros(1, int))])


def test_places_are_corners_edges_and_a_centre_of_equal_power():
    assert [place.embedding for place in PLACES] == [
        (-1, -1), (-1, 1), (1, 1), (1, -1), (-1, 0), (0, 1), (1, 0), (0, -1), (0, 0),
    ]  # fmt: skip
    power = [sum(gain**2 for gain in place.gains) for place in PLACES]
    np.testing.assert_allclose(power, 1)
    np.testing.assert_allclose(PLACES[8].gains, 0.5)


def test_takes_of_a_net_with_a_known_error():
    """A net that plays the target but for a tenth at one pitch and for silence at another."""
    wanted = {name: [t for _, t in evaluation.signals(SPEC, place, evaluation.PITCHES)]
              for name, place in evaluation.places_of(STANDARD).items()}  # fmt: skip
    flat = iter([t for targets in wanted.values() for t in targets])
    calls = iter(range(9 * len(evaluation.PITCHES)))

    def net(inputs):
        index, target = next(calls) % len(evaluation.PITCHES), next(flat)
        return np.concatenate([np.full(SPEC.receptive_field - 1, 9.0), target]) * (
            {AT_47_HZ: 0.9, AT_4_KHZ: 0.0}.get(index, 1.0)
        )

    takes = evaluation.play(net, SPEC, STANDARD)
    for place in evaluation.places_of(STANDARD):
        levels = [takes.esr(place, pitch) for pitch in evaluation.PITCHES]
        assert levels[AT_47_HZ] == pytest.approx(-20)
        # Ten samples at 24 kHz hold five periods of the zigzag's 12 kHz: nothing is left of it.
        at_4_khz = levels[AT_4_KHZ]
        assert np.isnan(at_4_khz) if place == "zigzag" else at_4_khz == 0
        assert set(levels[:AT_47_HZ] + levels[AT_47_HZ + 1 : AT_4_KHZ]) == {-np.inf}
        energy = [np.sum(target**2) for target in wanted[place]]
        pooled = 10 * np.log10(0.01 * energy[AT_47_HZ] / sum(energy[3:11]))
        assert takes.pooled(place) == pytest.approx(pooled)
        convergence, decibels = takes.stft(place, SPEC.sample_rate)
        assert convergence == pytest.approx(0.1 / 8) and 0 < decibels < 0.92 / 8


def test_circling_esr_of_a_net_with_a_known_error():
    """A tenth off at 200 Hz, else equal; what comes before the field has filled is not judged."""
    wanted = iter(
        [hertz, target]
        for hertz in evaluation.CIRCLES
        for _, target in errors.moving_signals(SPEC, hertz, evaluation.TRAINED)
    )

    def net(inputs):
        hertz, target = next(wanted)
        head = np.full(SPEC.receptive_field - 1, 9.0)
        return np.concatenate([head, target * (1.1 if hertz == 200 else 1)])

    found = evaluation.circling_esr(net, SPEC, STANDARD)
    assert found == {20: -np.inf, 200: pytest.approx(-20), 2000: -np.inf}


def test_evaluation_pitches_are_the_held_out_ones_and_really_sound():
    assert evaluation.PITCHES == waves.HELD_OUT and len(evaluation.TRAINED) == 8
    assert [len(pitches) for pitches in evaluation.BANDS.values()] == [8, 3, 3, 4]
    assert sorted(sum(evaluation.BANDS.values(), ())) == list(evaluation.PITCHES)
    for pitch, (inputs, target) in zip(
        waves.HELD_OUT, evaluation.signals(SPEC, PLACES[2], waves.HELD_OUT), strict=True
    ):
        assert len(target) == 2400 and len(inputs) == 2400 + SPEC.receptive_field - 1
        crossings = np.count_nonzero(np.diff(inputs[:, 0] > 0))
        assert abs(crossings - 2 * pitch * len(inputs) / 24_000) <= 2


def test_stft_distance_of_known_signals():
    rng = np.random.default_rng(1)
    noise = rng.normal(size=20_000)
    assert spectra.stft_distance(noise, noise, 192_000) == (0, 0)
    convergence, decibels = spectra.stft_distance(0.5 * noise, noise, 192_000)
    assert convergence == pytest.approx(0.5) and decibels == pytest.approx(6.02, abs=0.02)
    # A phase is no error of the spectrum, though it is one of the wave.
    tone = np.sin(2 * np.pi * 1000 / 192_000 * np.arange(20_000))
    shifted = np.sin(2 * np.pi * 1000 / 192_000 * np.arange(20_000) + 1)
    assert spectra.stft_distance(shifted, tone, 192_000)[0] < 0.001


def test_the_tone_for_aliases():
    for rate in (24_000, 44_100, 48_000, 192_000):
        count, periods = spectra.alias_tone(rate)
        assert count & (count - 1) == 0 and all(periods % d for d in range(2, periods))
        assert periods * rate / count == pytest.approx(1000, rel=0.05)
        wave = spectra.band_limited_triangle(count, periods)
        np.testing.assert_allclose(
            wave, waves.triangle(np.arange(count) * periods / count % 1), atol=0.06
        )


def test_alias_ratio_of_known_distortion():
    """y = x**k on a cosine: harmonics up to k, those above half the rate come back."""
    rate = 48_000
    count, periods = spectra.alias_tone(rate)
    phase = 2 * np.pi * periods * np.arange(count) / count
    clean = spectra.ratio_db(np.cos(phase) ** 5, periods, rate)
    assert clean < -200
    alias = np.cos(phase) + 0.01 * np.cos(phase * (count - 5 * periods + 1) / periods)
    assert spectra.ratio_db(alias, periods, rate) == pytest.approx(-40, abs=1e-6)
    bin_21_khz = round(21_000 * count / rate)
    above = np.cos(phase) + np.cos(2 * np.pi * bin_21_khz * np.arange(count) / count)
    assert spectra.ratio_db(above, periods, rate) < -200  # 21 kHz is inaudible
    shifted = np.cos(phase) + 5  # nor DC
    assert spectra.ratio_db(shifted, periods, rate) < -200


def test_a_silent_net_is_measured_without_a_warning(recwarn):
    spec = NetworkSpec((Conv1DSpec(3, 1, relu=False),), sample_rate=24_000)
    silent = Model(spec, [(np.zeros((1, 3, 1), int), np.zeros(1, int))])
    found = evaluation.evaluate(silent)
    assert found.integers.pooled("sine") == 0 and found.alias[48_000] == (np.inf, np.inf)
    assert "inf dB" in "\n".join(quality_report.text(found)) and not recwarn.list


def test_alias_of_a_net_that_only_delays_and_of_one_that_clips():
    for rate in evaluation.ALIAS_RATES:
        linear = evaluation.float_of(one_layer(0.5, 0.5))
        assert spectra.alias_to_signal_db(linear, SPEC, rate) < -200
    levels = [
        spectra.alias_to_signal_db(lambda x: np.clip(x[:, 0] / 4096, -0.3, 0.3), SPEC, rate)
        for rate in (48_000, 192_000)
    ]
    assert -60 < levels[0] < -30 and levels[1] < levels[0] - 15


def test_noise_of_an_input_that_stands_still():
    still = stability.standing_still(one_layer(3), PLACES)
    assert still.ripple == 0 and still.hiss == pytest.approx(3 * np.sqrt(2 / 3), rel=0.1)


def test_excitations_of_a_net_that_is_known():
    found = stability.excite(one_layer(1, 0, 2), PLACES)
    assert set(found) == {"silence", "ramp", "square", "full-scale square", "full-scale steps",
                          "full-scale flips", "white noise", "noise on all inputs"}  # fmt: skip
    assert found["silence"] == stability.Excitation(0.0, 0.0, 0, True)
    assert found["square"].settles == 10  # the oldest tap is 2 * 5 samples back
    assert found["square"].peak == 3 and found["square"].saturated == 0
    assert found["full-scale square"].peak == 8
    assert found["full-scale square"].saturated > 0.9  # the taps disagree at edges
    # 3x passes +/-8 for 5/8 ... of noise: x + 2y, both uniform in [-8, 8).
    assert found["white noise"].saturated == pytest.approx(0.5, abs=0.02)
    assert all(one.returned for one in found.values())


def test_a_net_that_latches_is_seen(monkeypatch):
    """No causal chain of convolutions can; a reference with a leak of its past can."""

    class Latch(Reference):
        memory = 0

        def run(self, frames):
            out = super().run(frames)
            self.memory |= int(np.abs(frames[:, 0]).max() > 30_000)
            return out + self.memory

    monkeypatch.setattr(stability, "Reference", Latch)
    found = stability.excite(one_layer(1), PLACES)
    assert not found["white noise"].returned and found["square"].returned


def test_evaluation_of_a_net_in_three_arithmetics():
    from models.keras.run import qkeras_of

    honest = qkeras_of(SMALL)
    calls = iter(range(9 * len(evaluation.PITCHES)))

    def wrong_once(inputs):
        values = honest(inputs).copy()
        if next(calls) == 40:
            values[-7] += 1 / 4096
        return values

    found = evaluation.evaluate(SMALL, honest)
    assert found.qkeras_differs == 0 and found.values == 9 * 18 * 2400
    wrong = replace(found, qkeras=evaluation.play(wrong_once, SPEC, STANDARD))
    assert wrong.qkeras_differs == 1
    assert "388800 values, 1 DIFFER" in "\n".join(quality_report.text(wrong))
    without = replace(found, qkeras=None)
    assert without.qkeras_differs is None
    report = "\n".join(quality_report.text(found))
    assert "QKeras in float64 against the integers: 388800 values, equal" in report
    (line,) = [row for row in report.splitlines() if row.startswith("zigzag ") and "null" in row]
    assert line.split().count("null") == 1 and line.endswith("null")
    assert "QKeras in float64" not in "\n".join(quality_report.text(without))
    rounding = found.integers.pooled("ramp") - found.floats.pooled("ramp")
    assert 0 < abs(rounding) < 0.2  # 24,000 Hz, small weights: rounding shows, and is small


def test_qkeras_without_half_even_is_left_out(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    spec = NetworkSpec(SPEC.layers, NumberFormat(rounding="floor"), 24_000)
    random_model(spec, 1, 0.05).save("floor.npz")
    status, out, err = run(["evaluate", "floor.npz"], capsys)
    assert (status, err) == (0, "")
    assert "QKeras is left out: QKeras rounds half_even" in out and "QKeras in float64" not in out


def test_the_command_prints_and_writes_the_page(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    before, after = "# Quality\n\ntext\n\n", "\nmore text\n"
    page = Path("page.md")
    page.write_text(f"{before}{pages.BEGIN}\nold\n{pages.END}{after}")
    SMALL.save("small.npz")
    told = Model(replace(SPEC, name="known"), SMALL.weights, {"data": "without waves.HELD_OUT"})
    told.save("known.npz")
    argv = ["evaluate", "known.npz", "small.npz", "--no-qkeras", "--page", page]
    status, out, err = run(argv, capsys)
    assert (status, err) == (0, "")
    net = evaluation.evaluate(told)
    assert f"{'sine':15}{net.integers.pooled('sine'):7.2f} dB" in out
    text = page.read_text()
    assert text.startswith(before) and text.endswith(after) and "old" not in text
    cells = " | ".join(f"{net.integers.pooled(place):.1f}" for place in net.places)
    assert f"| known | 24 kHz | 28 | {cells} |" in text
    assert text.count("| known |") == text.count("| network \\* |") == 10
    assert "\\* The file does not say that its training left these pitches out." in text
    assert "Made by `python3 -m models evaluate " in text


def test_the_command_draws(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    SMALL.save("small.npz")
    status, out, err = run(["evaluate", "small.npz", "--no-qkeras", "--plots", "pictures"], capsys)
    assert (status, err) == (0, "") and "small: grid.png, spectra.png, pitch.png" in out
    for picture in quality_plots.NAMES:
        assert (tmp_path / "pictures" / "small" / picture).stat().st_size > 20_000


@pytest.mark.parametrize("text", ["no markers", "{e} {b}", "{b} {b} {e}"])
def test_a_page_without_markers_is_refused_before_the_work(text, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = text.format(b=pages.BEGIN, e=pages.END)
    Path("page.md").write_text(text)
    SMALL.save("m.npz")
    status, out, err = run(["evaluate", "m.npz", "--page", "page.md"], capsys)
    assert (status, out) == (2, "") and Path("page.md").read_text() == text
    assert err == (
        "python3 -m models evaluate: error: page.md: the lines <!-- tables: begin --> and "
        "<!-- tables: end --> must stand there once, in this order\n"
    )


def test_folders_that_cannot_be_are_refused_before_the_work(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    SMALL.save("m.npz")
    Path("file").write_text("x")
    for argv in (["evaluate", "m.npz", "--plots", "file"], ["examples", "m.npz", "-o", "file"]):
        status, out, err = run(argv, capsys)
        assert (status, out) == (2, "") and err.count("\n") == 1
        assert "file" in err and Path("file").read_text() == "x"


def test_what_training_noted_is_used_only_when_whole():
    noted = {name: -20.0 for name in waves.WAVES}
    lower = {**noted, "ramp": -20.25}
    model = Model(SPEC, SMALL.weights, {"esr_db_integer": noted, "esr_db_float": lower})
    assert quality_report.noted_cost(model) == 0.25
    for bad in (None, 3, {}, {**noted, "ramp": None}, {**noted, "ramp": "much"}):
        model.meta["esr_db_float"] = bad
        assert quality_report.noted_cost(model) is None
