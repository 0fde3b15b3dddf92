# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

from math import ceil

from migen import *

from litex.gen import *

from litex.soc.interconnect.csr import *

from gateware.audio.ak4619_registers import FIRST_REGISTER, register_bytes, serial_format
from gateware.audio.i2c import I2CMaster, I2CPads

# AK4619 -------------------------------------------------------------------------------------------

class AK4619(LiteXModule):
    """Brings an AK4619 codec up after reset, without a CPU, and tells when it plays.

        POWER_DOWN --> POWER_UP --> CONFIGURE -----> READY
        PDN low        PDN high     registers,
        pdn_low_us     power_up_ms  read back, RSTN last
                                    |       ^
                  no ack, differs   v       |  retry_ms
                                    PAUSE --+

    CONFIGURE writes all registers from 0x00 up with RSTN = 0, reads them back, and writes register
    0x00 with RSTN = 1 last, so that the codec is heard from its first frame on. A byte without
    acknowledge ends the transfer; after a pause it all begins again, for ever. So it does where a
    register differs, but only READ_BACKS times: a codec that answers, of another stepping perhaps,
    is played with then, and `differs` stays. The clocks (TDM with the parameters of
    `AK4619.serial_format`) have to run all the time.

    Parameters
    ----------
    pads         : pdn, and the I2C pads as I2CPads takes them.
    sys_clk_freq : Hz.
    sample_rate  : Hz, 8000 to 48000, 96000 or 192000; chooses the registers.
    pdn_low_us   : time that PDN is low, at least 0.6.
    power_up_ms  : time from PDN high to the first I2C access; the codec needs 10. A simulation
                   scales it together with its codec model.
    retry_ms     : pause after a missing acknowledge.
    scl_freq     : Hz, at most 400e3; half of that leaves time for weak pull-ups and a ribbon cable.

    Signals
    -------
    ready   : the registers are written, and the codec is out of reset.
    mute    : for TDM.mute, while what the codec says means nothing: until it is about to leave its
              reset, in which it is silent, so that its first frame counts whenever that comes.
    error   : the last attempt was not acknowledged (or the bus was not free), or a register
              differed; 0 again when READY.
    differs : a register did not read back as written in the last attempt,
    register: and which, the last of them.
    state   : POWER_DOWN, POWER_UP, CONFIGURE, READY, PAUSE (the constants of this class).
    retries : attempts beyond the first since reset or restart, stops at 65535.
    restart : in, a cycle of 1 begins again with POWER_DOWN (in CONFIGURE: after a STOP).

    CSRs: status (ready, error, differs, state, register), control (restart), retries.

    Latency to READY: about pdn_low_us + power_up_ms + 450/scl_freq.
    Raises ValueError naming the value and what is allowed.
    Source: AK4619VN data sheet 200900082-E-00, power-up sequence and Table 1.
    """
    I2C_ADDRESS = 0x10
    READ_BACKS  = 4
    POWER_DOWN, POWER_UP, CONFIGURE, READY, PAUSE = range(5)

    serial_format = staticmethod(serial_format)

    def __init__(self, pads, sys_clk_freq, sample_rate, pdn_low_us=10, power_up_ms=12, retry_ms=10,
        scl_freq=200e3, with_csr=True):
        # Parameters.
        if pdn_low_us < 0.6:
            raise ValueError(f"AK4619: pdn_low_us must be at least 0.6, got {pdn_low_us}")
        for name, value in ("power_up_ms", power_up_ms), ("retry_ms", retry_ms):
            if value <= 0:
                raise ValueError(f"AK4619: {name} must be above 0, got {value}")

        # Signals.
        self.ready    = Signal()
        self.mute     = Signal(reset=1)
        self.error    = Signal()
        self.differs  = Signal()
        self.register = Signal(8)
        self.state    = Signal(3)
        self.retries  = Signal(16)
        self.restart  = Signal()

        # # #

        self.i2c_pads = I2CPads(pads)
        self.i2c      = i2c = I2CMaster(sys_clk_freq, scl_freq)
        self.comb += [
            self.i2c_pads.scl_oe.eq(i2c.scl_oe),
            self.i2c_pads.sda_oe.eq(i2c.sda_oe),
            i2c.sda_i.eq(self.i2c_pads.sda_i),
        ]

        # Bytes to write or to read back.
        commands = self.commands(sample_rate)
        index    = Signal(max=len(commands))
        byte     = Signal(8)
        self.comb += [
            Case(index, {i: [
                byte.eq(value),
                i2c.sink.read.eq(read),
                i2c.sink.first.eq(first),
                i2c.sink.last.eq(last),
            ] for i, (value, read, first, last) in enumerate(commands)}),
            i2c.sink.data.eq(byte),
        ]
        reads     = [i for i, (_, read, _, _) in enumerate(commands) if read]
        at_end    = index == len(commands) - 1
        differs   = Signal() # The register just read, ...
        differed  = Signal() # ... one before it in this attempt.
        checks    = Signal(max=self.READ_BACKS)
        check     = Signal() # All is read back, something differs: once more.
        self.comb += [
            differs.eq(i2c.sink.read & (i2c.data != byte)),
            check.eq(at_end & (differs | differed) & (checks != self.READ_BACKS - 1)),
        ]

        # The states' times share one counter, which a state loads for the next one.
        def cycles(seconds):
            return max(ceil(sys_clk_freq*seconds), 2) - 1
        down_cycles  = cycles(pdn_low_us*1e-6)
        up_cycles    = cycles(power_up_ms*1e-3)
        pause_cycles = cycles(retry_ms*1e-3)
        timer    = Signal(max=max(down_cycles, up_cycles, pause_cycles) + 1, reset=down_cycles)
        again    = Signal() # A restart that waits for the bus to be free.
        power_up = Signal()
        self.sync += [
            pads.pdn.eq(power_up),
            again.eq((again | self.restart) & (self.state != self.POWER_DOWN)),
        ]

        self.fsm = fsm = FSM(reset_state="POWER_DOWN")
        power_down = [
            NextValue(self.error,   0),
            NextValue(self.differs, 0),
            NextValue(self.retries, 0),
            NextValue(differed,     0),
            NextValue(checks,       0),
            NextValue(index,        0),
            NextValue(timer,        down_cycles),
            NextState("POWER_DOWN"),
        ]
        fsm.act("POWER_DOWN",
            self.state.eq(self.POWER_DOWN),
            NextValue(timer, timer - 1),
            If(timer == 0,
                NextValue(timer, up_cycles),
                NextState("POWER_UP")
            )
        )
        fsm.act("POWER_UP",
            self.state.eq(self.POWER_UP),
            power_up.eq(1),
            NextValue(timer, timer - 1),
            If(timer == 0, NextState("CONFIGURE")),
            If(again, *power_down)
        )
        fsm.act("CONFIGURE",
            self.state.eq(self.CONFIGURE),
            power_up.eq(1),
            self.mute.eq(index <= reads[-1]),
            i2c.sink.valid.eq(1),
            If(again, i2c.sink.last.eq(1)),
            If(i2c.sink.ready,
                NextValue(index, index + 1),
                If(differs,
                    NextValue(differed,      1),
                    NextValue(self.register, FIRST_REGISTER + index - reads[0])
                ),
                If(at_end,
                    NextValue(self.error,   0),
                    NextValue(self.differs, differs | differed),
                    NextState("READY")
                ),
                If(~i2c.ack | check,
                    NextValue(index,        0),
                    NextValue(differed,     0),
                    NextValue(timer,        pause_cycles),
                    NextValue(self.error,   1),
                    NextValue(self.differs, check),
                    NextState("PAUSE")
                ),
                If(check, NextValue(checks, checks + 1)),
                If(again & ~i2c.held, *power_down)
            )
        )
        fsm.act("READY",
            self.state.eq(self.READY),
            self.ready.eq(1),
            self.mute.eq(0),
            power_up.eq(1),
            If(again, *power_down)
        )
        fsm.act("PAUSE",
            self.state.eq(self.PAUSE),
            power_up.eq(1),
            NextValue(timer, timer - 1),
            If(timer == 0,
                If(self.retries != 2**16 - 1, NextValue(self.retries, self.retries + 1)),
                NextState("CONFIGURE")
            ),
            If(again, *power_down)
        )

        if with_csr:
            self.add_csr()

    def add_csr(self):
        self.status = CSRStatus(fields=[
            CSRField("ready", size=1, offset=0, description="The codec is configured and plays."),
            CSRField("error", size=1, offset=1,
                description="The last attempt failed; it is being repeated."),
            CSRField("differs", size=1, offset=2,
                description="In the last attempt a register did not read back as written; "
                    "else it was not acknowledged on I2C."),
            CSRField("state", size=3, offset=4, description="State of the bring-up.", values=[
                ("``0b000``", "POWER_DOWN", "PDN is low."),
                ("``0b001``", "POWER_UP",   "PDN is high, the codec powers up."),
                ("``0b010``", "CONFIGURE",  "The registers are being written."),
                ("``0b011``", "READY",      "The codec plays."),
                ("``0b100``", "PAUSE",      "Waiting to write the registers again."),
            ]),
            CSRField("register", size=8, offset=8,
                description="The last register that did not read back as written."),
        ], description="Codec status.")
        self.control = CSRStorage(fields=[
            CSRField("restart", size=1, offset=0, pulse=True, values=[
                ("``0b1``", "Power the codec down and bring it up again."),
            ], description="Restart of the bring-up."),
        ], description="Codec control.")
        self.attempts = CSRStatus(16, name="retries",
            description="Attempts beyond the first since reset or restart; stops at 65535.")

        # # #

        self.comb += [
            self.status.fields.ready.eq(self.ready),
            self.status.fields.error.eq(self.error),
            self.status.fields.differs.eq(self.differs),
            self.status.fields.register.eq(self.register),
            self.status.fields.state.eq(self.state),
            self.attempts.status.eq(self.retries),
            self.restart.eq(self.control.fields.restart),
        ]

    @classmethod
    def commands(cls, sample_rate):
        """All of CONFIGURE, a byte each: (value, read, START before, STOP after).

        The value is written, or expected where it is read.
        """
        registers = register_bytes(sample_rate)
        address   = cls.I2C_ADDRESS << 1 # Bit 0: read.
        in_reset  = [registers[0] & ~1] + registers[1:] # Bit 0 of register 0x00 is RSTN.
        def transfer(*data, read=False, start=True, stop=True):
            return [(value, read, start and i == 0, stop and i == len(data) - 1)
                for i, value in enumerate(data)]
        return [
            *transfer(address, FIRST_REGISTER, *in_reset),
            *transfer(address, FIRST_REGISTER, stop=False),
            *transfer(address | 1, stop=False),
            *transfer(*in_reset, read=True, start=False),
            *transfer(address, FIRST_REGISTER, registers[0]),
        ]
