# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Clocks for simulations of two domains, and a check of what passes from one to the other."""

from collections import defaultdict

from migen import Memory, Signal
from migen.fhdl.tools import group_by_targets, list_signals, list_targets
from migen.genlib.cdc import MultiReg


def aligned(ratio):
    """Migen's `clocks`: "sys", and "wavenet" at `ratio` times its frequency, edges together."""
    period = 8 // ratio
    return {"sys": 8, "wavenet": (period, (period // 2 + 4) % period)}  # both rise at 4


# The edges drift past each other; one has the faster "wavenet", the other the slower.
UNRELATED = ({"sys": 26, "wavenet": 10}, {"sys": 14, "wavenet": 22})


def paths_between_domains(module, inputs):
    """(from, to, signal) of each register of domain `from` that logic clocked by `to` sees.

    Only MultiReg, and memories with a port in each domain, may take a signal from one domain to
    another; where they do, nothing is reported.
    module : not finalised yet; inputs: {signal: clock domain}, what comes from outside
    """
    fragment = module.get_fragment()
    clocked = dict(inputs)
    reads = defaultdict(set)  # clock domain: signals that its registers are computed from
    for domain, statements in fragment.sync.items():
        clocked |= dict.fromkeys(list_targets(statements), domain)
        reads[domain] |= list_signals(statements)
    for special in fragment.specials:
        if isinstance(special, MultiReg):
            clocked |= dict.fromkeys(list_targets(special.o.eq(0)), special.odomain)
        elif isinstance(special, Memory):
            for port in special.ports:
                domain = port.clock.cd
                clocked[port.dat_r] = domain
                pins = (port.adr, port.we, port.dat_w, port.re)
                reads[domain] |= {pin for pin in pins if isinstance(pin, Signal)}
    computed = {
        target: list_signals(statements)
        for targets, statements in group_by_targets(fragment.comb)
        for target in targets
    }
    return sorted(
        (clocked[signal], domain, signal.backtrace[-1][0])
        for domain, signals in reads.items()
        for signal in _registers(signals, computed)
        if clocked.get(signal, domain) != domain
    )


def _registers(signals, computed):
    """The registers and inputs that `signals` are computed from."""
    found, todo = set(), set(signals)
    while todo:
        signal = todo.pop()
        if signal not in found:
            found.add(signal)
            todo |= computed.get(signal, set())
    return found - computed.keys()
