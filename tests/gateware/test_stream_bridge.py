# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""StreamBridge: the protocol of LiteX's UARTBone, and that nothing a line brings stops it."""

import random
import struct

import pytest
from litex.gen.sim import run_simulation
from migen import passive

from gateware.stream_bridge import StreamBridge

TIMEOUT = 60  # cycles
WRITE, READ, WRITE_FIXED, READ_FIXED = 1, 2, 3, 4
NOWHERE = 0xFFFF_FFFF  # what an access to an address of nothing reads, after ABSENT cycles
ABSENT = 20
QUIET = "quiet"


def command(kind, words, address, data=()):
    return struct.pack(">BBI", kind, words, address) + struct.pack(f">{len(data)}I", *data)


class Line:
    """A bridge, 256 words of memory at word addresses 0 to 255 and nothing elsewhere.

    steps: bytes to send, a number of cycles to wait, or QUIET, until bus and answers have rested
    for twice the time-out; heard: bytes that came back
    """

    def __init__(self, steps, idle=400, seed=0, takes=0.7):
        self.dut = StreamBridge(TIMEOUT)
        self.memory = {address: 0 for address in range(256)}
        self.heard, self.accesses, self.marks = bytearray(), [], []
        dice = random.Random(seed)

        def quiet():
            rest = 0
            while rest < 2 * TIMEOUT:
                yield
                rest += 1
                if (yield self.dut.bus.cyc) or (yield self.dut.source.valid):
                    rest = 0

        def send():
            sink = self.dut.sink
            for step in steps:
                if step == QUIET:
                    yield from quiet()
                    self.marks.append(len(self.heard))
                    continue
                if isinstance(step, int):
                    for _ in range(step):
                        yield
                    continue
                for byte in step:
                    while dice.random() < 0.2:
                        yield
                    yield sink.valid.eq(1)
                    yield sink.data.eq(byte)
                    yield
                    while not (yield sink.ready):
                        yield
                    yield sink.valid.eq(0)
            for _ in range(idle):
                yield

        @passive
        def hear():
            source = self.dut.source
            while True:
                yield source.ready.eq(dice.random() < takes)
                yield
                if (yield source.valid) and (yield source.ready):
                    self.heard.append((yield source.data))

        @passive
        def bus():
            bus = self.dut.bus
            while True:
                yield
                if not (yield bus.cyc):
                    continue
                address, writes = (yield bus.adr), (yield bus.we)
                assert (yield bus.stb) and (yield bus.sel) == 15
                self.accesses.append((address, writes))
                for _ in range(dice.randrange(4) if address in self.memory else ABSENT):
                    yield
                    assert (yield bus.cyc), "an access is aborted"
                if writes and address in self.memory:
                    self.memory[address] = yield bus.dat_w
                yield bus.dat_r.eq(self.memory.get(address, NOWHERE))
                yield bus.ack.eq(1)
                yield
                yield bus.ack.eq(0)

        run_simulation(self.dut, [send(), hear(), bus()])

    def words(self):
        assert len(self.heard) % 4 == 0
        return list(struct.unpack(f">{len(self.heard) // 4}I", bytes(self.heard)))


WORDS = [0x1234_5678, 0x9ABC_DEF0, 1, 2**32 - 2]


@pytest.mark.parametrize("seed", range(5))
def test_bursts_there_and_back(seed):
    line = Line([command(WRITE, 4, 16, WORDS), command(READ, 4, 16)], seed=seed)
    assert line.words() == WORDS
    assert line.accesses == [(16 + i, writes) for writes in (1, 0) for i in range(4)]


def test_bursts_to_one_address():
    line = Line([command(WRITE_FIXED, 4, 16, WORDS), command(READ_FIXED, 3, 16)])
    assert line.words() == [WORDS[-1]] * 3
    assert {address for address, _ in line.accesses} == {16}


def test_the_longest_burst():
    data = [random.Random(1).getrandbits(32) for _ in range(255)]
    line = Line([command(WRITE, 255, 0, data), command(READ, 255, 0)], idle=3000)
    assert line.words() == data


@pytest.mark.parametrize("kind", [0, 5, 0x23, 0xFF])
def test_headers_that_are_no_command_do_nothing(kind):
    line = Line([command(kind, 9, 3), command(kind, 9, 3), command(READ, 1, 16)])
    assert line.words() == [0] and len(line.accesses) == 1


@pytest.mark.parametrize("kind", [WRITE, READ, WRITE_FIXED, READ_FIXED])
def test_no_words_are_no_words(kind):
    line = Line([command(kind, 0, 16), command(WRITE, 1, 16, [7]), command(READ, 1, 16)])
    assert line.words() == [7] and line.accesses == [(16, 1), (16, 0)]


@pytest.mark.parametrize("size", range(1, 6 + 8))
def test_half_a_command_is_given_up_after_a_silence(size):
    """And what follows is a command again, wherever it broke off."""
    half = command(WRITE, 2, 16, [5, 6])[:size]
    line = Line([half, TIMEOUT + 20, command(READ, 2, 16)])
    assert line.words() == [5 if size >= 10 else 0, 0]


def test_a_slow_line_is_no_silence():
    """As long as a byte comes within the time-out the command goes on, however long it takes."""
    steps = []
    for byte in command(WRITE, 4, 16, WORDS):
        steps += [bytes([byte]), TIMEOUT - 20]  # and a few that the line waits by chance
    line = Line([*steps, command(READ, 4, 16)])
    assert line.words() == WORDS


def test_an_answer_that_nobody_takes_is_given_up():
    line = Line([command(READ, 255, 0)], takes=0, idle=3 * TIMEOUT)
    assert len(line.accesses) == 1
    assert not line.heard


def test_addresses_of_nothing_are_answered():
    line = Line([command(READ, 3, 2**29), command(WRITE, 1, 999, [5]), command(READ, 1, 16)])
    assert line.words() == [NOWHERE] * 3 + [0]


@pytest.mark.parametrize("seed", range(4))
def test_after_any_garbage_and_a_silence_it_answers(seed):
    """Most of it accesses: random bytes rarely are."""
    choose, steps = random.Random(seed), []
    for _ in range(40):
        kind = choose.choice([WRITE, READ, WRITE_FIXED, READ_FIXED, choose.getrandbits(8)])
        address = choose.choice([choose.getrandbits(32), choose.randrange(256)])
        steps.append(command(kind, choose.randrange(4), address)[: choose.randrange(1, 7)])
        steps.append(choose.randbytes(choose.randrange(12)))
    end = [QUIET, command(WRITE, 1, 16, [77]), command(READ, 1, 16)]
    line = Line([*steps, *end], seed=seed)
    assert line.heard[line.marks[0] :] == (77).to_bytes(4, "big")
    assert len(line.accesses) > 20


def test_a_timeout_of_nothing_is_refused():
    with pytest.raises(ValueError, match="timeout must be at least 1 cycle, got 0"):
        StreamBridge(0)
