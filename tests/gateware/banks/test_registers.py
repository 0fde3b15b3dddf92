# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The banks' registers through LiteX's bank, in the order in which firmware and hosts write and
read them, with ticks between any two."""

from itertools import combinations

import pytest
from litex.gen.sim import run_simulation
from migen import passive

from gateware.wavenet.accelerator import WaveNetAccelerator
from gateware.wavenet.banks.ledger import BankLedger
from models.arch.folding import Folding, LayerFolding
from models.spec import Conv1DSpec, NetworkSpec
from tests.support.benches.core_runs import build, bus_read, bus_write, parameters
from tests.support.hdl.clocks import aligned
from tests.support.hdl.glides import rate_of
from tests.support.hdl.nets import random_frames, random_model
from tests.support.hdl.registers import Registers
from tests.support.hdl.streams import FrameDriver

# Ledger -------------------------------------------------------------------------------------------

CONSOLE, HOST = BankLedger.CONSOLE, 4711


def turns(first, second):
    """All orders of the steps of two, each in its own order."""
    for places in combinations(range(len(first) + len(second)), len(first)):
        steps, rest = iter(first), iter(second)
        yield [next(steps) if i in places else next(rest) for i in range(len(first + second))]


def test_of_console_and_host_one_alone_finds_its_token_in_any_order():
    """claim, owner, and by whom has the banks: what the bank holds; release."""

    def steps(token):
        names = ("claim", "owner", "mark", "release")
        return [(token, name) for name in names]

    orders = list(turns(steps(CONSOLE), steps(HOST)))
    assert len(orders) == 70
    dut = Registers(BankLedger(topology=0xABCD))

    def software():
        for order in orders:
            has, released, marks = set(), set(), []
            yield from dut.write("release", (yield from dut.read("owner")))
            for token, name in order:
                if name == "claim":
                    yield from dut.write("claim", token)
                elif name == "owner":
                    if (yield from dut.read("owner")) == token:
                        assert has <= released, order
                        has.add(token)
                elif name == "release":
                    yield from dut.write("release", token)
                    released.add(token)
                elif token in has:
                    yield from dut.write("crc1", token)
                    marks.append(token)
            assert has, order
            assert set(marks) == has and (yield from dut.read("crc1")) == marks[-1], order
        assert (yield from dut.read("crc0")) == BankLedger.BUILT_IN
        assert (yield from dut.read("topology")) == 0xABCD

    run_simulation(dut, software())


# Accelerator --------------------------------------------------------------------------------------

LAYERS = [Conv1DSpec(1, 2, 2, 2), Conv1DSpec(2, 1, 1, relu=False)]
MODEL, OTHER = (random_model(NetworkSpec(LAYERS), seed, scale=0.6) for seed in (1, 2))
FOLDING = Folding(MODEL.spec, (LayerFolding(LAYERS[0], 1, 1), LayerFolding(LAYERS[1], 1, 2)), 0)
PERIOD = 60  # cycles per frame
CLOCKS = [{"sys": 10}, aligned(2)]
BANK, FADING = 1, 2


class Playing:
    """The accelerator and its registers, frames all the time; `script(self)` is the software."""

    def __init__(self, script, clocks=CLOCKS[0], gap=0, **options):
        domain = "wavenet" if "wavenet" in clocks else "sys"
        core = build(MODEL, FOLDING, 2 if options.get("with_crossfade") else 1)
        accelerator = WaveNetAccelerator(core, clock_domain=domain, **options)
        self.dut, self.accelerator = Registers(accelerator, gap=gap), accelerator
        self.left, self.banks = 0, []
        run_simulation(self.dut, {"sys": [self._frames(), self._watch(), script(self)]}, clocks)

    @passive
    def _frames(self):
        """Tagged with the bank as of their start, as Ingress does."""
        driver = FrameDriver(self.accelerator.sink, [])
        frames = random_frames(MODEL.spec, 1000, seed=3)
        for frame in frames.tolist():
            bank = yield self.accelerator.bank
            driver.frames, driver.banks, driver.contexts = [frame], [bank], [0]
            yield from driver.run()
            for _ in range(PERIOD):
                yield

    @passive
    def _watch(self):
        source = self.accelerator.source
        yield source.ready.eq(1)
        while True:
            yield
            if (yield source.valid) and (yield source.last):
                self.left += 1
                self.banks.append((yield source.bank))

    def read(self, name):
        return (yield from self.dut.read(name))

    def play(self, bank):
        """As the firmware's banks_play() and the client: every status on the way."""
        control = yield from self.dut.read("control")
        yield from self.dut.write("control", control & ~BANK | bank)
        return (yield from self.dut.poll("status", BANK | FADING, bank))

    def write_bank(self, model, bank):
        """Writes a bank as `load` does; returns how many words were kept out."""
        before = yield from self.dut.read("blocked_writes")
        for address, value in parameters(self.accelerator.core, model, bank):
            yield from bus_write(self.accelerator.bus, address, value % 2**32)
        return (yield from self.dut.read("blocked_writes")) - before

    def fill(self, model, bank):
        """Writes a bank and reads it back; returns (words kept out, words that it then holds)."""
        kept_out = yield from self.write_bank(model, bank)
        held = 0
        for address, value in parameters(self.accelerator.core, model, bank):
            held += (yield from bus_read(self.accelerator.bus, address)) == value % 2**32
        return kept_out, held


WORDS = MODEL.spec.parameters


@pytest.mark.parametrize("clocks, gap", [(CLOCKS[0], 7), (CLOCKS[1], 0)])
def test_a_load_and_swaps_as_console_and_host_do_them(clocks, gap):
    def script(run):
        assert (yield from run.read("control")) == (yield from run.read("status")) == 0
        yield from run.play(0)  # waits for the idle bank, as `load` does first
        assert (yield from run.fill(OTHER, 1)) == (0, WORDS)
        for bank in (1, 0):
            seen = yield from run.play(bank)
            assert set(seen) <= {bank, 1 - bank} and seen[-1] == bank
            assert (yield from run.read("control")) == bank
        assert (yield from run.write_bank(OTHER, 0)) == WORDS  # it plays
        # Right behind the last look: the bank just left is idle, and takes every write.
        yield from run.play(1)
        assert (yield from run.fill(MODEL, 0)) == (0, WORDS)
        first, frames = run.left, (yield from run.read("frames"))
        assert first - 1 <= frames <= run.left
        assert (yield from run.read("cycles_used")) == run.accelerator.core.cycles
        clipped = 0
        for layer in range(len(LAYERS)):
            clipped += yield from run.read(f"saturations{layer}")
        assert clipped > 0

    run = Playing(script, clocks, gap)
    changes = [b for a, b in zip(run.banks, run.banks[1:]) if a != b]
    assert changes == [1, 0, 1]


def test_fades_as_console_and_host_ask_for_them():
    """fade, control, status until it is over; neither bank takes a write before."""
    fades = []

    def script(run):
        assert (yield from run.read("fade")) == rate_of(7)
        for frames, bank in ((20, 1), (15, 0)):
            yield from run.dut.write("fade", rate_of(frames))
            before = run.left
            control = yield from run.dut.read("control")
            yield from run.dut.write("control", control & ~BANK | bank)
            yield from run.dut.poll("status", FADING, FADING)
            # What another writes now is for the next fade: 0 would never end this one.
            yield from run.dut.write("fade", 0)
            for written in range(2):
                assert (yield from run.write_bank(OTHER, written)) == WORDS
            assert (yield from run.read("status")) == FADING | 1 - bank
            seen = yield from run.dut.poll("status", BANK | FADING, bank)
            assert set(seen) == {FADING | 1 - bank, bank}
            fades.append(run.left - before)
            assert (yield from run.fill(OTHER, 1 - bank)) == (0, WORDS)
        seen = yield from run.play(1)  # rate 0: at once
        assert not any(status & FADING for status in seen)

    Playing(script, gap=7, with_crossfade=True, fade_rate=rate_of(7))
    warm_up = MODEL.spec.receptive_field
    assert fades[0] >= warm_up + 20 and fades[1] >= warm_up + 15


def test_every_register_that_is_written_is_tested_here():
    core = build(MODEL, FOLDING, contexts=2)
    accelerator = WaveNetAccelerator(core, with_crossfade=True, fade_rate=1)
    blocks = {accelerator: {"control", "fade"}, BankLedger(1): {"claim", "release", "crc0", "crc1"}}
    for block, written in blocks.items():
        assert {csr.name for csr in block.get_csrs() if hasattr(csr, "storage")} == written


def test_a_core_without_two_contexts_is_refused_with_a_cross_fade():
    with pytest.raises(ValueError, match="^a core with a crossfade must have 2 contexts, got 1$"):
        WaveNetAccelerator(build(MODEL, FOLDING), with_crossfade=True)
