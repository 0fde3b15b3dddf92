# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""From the codec's pins to a trained net: what was played is recorded, and as good to learn from as
the waves themselves."""

from dataclasses import replace

import numpy as np
import pytest

from models.__main__ import main as models_main
from models.sound import errors as quality
from models.sound import waves
from models.spec import Model
from models.topologies import get
from models.training.recipe import recipe_of
from soc.__main__ import main as soc_main
from tests.support.soc.command_line import run_main
from tests.support.soc.soc_runs import TIMEOUT_S, codes, simulation, zoo_model

RATE = 192_000
CHANNELS = {"in1": "sine", "in2": "ramp", "in3": "square"}
TAKES, SECONDS, BURST = 5, 0.45, 1024
HOLD = 1140  # samples of a pitch: as long as a burst and its reading take
STEPS, POLISH, OUTPUTS, SEED = 6000, 20, 256, 1


def played(count):
    """16-bit words [count, 4]: a triangle without a jump, its pitch another one every HOLD samples,
    spread evenly over the range, and the three targets that belong to it."""
    low, high = np.log(waves.PITCH_RANGE)
    spread = np.arange(-(-count // HOLD)) * 0.618034 % 1
    pitch = np.repeat(np.exp(low + (high - low) * spread), HOLD)
    history = waves.SMOOTHING - 1
    phase = np.cumsum(pitch[: count + history] / RATE) % 1
    signals = [waves.triangle(phase)[history:]]
    signals += [waves.smooth(waves.WAVES[name](phase)) for name in CHANNELS.values()]
    return np.rint(np.transpose(signals) * 4096).astype(np.int64)


class Corners:
    """The same three targets, straight from the formulas, for any number of examples."""

    def __init__(self, spec):
        self.spec = spec

    def batch(self, rng, size, count):
        names = list(CHANNELS.values())
        places = [waves.corner(names[index]) for index in rng.integers(len(names), size=size)]
        pitch = waves.Pitches().draw(rng, size)
        return waves.examples(places, pitch, rng.random(size), count, self.spec)

    def windows(self, rng, size, ages):
        inputs, targets = self.batch(rng, size, 1 + int(ages.max()))
        return inputs[:, -1 - ages], targets[:, -1], np.ones(size)

    def fixed(self, size, count):
        return self.batch(np.random.default_rng([SEED, 0x51DE]), size, count)


def record(folder, capsys):
    """TAKES files, by the command line, from the simulated SoC; the words that it was played."""
    words = played(900_000)
    with simulation(zoo_model(), frames=codes(words), endless=True, with_uartbone=True) as sim:
        sim.wait_frames(100, TIMEOUT_S)
        where = ["--port", f"socket://localhost:{sim.bridge_port}"]
        where += ["--csr", sim.folder / "csr.json", "--seconds", SECONDS]
        for channel, name in CHANNELS.items():
            where += ["--target", channel, *waves.CORNERS[name]]
        for take in range(TAKES):
            run = run_main(soc_main, ["capture", folder / f"{take}.npz", *where], capsys)
            assert (run[0], run[2]) == (0, ""), run
        assert sim.frames_played() < len(words)
    assert sim.report["complaints"] == []
    return words


def assert_recorded(path, words):
    """Every burst is what was played, integer for integer, where its count of frames says."""
    with np.load(path) as file:
        bursts, first = np.split(file["frames"], file["starts"][1:]), file["first"]
        assert file["sample_rate"] == RATE
    assert len(bursts) == -(-SECONDS * RATE // BURST) and {len(burst) for burst in bursts} == {
        BURST
    }
    begins = np.flatnonzero((words[:-BURST] == bursts[0][0]).all(axis=1))
    fits = [
        begin
        for begin in begins
        if all(
            np.array_equal(words[row : row + BURST], burst)
            for row, burst in zip(begin + first - first[0], bursts, strict=True)
        )
    ]
    assert len(fits) == 1


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_recordings_teach_what_the_waves_teach(tmp_path, monkeypatch, capsys):
    """Within 2 dB, the mean of the corners', after as many steps."""
    from models.training.train import train

    takes = tmp_path / "takes"
    takes.mkdir()
    words = record(takes, capsys)
    for take in range(TAKES):
        assert_recorded(takes / f"{take}.npz", words)

    # TensorFlow takes its number of threads only before its first operation.
    monkeypatch.setattr("models.training.train.use_threads", lambda count: None)
    spec, path = get("waveshaper"), tmp_path / "net.npz"
    options = ["--steps", STEPS, "--polish", POLISH, "--outputs", OUTPUTS, "--seed", SEED]
    options += ["--data", takes, "-o", path]
    status, said, _ = run_main(models_main, ["train", spec.name, *options], capsys)
    assert status == 0 and said.startswith("recordings, crc 0x"), said
    recipe = replace(recipe_of(spec.name), steps=STEPS, polish=POLISH, outputs=OUTPUTS, seed=SEED)
    synthetic = Model(spec, train(spec, recipe, progress=False, data=Corners(spec))[1])

    found = {}
    for name, model in (("recorded", Model.load(path)), ("synthetic", synthetic)):
        found[name] = quality.esr_per_corner(quality.reference_of(model), spec)
    with capsys.disabled():
        print("\n" + said)
        for wave in CHANNELS.values():
            print(wave, *(f"{name} {errors[wave]:.2f} dB" for name, errors in found.items()))
    means = {
        name: np.mean([errors[w] for w in CHANNELS.values()]) for name, errors in found.items()
    }
    assert means["recorded"] < means["synthetic"] + 2
    # Both have learnt each wave, as far as so few steps allow.
    assert max(errors[wave] for errors in found.values() for wave in CHANNELS.values()) < -11
