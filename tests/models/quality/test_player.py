# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What a player meets, measured of nets whose answers are known."""

import numpy as np
import pytest

from models.quality import evaluation, player, report
from models.sound import waves
from models.sound.errors import SECONDS, esr_db, reference_of, signals
from models.sound.plane import STANDARD
from models.spec import Conv1DSpec, Model, NetworkSpec

SPEC = NetworkSpec((Conv1DSpec(3, 1, 11, 1, relu=False),), sample_rate=24_000)
PITCHES = (100.0, 300.0)


def wave_of(inputs):
    return inputs[:, 0] / 4096


def test_noise_and_level_are_on_what_they_say():
    """A net that plays its embedding, its wave: the error is that of the noise alone."""
    seen = {}

    def net(inputs):
        key = inputs[:, 0].tobytes()
        seen.setdefault(key, []).append(inputs)
        return wave_of(inputs)

    found = player.noise_esr(net, SPEC, STANDARD, PITCHES)
    assert list(found) == [
        ("embedding", 0), ("embedding", 1), ("embedding", 2), ("embedding", 4),
        ("wave", 1), ("wave", 2), ("wave", 4),
    ]  # fmt: skip
    exact = {}
    for name in STANDARD.names:
        pairs = list(signals(SPEC, STANDARD.corner(name), PITCHES))
        outputs = np.concatenate([wave_of(x)[10:] for x, _ in pairs])
        exact[name] = esr_db(outputs, np.concatenate([y for _, y in pairs]))
    assert found["embedding", 0] == found["embedding", 4] == exact, "it does not hear the embedding"
    assert all(found["wave", 4][name] != exact[name] for name in STANDARD.names)
    noisy = [inputs for same in seen.values() for inputs in same]
    deviations = {round(float(np.std(x[:, 1] - np.median(x[:, 1])))) for x in noisy}
    assert deviations == {0, 1, 2, 4}
    level = player.level_esr(lambda x: x[:, 0] * 0.0, SPEC, STANDARD, PITCHES)
    assert level == {0.95: dict.fromkeys(STANDARD.names, 0), 1.05: dict.fromkeys(STANDARD.names, 0)}
    peaks = []
    player.level_esr(lambda x: peaks.append(x[:, 0].max()) or wave_of(x), SPEC, STANDARD, PITCHES)
    exact = [
        x[:, 0].max() for n in STANDARD.names for x, _ in signals(SPEC, STANDARD.corner(n), PITCHES)
    ]
    np.testing.assert_allclose(
        peaks, [0.95 * x for x in exact] + [1.05 * x for x in exact], atol=0.5
    )


def test_idle_noise_is_that_of_the_inputs_times_what_the_net_makes_of_them():
    idle = player.idle_noise(lambda x: 3 * wave_of(x), SPEC, STANDARD)
    assert list(idle) == list(STANDARD.names)
    assert all(value == pytest.approx(3.1, rel=0.2) for value in idle.values())  # and of rounding


@pytest.mark.parametrize("kind", player.BREAKS)
def test_breaks_are_where_and_what_they_say(kind):
    spec = NetworkSpec((Conv1DSpec(3, 1, 101, 10),), sample_rate=48_000)  # sees 1001 samples
    words = player.break_signals(spec, STANDARD, kind, "ramp", 220.0, 0.3)
    assert words.shape == (3003, 3)
    wave, points = words[:, 0] / 4096, words[:, 1:3] / 4096
    old, new = wave[:1001], wave[1001:]
    peaks = {"begins": (0, 1), "ends": (1, 0), "half level": (1, 0.5), "from half": (0.5, 1)}
    wanted = peaks.get(kind, (1, 1))
    assert (np.abs(old).max(), np.abs(new).max()) == pytest.approx(wanted, abs=0.01)
    if kind not in ("begins", "ends"):
        hertz = [np.sum(np.diff(x > 0)) / 2 / len(x) * 48_000 for x in (old, new)]
        before = {"octave up": 110, "octave down": 440}.get(kind, 220)
        assert hertz[0] == pytest.approx(before, abs=30) and hertz[1] == pytest.approx(220, abs=15)
    if kind != "ends":
        assert new[0] == pytest.approx(waves.triangle(0.3) * (0.5 if kind == "half level" else 1),
                                       abs=1e-3)  # fmt: skip
    assert (points[1001:] == (-1, 1)).all()
    assert (points[:1001] == ((-1, -1) if kind == "embedding" else (-1, 1))).all()


def test_peaks_and_rest_of_a_net_that_remembers_ten_samples():
    kernel = np.zeros((11, 3, 1), int)
    kernel[0, 0, 0] = kernel[10, 0, 0] = 4096  # the sum of now and ten samples ago
    net = reference_of(Model(SPEC, [(kernel, np.zeros(1, int))]))
    found = player.breaks(net, SPEC, STANDARD)
    assert list(found) == list(player.BREAKS)
    assert found["ends"][1] == 10 and all(
        rest == 0 for kind, (_, rest) in found.items() if kind != "ends"
    )
    assert 1.5 < found["begins"][0] <= 2 and found["ends"][0] <= 2


def test_distortion_of_a_known_net():
    assert player.thd_n_db(lambda x: np.sin(np.pi / 2 * wave_of(x)), SPEC, 110) < -55

    def bent(inputs):
        sine = np.sin(np.pi / 2 * wave_of(inputs))
        return sine + 0.02 * sine**2  # a second harmonic of 0.01

    assert player.thd_n_db(bent, SPEC, 110) == pytest.approx(-40, abs=0.1)
    assert player.thd_n_db(lambda x: 0.0 * wave_of(x), SPEC, 110) == np.inf


def test_foreign_inputs_and_the_share_at_the_rails():
    found = player.foreign(wave_of, SPEC, STANDARD)
    assert found["sine, 1 kHz"] == (pytest.approx(1, abs=1e-3), 0)
    assert found["white noise, full scale"][0] == pytest.approx(8, abs=0.01)
    clipped = player.foreign(lambda x: np.clip(8 * wave_of(x), -8, 32767 / 4096), SPEC, STANDARD)
    assert clipped["white noise, full scale"][1] == pytest.approx(7 / 8, abs=0.01)
    inputs = player.foreign_inputs(SPEC)
    assert list(found) == list(inputs) and all(len(wave) == 16_384 for wave in inputs.values())
    assert np.abs(inputs["voice"]).max() == 1
    again = player.foreign_inputs(SPEC)
    assert all(np.array_equal(inputs[name], again[name]) for name in inputs)


def test_bands_are_told_and_tabled():
    kernel = np.zeros((11, 3, 1), int)
    kernel[10, 0, 0] = 4096
    found = evaluation.evaluate(Model(SPEC, [(kernel, np.zeros(1, int))]))
    lines = list(report.text(found))
    (row,) = [line for line in lines if line.startswith("sine ") and line.count(" dB") == 4]
    for pitches in evaluation.BANDS.values():
        assert f"{found.integers.pooled('sine', pitches):.2f} dB" in row
    page = "\n".join(report.tables([found], "command"))
    for pitches in evaluation.BANDS.values():
        cell = " / ".join(f"{found.integers.pooled(n, pitches):.1f}" for n in STANDARD.names)
        assert f"| {cell} |" in page
    assert SECONDS == 0.1 and f"{found.met.breaks['begins'][0]:.2f}" in page
    assert found.aliases[1000.0] < -100, "a net that copies has none"
