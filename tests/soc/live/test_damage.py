# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Hundreds of bad uploads to one simulated SoC: each named, the sound goes on bit for bit."""

import random
from contextlib import contextmanager

import pytest

from models import image
from models.topologies import get
from tests.support.hdl.nets import random_model
from tests.support.soc.live import (
    SMALL_A,
    SMALL_B,
    SMALL_RATE,
    crc,
    heard_and_given,
    sound,
)
from tests.support.soc.load_runs import (
    ABORT,
    MAGIC_ACK,
    flipped,
    frame,
    jump,
    load_frames,
    reason_in,
    upload,
)
from tests.support.soc.soc_runs import TIMEOUT_S, simulation, swap_rows

DATA = image.pack(SMALL_B)
HEADER_BITS, BITS = 8 * image.HEADER_BYTES, 8 * len(DATA)
assert not any(layer.parameters % 2 for layer in SMALL_A.spec.layers), "no layer is padded"
FIELDS = ["magic ", "version ", "fingerprint of another topology, ", "length in words "]


@contextmanager
def playing(frames=250_000):
    """Refuses whatever a test sends; at the end B is taken, and A was heard up to there."""
    options = dict(endless=True, load_timeout_ms=3)
    with simulation(SMALL_A, SMALL_RATE, frames=sound(frames), **options) as sim:
        sim.wait_frames(100, TIMEOUT_S)
        yield sim.console
        assert crc(SMALL_B) in sim.console.type(b"load\n" + upload(DATA), TIMEOUT_S)
        status = sim.console.values("status", TIMEOUT_S)
        assert (status["bank"], status["overruns"]) == ("1", "0")
    assert sim.report["complaints"] == []
    heard, given = heard_and_given(sim)
    assert len(swap_rows([SMALL_A, SMALL_B], given, heard)) == 1


def reasons(console, images):
    """Why each of a list was refused; sent one behind the other, the line is never idle."""
    console.send(b"".join(b"load\n" + upload(data) for data in images))
    for _ in images:
        said = console.read_until("wavenet> ", TIMEOUT_S)
        yield reason_in(said.partition("sL5DdSMmkekro\n")[2]).removeprefix("refused: ")


def check_flips(header_bits, body_bits):
    bits = [*header_bits, *body_bits]
    with playing(1000 * (len(bits) + 100)) as console:
        for bit, reason in zip(bits, reasons(console, [flipped(DATA, bit) for bit in bits])):
            expected = FIELDS[bit // 32] if bit < HEADER_BITS else "damaged, CRC-32 0x"
            assert reason.startswith(expected), bit
        assert "holds no whole model" in console.command("swap", TIMEOUT_S)


def test_some_flipped_bits():
    choose = random.Random(1)
    check_flips(range(0, HEADER_BITS, 5), choose.sample(range(HEADER_BITS, BITS), 25))


@pytest.mark.slow
def test_every_flipped_bit_of_the_header_and_a_thousand_of_the_body():
    check_flips(range(HEADER_BITS), random.Random(2).sample(range(HEADER_BITS, BITS), 1000))


def test_torn_oversized_and_foreign():
    """Torn at the edges and at random places, too long by a little and by much, other nets'."""
    choose = random.Random(3)
    sizes = [0, 1, 15, 16, 17, len(DATA) - 4, len(DATA) - 1]
    sizes += choose.sample(range(18, len(DATA) - 4), 20)
    longer = [1, 2, 59, 60, 61, 2000, 20_000]
    others = [random_model(get(name), 1) for name in ("original", "waveshaper")]
    with playing() as console:
        for size, reason in zip(sizes, reasons(console, [DATA[:size] for size in sizes])):
            torn = f"torn, bytes {size}; allowed: {len(DATA)}"
            assert reason == (torn if size else "no image came before the jump")
        for reason in reasons(console, [DATA + choose.randbytes(more) for more in longer]):
            assert reason == f"too long; allowed: {len(DATA)} bytes"
        for reason in reasons(console, [image.pack(other) for other in others]):
            assert reason.startswith(FIELDS[2])


def test_broken_off_at_any_frame():
    """The sender falls silent between frames or within one, cancels, or has lost one."""
    frames = load_frames(DATA, length=20)
    silent = "broken off: nothing came any more"
    with playing() as console:
        for count in range(len(frames)):
            end = {
                b"": silent,
                frames[count][:9]: silent,
                frame(ABORT): "broken off by the sender",
                b"".join(frames[count + 1 :]) + jump(): "refused: ",
            }
            for data, reason in end.items():
                data = MAGIC_ACK + b"".join(frames[:count]) + data
                said = console.type(b"load\n" + data, TIMEOUT_S)
                assert reason_in(said.partition("sL5DdSMmkekro\n")[2]).startswith(reason), count
