# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Models swapped by the real litex_term while the simulated SoC plays: no frame is missing."""

import numpy as np

from models import image
from models.reference import Reference
from models.spec import Conv1DSpec, NetworkSpec
from models.topologies import get
from tests.support.hdl import naive
from tests.support.hdl.nets import random_frames, random_model
from tests.support.soc.live import A, B, C, crc, heard_and_given, sound
from tests.support.soc.load_runs import MAGIC_ACK, jump, load_frames
from tests.support.soc.soc_runs import (
    TIMEOUT_S,
    continued,
    simulation,
    swap_rows,
)
from tests.support.soc.terminal import Terminal, load, values


def test_continued_is_what_the_arithmetic_says():
    """The helper that the tests here rest on, against plain Python."""
    spec = NetworkSpec((Conv1DSpec(2, 3, 2, 2), Conv1DSpec(3, 2, 3, 1, relu=False)))
    first, second = (random_model(spec, seed, 0.3) for seed in (1, 2))
    frames = random_frames(spec, 30, 3)
    wanted = np.array(naive.run([first, second], [0] * 14 + [1] * 16, frames.tolist()))
    reference = Reference(first)
    np.testing.assert_array_equal(reference.run(frames[:14]), wanted[:14])
    np.testing.assert_array_equal(continued(reference, second).run(frames[14:]), wanted[14:])


def test_uploads_while_it_plays(tmp_path):
    """Default mode with --images, then --safe with --kernel, then back: A, B, C, B, C."""
    image.write(tmp_path / "b.bin", B)
    (tmp_path / "c.bin").write_bytes(image.pack(C))
    with simulation(A, frames=sound(), endless=True) as sim:
        sim.wait_frames(100, TIMEOUT_S)
        with Terminal(sim.port, f"--images={tmp_path / 'b.json'}") as terminal:
            said = load(terminal)
        assert "[LITEX-TERM] Done." in said and "refused" not in said
        reply = values(said)
        assert (reply["bank"], reply["model"]) == ("1", "loaded")
        assert (reply["crc"], reply["idle_crc"]) == (crc(B), crc(A))
        options = ("--safe", "--kernel", tmp_path / "c.bin", "--kernel-adr", "0x20000")
        with Terminal(sim.port, *options) as terminal:
            said = load(terminal)
        assert "[LITEX-TERM] Done." in said
        assert values(said)["bank"] == "0" and values(said)["crc"] == crc(C)
        assert sim.console.values("swap", TIMEOUT_S)["crc"] == crc(B)
        assert sim.console.values("swap", TIMEOUT_S)["crc"] == crc(C)
        status = sim.console.values("status", TIMEOUT_S)
    assert (status["bank"], status["crc"], status["idle_crc"]) == ("0", crc(C), crc(B))
    assert status["overruns"] == "0" and sim.report["complaints"] == []
    heard, given = heard_and_given(sim)
    assert len(heard) < len(sound())
    rows = swap_rows([A, B, C, B, C], given, heard)
    assert len(rows) == 4 and rows == sorted(set(rows))


def damaged(data, at, value):
    return data[:at] + bytes([data[at] ^ value]) + data[at + 1 :]


def foreign():
    return image.pack(random_model(get("original"), 1))


BAD = {
    "magic": (lambda d: damaged(d, 0, 1), "refused: magic 0x54454e56; allowed: 0x54454e57"),
    "version": (lambda d: damaged(d, 4, 3), "refused: version 2; allowed: 1"),
    "topology": (lambda d: foreign(), "refused: fingerprint of another topology, 0x"),
    "torn": (lambda d: d[:2000], "refused: torn, bytes 2000; allowed: 3164"),
    "long": (lambda d: d + bytes(9), "refused: too long; allowed: 3164 bytes"),
    "bit": (lambda d: damaged(d, 1500, 8), "refused: damaged, CRC-32 0x"),
}


def test_bad_images_leave_it_playing(tmp_path):
    """Every reason is on litex_term's screen; the prompt comes back; A plays on, bit for bit."""
    data = image.pack(B)
    with simulation(A, frames=sound(), endless=True) as sim:
        sim.wait_frames(100, TIMEOUT_S)
        for name, (change, reason) in BAD.items():
            file = tmp_path / f"{name}.bin"
            file.write_bytes(change(data))
            with Terminal(sim.port, "--safe", "--kernel", file) as terminal:
                said = load(terminal)
            line = next(line for line in said.splitlines() if line.startswith("load: "))
            assert line.startswith("load: " + reason) and line.endswith("; the model plays on")
        assert sim.console.command("swap", TIMEOUT_S) == (
            "swap: refused: bank 1 holds no whole model; 'load' one\n"
        )
        status = sim.console.values("status", TIMEOUT_S)
    assert (status["bank"], status["crc"], status["idle_crc"]) == ("0", crc(A), "none")
    assert status["overruns"] == "0" and sim.report["complaints"] == []
    heard, given = heard_and_given(sim)
    assert swap_rows([A], given, heard) == []


def test_an_upload_that_ends_early():
    """The sender never answers, or goes away behind some frame; then one comes to its end."""
    frames = [MAGIC_ACK, *load_frames(image.pack(B)), jump()]

    def load_part(count):
        return sim.console.type(b"load\n" + b"".join(frames[:count]), TIMEOUT_S)

    with simulation(A, frames=sound(), endless=True, load_timeout_ms=50) as sim:
        sim.wait_frames(100, TIMEOUT_S)
        said = load_part(0)
        assert said.endswith("load: no upload came; start litex_term with --images=model.json\n")
        for count in (1, 2, 30, len(frames) - 1):
            said = load_part(count)
            assert said.endswith("load: broken off: nothing came any more; the model plays on\n")
        assert values(load_part(len(frames)))["crc"] == crc(B)
    heard, given = heard_and_given(sim)
    assert len(swap_rows([A, B], given, heard)) == 1
