# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""A port-by-port Python model of the block RAM DP16KD, bit by bit: a second opinion."""

from dataclasses import dataclass, field

ROWS = 1024
INITVAL_ROWS = 16


def initvals(rows):
    """The INITVAL_nn parameters of 1024 rows of 18 bits."""
    return [
        sum(row << (20 * i) for i, row in enumerate(rows[n : n + INITVAL_ROWS]))
        for n in range(0, ROWS, INITVAL_ROWS)
    ]


@dataclass
class Port:
    """A port's mode; its latch and output register as (value, mask of the defined bits)."""

    width: int
    write_mode: str
    registered: bool
    latch: tuple = (0, 0x3FFFF)
    register: tuple = (0, 0x3FFFF)
    defined: int = field(init=False)

    def __post_init__(self):
        self.defined = (1 << self.width) - 1

    def bits(self, address):
        """(row, bit) of each bit of the word at `address`."""
        row, byte, bit = address >> 4, address >> 3 & 1, address & 7
        if self.width == 18:
            return [(row, i) for i in range(18)]
        first = 9 * byte + (0 if self.width == 9 else bit // self.width * self.width)
        return [(row, first + i) for i in range(self.width)]

    def written(self, pins):
        """{(row, bit): value} of what the port writes."""
        if not (pins["ce"] and pins["we"]):
            return {}
        return {
            place: pins["di"] >> i & 1
            for i, place in enumerate(self.bits(pins["ad"]))
            if self.width != 18 or pins["ad"] >> (i // 9) & 1
        }

    def clear(self):
        self.latch = self.register = (0, 0x3FFFF)

    @property
    def shown(self):
        return self.register if self.registered else self.latch


class Ram:
    """One DP16KD with one clock; pins of a port: ad, di, ce, we, oce, rst.

    A bit that both ports write in the same cycle is undefined and not modelled.
    """

    def __init__(self, rows, a, b, asynchronous):
        self.memory = {(n, i): row >> i & 1 for n, row in enumerate(rows) for i in range(18)}
        self.ports, self.asynchronous = (a, b), asynchronous

    def settle(self, pins):
        """What the ports show before the next edge: (value, defined bits) of A and of B."""
        for port, own in zip(self.ports, pins):
            if self.asynchronous and own["rst"]:
                port.clear()
        return [port.shown for port in self.ports]

    def edge(self, pins):
        writes = [port.written(own) for port, own in zip(self.ports, pins)]
        for side, (port, own) in enumerate(zip(self.ports, pins)):
            if own["oce"]:
                port.register = port.latch
            through = writes[side] if port.write_mode == "WRITETHROUGH" else {}
            if own["ce"] and not (own["we"] and port.write_mode == "NORMAL"):
                value = known = 0
                for i, place in enumerate(port.bits(own["ad"])):
                    clash = place in writes[1 - side]
                    value |= through.get(place, self.memory[place]) << i
                    known |= (not clash) << i
                port.latch = (value, known | ~port.defined & 0x3FFFF)
            if own["rst"]:
                port.clear()
        self.memory |= writes[0] | writes[1]
