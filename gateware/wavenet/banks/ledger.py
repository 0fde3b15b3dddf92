# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

from migen import *

from litex.gen import *

from litex.soc.interconnect.csr import *

# Bank Ledger --------------------------------------------------------------------------------------

class BankLedger(LiteXModule):
    """What the writers of the weight banks tell each other: who writes, and what a bank holds.

    The console's CPU and a host on a bridge both can write the bank that is not playing. Whoever
    wants to, or wants to swap the banks, first writes a token of its own to `claim`; when `owner`
    then reads as that token the banks are its own until it writes the token to `release`. A claim
    of a bank that has an owner changes nothing, and nothing expires by itself.

    `crc0`, `crc1` : CRC-32 of the image in each bank, 0 while it is being written or was left torn,
                     BUILT_IN at power-up: the build's own model (its CRC-32 is not known here, so
                     that the model is no part of the design). They outlive a reset of the CPU.

    topology : fingerprint of the network (int), which a host finds in the register of that name

    No latency: a claim counts from the cycle after its write.
    """
    CONSOLE    = 1 # The firmware's token; hosts take random ones above it.
    TOKEN_BITS = 16
    BUILT_IN   = 2**32 - 1
    def __init__(self, topology):
        self._claim   = CSRStorage(self.TOKEN_BITS,
            description="Token of who wants the banks, not 0.")
        self._release = CSRStorage(self.TOKEN_BITS,
            description="Token of the owner, who leaves the banks.")
        self._owner   = CSRStatus(self.TOKEN_BITS,
            description="Token of the owner; 0: none.")
        self._crc0    = CSRStorage(32, reset=self.BUILT_IN,
            description="CRC-32 of the image in bank 0; 0: not whole, all ones: the build's own.")
        self._crc1    = CSRStorage(32, reset=self.BUILT_IN,
            description="CRC-32 of the image in bank 1; 0: not whole, all ones: the build's own.")

        self._topology = CSRStatus(32, description="Fingerprint that an image must have.")

        # # #

        self.comb += self._topology.status.eq(topology)

        owner = self._owner.status
        self.sync += [
            If(self._claim.re & (owner == 0),
                owner.eq(self._claim.storage),
            ),
            If(self._release.re & (owner == self._release.storage),
                owner.eq(0),
            ),
        ]
