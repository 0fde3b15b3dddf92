# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

from migen import *

from litex.gen import *

from litex.soc.interconnect import wishbone

# Bank Guard ---------------------------------------------------------------------------------------

class BankGuard(LiteXModule):
    """Keeps the bus from writing a bank of weights that plays.

        bus --> guarded, a write to a bank that is `shut` without a byte selected

    core    : the core whose window on the parameters `guarded` leads to; core.bank_of(address) is
              the bank of a word address
    shut    : per bank, 1: not to be written
    blocked : writes that were not carried out

    Such a write is acknowledged like any other: a soft CPU that takes no bus errors would wait for
    ever. Who writes finds out by reading back, or by the counter. Reads pass, and so does the rest
    of what is written. No latency.
    """
    def __init__(self, core):
        self.bus     = bus     = wishbone.Interface(data_width=32, addressing="word")
        self.guarded = guarded = wishbone.Interface(data_width=32, addressing="word")
        self.shut    = Signal(2)
        self.blocked = Signal(32)

        # # #

        bank = Signal()
        self.comb += bank.eq(core.bank_of(bus.adr))

        block = Signal()
        begun = Signal()
        self.comb += [
            block.eq(bus.we & Mux(bank, self.shut[1], self.shut[0])),
            bus.connect(guarded, omit={"sel"}),
            If(~block, guarded.sel.eq(bus.sel)),
        ]
        self.sync += [
            begun.eq(bus.cyc & bus.stb & ~bus.ack),
            If(bus.cyc & bus.stb & ~begun & block & bus.sel[0],
                self.blocked.eq(self.blocked + 1),
            ),
        ]
