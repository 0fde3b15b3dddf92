from migen import *
from migen.fhdl.specials import Tristate

from litex.gen import *

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
