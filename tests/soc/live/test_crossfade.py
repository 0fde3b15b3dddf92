# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Models cross-faded while the simulated SoC plays: the twin's integers, and no click."""

from dataclasses import replace

import numpy as np
import pytest

from models import crossfade, image
from models.spec import Model
from soc.host.bus import ClientError, UARTBus
from soc.host.client import Build, Client
from soc.sim.sim_soc import generate
from tests.support.soc.live import heard_and_given
from tests.support.soc.soc_runs import (
    TIMEOUT_S,
    after_silence,
    codes,
    planned,
    simulation,
    zoo_model,
)

FADE_MS = 2
FADE_FRAMES = 384  # at 192 kHz


def changed(model, last=lambda values: values, noise=0):
    """A model like the zoo's: its last layer changed, `noise` counts in the weights before it."""
    rng = np.random.default_rng(noise)
    weights = [
        (np.clip(kernel + rng.integers(-noise, noise + 1, kernel.shape), -(2**15), 2**15 - 1), bias)
        for kernel, bias in model.weights[:-1]
    ]
    weights.append(tuple(last(values) for values in model.weights[-1]))
    return Model(replace(model.spec), weights)


def four_models():
    """The zoo's, one nearly the same, one at half its level, and one that inverts."""
    zoo = zoo_model()
    return [
        zoo,
        changed(zoo, noise=24),
        changed(zoo, lambda values: values // 2),
        changed(zoo, lambda values: np.minimum(-values, 2**15 - 1)),
    ]


# Every ordered pair of four once, from model 0 on.
WALK = (0, 1, 0, 2, 0, 3, 1, 2, 1, 3, 2, 3, 0)


def triangle(frames, pitch=220):
    """ADC codes: a triangle of 1.0 and the embedding of the ramp, whose flyback is a large step."""
    wave = 4096 * (1 - 4 * np.abs(np.arange(frames) * pitch / 192_000 % 1 - 0.5))
    return codes(np.column_stack([wave.astype(int), *np.outer([-4096, 4096, 0], np.ones(frames))]))


def client_of(sim):
    return Client(UARTBus(f"socket://localhost:{sim.bridge_port}"), Build(sim.folder / "csr.json"))


def largest_step(words):
    return int(np.abs(np.diff(words, axis=0)).max())


def start_of(heard, old, new, row, warm_up, rate):
    """(start, end) rows of the fade from `old` to `new`, both whole references, behind `row`."""
    differs = row + int(np.flatnonzero((heard[row:] != old[row:]).any(axis=1))[0])
    # Where the models are nearly the same it is heard late that it began.
    for start in range(differs - warm_up, max(row, differs - warm_up - 256) - 1, -1):
        span = slice(start, start + warm_up + 2**32 // rate + 4000)
        expected, end = crossfade.crossfade(old[span], new[span], warm_up, rate)
        if (expected[:end] == heard[start : start + end]).all():
            return start, start + end
    raise AssertionError(f"row {differs} is of no fade")


def test_every_pair_of_four_models(capsys):
    """All frames are accounted for; the largest step around a fade and around a change at once."""
    models = four_models()
    images = [image.pack(model) for model in models]
    folding = planned(models[0], contexts=2)
    rate = crossfade.rate_of(FADE_FRAMES)
    with simulation(
        models[0],
        folding=folding,
        frames=triangle(700_000),
        endless=True,
        with_uartbone=True,
        with_crossfade=True,
    ) as sim:
        sim.wait_frames(2000, TIMEOUT_S)
        client = client_of(sim)
        for fade_ms in (FADE_MS, 0):
            client.set_fade(fade_ms)
            for number in WALK[1:]:
                client.swap(images[number])
                # Or a change at once could come before the one before it has run out.
                settled = client.get("wavenet_frames") + 2 * models[0].spec.receptive_field
                while client.get("wavenet_frames") < settled:
                    pass
        client.bus.close()
        status = sim.console.values("status", TIMEOUT_S)
    assert status["overruns"] == "0" and sim.report["complaints"] == []
    heard, given = heard_and_given(sim)
    given = given[: len(heard)]
    wholes = [after_silence(model).run(given) for model in models]
    warm_up = models[0].spec.receptive_field
    steady = [largest_step(whole[warm_up:, :1]) for whole in wholes]  # the sound has begun

    row, table = 0, []
    for old, new in zip(WALK, WALK[1:]):
        start, end = start_of(heard, wholes[old], wholes[new], row, warm_up, rate)
        np.testing.assert_array_equal(heard[row:start], wholes[old][row:start])
        around = largest_step(heard[start:end, :1])
        assert around <= max(steady[old], steady[new])
        table.append([old, new, steady[old], steady[new], around])
        row = end
    # At once, and with the histories of the model before: its own after a receptive field.
    for line, old in zip(table, WALK):
        start = row + int(np.flatnonzero((heard[row:] != wholes[old][row:]).any(axis=1))[0])
        row = start + warm_up
        line.append(largest_step(heard[start - 1 : row, :1]))
    np.testing.assert_array_equal(heard[row:], wholes[0][row:])
    assert max(line[5] / max(line[2:4]) for line in table) > 1.2  # else fades would be for nothing
    with capsys.disabled():
        print("\n| from | to | steady, from | steady, to | cross-fade | at once |")
        print("|---|---|---|---|---|---|")
        for line in table:
            print("| " + " | ".join(map(str, line)) + " |")


def test_the_console_and_a_fade():
    """`fade`, a swap and its end; meanwhile no bank may be written."""
    models = four_models()
    with simulation(
        models[0],
        folding=planned(models[0], contexts=2),
        frames=triangle(300_000),
        endless=True,
        with_uartbone=True,
        with_crossfade=True,
    ) as sim:
        sim.wait_frames(200, TIMEOUT_S)
        assert sim.console.values("status", TIMEOUT_S)["fade_frames"] == "3840"
        assert sim.console.values("fade 2", TIMEOUT_S) == {"fade_frames": str(FADE_FRAMES)}
        refused = sim.console.command("fade 10001", TIMEOUT_S).strip()
        assert refused == "fade: must be 0 to 10000 ms, got '10001'"
        client = client_of(sim)
        client.swap(image.pack(models[3]))
        assert sim.console.values("swap", TIMEOUT_S)["bank"] == "0"
        assert client.status()["fade_frames"] == FADE_FRAMES
        # A fade that is not waited for: neither bank takes a write until it is over.
        client.set_fade(200)
        client.set("wavenet_control", 1)
        before = client.get("wavenet_blocked_writes")
        window = client.build.window
        client.bus.write(window, [1])
        client.set("wavenet_control", 0)  # Given up: the fade goes on to its end all the same.
        client.bus.write(window, [1])
        assert client.get("wavenet_blocked_writes") == before + 2
        client.bus.close()
        info = sim.console.values("bench", TIMEOUT_S)
    assert info["integers"] == "equal"


def test_a_build_without():
    with simulation(zoo_model(), with_uartbone=True) as sim:
        said = sim.console.command("fade 20", TIMEOUT_S).strip()
        assert said.startswith("fade: this build has no cross-fade (--with-crossfade)")
        assert "fade" not in sim.console.command("help", TIMEOUT_S)
        client = client_of(sim)
        with pytest.raises(ClientError, match="--fade needs a build with --with-crossfade"):
            client.set_fade(20)
        client.bus.close()


def test_a_folding_for_one_context_is_refused(tmp_path):
    model = zoo_model()
    with pytest.raises(ValueError, match="must take at most 256 cycles per sample, got 512"):
        generate(model, planned(model), tmp_path, with_crossfade=True)
