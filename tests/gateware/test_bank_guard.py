"""No write of the bus reaches a bank that plays or still has frames inside; all others do."""

import pytest

from gateware.wavenet.accelerator import WaveNetAccelerator
from models.folding import Folding, LayerFolding
from models.spec import Conv1DSpec, NetworkSpec
from tests.support.clocks import aligned
from tests.support.compiled import run_simulation
from tests.support.core_jobs import BankedReference
from tests.support.core_runs import bus_read, bus_write, parameters
from tests.support.nets import random_frames, random_model
from tests.support.streams import FrameCollector, FrameDriver

LAYERS = [Conv1DSpec(1, 2, 2, 2), Conv1DSpec(2, 1, 1, relu=False)]
MODEL, OTHER = (random_model(NetworkSpec(LAYERS), seed, scale=0.6) for seed in (1, 2))
FOLDS = (LayerFolding(LAYERS[0], 1, 1), LayerFolding(LAYERS[1], 1, 2))
CLOCKS = [{"sys": 10}, aligned(2)]


def some(dut, model, bank):
    """(address, value) of every parameter."""
    return list(parameters(dut.core, model, bank))


class Bench:
    def __init__(self, clocks):
        self.clocks = clocks
        domain = "wavenet" if "wavenet" in clocks else "sys"
        self.dut = WaveNetAccelerator(
            MODEL.spec,
            Folding(MODEL.spec, FOLDS, 0),
            MODEL.weights,
            clock_domain=domain,
            with_csr=False,
        )
        self.words = {bank: some(self.dut, OTHER, bank) for bank in range(2)}

    def write(self, bank):
        """Writes OTHER into `bank`; returns how many words it then holds, and how many blocked."""
        dut, held = self.dut, 0
        before = yield dut.blocked_writes
        for address, value in self.words[bank]:
            yield from bus_write(dut.bus, address, value % 2**32)
        after = yield dut.blocked_writes
        for address, value in self.words[bank]:
            held += (yield from bus_read(dut.bus, address)) == value % 2**32
        return held, after - before

    def run(self, *generators):
        run_simulation(self.dut, {"sys": list(generators)}, self.clocks)


@pytest.mark.parametrize("clocks", CLOCKS)
def test_the_bank_that_plays_is_not_written_and_the_other_is(clocks):
    bench = Bench(clocks)
    dut, results = bench.dut, []
    was = some(dut, MODEL, 0)
    alike = sum(a == b for a, b in zip(was, bench.words[0]))
    count = len(bench.words[0])
    assert count == 9 and alike < 3

    def work():
        results.append((yield from bench.write(0)))
        results.append((yield from bench.write(1)))
        yield dut.bank.eq(1)  # asked for, not yet heard: neither
        yield
        results.append((yield from bench.write(0)))
        results.append((yield from bench.write(1)))
        driver = FrameDriver(dut.sink, random_frames(MODEL.spec, 1, 1), banks=[1])
        yield from driver.run()
        while not (yield dut.bank_out):
            yield
        results.append((yield from bench.write(1)))
        results.append((yield from bench.write(0)))

    bench.run(work(), FrameCollector(dut.source, 1).run())
    # Bank 1 holds OTHER since the second write, bank 0 before the last one MODEL.
    assert results == [(alike, count), (count, 0)] + [(alike, count), (count, count)] + [
        (count, count),
        (count, 0),
    ]


def test_no_word_selected_is_no_write():
    bench = Bench(CLOCKS[0])

    def work():
        bus = bench.dut.bus
        yield bus.we.eq(1)
        yield bus.sel.eq(0)
        yield bus.cyc.eq(1)
        yield bus.stb.eq(1)
        for _ in range(20):
            yield
        assert (yield bench.dut.blocked_writes) == 0

    bench.run(work())


@pytest.mark.parametrize("clocks", CLOCKS)
def test_a_bank_given_up_before_it_was_heard_is_shut_until_its_frames_are_out(clocks):
    """Bank 1 is asked for, a frame of it enters, bank 0 again, and only then anything leaves."""
    bench = Bench(clocks)
    dut, blocked = bench.dut, []
    words = bench.words[1]
    frames = random_frames(MODEL.spec, 30, seed=5)
    banks = [1] + [0] * (len(frames) - 1)
    driver = FrameDriver(dut.sink, frames[:1], banks[:1])
    collector = FrameCollector(dut.source, len(frames))

    def work():
        yield dut.bank.eq(1)
        yield from driver.run()
        yield dut.bank.eq(0)
        yield
        assert (yield dut.bank_out) == 0 and (yield dut.frames) == 0
        for address, value in words:
            yield from bus_write(dut.bus, address, value % 2**32)
        blocked.append((yield dut.blocked_writes))
        driver.frames, driver.banks, driver.contexts = frames[1:], banks[1:], [0] * len(banks[1:])
        yield from driver.run()

    def collect():
        while not blocked:
            yield
        yield from collector.run()
        yield
        held = yield from bench.write(1)
        blocked.append(held)

    bench.run(work(), collect())
    assert collector.banks == banks
    reference = BankedReference([MODEL], 1)
    assert collector.frames == [reference.step(frame, 0, 0) for frame in frames]
    assert blocked == [len(words), (len(words), 0)]
