# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Noise and broken uploads at the console of the simulated SoC: it answers, the sound goes on."""

import random
import socket

import numpy as np
import pytest

from models import image
from soc.sim.console import ConsoleError
from tests.support.soc.live import A, B, crc, heard_and_given, sound
from tests.support.soc.load_runs import LOAD, MAGIC_ACK, calibration, frame, jump, load_frames, word
from tests.support.soc.soc_runs import TIMEOUT_S, simulation, swap_rows

QUIET_S = 4  # of real time for an answer, before it is asked again
CHUNK = 3000  # bytes sent before the console is asked whether it is still there
DATA = image.pack(B)


def noise(choose):
    return choose.randbytes(CHUNK)


def typed(choose):
    """Words that the console knows among printable noise, but none that moves the embedding."""
    words = [b"help", b"status", b"swap x", b"load now", b"info", b"embed 9 9", b"unlock", b"#"]
    lines = [
        choose.choice(words) + bytes(choose.choices(range(32, 127), k=choose.randrange(30)))
        for _ in range(10)
    ]
    return b"\n".join(lines)


def broken_upload(choose):
    """A `load` whose frames are damaged, torn, misplaced, repeated, oversized or unknown."""
    frames = load_frames(DATA)[: choose.randrange(1, 54)]
    for _ in range(choose.randrange(1, 4)):
        at = choose.randrange(len(frames))
        kind = choose.randrange(6)
        if kind == 0:
            damaged = bytearray(frames[at])
            damaged[choose.randrange(len(damaged))] ^= 1 << choose.randrange(8)
            frames[at] = bytes(damaged)
        elif kind == 1:
            frames[at] = frames[at][: choose.randrange(len(frames[at]))]
        elif kind == 2:
            frames[at] = frame(LOAD, word(choose.getrandbits(32)) + choose.randbytes(60))
        elif kind == 3:
            frames[at] = frame(choose.randbytes(1), choose.randbytes(choose.randrange(256)))
        elif kind == 4:
            frames.insert(at, frames[at])
        else:
            frames.insert(0, calibration())
    end = choose.choice([b"", jump(), jump(choose.getrandbits(32))])
    return b"load\n" + choose.choice([MAGIC_ACK, choose.randbytes(9)]) + b"".join(frames) + end


def prompt_after(console, data, tries=10):
    """Waits for the prompt; a frame that was torn may first have taken in what is typed for it."""
    for attempt in range(tries):
        try:
            return console.synchronise(b"" if attempt else data, QUIET_S)
        except ConsoleError:
            if attempt == tries - 1:
                raise


def survives(seed, total, kinds):
    """Sends `total` bytes; at the end a good image goes live, and all frames are accounted for."""
    choose, sent = random.Random(seed), 0
    with simulation(A, frames=sound(), endless=True, load_timeout_ms=10) as sim:
        sim.wait_frames(100, TIMEOUT_S)
        while sent < total:
            data = choose.choice(kinds)(choose)
            prompt_after(sim.console, data)
            sent += len(data)
        status = sim.console.values("status", TIMEOUT_S)
        assert (status["bank"], status["crc"]) == ("0", crc(A))
        good = b"load\n" + MAGIC_ACK + b"".join(load_frames(DATA)) + jump()
        assert crc(B) in sim.console.type(good, TIMEOUT_S)
        assert sim.console.values("status", TIMEOUT_S)["overruns"] == "0"
    assert sim.report["complaints"] == []
    heard, given = heard_and_given(sim)
    rows = swap_rows([A, B], given, heard)
    assert len(rows) == 1


def test_noise_and_broken_uploads():
    survives(1, 20_000, [noise, typed, broken_upload, broken_upload])


@pytest.mark.slow
def test_a_million_bytes():
    survives(2, 1_000_000, [noise, noise, noise, typed, broken_upload])


def test_a_paced_line_loses_what_nobody_takes():
    """The simulated line is as hard as a real one: the CPU never reads, the UART holds 17 bytes."""
    halt = [0x0000006F] * 16
    with simulation(A, frames=np.zeros((50, 4), int), rom=halt, baudrate=1_000_000) as sim:
        with socket.create_connection(("localhost", sim.port)) as client:
            client.sendall(bytes(100))
            sim.wait(TIMEOUT_S)
        assert "serial_tcp: 83 bytes were lost" in sim.messages()
