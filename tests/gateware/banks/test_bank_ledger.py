# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Who may write the weight banks: one at a time, and what they hold outlives all else."""

from gateware.wavenet.banks.ledger import BankLedger
from tests.support.simulators.compiled import run_simulation

CONSOLE, HOST, OTHER = BankLedger.CONSOLE, 4711, 4712


def owners(steps):
    """The owner after each of the writes (register name, token)."""
    ledger, seen = BankLedger(topology=0xABCD), []
    ledger.finalize()

    def run():
        for name, token in steps:
            yield from getattr(ledger, f"_{name}").write(token)
            yield
            seen.append((yield ledger._owner.status))
        crcs.append((yield ledger._crc0.storage))
        crcs.append((yield ledger._crc1.storage))

    crcs = []
    run_simulation(ledger, run())
    assert crcs == [BankLedger.BUILT_IN] * 2
    return seen


def test_the_first_who_claims_has_them_until_he_releases_them():
    steps = [
        (("claim", HOST), HOST),
        (("claim", CONSOLE), HOST),
        (("release", CONSOLE), HOST),
        (("claim", HOST), HOST),
        (("release", HOST), 0),
        (("release", HOST), 0),
        (("claim", CONSOLE), CONSOLE),
        (("claim", OTHER), CONSOLE),
        (("release", OTHER), CONSOLE),
        (("release", CONSOLE), 0),
        (("claim", OTHER), OTHER),
    ]
    assert owners([step for step, _ in steps]) == [owner for _, owner in steps]
