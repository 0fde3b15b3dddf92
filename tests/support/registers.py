"""A block behind LiteX's own CSR bank, for tests that write registers as firmware and hosts do."""

from litex.gen import LiteXModule
from litex.soc.interconnect import csr_bus


class Registers(LiteXModule):
    """`block` (with CSRs) and its bank.

    gap: cycles between any two accesses; at least 1 of a bus is always between them
    """

    def __init__(self, block, gap=0):
        self.block, self.gap = block, gap
        csrs = block.get_csrs()
        self.bank = csr_bus.CSRBank(csrs, bus=csr_bus.Interface(data_width=32, alignment=32))
        self.names = [csr.name for csr in csrs]
        assert len(set(self.names)) == len(self.names)

    def _wait(self):
        for _ in range(self.gap):
            yield

    def write(self, name, value):
        bus = self.bank.bus
        yield bus.adr.eq(self.names.index(name))
        yield bus.dat_w.eq(value % 2**32)
        yield bus.we.eq(1)
        yield
        yield bus.we.eq(0)
        yield
        yield from self._wait()

    def read(self, name):
        bus = self.bank.bus
        yield bus.adr.eq(self.names.index(name))
        yield bus.re.eq(1)
        yield
        yield bus.re.eq(0)
        yield
        value = yield bus.dat_r
        yield from self._wait()
        return value

    def poll(self, name, mask, wanted, most=20_000):
        """Reads until the masked bits are as wanted; returns the register's value."""
        for _ in range(most):
            value = yield from self.read(name)
            if value & mask == wanted:
                return value
        raise TimeoutError(f"{name} is 0x{value:x}, and never 0x{wanted:x} in 0x{mask:x}")
