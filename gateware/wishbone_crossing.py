# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

from migen import *
from migen.genlib.cdc import BlindTransfer

from litex.gen import *

from gateware import signal_names

signal_names.install()

# Wishbone Crossing --------------------------------------------------------------------------------

class WishboneCrossing(LiteXModule):
    """Takes the accesses of `master` to `slave`, which is in another clock domain.

        master -- adr, dat_w, sel, we --> BlindTransfer --> slave
        master <-- dat_r, err ----------- BlindTransfer <-- slave

    master, slave : Wishbone interfaces of the same shape, the former in clock domain `cd_master`,
                    the latter in `cd_slave`

    Classic cycles, one access at a time: a write is done in the slave when it is acknowledged. The
    answer to an access that its master has aborted (a bus time-out) is discarded.
    Both domains must be in reset together. In one domain the two are just connected.

    Data is held stable in registers while a toggle signals it across; a FIFO would put a memory and
    its pointers on the critical path of a fast slave.
    """
    def __init__(self, master, slave, cd_master="sys", cd_slave="sys"):
        if cd_master == cd_slave:
            self.comb += master.connect(slave)
            return

        def fields(bus, *names):
            return Cat(*[getattr(bus, name) for name in names])
        request  = ("adr", "dat_w", "sel", "we")
        response = ("dat_r", "err")
        self.request  = BlindTransfer(cd_master, cd_slave, len(fields(master, *request)))
        self.response = BlindTransfer(cd_slave, cd_master, len(fields(master, *response)))

        # # #

        # Master's side.
        asks     = Signal()
        waiting  = Signal() # The request is on its way, or its answer.
        given_up = Signal()
        answered = Signal()
        error    = Signal()
        self.comb += [
            asks.eq(master.cyc & master.stb),
            self.request.i.eq(asks & ~waiting),
            self.request.data_i.eq(fields(master, *request)),
            Cat(master.dat_r, error).eq(self.response.data_o),
            If(answered & waiting & asks & ~given_up,
                master.ack.eq(~error),
                master.err.eq(error),
            ),
        ]
        master_sync  = getattr(self.sync, cd_master)
        master_sync += [
            # A cycle late: a bit of the word may be caught an edge after the toggle.
            answered.eq(self.response.o),
            If(self.request.i, waiting.eq(1)),
            If(waiting & ~asks, given_up.eq(1)),
            If(answered,
                waiting.eq(0),
                given_up.eq(0),
            ),
        ]

        # Slave's side.
        begin = Signal()
        done  = Signal()
        self.comb += [
            slave.stb.eq(slave.cyc),
            fields(slave, *request).eq(self.request.data_o),
            done.eq(slave.cyc & (slave.ack | slave.err)),
            self.response.i.eq(done),
            self.response.data_i.eq(fields(slave, *response)),
        ]
        slave_sync  = getattr(self.sync, cd_slave)
        slave_sync += [
            begin.eq(self.request.o),
            If(begin, slave.cyc.eq(1)),
            If(done,  slave.cyc.eq(0)),
        ]
