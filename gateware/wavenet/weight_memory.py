# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

from math import ceil, log2

from migen import *

from litex.gen import *

from gateware.primitives import Broadcast, DualPortRAM, GROUP, worth_a_block
from gateware.wavenet.mvu import delayed
from gateware.wavenet.po2 import Po2Decoder, Po2Encoder, po2_bits, po2_code

# Helpers ------------------------------------------------------------------------------------------

def any_of(words):
    """The OR of all words, a balanced tree: yosys 0.70 recurses along a chain until it crashes."""
    while len(words) > 1:
        words = [a | b for a, b in zip(words[0::2], words[1::2])] + words[len(words) & ~1:]
    return words[0]

# Weight Layout ------------------------------------------------------------------------------------

class WeightLayout:
    """Where the parameters of one layer lie in its stage's memories.

    A stage has pe*simd weight lanes and after them one lane of biases, each a memory of two banks.
    In a bank the weight of output o, flat input f = tap*in_channels + channel lies in

        lane (o % pe)*simd + f % simd,   row (o // pe)*fold + f // simd,   fold = fan_in / simd
    and the bias of output o in
        lane pe*simd,                    row o.

    On the bus a lane is a window of 2**(row_bits + 1) words: address = {lane, bank, row}.
    Example, pe=2, simd=1, fan_in=64: weight (o=5, f=3) is in lane 1, row 2*64 + 3 = 131.
    """
    def __init__(self, layer, pe, simd):
        self.pe           = pe
        self.simd         = simd
        self.fan_in       = layer.kernel_size*layer.in_channels
        self.fold         = self.fan_in//simd
        self.groups       = layer.out_channels//pe
        self.in_channels  = layer.in_channels
        self.po2          = layer.weights == "po2"
        self.lanes        = pe*simd + 1
        self.weight_bits  = max(1, ceil(log2(self.groups*self.fold)))
        self.output_bits  = max(1, ceil(log2(layer.out_channels)))
        self.row_bits     = max(self.weight_bits, self.output_bits)
        self.lane_bits    = max(1, ceil(log2(self.lanes)))
        self.address_bits = self.lane_bits + 1 + self.row_bits

    def weight(self, output, flat):
        """(lane, row) of the weight of `output` for flat input `flat`."""
        lane = (output % self.pe)*self.simd + flat % self.simd
        return lane, (output//self.pe)*self.fold + flat//self.simd

    def bias(self, output):
        """(lane, row) of the bias of `output`."""
        return self.pe*self.simd, output

    def address(self, lane, bank, row):
        """Word address in the stage's bus window."""
        return (lane << (self.row_bits + 1)) | (bank << self.row_bits) | row

    def rom(self, kernel, bias):
        """ROM contents per lane, one bank: lists of ints from kernel[tap][in][out], bias[out]."""
        lanes = [[0]*2**self.weight_bits for _ in range(self.lanes - 1)] + [[0]*2**self.output_bits]
        for output in range(len(bias)):
            for flat in range(self.fan_in):
                lane, row        = self.weight(output, flat)
                tap, channel     = divmod(flat, self.in_channels)
                lanes[lane][row] = int(kernel[tap][channel][output])
            lane, row        = self.bias(output)
            lanes[lane][row] = int(bias[output])
        return lanes

# Read Back ----------------------------------------------------------------------------------------

class ReadBack(LiteXModule):
    """word = the one of `weights` or `bias` that `lane` numbers, 0 without `asked`.

    weights : per lane a word as its memory holds it, a code with `po2`;  bias : of the lane behind
    word    : `bits` wide, a power of two as its integer

    Every lane but the one that is asked for gives 0, so that an OR is all the choice it takes.
    Latency: LATENCY cycles, one word per cycle.
    """
    LATENCY = 2
    def __init__(self, weights, bias, bits, po2):
        self.lane  = Signal(bits_for(len(weights)))
        self.asked = Signal()
        self.word  = Signal(bits, reset_less=True)

        # # #

        words = [*weights, bias]
        reads = [Signal(len(word), reset_less=True) for word in words]
        for index, (read, word) in enumerate(zip(reads, words)):
            self.sync += read.eq(word), If(~self.asked | (self.lane != index), read.eq(0))
        weight = any_of(reads[:-1])
        if po2:
            self.decoder = Po2Decoder(bits)
            self.comb   += self.decoder.code.eq(weight)
            weight       = self.decoder.word
        self.sync += self.word.eq(weight | reads[-1])

# Weight Memory ------------------------------------------------------------------------------------

class WeightMemory(LiteXModule):
    """The two-bank parameter memories of one stage, read by its MVU and written from the bus.

    row, bank             : what the MVU reads now; `weights[pe*simd]` follow LATENCY cycles later:
                            words for multiplier lanes, codes (see ShiftLane) for po2 layers
    output, bias_bank     : likewise for `bias`, BIAS_LATENCY cycles later
    bus_adr, bus_select,
    bus_we, bus_dat_w,
    bus_dat_r             : bus side, address as in WeightLayout; dat_r follows BUS_LATENCY cycles
                            later, 0 without select. Words in every case: a power of two goes in and
                            out as its integer

    patchable : small memories are block RAM as well, so that a bitstream can be given another model

    Both banks hold the model at power-up, so that going to the other bank before anything was
    loaded changes nothing. What the bus writes must not be read by the MVU in that cycle: software
    writes the bank that no frame in the stage has.
    """
    LATENCY      = Broadcast.LATENCY + DualPortRAM.LATENCY
    BIAS_LATENCY = DualPortRAM.LATENCY + 1
    BUS_LATENCY  = Broadcast.LATENCY + DualPortRAM.LATENCY + ReadBack.LATENCY
    def __init__(self, layout, bits, kernel, bias, primitives="inferred", patchable=False):
        self.row        = Signal(layout.weight_bits)
        self.bank       = Signal()
        self.weights    = [Signal(po2_bits(bits) if layout.po2 else bits)
            for _ in range(layout.pe*layout.simd)]
        self.output     = Signal(layout.output_bits)
        self.bias_bank  = Signal()
        self.bias       = Signal((bits, True), reset_less=True)
        self.bus_adr    = Signal(layout.address_bits)
        self.bus_select = Signal()
        self.bus_we     = Signal()
        self.bus_dat_w  = Signal(bits)
        self.bus_dat_r  = Signal(bits)

        # # #

        rom      = layout.rom(kernel, bias)
        bus_row  = self.bus_adr[:layout.row_bits]
        bus_bank = self.bus_adr[layout.row_bits]
        bus_lane = self.bus_adr[layout.row_bits + 1:]

        written = self.bus_dat_w
        if layout.po2:
            self.encoder = Po2Encoder(bits)
            self.comb   += self.encoder.word.eq(self.bus_dat_w)
            written      = self.encoder.code

        # Weights: what goes to all lanes goes through registers, each for a GROUP of lanes.
        # ----------------------------------------------------------------------------------
        weight_row  = bus_row[:layout.weight_bits]
        groups      = -(-len(self.weights)//GROUP)
        self.reads  = reads  = Broadcast(Cat(self.row, self.bank), groups, primitives)
        self.writes = writes = Broadcast(Cat(written, weight_row, bus_bank), groups, primitives)
        words = []
        for lane, weight in enumerate(self.weights):
            contents = [po2_code(value, bits) if layout.po2 else value % 2**bits
                for value in rom[lane]]
            # As many blocks as multipliers are there anyhow; there may be more shifters.
            memory = DualPortRAM(len(weight), 2*len(contents), 2*contents, primitives,
                block = patchable or not layout.po2
                    or worth_a_block(len(weight), 2*len(contents), readers=2))
            self.add_module(f"lane{lane}", memory)
            group = lane//GROUP
            we    = Signal()
            self.sync += we.eq(self.bus_we & (bus_lane == lane))
            self.comb += [
                memory.a_adr.eq(reads.copies[group]),
                weight.eq(memory.a_dat_r),
                Cat(memory.b_dat_w, memory.b_adr).eq(writes.copies[group]),
                memory.b_we.eq(we),
            ]
            words.append(memory.b_dat_r)

        # Biases: one memory, since results leave a stage one by one.
        # -----------------------------------------------------------
        contents = [value % 2**bits for value in rom[-1]]
        self.biases = biases = DualPortRAM(bits, 2*len(contents), 2*contents, primitives,
            block = patchable or worth_a_block(bits, 2*len(contents), readers=2))
        self.sync += [
            biases.b_adr.eq(Cat(bus_row[:layout.output_bits], bus_bank)),
            biases.b_dat_w.eq(self.bus_dat_w),
            biases.b_we.eq(self.bus_we & (bus_lane == len(words))),
        ]
        self.comb += biases.a_adr.eq(Cat(self.output, self.bias_bank))
        self.sync += self.bias.eq(biases.a_dat_r)

        # Read-back.
        # ----------
        self.read_back = read_back = ReadBack(words, biases.b_dat_r, bits, layout.po2)
        self.comb += [
            read_back.lane.eq(delayed(self, bus_lane, self.BUS_LATENCY - ReadBack.LATENCY)),
            read_back.asked.eq(delayed(self, self.bus_select, self.BUS_LATENCY - ReadBack.LATENCY)),
            self.bus_dat_r.eq(read_back.word),
        ]
