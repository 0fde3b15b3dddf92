# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The demo: `embed` by the console is found again in the frames, and one wrong bit is seen."""

import re

import numpy as np
import pytest
import soundfile

from models.reference import Reference
from models.showcase.tour import STOPS, Tour
from models.spec import NumberFormat
from soc.progress import Progress
from soc.sim import demo
from tests.support.listening import assert_listenable
from tests.support.soc.soc_runs import simulation, zoo_model

EMBEDDINGS = [(-1.0, 1.0), (1.0, -0.5), (0.25, 0.0)]
EACH = 1_200  # frames, more than twice what the net remembers


@pytest.fixture(scope="module")
def performance():
    model = zoo_model()
    frames = demo.to_frames(Tour(model, 192_000).input)
    script = demo.script(EMBEDDINGS, EACH, 256)
    with simulation(model, frames=frames, endless=True, script=script) as sim:
        marks, status = demo.perform(sim, len(EMBEDDINGS) * EACH, Progress(quiet=True))
    return model, sim, marks, status


def verify(model, sim, marks):
    return demo.verify(model.spec, Reference(model), sim, EMBEDDINGS, marks)


def test_every_frame_is_the_references_at_one_embedding_after_the_other(performance):
    model, sim, marks, status = performance
    takes = verify(model, sim, marks)
    assert [take.embedding for take in takes] == EMBEDDINGS
    assert [take.start for take in takes[1:]] == [take.stop for take in takes[:-1]]
    assert takes[0].start == 0
    assert takes[-1].stop == min(len(sim.frames_out) - sim.soc.frame_latency, len(sim.input))
    # The console's counter tells the same distances, to the frames that a command takes.
    for (before, after), (take, following) in zip(
        zip(marks[1:], marks[2:]), zip(takes[1:], takes[2:])
    ):
        assert abs((after - before) - (following.start - take.start)) <= len(demo.LEAD)
    assert status["overruns"] == "0" and status["codec"] == "ready"
    assert status["cycles_used"] == status["cycles_available"] == "256"


def test_a_console_slower_than_the_codec_is_no_mismatch():
    model, late = zoo_model(), 1_500  # frames of the codec before the first `embed`
    frames = demo.to_frames(Tour(model, 48_000).input)
    begin, *steps = demo.script(EMBEDDINGS, EACH, 1024)
    # The codec plays from 13.3 ms on.
    script = [begin, ("wait", (640 + late) * 1024), *steps]
    with simulation(model, 48_000, frames=frames, endless=True, script=script) as sim:
        marks, _ = demo.perform(sim, len(EMBEDDINGS) * EACH, Progress(quiet=True))
    takes = verify(model, sim, marks)
    assert [take.embedding for take in takes] == EMBEDDINGS
    assert late <= takes[0].start < takes[0].stop == takes[1].start
    wrong = sim.frames_out[sim.soc.frame_latency + takes[0].start - 1]  # before the first `embed`
    wrong[0] ^= 1 << 16
    with pytest.raises(demo.MismatchError, match="from frame 0 on the SoC played"):
        verify(model, sim, marks)


@pytest.mark.parametrize("where", [0, 700, -1])
def test_one_wrong_bit_anywhere_is_found(performance, where):
    model, sim, marks, _ = performance
    heard = sim.frames_out
    stop = min(len(heard), sim.soc.frame_latency + len(sim.input))
    index = where % (stop - sim.soc.frame_latency) + sim.soc.frame_latency
    sim.frames_out = heard.copy()
    sim.frames_out[index, 0] ^= 1 << 16
    try:
        with pytest.raises(demo.MismatchError, match="the SoC played what the reference does not"):
            verify(model, sim, marks)
    finally:
        sim.frames_out = heard


def test_signals_are_aligned_and_in_the_networks_units(performance):
    _, sim, _, _ = performance
    entered, heard = demo.signals(sim)
    assert len(entered) == len(heard)
    latency = sim.soc.frame_latency
    assert heard[100] == (int(sim.frames_out[100 + latency, 0]) >> 16) / 4096
    assert entered[100] == (int(sim.frames_in[100, 0]) >> 8) / 4096
    assert 0.9 < np.abs(entered).max() <= 1.0


@pytest.mark.parametrize("fmt", [NumberFormat(), NumberFormat(18, 13), NumberFormat(8, 5)])
def test_words_and_codes_are_what_the_gateware_makes_of_them(fmt):
    codes = np.array([-(1 << 23), -257, -256, -1, 0, 255, 256, 4096 << 8, (1 << 23) - 1])
    up = fmt.frac - 12
    words = [max(fmt.min, min(fmt.max, int(np.floor((c >> 8) * 2.0**up)))) for c in codes]
    assert demo.to_words(codes, fmt).tolist() == words
    back = [max(-(2**15), min(2**15 - 1, int(np.floor(w * 2.0**-up)))) << 16 for w in words]
    assert demo.to_codes(np.array(words), fmt).tolist() == back


@pytest.mark.parametrize(
    "options, cycles",
    [
        ([], 256),
        pytest.param(["--outputs=2", "--wavenet-clk-ratio=2"], 512, marks=pytest.mark.slow),
    ],
)
def test_the_demo_from_the_command_line(options, cycles, tmp_path, monkeypatch, capsys):
    import build as build_py

    out = tmp_path / "out"
    monkeypatch.setattr("boards.targets.simulation.OUT", out)
    monkeypatch.setattr(
        "sys.argv",
        ["build.py", "--demo", "--duration=0.03", "--output-dir", str(tmp_path / "b"), *options],
    )
    assert build_py.main() == 0
    names = {"input.wav", "output.wav", "listen.wav", "demo.png", "grid.png"}
    assert {path.name for path in out.iterdir()} == names
    sounds = [soundfile.info(out / name) for name in ("input.wav", "output.wav")]
    assert {(sound.samplerate, sound.channels) for sound in sounds} == {(192_000, 4)}
    assert sounds[0].frames == sounds[1].frames >= 0.03 * 192_000
    assert all((out / name).read_bytes()[:4] == b"\x89PNG" for name in ("demo.png", "grid.png"))
    assert_listenable(out / "listen.wav", seconds=len(STOPS))
    first = capsys.readouterr()
    assert re.search(r"[\d.]+ simulated seconds a second, [\d.]+ million cycles", first.err)
    # Run again, all is the same: every figure, and every sample.
    before = {path.name: path.read_bytes() for path in out.glob("*.wav")}
    assert build_py.main() == 0
    assert {path.name: path.read_bytes() for path in out.glob("*.wav")} == before
    printed = capsys.readouterr().out
    # But for where the files of the run before are.
    assert printed.splitlines()[:-1] == first.out.splitlines()[:-1]
    assert re.search(r"listen.wav: .*; to listen: ", printed)
    for name in STOPS:
        assert re.search(rf"\b{name} .* -[\d.]+ dB", printed), printed
    assert re.search(r"(\d+) of \1 frames equal the integer reference", printed)
    assert f"cycles used {cycles} of {cycles} per sample" in printed
    assert "overruns 0, saturations" in printed
