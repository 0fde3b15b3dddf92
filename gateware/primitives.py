# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Vendor primitives with their registers, each with a behavioural twin.

`primitives` chooses: "ecp5" instantiates the cells of a Lattice ECP5, "inferred" is plain Migen of
the same latency, for simulation and for other chips. Yosys 0.70 infers none of these registers: it
maps `*` to a bare MULT18X18D, memories to DP16KD without output register, and merges registers that
are there to share the load of a net.
"""

from migen import *

from litex.gen import *

from gateware import signal_names
from gateware.shapes.memory import RAM_SHAPES, ram_blocks, ram_shape, worth_a_block # noqa: F401

signal_names.install()

PRIMITIVES = ("inferred", "ecp5")

def check_primitives(primitives):
    if primitives not in PRIMITIVES:
        raise ValueError(f"primitives must be {' or '.join(PRIMITIVES)}, got {primitives!r}")

# Helpers ------------------------------------------------------------------------------------------

def _pins(direction, name, signal, width):
    """Bits on a cell's scalar pins; inputs above them get the sign of a signed signal, or 0."""
    pins = {f"{direction}_{name}{i}": signal[i] for i in range(len(signal))}
    if direction == "i":
        fill = signal[-1] if isinstance(signal, Signal) and signal.signed else 0
        pins.update({f"i_{name}{i}": fill for i in range(len(signal), width)})
    return pins

# Broadcast ----------------------------------------------------------------------------------------

# Loads of one register at most, where these are block RAMs and multipliers all over the chip.
GROUP = 8

class Broadcast(LiteXModule):
    """`copies` of `source`, each from registers of its own, for loads that lie far apart.

    Latency: LATENCY cycle.
    """
    LATENCY = 1
    def __init__(self, source, copies, primitives="inferred"):
        check_primitives(primitives)
        self.copies = [Signal((len(source), value_bits_sign(source)[1]), reset_less=True)
            for _ in range(copies)]

        # # #

        if primitives == "inferred" or copies == 1:
            self.sync += [copy.eq(source) for copy in self.copies]
            return
        for copy in self.copies:
            for i in range(len(source)):
                self.specials += Instance("TRELLIS_FF",
                    p_GSR    = "DISABLED",
                    p_CEMUX  = "1",
                    p_CLKMUX = "CLK",
                    p_LSRMUX = "LSR",
                    p_REGSET = "RESET",
                    i_CLK    = ClockSignal(),
                    i_LSR    = 0,
                    i_DI     = source[i],
                    o_Q      = copy[i],
                )

# Multiplier ---------------------------------------------------------------------------------------

class Multiplier(LiteXModule):
    """product = a*b, signed `bits` x `bits`.

    Registers before, in and after the multiplier of a DSP block, and one in the fabric, where the
    block's slow outputs end.

    Latency: LATENCY cycles, one product a cycle. Above 18 bits always inferred, several blocks.
    """
    LATENCY = 4
    def __init__(self, bits, primitives="inferred"):
        check_primitives(primitives)
        self.a       = Signal((bits, True))
        self.b       = Signal((bits, True))
        self.product = Signal((2*bits, True), reset_less=True)

        # # #

        if primitives == "inferred" or bits > 18:
            # No reset: it would keep the registers out of a DSP block.
            a, b   = [Signal((bits, True), reset_less=True) for _ in range(2)]
            middle = [Signal((2*bits, True), reset_less=True) for _ in range(2)]
            self.sync += [
                a.eq(self.a),
                b.eq(self.b),
                middle[0].eq(a*b),
                middle[1].eq(middle[0]),
                self.product.eq(middle[1]),
            ]
            return
        p = Signal((2*bits, True))
        registers = {}
        for register in "INPUTA", "INPUTB", "PIPELINE", "OUTPUT":
            registers[f"p_REG_{register}_CLK"] = "CLK0"
            registers[f"p_REG_{register}_CE"]  = "CE0"
            registers[f"p_REG_{register}_RST"] = "RST0"
        self.specials += Instance("MULT18X18D",
            **registers,
            p_GSR     = "DISABLED",
            i_CLK0    = ClockSignal(),
            i_CE0     = 1,
            i_RST0    = 0,
            i_SIGNEDA = 1,
            i_SIGNEDB = 1,
            i_SOURCEA = 0,
            i_SOURCEB = 0,
            **_pins("i", "A", self.a, 18),
            **_pins("i", "B", self.b, 18),
            **_pins("i", "C", [], 18),
            **_pins("o", "P", p, 36),
        )
        self.sync += self.product.eq(p)

# Accumulator --------------------------------------------------------------------------------------

class Accumulator(LiteXModule):
    """total = value (with first) or total + value, signed, `bits` wide; it wraps.

    The carry chain's own LUTs hold the choice, for which yosys would put LUTs before them.

    Latency: one cycle, one value a cycle. No reset: `first` begins.
    """
    def __init__(self, value, bits, primitives="inferred"):
        check_primitives(primitives)
        self.first = Signal()
        self.total = total = Signal((bits, True), reset_less=True)

        # # #

        if primitives == "inferred":
            self.sync += total.eq(Mux(self.first, 0, total) + value)
            return
        # A cell adds two bits: LUT4(D=1) = propagate = first ? A : A ^ B; LUT2 = generate = A.
        even  = 2*((bits + 1)//2)
        a     = [value[min(i, len(value) - 1)] for i in range(even)]
        b     = [total[min(i, bits - 1)] for i in range(even)]
        sums  = Signal(even)
        carry = C(0, 1)
        for i in range(0, even, 2):
            carry_out = Signal()
            self.specials += Instance("CCU2C",
                p_INIT0     = Instance.PreformattedParam("16'ha6aa"),
                p_INIT1     = Instance.PreformattedParam("16'ha6aa"),
                p_INJECT1_0 = "NO",
                p_INJECT1_1 = "NO",
                i_CIN       = carry,
                i_A0 = a[i],     i_B0 = b[i],     i_C0 = self.first, i_D0 = 1,
                i_A1 = a[i + 1], i_B1 = b[i + 1], i_C1 = self.first, i_D1 = 1,
                o_S0   = sums[i],
                o_S1   = sums[i + 1],
                **({"o_COUT" : carry_out} if i + 2 < even else {}),
            )
            carry = carry_out
        self.sync += total.eq(sums)

# Dual Port RAM ------------------------------------------------------------------------------------

class DualPortRAM(LiteXModule):
    """depth x width bits; port a reads, port b reads and writes, both through an output register.

    a_adr -> a_dat_r; b_adr, b_we, b_dat_w, b_dat_r. A word that b writes must not be read by a in
    the same cycle (a gets anything), and b_dat_r is undefined where b writes.

    init  : unsigned words, all `depth` of them
    block : True takes block RAM, False leaves the choice to synthesis, as in the twin

    Latency: LATENCY cycles to read.
    """
    LATENCY = 2
    def __init__(self, width, depth, init, primitives="inferred", block=False):
        check_primitives(primitives)
        assert len(init) == depth
        self.a_adr   = Signal(max=max(depth, 2))
        self.a_dat_r = Signal(width, reset_less=True)
        self.b_adr   = Signal(max=max(depth, 2))
        self.b_we    = Signal()
        self.b_dat_w = Signal(width)
        self.b_dat_r = Signal(width, reset_less=True)

        # # #

        if primitives == "ecp5" and block:
            self.add_blocks(width, depth, init)
            return
        memory = Memory(width, depth, init=init)
        a      = memory.get_port()
        b      = memory.get_port(write_capable=True)
        self.specials += memory, a, b
        self.comb += [
            a.adr.eq(self.a_adr),
            b.adr.eq(self.b_adr),
            b.dat_w.eq(self.b_dat_w),
            b.we.eq(self.b_we),
        ]
        self.sync += [
            self.a_dat_r.eq(a.dat_r),
            self.b_dat_r.eq(b.dat_r),
        ]

    def add_blocks(self, width, depth, init):
        bits, words = ram_shape(width, depth)
        ranks       = -(-depth//words)
        shift       = log2_int(words)
        reads       = {"a": [], "b": []}
        for rank in range(ranks):
            own = init[rank*words:(rank + 1)*words]
            we  = Signal()
            hit = 1 if ranks == 1 else self.b_adr[shift:] == rank
            self.comb += we.eq(self.b_we & hit)
            words_read = {"a": Signal(width), "b": Signal(width)}
            for low in range(0, width, bits):
                write, a, b = [[signal[i] for i in range(low, min(low + bits, width))]
                    for signal in (self.b_dat_w, words_read["a"], words_read["b"])]
                self.add_block(bits, [word >> low for word in own], we, write, a, b)
            for port, word in words_read.items():
                reads[port].append(word)
        for port, address, data in ("a", self.a_adr, self.a_dat_r), ("b", self.b_adr, self.b_dat_r):
            if ranks == 1:
                self.comb += data.eq(reads[port][0])
                continue
            rank  = Signal(len(address) - shift, reset_less=True)
            again = Signal.like(rank, reset_less=True)
            self.sync += rank.eq(address[shift:]), again.eq(rank)
            self.comb += data.eq(Array(reads[port])[again])

    def add_block(self, bits, words, we, data, a_read, b_read):
        """One DP16KD. An address is {row of 18 bits, byte, bits in it} of a word's lowest bit; with
        18 bits AD0 and AD1 of the writing port are its byte enables."""
        shift   = 14 - log2_int(RAM_SHAPES[bits])
        rows    = [0]*1024
        per_row = RAM_SHAPES[bits]//1024
        for index, word in enumerate(words):
            row, place = divmod(index, per_row)
            byte, part = divmod(place, max(per_row//2, 1))
            rows[row] |= (word % 2**bits) << (9*byte + bits*part)
        parameters = {}
        for n in range(64):
            value = sum(row << (20*i) for i, row in enumerate(rows[16*n:16*n + 16]))
            parameters[f"p_INITVAL_{n:02X}"] = Instance.PreformattedParam(f"320'h{value:080x}")
        for port in "AB":
            parameters.update({
                f"p_DATA_WIDTH_{port}" : bits,
                f"p_REGMODE_{port}"    : "OUTREG",
                f"p_WRITEMODE_{port}"  : "NORMAL",
                f"p_CSDECODE_{port}"   : "0b000",
                f"p_CLK{port}MUX"      : f"CLK{port}",
                f"i_CLK{port}"         : ClockSignal(),
                f"i_CE{port}"          : 1,
                f"i_OCE{port}"         : 1,
                f"i_RST{port}"         : 0,
                **{f"i_CS{port}{i}" : 0 for i in range(3)},
            })
        adr_bits  = 14 - shift
        enables   = [1, 1, 0, 0] if bits == 18 else [0]*shift
        addresses = {}
        for port, address in ("A", self.a_adr), ("B", self.b_adr):
            wires = enables + [address[i] if i < len(address) else 0 for i in range(adr_bits)]
            addresses.update({f"i_AD{port}{i}" : wire for i, wire in enumerate(wires)})
        self.specials += Instance("DP16KD",
            **parameters,
            p_RESETMODE           = "SYNC",
            p_ASYNC_RESET_RELEASE = "SYNC",
            p_GSR                 = "DISABLED",
            i_WEA                 = 0,
            i_WEB                 = we,
            **addresses,
            **_pins("i", "DIA", [], 18),
            **_pins("i", "DIB", data, 18),
            **_pins("o", "DOA", a_read, 18),
            **_pins("o", "DOB", b_read, 18),
        )
