# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""AK4619 bring-up against a bit-level model of an I2C device on the wires."""

import pytest
from litex.soc.interconnect import csr_bus
from migen import Module, Record

from gateware.audio.ak4619 import AK4619
from gateware.audio.ak4619_registers import register_bytes
from tests.support.hdl.i2c_device import Device
from tests.support.simulators.compiled import run_simulation
from tests.support.simulators.simulation import passive

SYS = 6e6  # Slow, to simulate few cycles a bit: SCL at 375 kHz has 16.
TIMES = dict(pdn_low_us=2, power_up_ms=0.05, retry_ms=0.04, scl_freq=375e3)
BRING_UP = 9000  # Cycles that a bring-up takes at most with these.


PDN, IS_READY, ERROR, STATE, RETRIES, DIFFERS, REGISTER, MUTE = range(8)  # Columns of Bench.log.


def attempt(rate=192000):
    """The transfers of one whole attempt, as the device sees them."""
    table = register_bytes(rate)
    return [
        [0x20, 0x00, table[0] & 0xFE, *table[1:]],
        [0x20, 0x00],
        [0x21, table[0] & 0xFE, *table[1:]],
        [0x20, 0x00, table[0]],
    ]


def codec_pads():
    return Record([(name, 1) for name in ("pdn", "scl_oe", "sda_oe", "sda")])


class Bench(Module):
    """AK4619 with a device on its bus; `log` has a row of these columns a cycle."""

    def __init__(self, sample_rate=192000, refuse=lambda *_: False, address=0x10, **parameters):
        self.pads = codec_pads()
        parameters = dict(TIMES, with_csr=False) | parameters
        self.submodules.codec = self.codec = AK4619(self.pads, SYS, sample_rate, **parameters)
        pads = self.pads
        self.device = Device(
            pads.scl_oe, pads.sda_oe, pads.sda, SYS, refuse=refuse, address=address
        )
        self.log = []
        self.driven = []

    def watch(self, cycles, settled=60):
        """Log `cycles` cycles; ends early when `ready` has been up for `settled` cycles."""
        codec, pads, lasts = self.codec, self.pads, 0
        signals = [pads.pdn, codec.ready, codec.error, codec.state, codec.retries]
        signals += [codec.differs, codec.register, codec.mute]
        for _ in range(cycles):
            *entry, scl_oe, sda_oe = yield [*signals, pads.scl_oe, pads.sda_oe]
            if scl_oe or sda_oe:
                self.driven.append(len(self.log))
            self.log.append(tuple(entry))
            lasts = lasts + 1 if entry[IS_READY] else 0
            if lasts >= settled:
                break
            yield

    def run(self, cycles, *generators, settled=60):
        others = map(passive, [self.device.run(cycles), *generators])
        run_simulation(self, [self.watch(cycles, settled), *others])

    def first(self, column, value):
        """First cycle in which a column of the log has a value."""
        return [entry[column] for entry in self.log].index(value)


@pytest.mark.parametrize("rate", [192000, 48000])
def test_bring_up(rate):
    """PDN and its times, then the registers in reset, then RSTN, then ready."""
    bench = Bench(rate)
    bench.run(BRING_UP)
    device, table = bench.device, register_bytes(rate)

    rises = bench.first(PDN, 1)
    assert TIMES["pdn_low_us"] * 1e-6 <= rises / SYS < TIMES["pdn_low_us"] * 1e-6 + 1e-6
    access = (bench.driven[0] - rises) / SYS
    assert TIMES["power_up_ms"] * 1e-3 <= access < TIMES["power_up_ms"] * 1e-3 + 5e-6
    assert all(entry[PDN] for entry in bench.log[rises:])

    assert device.transfers == attempt(rate)
    assert device.stops == 3
    assert device.registers == dict(enumerate(table))
    assert [value for register, value in device.writes if value & 1 and register == 0] == [table[0]]

    ready = bench.first(IS_READY, 1)
    assert ready > device.ended
    # Sound counts from before the last byte, which brings the codec out of its reset.
    last_byte = ready - 10 * round(SYS / bench.codec.i2c.scl_freq)
    assert bench.first(STATE, AK4619.CONFIGURE) < bench.first(MUTE, 0) < last_byte
    assert not any(entry[MUTE] for entry in bench.log[bench.first(MUTE, 0) :])
    assert all(entry[IS_READY:] == (1, 0, AK4619.READY, 0, 0, 0, 0) for entry in bench.log[ready:])
    assert not any(entry[ERROR] for entry in bench.log)
    states = [entry[STATE] for entry in bench.log]
    assert [s for i, s in enumerate(states) if not i or s != states[i - 1]] == [
        AK4619.POWER_DOWN,
        AK4619.POWER_UP,
        AK4619.CONFIGURE,
        AK4619.READY,
    ]


@pytest.mark.parametrize("scl_freq", [375e3, 100e3])
def test_scl_frequency(scl_freq):
    """The SCL on the wire is the one that the master tells, and is at most what was asked for."""
    bench = Bench(scl_freq=scl_freq)
    bench.run(1500)
    i2c = bench.codec.i2c
    assert set(bench.device.periods) == {round(SYS / i2c.scl_freq)}
    assert 0.8 * scl_freq <= i2c.scl_freq <= scl_freq


@pytest.mark.parametrize(
    "transfer, byte", [(0, 0), (0, 1), (0, 22), (1, 0), (1, 1), (2, 0), (3, 0), (3, 2)]
)
def test_missing_acknowledge_is_repeated(transfer, byte):
    """The transfer ends with STOP, then a pause with `error`, then all over again."""
    bench = Bench(refuse=lambda number, position: (number, position) == (transfer, byte))
    bench.run(2 * BRING_UP)
    device = bench.device
    broken = attempt()[:transfer] + [attempt()[transfer][: byte + 1]]
    assert device.transfers == broken + attempt()
    held = sum(transfer[0] == 0x21 for transfer in device.transfers)  # behind a repeated START
    assert device.stops == len(device.transfers) - held

    error, pause = bench.first(ERROR, 1), bench.first(STATE, AK4619.PAUSE)
    ready = bench.first(IS_READY, 1)
    assert error == pause
    assert all(entry[ERROR] for entry in bench.log[error:ready])
    assert bench.log[ready] == (1, 1, 0, AK4619.READY, 1, 0, 0, 0)
    paused = sum(entry[STATE] == AK4619.PAUSE for entry in bench.log) / SYS
    assert TIMES["retry_ms"] * 1e-3 <= paused < TIMES["retry_ms"] * 1e-3 + 1e-6


def test_a_register_that_differs_is_written_again():
    """Until it reads back as written; meanwhile there is no sound, and it is told which."""
    bench = Bench()
    bench.device.misread = {0x03: 0x00, 0x0E: 0x19}

    def mend():
        while (yield bench.codec.retries) < 2:
            yield
        bench.device.misread = {}

    bench.run(4 * BRING_UP, mend())
    ready = bench.first(IS_READY, 1)
    assert bench.log[ready] == (1, 1, 0, AK4619.READY, 2, 0, 0x0E, 0)
    assert bench.device.registers == dict(enumerate(register_bytes(192000)))
    pauses = [entry for entry in bench.log if entry[STATE] == AK4619.PAUSE]
    assert pauses and {(e[ERROR], e[DIFFERS], e[REGISTER]) for e in pauses} == {(1, 1, 0x0E)}
    assert len(bench.device.transfers) == 3 * len(attempt())


def test_a_register_that_always_differs_does_not_keep_a_codec_silent():
    bench = Bench()
    bench.device.misread = {0x14: 0x00}
    bench.run((AK4619.READ_BACKS + 1) * BRING_UP)
    ready = bench.first(IS_READY, 1)
    assert bench.log[ready] == (1, 1, 0, AK4619.READY, AK4619.READ_BACKS - 1, 1, 0x14, 0)
    assert len(bench.device.transfers) == AK4619.READ_BACKS * len(attempt())


def test_absent_codec_is_asked_for_ever():
    bench = Bench(address=0x11)
    bench.run(6000)
    assert len(bench.device.transfers) > 5
    assert all(transfer == [0x20] for transfer in bench.device.transfers)
    retries = bench.log[-1][RETRIES]
    assert retries in (len(bench.device.transfers), len(bench.device.transfers) - 1)
    assert bench.log[-1][ERROR] == 1 and not any(entry[IS_READY] for entry in bench.log)


def test_bus_that_is_not_free_is_an_error():
    """SDA stuck low must not pass for acknowledges."""
    bench = Bench()
    bench.device.stuck = True

    def release():
        while not (yield bench.codec.retries) >= 2:
            yield
        assert not bench.device.transfers
        bench.device.stuck = False

    bench.run(BRING_UP + 2000, release())
    ready = bench.first(IS_READY, 1)
    assert all(e[ERROR] for e in bench.log[bench.first(STATE, AK4619.PAUSE) : ready])
    assert bench.log[ready][RETRIES] >= 2
    assert bench.device.registers == dict(enumerate(register_bytes(192000)))


@pytest.mark.parametrize("when", [AK4619.READY, AK4619.CONFIGURE, AK4619.PAUSE, AK4619.POWER_UP])
def test_restart_begins_with_power_down(when):
    refused = 2 if when == AK4619.PAUSE else 0
    bench = Bench(refuse=lambda number, _: number < refused)
    restarted = []

    def restart():
        while (yield bench.codec.state) != when or (when == AK4619.PAUSE and not restarted):
            if (yield bench.codec.retries) == 1:
                restarted.append(len(bench.log))
            yield
        for _ in range(130):
            yield
        yield bench.codec.restart.eq(1)
        yield
        yield bench.codec.restart.eq(0)
        restarted.append(len(bench.log))

    bench.run(2 * BRING_UP + 1000, restart(), settled=200)
    log = bench.log[restarted[-1] :]
    assert log[0][RETRIES] == (when == AK4619.PAUSE)
    states = [entry[STATE] for entry in log]
    down = states.index(AK4619.POWER_DOWN)
    assert down < (20 * 16 + 30 if when == AK4619.CONFIGURE else 5)
    low = [i for i, entry in enumerate(log) if not entry[PDN]]
    assert len(low) / SYS >= TIMES["pdn_low_us"] * 1e-6 and low == list(range(low[0], low[-1] + 1))
    assert log[-1] == (1, 1, 0, AK4619.READY, 0, 0, 0, 0)
    assert not any(entry[IS_READY] for entry in log[down : states.index(AK4619.READY, down)])
    assert bench.device.transfers[-4:] == attempt()


@pytest.mark.parametrize("before", range(1, 5))
def test_restart_at_the_end_of_a_byte_stops_the_bus_first(before):
    """Other devices share the bus: whenever PDN falls, the transfer has ended with STOP."""
    bench = Bench()
    byte = 9 * 16 + 2
    stops = []

    def restart():
        while not (yield bench.codec.i2c.sink.ready):
            yield
        for _ in range(byte - before):
            yield
        yield bench.codec.restart.eq(1)
        yield
        yield bench.codec.restart.eq(0)
        while (yield bench.pads.pdn):
            yield
        stops.append((bench.device.stops, len(bench.device.transfers), (yield bench.codec.state)))

    bench.run(1100, restart())
    assert stops == [(1, 1, AK4619.POWER_DOWN)]


def test_csrs():
    """Status fields and the restart strobe, through a CSR bus."""
    bench = Bench(with_csr=True)
    codec = bench.codec
    csrs = codec.get_csrs()
    assert [csr.name for csr in csrs] == ["status", "control", "retries"]
    bank = csr_bus.CSRBank(csrs, bus=csr_bus.Interface(data_width=32, alignment=32))
    bench.submodules += bank
    seen = []

    def read(address):
        yield bank.bus.adr.eq(address)
        yield bank.bus.re.eq(1)
        for _ in range(3):
            yield
        yield bank.bus.re.eq(0)
        return (yield bank.bus.dat_r)

    def software():
        while not (yield codec.ready):
            yield
        yield
        seen.append((yield from read(0)))
        yield from bank.bus.write(1, 1)
        for _ in range(4):
            yield
        seen.append((yield from read(0)))
        seen.append((yield from read(2)))

    bench.run(BRING_UP, software(), settled=10)
    assert seen == [AK4619.READY << 4 | 1, AK4619.POWER_DOWN << 4, 0]


@pytest.mark.parametrize(
    "build, message",
    [
        (
            lambda: AK4619(codec_pads(), SYS, 4000),
            "AK4619: sample_rate must be 8000 to 48000, 96000 or 192000 Hz, got 4000",
        ),
        (
            lambda: AK4619(codec_pads(), SYS, 48000, pdn_low_us=0.5),
            "AK4619: pdn_low_us must be at least 0.6, got 0.5",
        ),
        (
            lambda: AK4619(codec_pads(), SYS, 48000, power_up_ms=0),
            "AK4619: power_up_ms must be above 0, got 0",
        ),
        (
            lambda: AK4619(codec_pads(), SYS, 48000, retry_ms=-1),
            "AK4619: retry_ms must be above 0, got -1",
        ),
        (
            lambda: AK4619(codec_pads(), SYS, 48000, scl_freq=1e6),
            "I2CMaster: scl_freq must be above 0, up to 375000 Hz, got 1000000.0",
        ),
    ],
)
def test_illegal_parameters(build, message):
    with pytest.raises(ValueError) as error:
        build()
    assert str(error.value) == message
