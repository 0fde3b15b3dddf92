# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

from math import ceil

from migen import *
from migen.fhdl.specials import Tristate
from migen.genlib.cdc import MultiReg

from litex.gen import *

from litex.soc.interconnect import stream

# I2C Pads -----------------------------------------------------------------------------------------

class I2CPads(LiteXModule):
    """Open-drain SCL and SDA of an I2C master on what `pads` has.

    scl, sda            : real pins, pulled low or left to the pull-up (Tristate).
    scl_oe, sda_oe, sda : simulation: 1 = pull low, and the level on the wire; a model of the bus is
                          outside.

    Signals: scl_oe, sda_oe (in: 1 = pull low), sda_i (out: level on the wire). No latency.
    """
    def __init__(self, pads):
        self.scl_oe = Signal()
        self.sda_oe = Signal()
        self.sda_i  = Signal()

        # # #

        if hasattr(pads, "scl_oe"):
            self.comb += [
                pads.scl_oe.eq(self.scl_oe),
                pads.sda_oe.eq(self.sda_oe),
                self.sda_i.eq(pads.sda),
            ]
        else:
            self.specials += [
                Tristate(pads.scl, o=C(0), oe=self.scl_oe, i=Signal()),
                Tristate(pads.sda, o=C(0), oe=self.sda_oe, i=self.sda_i),
            ]

# I2C Master ---------------------------------------------------------------------------------------

class I2CMaster(LiteXModule):
    r"""I2C master that moves bytes; the only master of its bus, no clock stretching.

    sink : one command a byte. first: START before it (also when the bus is still held: repeated
           START), last: STOP after it. read = 0 sends `data`; read = 1 receives into `data`, and
           acknowledges unless last. A written byte without acknowledge is always followed by STOP.
    ack  : in the cycle in which sink.ready is 1: the byte was acknowledged (read: 1). 0 as well
           when SDA was low where a START pulls it (bus not free): nothing was sent.
    data : in the same cycle: the byte on the bus.
    held : 1 between START and STOP.

    Every symbol is four quarters long (quarter q, s = SDA is sampled where q 3 begins):

                START       bit         STOP
        quarter 0  1  2  3  0  1  2  3  0  1  2  3
        SCL     ======/-----\_____/-----\_____/-----     (=: low if held, else high)
        SDA     ===/-----\_____X==bit======\_____/--
                                     s

    so SDA changes a quarter after SCL fell and a quarter before it rises. A quarter is at least
    650 ns: that keeps the 1.3 us of SCL low, 0.6 us of START and STOP set-up and hold, and 1.3 us
    of free bus that fast mode asks for, and makes 384 kHz the fastest SCL.

    sda_i is what is on the wire; scl_oe and sda_oe (registers) pull the wire low.
    Latency: sys_clk_freq/scl_freq*(9, +1 with START, +1 with STOP) + 2 sys cycles a byte.

    Raises ValueError when scl_freq is outside of (0, 400 kHz], or above sys_clk_freq/16.
    Source: NXP UM10204, Table 10 (fast mode).
    """
    QUARTER_MIN = 650e-9

    def __init__(self, sys_clk_freq, scl_freq=200e3):
        if not 0 < scl_freq <= min(400e3, sys_clk_freq/16):
            raise ValueError(f"I2CMaster: scl_freq must be above 0, up to "
                f"{min(400e3, sys_clk_freq/16):.0f} Hz, got {scl_freq}")
        quarter_cycles = ceil(sys_clk_freq*max(1/(4*scl_freq), self.QUARTER_MIN))

        self.sink     = stream.Endpoint([("data", 8), ("read", 1)])
        self.ack      = Signal()
        self.data     = Signal(8)
        self.held     = Signal()
        self.scl_oe   = Signal()
        self.sda_oe   = Signal()
        self.sda_i    = Signal()
        self.scl_freq = sys_clk_freq/(4*quarter_cycles)

        # # #

        sda     = Signal(reset=1)
        busy    = Signal()
        count   = Signal(max=quarter_cycles)
        quarter = Signal(2)
        begin   = Signal() # First cycle of a quarter.
        end     = Signal() # Last cycle of a symbol.
        bit     = Signal(max=9)
        tx      = Signal(9) # Data and acknowledge as this side drives them, MSB first.
        rx      = Signal(9) # The same as the bus carries them.

        self.specials += MultiReg(self.sda_i, sda, reset=1)
        self.comb += [
            begin.eq(busy & (count == 0)),
            end.eq((quarter == 3) & (count == quarter_cycles - 1)),
            self.data.eq(rx[1:]),
        ]
        self.sync += If(busy,
            count.eq(count + 1),
            If(count == quarter_cycles - 1,
                count.eq(0),
                quarter.eq(quarter + 1),
            ),
        )

        self.fsm = fsm = FSM(reset_state="IDLE")
        fsm.act("IDLE",
            NextValue(bit, 0),
            If(self.sink.read,
                NextValue(tx, Cat(self.sink.last, C(0xff, 8)))
            ).Else(
                NextValue(tx, Cat(1, self.sink.data))
            ),
            If(self.sink.valid,
                If(self.sink.first,
                    NextState("START")
                ).Else(
                    NextState("BITS")
                )
            )
        )
        fsm.act("START",
            busy.eq(1),
            If(begin, Case(quarter, {
                0 : NextValue(self.scl_oe, self.held), # The last acknowledge ends with SCL low.
                1 : NextValue(self.sda_oe, 0),
                2 : NextValue(self.scl_oe, 0),
                3 : [
                    NextValue(self.sda_oe, sda),
                    NextValue(self.ack,    sda),
                    NextValue(self.held,   sda),
                ],
            })),
            If(end,
                If(self.ack,
                    NextState("BITS")
                ).Else(
                    NextState("DONE")
                )
            )
        )
        fsm.act("BITS",
            busy.eq(1),
            If(begin, Case(quarter, {
                0 : NextValue(self.scl_oe, 1),
                1 : NextValue(self.sda_oe, ~tx[8]),
                2 : NextValue(self.scl_oe, 0),
                3 : NextValue(rx, Cat(sda, rx[:-1])),
            })),
            If(end,
                NextValue(tx,  Cat(1, tx[:-1])),
                NextValue(bit, bit + 1),
                If(bit == 8,
                    NextValue(self.ack, self.sink.read | ~rx[0]),
                    If(self.sink.last | (~self.sink.read & rx[0]),
                        NextState("STOP")
                    ).Else(
                        NextState("DONE")
                    )
                )
            )
        )
        fsm.act("STOP",
            busy.eq(1),
            If(begin, Case(quarter, {
                0 : NextValue(self.scl_oe, 1),
                1 : NextValue(self.sda_oe, 1),
                2 : NextValue(self.scl_oe, 0),
                3 : NextValue(self.sda_oe, 0),
            })),
            If(end,
                NextValue(self.held, 0),
                NextState("DONE")
            )
        )
        fsm.act("DONE",
            self.sink.ready.eq(1),
            NextState("IDLE")
        )
