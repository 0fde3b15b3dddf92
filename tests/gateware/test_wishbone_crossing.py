# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Wishbone from one clock domain to another: every access is done once, answered and in order."""

import random

import pytest
from litex.gen import LiteXModule
from litex.soc.interconnect import wishbone
from migen import passive

from gateware.wishbone_crossing import WishboneCrossing
from tests.support.hdl.clocks import UNRELATED, aligned
from tests.support.simulators.compiled import run_simulation

CLOCKS = [aligned(1), aligned(4), *UNRELATED]


class Dut(LiteXModule):
    def __init__(self, cd_slave="wavenet"):
        self.master, self.slave = wishbone.Interface(), wishbone.Interface()
        self.crossing = WishboneCrossing(self.master, self.slave, "sys", cd_slave)


@passive
def serve(bus, done, seed, pause=4):
    """A slave: notes (address, value or None) of each access; an access to 0xBAD is an error."""
    rng, memory = random.Random(seed), {}
    while True:
        yield bus.ack.eq(0)
        yield bus.err.eq(0)
        yield
        if not ((yield bus.cyc) and (yield bus.stb)):
            continue
        for _ in range(rng.randrange(pause)):
            yield
        address, value = (yield bus.adr), (yield bus.dat_w)
        if (yield bus.we):
            memory[address] = value
        done.append((address, value if (yield bus.we) else None))
        yield bus.dat_r.eq(memory.get(address, 0))
        yield (bus.err if address == 0xBAD else bus.ack).eq(1)
        yield


def ask(bus, address, value=None, patience=100):
    """One access; STB stays high, so that the next follows at once: "error", or what is read."""
    yield bus.adr.eq(address)
    yield bus.we.eq(value is not None)
    yield bus.dat_w.eq(value or 0)
    yield bus.sel.eq(0xF)
    yield bus.cyc.eq(1)
    yield bus.stb.eq(1)
    for _ in range(patience):
        yield
        if (yield bus.ack) or (yield bus.err):
            return "error" if (yield bus.err) else (yield bus.dat_r)
    return None


def idle(bus, cycles):
    yield bus.cyc.eq(0)
    yield bus.stb.eq(0)
    for _ in range(cycles):
        yield


@pytest.mark.parametrize("clocks", CLOCKS)
def test_what_was_written_is_read_with_and_without_pauses(clocks):
    dut, done, read = Dut(), [], {}
    rng = random.Random(1)
    words = {address: rng.getrandbits(32) for address in rng.sample(range(1 << 30), 20)}

    def drive():
        for address, value in words.items():
            yield from ask(dut.master, address, value)
            if rng.random() < 0.3:
                yield from idle(dut.master, rng.randrange(1, 4))
        for address in words:
            read[address] = yield from ask(dut.master, address)
            if rng.random() < 0.3:
                yield from idle(dut.master, rng.randrange(1, 4))

    run_simulation(dut, {"sys": drive(), "wavenet": serve(dut.slave, done, 2)}, clocks)
    assert read == words
    assert done == [*words.items(), *((address, None) for address in words)]


@pytest.mark.parametrize("clocks", CLOCKS)
def test_errors_come_back_and_an_answer_nobody_waits_for_does_not(clocks):
    dut, done, heard = Dut(), [], []

    def drive():
        heard.append((yield from ask(dut.master, 0xBAD)))
        yield from ask(dut.master, 1, value=11)
        yield from ask(dut.master, 2, value=22)
        for patience in range(1, 9):  # aborts in every state of the crossing
            yield from idle(dut.master, 1)
            yield from ask(dut.master, 1, patience=patience)
            yield from idle(dut.master, 1 + patience % 2)
            heard.append((yield from ask(dut.master, 2)))

    run_simulation(dut, {"sys": drive(), "wavenet": serve(dut.slave, done, 3)}, clocks)
    assert heard == ["error", *[22] * 8]


def test_in_one_domain_it_is_a_wire():
    dut, done = Dut("sys"), []

    def drive():
        yield from ask(dut.master, 5, value=7)
        assert (yield from ask(dut.master, 5)) == 7

    run_simulation(dut, [drive(), serve(dut.slave, done, 0)])
    assert done == [(5, 7), (5, None)]
    assert not Dut("sys").get_fragment().sync
