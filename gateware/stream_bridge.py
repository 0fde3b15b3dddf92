# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

from functools import reduce
from operator import or_

from migen import *

from litex.gen import *

from litex.soc.cores.uart import (CMD_READ_BURST_FIXED, CMD_READ_BURST_INCR, CMD_WRITE_BURST_FIXED,
    CMD_WRITE_BURST_INCR)
from litex.soc.interconnect import stream, wishbone

from gateware import signal_names

signal_names.install()

# Stream Bridge ------------------------------------------------------------------------------------

class StreamBridge(LiteXModule):
    """A Wishbone master for a host on a line of bytes, in the protocol of LiteX's UARTBone.

        command, words, 4 bytes of word address, big endian;  of a write `words` words, big endian
        the answer to a read: `words` words, big endian;      a write has none

    sink, source : stream.Endpoint([("data", 8)]), from and to the host
    bus          : Wishbone, 32 bits, word addresses
    timeout      : cycles, at least 1: a command of which so long no byte has come, or of whose
                   answer none has been taken, is aborted

    Commands: write 1, read 2, both to addresses that count up; write 3, read 4, to one address.
    A header with another command, or of 0 words, does nothing. A bus access is always waited for:
    the bus must acknowledge each, also where nothing is (LiteX's bus_timeout).

    Unlike LiteX's Stream2Wishbone, whose 100 ms run from a command's first byte on: there a long
    write on a slow line was cut off and the rest of its data taken for commands, and 0 words ran
    on until then. Raises ValueError for a timeout below 1.
    """
    HEADER = 6 # bytes
    def __init__(self, timeout):
        if timeout < 1:
            raise ValueError(f"timeout must be at least 1 cycle, got {timeout}")
        self.sink   = sink   = stream.Endpoint([("data", 8)])
        self.source = source = stream.Endpoint([("data", 8)])
        self.bus    = bus    = wishbone.Interface(data_width=32, addressing="word")

        # # #

        before  = Signal(40, reset_less=True) # The header's bytes so far.
        header  = Signal(8*self.HEADER)       # With the byte of this cycle.
        command = header[40:]
        words   = header[32:40]
        byte    = Signal(3)
        address = Signal(32, reset_less=True)
        data    = Signal(32, reset_less=True)
        left    = Signal(8,  reset_less=True) # Words, this one included.
        counts  = Signal(reset_less=True)     # The address does, from word to word.
        self.comb += header.eq(Cat(sink.data, before))

        # Time-out.
        # ---------
        count   = Signal(max=timeout + 1)
        begun   = Signal()
        expired = Signal()
        moved   = (sink.valid & sink.ready) | (source.valid & source.ready)
        self.comb += expired.eq(begun & (count == timeout))
        self.sync += If(moved | ~begun | bus.cyc | expired, count.eq(0)).Else(count.eq(count + 1))

        # Bus.
        # ----
        self.comb += [
            bus.stb.eq(bus.cyc),
            bus.adr.eq(address),
            bus.dat_w.eq(data),
            bus.sel.eq(0b1111),
        ]
        next_word = [
            NextValue(left, left - 1),
            NextValue(byte, 0),
            If(counts, NextValue(address, address + 1)),
        ]

        # FSM.
        # ----
        self.fsm = fsm = FSM(reset_state="HEADER")
        def is_one_of(*commands):
            return reduce(or_, [command == one for one in commands])
        fsm.act("HEADER",
            begun.eq(byte != 0),
            sink.ready.eq(1),
            If(sink.valid,
                NextValue(before, header),
                NextValue(byte, byte + 1),
                If(byte == (self.HEADER - 1),
                    NextValue(byte, 0),
                    NextValue(address, header),
                    NextValue(left, words),
                    NextValue(counts, is_one_of(CMD_WRITE_BURST_INCR, CMD_READ_BURST_INCR)),
                    If(words == 0,
                        NextState("HEADER")
                    ).Elif(is_one_of(CMD_WRITE_BURST_INCR, CMD_WRITE_BURST_FIXED),
                        NextState("DATA")
                    ).Elif(is_one_of(CMD_READ_BURST_INCR, CMD_READ_BURST_FIXED),
                        NextState("READ")
                    )
                )
            ).Elif(expired,
                NextValue(byte, 0),
            )
        )
        fsm.act("DATA",
            begun.eq(1),
            sink.ready.eq(1),
            If(sink.valid,
                NextValue(data, Cat(sink.data, data[:-8])),
                NextValue(byte, byte + 1),
                If(byte == 3, NextState("WRITE")),
            ).Elif(expired,
                NextValue(byte, 0),
                NextState("HEADER"),
            )
        )
        fsm.act("WRITE",
            begun.eq(1),
            bus.cyc.eq(1),
            bus.we.eq(1),
            If(bus.ack | bus.err,
                next_word,
                If(left == 1,
                    NextState("HEADER")
                ).Else(
                    NextState("DATA")
                )
            )
        )
        fsm.act("READ",
            begun.eq(1),
            bus.cyc.eq(1),
            If(bus.ack | bus.err,
                NextValue(data, bus.dat_r),
                NextValue(byte, 0),
                NextState("ANSWER"),
            )
        )
        fsm.act("ANSWER",
            begun.eq(1),
            source.valid.eq(1),
            source.data.eq(data[24:]),
            source.last.eq((byte == 3) & (left == 1)),
            If(source.ready,
                NextValue(data, Cat(C(0, 8), data[:-8])),
                NextValue(byte, byte + 1),
                If(byte == 3,
                    next_word,
                    If(left == 1,
                        NextState("HEADER")
                    ).Else(
                        NextState("READ")
                    )
                )
            ).Elif(expired,
                NextValue(byte, 0),
                NextState("HEADER"),
            )
        )
