# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""A naive I2C device that follows SCL and SDA by their edges and checks the bus timing."""

# NXP UM10204, Table 10, fast mode, in seconds.
SCL_LOW, SCL_HIGH, SCL_PERIOD = 1.3e-6, 0.6e-6, 2.5e-6
START_SETUP, START_HOLD, STOP_SETUP, BUS_FREE = 0.6e-6, 0.6e-6, 0.6e-6, 1.3e-6
DATA_SETUP, DATA_HOLD = 100e-9, 0.0


class Device:
    """An I2C device at an address: follows SCL and SDA by their edges, checks their times.

    transfers : a list of bytes (address included) for each START; `stops` counts the STOPs.
    refuse    : function(number of transfer, number of byte in it) -> True: no acknowledge.
    registers : what was written, auto-increment; writes : (register, value) in order.
    misread   : {register: value} that reads as something else.
    """

    def __init__(self, scl_oe, sda_oe, sda, sys_clk_freq, address=0x10, refuse=lambda *_: False):
        self.scl_oe, self.sda_oe, self.sda = scl_oe, sda_oe, sda
        self.sys_clk_freq, self.address, self.refuse = sys_clk_freq, address, refuse
        self.transfers, self.stops, self.writes = [], 0, []
        self.registers, self.misread = {}, {}
        self.pointer = 0  # Of reads: the register after the last one written or read.
        self.cycle = -1
        self.stuck = False
        self.periods = []
        self.ended = None  # Cycle of the last STOP.

    def check(self, since, at_least, what):
        if since is not None:
            seconds = (self.cycle - since) / self.sys_clk_freq
            assert seconds >= at_least - 1e-12, f"{what}: {seconds * 1e9:.0f} ns"

    def run(self, cycles):
        scl_was, sda_was = 1, 1 - self.stuck
        scl_rose = scl_fell = sda_moved = started = None
        # held: between START and STOP; active: addressed as well.
        pull, held, active, bits, reading, position = 0, False, False, [], False, None
        answer = 0
        for _ in range(cycles):
            self.cycle += 1
            scl_oe, sda_oe = yield [self.scl_oe, self.sda_oe]
            scl, sda = 1 - scl_oe, 1 - (sda_oe | pull | self.stuck)
            if scl and scl_was and sda != sda_was:
                if not sda:  # START, or repeated START
                    self.check(self.ended, BUS_FREE, "bus free")
                    self.check(scl_rose if held else None, START_SETUP, "START set-up")
                    assert not bits[1:], "START within a byte"
                    started, active, bits, reading, position = self.cycle, True, [], False, None
                    self.transfers.append([])
                    held = True
                elif held:
                    self.check(scl_rose, STOP_SETUP, "STOP set-up")
                    assert len(bits) == 1, "STOP within a byte"  # The SCL pulse of STOP.
                    held, active, pull, self.ended = False, False, 0, self.cycle
                    self.stops += 1
            elif sda != sda_was:
                assert not scl, "SDA moves with SCL"
                self.check(scl_fell, DATA_HOLD, "data hold")
                sda_moved = self.cycle
            if scl and not scl_was:
                self.check(scl_fell, SCL_LOW, "SCL low")
                self.check(sda_moved, DATA_SETUP, "data set-up")
                if scl_rose is not None and bits:
                    self.check(scl_rose, SCL_PERIOD, "SCL period")
                    self.periods.append(self.cycle - scl_rose)
                scl_rose = self.cycle
                bits.append(sda)
            if scl_was and not scl:
                self.check(scl_rose, SCL_HIGH, "SCL high")
                self.check(started, START_HOLD, "START hold")
                scl_fell, started = self.cycle, None
                bits, pull, reading, position, active, answer = self.fell(
                    bits, reading, position, active, answer
                )
            scl_was = scl
            sda_was = 1 - (sda_oe | pull | self.stuck)
            yield self.sda.eq(sda_was)
            if sda_was != sda:  # The device moves SDA itself.
                assert not scl
                sda_moved = self.cycle
            yield

    def fell(self, bits, reading, position, active, answer):
        """At the falling edge of SCL, after `bits` of a byte: what to do in the coming bit."""
        if not active:
            return [], 0, reading, position, active, answer
        pull = 0
        if len(bits) == 9:
            acknowledged = not bits[8]
            bits = []
            if reading and len(self.transfers[-1]) > 1 and not acknowledged:
                reading = False  # The master has enough.
        if len(bits) == 8:
            byte = int("".join(map(str, bits)), 2)
            transfer = self.transfers[-1]
            number = len(transfer)
            transfer.append(byte)
            if not reading:
                accept = not self.refuse(len(self.transfers) - 1, number)
                if number == 0:
                    accept = accept and byte >> 1 == self.address
                    active = accept
                    reading = accept and bool(byte & 1)
                elif accept and number == 1:
                    position = self.pointer = byte
                elif accept:
                    self.writes.append((position, byte))
                    self.registers[position] = byte
                    position += 1
                    self.pointer = position
                pull = int(accept)
        elif reading and self.transfers[-1]:
            if not bits:
                answer = self.misread.get(self.pointer, self.registers.get(self.pointer, 0xFF))
                self.pointer += 1
            pull = 1 - (answer >> (7 - len(bits)) & 1)
        return bits, pull, reading, position, active, answer
