"""build.py --demo --with-crossfade: its files, and that its comparison can fail."""

import wave
from types import SimpleNamespace

import matplotlib.image
import numpy as np
import pytest

import build
from boards.targets import crossfade_demo
from soc.demo import MismatchError


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


@pytest.mark.parametrize(
    "arguments, reason",
    [
        (["--sim", "--swap-to", "a.npz"], "--swap-to is allowed only with --demo --with-crossfade"),
        (
            ["--demo", "--with-crossfade", "--wav-in", "a.wav"],
            "--wav-in is not allowed with --demo --with-crossfade: a triangle plays",
        ),
    ],
)
def test_refusals(monkeypatch, capsys, arguments, reason):
    monkeypatch.setattr("sys.argv", ["build.py", *arguments])
    assert build.main() == 2
    assert capsys.readouterr().err == f"build.py: {reason}\n"
