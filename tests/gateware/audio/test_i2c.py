# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""I2C master against a bit-level model of a device on the wires."""

import random

import pytest

from gateware.audio.i2c import I2CMaster
from tests.support.hdl.i2c_device import Device
from tests.support.simulators.compiled import run_simulation
from tests.support.simulators.simulation import passive

SYS = 6e6  # Slow, to simulate few cycles a bit: SCL at 375 kHz has 16.


def test_read_with_repeated_start():
    """Two bytes from a register: acknowledge after the first, none after the last."""
    dut = I2CMaster(SYS, 375e3)
    device = Device(dut.scl_oe, dut.sda_oe, dut.sda_i, SYS)
    device.registers = {0x03: 0xA5, 0x04: 0x3C}
    rng = random.Random(5)
    got = []

    def command(data=0, read=0, first=0, last=0):
        for _ in range(rng.randrange(20)):  # The bus waits for the user.
            yield
        for name, value in dict(data=data, read=read, first=first, last=last, valid=1).items():
            yield getattr(dut.sink, name).eq(value)
        yield
        while not (yield dut.sink.ready):
            yield
        got.append(((yield dut.data), (yield dut.ack)))
        yield dut.sink.valid.eq(0)
        yield

    def user():
        yield from command(0x20, first=1)
        yield from command(0x03)
        yield from command(0x21, first=1)
        yield from command(read=1)
        yield from command(read=1, last=1)
        yield from command(0x22, first=1)  # Nobody there: STOP comes by itself.

    run_simulation(dut, [passive(user()), device.run(3000)])
    assert got == [(0x20, 1), (0x03, 1), (0x21, 1), (0xA5, 1), (0x3C, 1), (0x22, 0)]
    assert device.transfers == [[0x20, 0x03], [0x21, 0xA5, 0x3C], [0x22]]
    assert device.stops == 2


def test_scl_frequency_at_the_real_clock():
    assert I2CMaster(49.152e6, 400e3).scl_freq == 49.152e6 / 128  # 384 kHz
    assert I2CMaster(49.152e6, 200e3).scl_freq == 49.152e6 / 248  # 198 kHz


@pytest.mark.parametrize(
    "sys_clk_freq, scl_freq, message",
    [
        (1e6, 100e3, "scl_freq must be above 0, up to 62500 Hz, got 100000.0"),
        (49.152e6, 401e3, "scl_freq must be above 0, up to 400000 Hz, got 401000.0"),
        (49.152e6, 0, "scl_freq must be above 0, up to 400000 Hz, got 0"),
    ],
)
def test_illegal_parameters(sys_clk_freq, scl_freq, message):
    with pytest.raises(ValueError) as error:
        I2CMaster(sys_clk_freq, scl_freq)
    assert str(error.value) == "I2CMaster: " + message
