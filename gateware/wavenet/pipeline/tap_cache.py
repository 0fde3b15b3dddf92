from math import gcd

from migen import *

from litex.gen import *

from litex.soc.interconnect import stream

from gateware.layouts import frame_layout
from gateware.primitives import Broadcast, DualPortRAM, GROUP, ram_blocks, worth_a_block

# Helpers ------------------------------------------------------------------------------------------

def ring_add(pointer, amount, size):
    """(pointer + amount) modulo size; 0 <= pointer < size, amount a constant in 0 to size."""
    modulus = 2**len(pointer)
    if size == modulus:
        return pointer + amount % size
    return pointer + Mux(pointer >= (size - amount), (amount - size) % modulus, amount % modulus)

def ring_slots(least, words, bits):
    """Slots of a ring that has at least `least` of `words` words: a power of two, whose pointers
    wrap by themselves, unless that takes a third more block RAM."""
    rounded = 2**log2_int(least, need_pow2=False)
    def blocks(slots):
        return ram_blocks(bits, slots*words) if worth_a_block(bits, slots*words, readers=1) else 0
    return rounded if 3*blocks(rounded) <= 4*blocks(least) + 3 else least

# Tap Cache ----------------------------------------------------------------------------------------

class TapCache(LiteXModule):
    """History of a layer's input, written channel by channel, read `simd` inputs at once.

    A ring of `slots` frames for each context: those the taps reach back to and `pending` more,
    which the producer fills while the stage still reads. It replaces both the shift buffer and the
    activation caches of older designs.

        word (slot, w) of lane i holds channel w*lanes + i,  lanes = min(simd, in_channels)
        address = {slot, context, w}: contexts and words a slot are rounded up to powers of two

    With simd > in_channels several taps are read at once, so the ring exists `copies` times; copy j
    is written j*dilation slots earlier, and one read slot serves all copies.

    sinks    : frame_layout(bits, contexts); beats of several producers may alternate, the first
               sink goes first. Ready while a slot is free
    waiting  : a frame is there that has not been started
    head     : its bank, context and `slot`, that of its oldest tap
    start    : strobe, the reading of that frame begins; the next one takes its place
    release  : strobe, the oldest frame that was started is done, its slots may be written over
    context, slot, word : what to read; `data` (simd words, flat input order tap*in_channels +
               channel) follows LATENCY cycles later, with `spread` one more. No slot is read while
               it is written
    spread   : the memories are many: what to read goes through registers to groups of them

    History is zero at power-up. Raises ValueError when simd does not divide the fan-in as
    in_channels/simd words or simd/in_channels taps.
    """
    LATENCY = DualPortRAM.LATENCY
    def __init__(self, bits, in_channels, kernel_size, dilation, simd, contexts=1, sinks=1,
        pending=2, spread=False, primitives="inferred"):
        lanes  = gcd(simd, in_channels)
        copies = simd // lanes
        if lanes != min(simd, in_channels) or kernel_size % copies:
            raise ValueError(
                f"simd {simd} is not allowed: a divisor of in_channels {in_channels}, "
                f"or {in_channels} times a divisor of kernel_size {kernel_size}")

        self.words   = words = in_channels // lanes          # A slot's words.
        self.step    = copies*dilation                       # Slots from a read tap to the next.
        word_bits    = log2_int(words, need_pow2=False)
        context_bits = log2_int(contexts, need_pow2=False)
        least        = (kernel_size - 1)*dilation + 1 + pending
        self.slots   = slots = ring_slots(least, 2**(word_bits + context_bits), bits)

        layout = [
            ("bank",    1),
            ("context", bits_for(contexts - 1)),
        ]
        self.sinks   = [stream.Endpoint(frame_layout(bits, contexts)) for _ in range(sinks)]
        self.waiting = Signal()
        self.head    = Record(layout + [("slot", bits_for(slots - 1))])
        self.start   = Signal()
        self.release = Signal()
        self.context = Signal(bits_for(contexts - 1))
        self.slot    = Signal(max=max(slots, 2))
        self.word    = Signal(max=max(words, 2))
        self.data    = [Signal((bits, True)) for _ in range(simd)]

        # # #

        # Write Side: one beat a cycle, from the first sink that has one.
        # ---------------------------------------------------------------
        beat     = stream.Endpoint(frame_layout(bits, contexts))
        lane     = Signal(max=max(lanes, 2))
        word     = Signal(max=max(words, 2))
        write    = Signal()
        written  = Signal()
        occupied = Signal(max=2 + pending)                   # Frames written and not released.
        self.comb += [
            beat.ready.eq(occupied != (1 + pending)),
            write.eq(beat.valid & beat.ready),
            written.eq(write & beat.last),
        ]
        granted = []
        for sink in self.sinks:
            own_lane, own_word = Signal.like(lane), Signal.like(word)
            granted.append([
                sink.connect(beat),
                lane.eq(own_lane),
                word.eq(own_word),
            ])
            self.sync += If(sink.valid & sink.ready,
                own_lane.eq(own_lane + 1),
                If(own_lane == (lanes - 1),
                    own_lane.eq(0),
                    own_word.eq(own_word + 1),
                ),
                If(sink.last,
                    own_lane.eq(0),
                    own_word.eq(0),
                ),
            )
        choice = granted[-1]
        for sink, grant in reversed(list(zip(self.sinks, granted[:-1]))):
            choice = If(sink.valid, grant).Else(choice)
        self.comb += choice
        self.sync += occupied.eq(occupied + written - self.release)

        # Ring.
        # -----
        def address(slot, context, word):
            return Cat(*[word]*(words > 1), *[context]*(contexts > 1), slot)

        def belongs(tag, context):
            return 1 if contexts == 1 else tag.context == context

        size = slots << (word_bits + context_bits)
        for copy in range(copies):
            begin  = ((kernel_size - 1 - copy)*dilation) % slots
            places = [Signal(max=max(slots, 2), reset=begin) for _ in range(contexts)]
            self.sync += [If(written & belongs(beat, context),
                place.eq(ring_add(place, 1, slots)),
            ) for context, place in enumerate(places)]
            place = Array(places)[beat.context] if contexts > 1 else places[0]
            # What goes to all memories goes through registers, each for a GROUP of them.
            groups = -(-lanes//GROUP)
            writes = Broadcast(Cat(beat.data, address(place, beat.context, word)), groups,
                primitives)
            read   = address(self.slot, self.context, self.word)
            reads  = Broadcast(read, groups, primitives) if spread else None
            self.submodules += [writes] + [reads]*spread
            for index in range(lanes):
                memory = DualPortRAM(bits, size, [0]*size, primitives,
                    block = worth_a_block(bits, size, readers=1))
                self.add_module(f"ring{copy}_{index}", memory)
                we = Signal()
                self.sync += we.eq(write & (lane == index))
                self.comb += [
                    Cat(memory.b_dat_w, memory.b_adr).eq(writes.copies[index//GROUP]),
                    memory.b_we.eq(we),
                    memory.a_adr.eq(reads.copies[index//GROUP] if spread else read),
                    self.data[copy*lanes + index].eq(memory.a_dat_r),
                ]

        # Read Side: tags of the frames in the order they came, the oldest tap's slot a context.
        # --------------------------------------------------------------------------------------
        # Frame n of a context sits in slot n + (K-1)*D of copy 0, its oldest tap in slot n.
        queue   = [Record(layout) for _ in range(2**bits_for(1 + pending))]
        newest  = Signal(max=len(queue))
        turn    = Signal(max=len(queue))
        count   = Signal(max=2 + pending)                    # Frames written and not started.
        oldest  = [Signal(max=max(slots, 2)) for _ in range(contexts)]
        head    = self.head
        self.comb += [
            self.waiting.eq(count != 0),
            head.bank.eq(Array(tag.bank for tag in queue)[turn]),
            head.context.eq(Array(tag.context for tag in queue)[turn]),
            head.slot.eq(Array(oldest)[head.context] if contexts > 1 else oldest[0]),
        ]
        arrived = Signal()                                   # The last beat is in its memory.
        self.sync += [
            arrived.eq(written),
            count.eq(count + arrived - self.start),
            If(written,
                [If(newest == place, tag.bank.eq(beat.bank), tag.context.eq(beat.context))
                    for place, tag in enumerate(queue)],
                newest.eq(newest + 1),
            ),
            If(self.start,
                [If(belongs(head, context),
                    register.eq(ring_add(register, 1, slots)),
                ) for context, register in enumerate(oldest)],
                turn.eq(turn + 1),
            ),
        ]
