# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""A block behind LiteX's own CSR bank, for tests that write registers as firmware and hosts do."""

from litex.gen import LiteXModule
from litex.soc.interconnect import csr_bus


class Registers(LiteXModule):
    """`dut` and a bank of the registers of `block`, a part of it (default: of the whole).

    gap: cycles of rest behind each access
    """

    def __init__(self, dut, block=None, gap=0):
        self.dut, self.gap = dut, gap
        csrs = (block or dut).get_csrs()
        self.bank = csr_bus.CSRBank(csrs, bus=csr_bus.Interface(data_width=32, alignment=32))
        self.names = [csr.name for csr in csrs]
        assert self.names and len(set(self.names)) == len(self.names)

    def write(self, name, value):
        bus = self.bank.bus
        yield bus.adr.eq(self.names.index(name))
        yield bus.dat_w.eq(value % 2**32)
        yield bus.we.eq(1)
        yield
        yield bus.we.eq(0)
        yield
        for _ in range(self.gap):
            yield

    def read(self, name):
        bus = self.bank.bus
        yield bus.adr.eq(self.names.index(name))
        yield bus.re.eq(1)
        yield
        yield bus.re.eq(0)
        yield
        value = yield bus.dat_r
        for _ in range(self.gap):
            yield
        return value

    def poll(self, name, mask, wanted, most=5_000):
        """Reads until the masked bits are as wanted; returns all values that were read."""
        values = []
        for _ in range(most):
            values.append((yield from self.read(name)))
            if values[-1] & mask == wanted:
                return values
        raise TimeoutError(f"{name} is 0x{values[-1]:x}, and never 0x{wanted:x} in 0x{mask:x}")
