# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Glides of the embedding from the console, through the whole SoC, bit for bit."""

import numpy as np

from tests.support.hdl.glides import line, rate_of
from tests.support.soc.soc_runs import (
    TIMEOUT_S,
    after_silence,
    codes,
    network_frames,
    simulation,
    zoo_model,
)

RATE = 192_000
STEPS = ["-1 -1", "1 -1 --glide 2", "codec --glide 1", "0.5 codec --glide 3", "codec"]


def embeddings(start, commands, rows, codec):
    """Both coordinates [n] when the commands take effect at `rows`; codec: theirs [n, 2]."""
    values = codec.copy()
    values[: rows[0]] = start
    software, last = [None, None], list(start)
    for command, row, end in zip(commands, rows, [*rows[1:], len(codec)]):
        words, _, glide = command.partition(" --glide ")
        words = words.split() if " " in words else [words] * 2
        rate = rate_of(int(glide or 0) * RATE // 1000)
        for i, word in enumerate(words):
            software[i] = None if word == "codec" else round(float(word) * 4096)
            targets = codec[row:end, i] if software[i] is None else [software[i]] * (end - row)
            ramp = line(last[i], [*targets, *[0] * 4000], rate)[: end - row]
            values[row:end, i] = [*ramp, *targets[len(ramp) :]]
            last[i] = values[end - 1, i]
    return values


def test_glides_from_the_console():
    model = zoo_model()
    sound = np.random.default_rng(4).integers(-4096, 4097, (100_000, 4))
    with simulation(model, frames=codes(sound), endless=True) as sim:
        sim.wait_frames(100, TIMEOUT_S)
        counters = []
        for step in STEPS:
            reply = sim.console.values(f"embed {step}", TIMEOUT_S)
            counters.append(int(reply["frame"]))
            glide = int(step.partition("--glide")[2] or 0)
            assert reply["glide_frames"] == str(glide * RATE // 1000)
            now = sim.frames_played()
            sim.wait_frames(now + 5000, TIMEOUT_S)  # longer than any glide here
    heard = sim.frames_out[sim.soc.frame_latency :] >> 16
    given = network_frames(model.spec, sim.frames_in)
    codec = given[: len(heard), 1:3]

    # Each command counts from its row or the next one on; what was heard decides.
    rows = []
    for index, counter in enumerate(counters):
        first = sim.input_frame(counter)
        assert first < len(sound) - 1000
        choices = []
        for row in (first, first + 1):
            moved = embeddings(codec[0], STEPS[: index + 1], [*rows, row], codec)
            frames = given[: len(heard)].copy()
            frames[:, 1:3] = moved
            frames[: rows[0] if rows else row, 1:3] = codec[: rows[0] if rows else row]
            wrong = (after_silence(model).run(frames) != heard).any(axis=1)
            choices.append((int(np.argmax([*wrong, True])), row))
        upto, row = max(choices)
        assert upto > row + 600, f"{STEPS[index]!r} is not what was heard at row {upto}"
        rows.append(row)
    assert upto == len(heard)
