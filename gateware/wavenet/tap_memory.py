# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

from migen import *

from litex.gen import *

from gateware.primitives import Broadcast, DualPortRAM, GROUP, worth_a_block

# Tap Memory ---------------------------------------------------------------------------------------

class TapMemory(LiteXModule):
    """The memories of a layer's history: written word by word, read `copies*lanes` words at once.

        word (slot, w) of lane i holds channel w*lanes + i
        address = {slot, context, w}: contexts and words of a slot are rounded up to powers of two

    lanes, copies : memories, each with all slots of its lane; `places` says which frame is in which
               slot of a copy
    slots, words, contexts : of one memory
    spread   : the memories are many: what to read goes through registers to groups of them

    write    : strobe, `data` goes to lane, write_word and write_context, in each copy to the slot
               places[copy]; it is in the memory two cycles later
    context, slot, word : what to read; read_data[copy*lanes + lane] follows LATENCY cycles later,
               with `spread` one more. No slot is read while it is written

    Zero at power-up.
    """
    LATENCY = DualPortRAM.LATENCY
    def __init__(self, bits, lanes, copies, slots, words, contexts=1, spread=False,
        primitives="inferred"):
        self.write         = Signal()
        self.data          = Signal((bits, True))
        self.lane          = Signal(max=max(lanes, 2))
        self.write_word    = Signal(max=max(words, 2))
        self.write_context = Signal(bits_for(contexts - 1))
        self.places        = [Signal(max=max(slots, 2)) for _ in range(copies)]
        self.context       = Signal(bits_for(contexts - 1))
        self.slot          = Signal(max=max(slots, 2))
        self.word          = Signal(max=max(words, 2))
        self.read_data     = [Signal((bits, True)) for _ in range(copies*lanes)]

        # # #

        def address(slot, context, word):
            return Cat(*[word]*(words > 1), *[context]*(contexts > 1), slot)

        size = slots << (log2_int(words, need_pow2=False) + log2_int(contexts, need_pow2=False))
        read = address(self.slot, self.context, self.word)
        for copy, place in enumerate(self.places):
            # What goes to all memories goes through registers, each for a GROUP of them.
            groups = -(-lanes//GROUP)
            write  = Cat(self.data, address(place, self.write_context, self.write_word))
            writes = Broadcast(write, groups, primitives)
            reads  = Broadcast(read, groups, primitives) if spread else None
            self.submodules += [writes] + [reads]*spread
            for lane in range(lanes):
                memory = DualPortRAM(bits, size, [0]*size, primitives,
                    block = worth_a_block(bits, size, readers=1))
                self.add_module(f"ring{copy}_{lane}", memory)
                we = Signal()
                self.sync += we.eq(self.write & (self.lane == lane))
                self.comb += [
                    Cat(memory.b_dat_w, memory.b_adr).eq(writes.copies[lane//GROUP]),
                    memory.b_we.eq(we),
                    memory.a_adr.eq(reads.copies[lane//GROUP] if spread else read),
                    self.read_data[copy*lanes + lane].eq(memory.a_dat_r),
                ]
