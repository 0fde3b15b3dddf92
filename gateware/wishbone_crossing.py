from migen import *

from litex.gen import *

from litex.soc.interconnect import stream

# Wishbone Crossing --------------------------------------------------------------------------------

class WishboneCrossing(LiteXModule):
    """Takes the accesses of `master` to `slave`, which is in another clock domain.

        master -- adr, dat_w, sel, we --> request  --> slave
        master <-- dat_r, err ----------- response <-- slave

    master, slave : Wishbone interfaces of the same shape, the former in clock domain `cd_master`,
                    the latter in `cd_slave`

    Classic cycles, one access at a time: a write is done in the slave when it is acknowledged. The
    answer to an access that its master gave up (a bus time-out) reaches nobody.
    Both domains must be in reset together. In one domain the two are just connected.
    """
    def __init__(self, master, slave, cd_master="sys", cd_slave="sys"):
        if cd_master == cd_slave:
            self.comb += master.connect(slave)
            return

        request  = [(name, len(getattr(master, name))) for name in ("adr", "dat_w", "sel", "we")]
        response = [(name, len(getattr(master, name))) for name in ("dat_r", "err")]
        self.request  = stream.ClockDomainCrossing(request,  cd_master, cd_slave)
        self.response = stream.ClockDomainCrossing(response, cd_slave, cd_master)

        # # #

        # Master's side.
        asks     = Signal()
        waiting  = Signal() # The request is on its way, or its answer.
        given_up = Signal()
        sink     = self.request.sink
        answer   = self.response.source
        self.comb += [
            asks.eq(master.cyc & master.stb),
            sink.valid.eq(asks & ~waiting),
            [getattr(sink, name).eq(getattr(master, name)) for name, _ in request],
            answer.ready.eq(1),
            If(answer.valid & asks & ~given_up,
                master.ack.eq(~answer.err),
                master.err.eq(answer.err),
            ),
            master.dat_r.eq(answer.dat_r),
        ]
        master_sync  = getattr(self.sync, cd_master)
        master_sync += [
            If(sink.valid & sink.ready, waiting.eq(1)),
            If(waiting & ~asks, given_up.eq(1)),
            If(answer.valid,
                waiting.eq(0),
                given_up.eq(0),
            ),
        ]

        # Slave's side.
        source = self.request.source
        self.comb += [
            slave.cyc.eq(source.valid),
            slave.stb.eq(source.valid),
            [getattr(slave, name).eq(getattr(source, name)) for name, _ in request],
            source.ready.eq(slave.ack | slave.err),
            self.response.sink.valid.eq(source.ready),
            [getattr(self.response.sink, name).eq(getattr(slave, name)) for name, _ in response],
        ]
