# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""build.py --demo --with-crossfade: its files, and that its comparison can fail."""

import wave
from types import SimpleNamespace

import matplotlib.image
import numpy as np
import pytest

import build
from boards.targets import crossfade_demo
from models import crossfade
from soc.progress import Progress
from soc.sim.demo import MismatchError
from tests.support.soc import soc_runs


def test_the_files(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(crossfade_demo, "OUT", tmp_path)
    monkeypatch.setattr(crossfade_demo, "EACH_S", 0.01)
    monkeypatch.setattr(crossfade_demo, "FADE_MS", 4)
    seen = []

    def verify(models, sim, rate):
        seen.append((models, SimpleNamespace(**vars(sim)), rate))
        return original(models, sim, rate)

    original = crossfade_demo.verify
    monkeypatch.setattr(crossfade_demo, "verify", verify)
    arguments = ["build.py", "--demo", "--with-crossfade", "--output-dir", str(tmp_path / "build")]
    monkeypatch.setattr("sys.argv", arguments)
    assert build.main() == 0
    lines = capsys.readouterr().out.splitlines()
    steps = {
        name: int(step) for name, step in (x.split(": ") for x in lines if x.startswith("largest"))
    }
    alone = [steps[f"largest step, the {name} alone"] for name in ("model", "other")]
    assert 0 < max(steps[f"largest step, fade {n}"] for n in (1, 2)) <= max(alone)
    assert "overruns 0" in lines
    assert matplotlib.image.imread(tmp_path / "crossfade.png").std() > 0.05
    with wave.open(str(tmp_path / "crossfade.wav")) as sound:
        assert (sound.getframerate(), sound.getnchannels()) == (192_000, 4)

    ((models, sim, rate),) = seen
    fades, heard, _ = original(models, sim, rate)
    rows = [100, fades[0].start + 600, fades[0].end + 50, fades[1].end + 50]
    for row in rows:  # one wrong count, alone or in a fade
        words = sim.frames_out.copy()
        words[sim.soc.frame_latency + row, 0] += 1 << 16
        damaged = SimpleNamespace(**{**vars(sim), "frames_out": words})
        with pytest.raises(MismatchError, match="the SoC played what"):
            original(models, damaged, rate)
    assert len(heard) > rows[-1] and np.ptp(heard[:, 0]) > 4096


def test_fades_that_begin_early_are_drawn(tmp_path, monkeypatch):
    """The frames of a loaded machine: the view of the first fade would begin before frame 0."""
    shown = []
    monkeypatch.setattr(crossfade_demo.plt, "close", shown.append)
    rate, warm_up, fade_rate = 192_000, 621, crossfade.rate_of(768)
    heard = np.arange(6000)[:, None] % 441 * 8
    fades = [crossfade_demo.Fade(s, s + warm_up + 768, 1) for s in (446, 4106)]
    path = tmp_path / "early.png"
    crossfade_demo.draw(path, heard, [heard, -heard], fades, rate, fade_rate, warm_up)
    assert matplotlib.image.imread(path).std() > 0.05
    (figure,) = shown
    *_, zooms = figure.axes
    middle = (446 + 446 + warm_up + 768) // 2 + 192
    for line, words in zip(zooms.lines, (heard, -heard, heard)):
        times, values = line.get_data()
        assert (times[0], times[-1]) == (0, (middle + 1536 - 1) / rate * 1e3)
        np.testing.assert_array_equal(values, words[: len(times), 0] / 2**12)


def test_the_first_model_plays_as_long_as_the_others(tmp_path, monkeypatch):
    """The SoC counts frames before the codec plays; those are not the first model's."""

    class Board:
        """Counts 100 frames at each question; its codec is ready from frame 2,500 on."""

        frames, swaps, bus = 0, [], SimpleNamespace(close=lambda: None)

        def __init__(self, bus, build):
            pass

        def get(self, register):
            assert register == "codec_status"
            Board.frames += 100
            return 0x31 if Board.frames >= 2500 else 0x10

        def status(self):
            Board.frames += 100
            return {"frames": Board.frames}

        def swap(self, data, fade_ms):
            Board.swaps.append(Board.frames)

    for name, value in (("Client", Board), ("UARTBus", str), ("Build", str)):
        monkeypatch.setattr(crossfade_demo, name, value)
    sim = SimpleNamespace(bridge_port=1, folder=tmp_path, stop=lambda: None)
    crossfade_demo.play(sim, soc_runs.zoo_model(), 1920, Progress(quiet=True))
    first, second = Board.swaps
    assert first >= 2500 + 1920 and second >= first + 1920


@pytest.mark.parametrize(
    "arguments, reason",
    [
        (["--sim", "--swap-to", "a.npz"], "--swap-to needs --demo --with-crossfade"),
        (
            ["--demo", "--with-crossfade", "--wav-in", "a.wav"],
            "--wav-in cannot be combined with --demo --with-crossfade, which plays a triangle",
        ),
    ],
)
def test_refusals(monkeypatch, capsys, arguments, reason):
    monkeypatch.setattr("sys.argv", ["build.py", *arguments])
    assert build.main() == 2
    assert capsys.readouterr().err == f"build.py: {reason}\n"
