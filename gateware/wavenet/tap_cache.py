from math import gcd

from migen import *

from litex.gen import *

from litex.soc.interconnect import stream

from gateware.layouts import frame_layout

# Helpers ------------------------------------------------------------------------------------------

def ring_add(pointer, amount, depth):
    """(pointer + amount) modulo depth; 0 <= pointer < depth, amount a constant in 0 to depth."""
    modulus = 2**len(pointer)
    return pointer + Mux(pointer >= (depth - amount), (amount - depth) % modulus, amount % modulus)

# Tap Cache ----------------------------------------------------------------------------------------

class TapCache(LiteXModule):
    """History of a layer's input, written channel by channel, read `simd` inputs at once.

    A ring of `slots` frames for each context: those the taps reach back to and `pending` more,
    which the producer fills while the stage still reads. It replaces both the shift buffer and the
    activation caches of older designs.

        word (slot, w) of lane i holds channel w*lanes + i,  lanes = min(simd, in_channels)
        address = {slot*words + w, context}: only the contexts are rounded up to a power of two

    With simd > in_channels several taps are read at once, so the ring exists `copies` times; copy j
    is written j*dilation frames earlier in the ring, and one read address serves all copies.

    sinks    : frame_layout(bits, contexts); beats of several producers may alternate, the first
               sink goes first. Ready while a slot is free
    address  : read address without its context bits; `data` (simd words, flat input order
               tap*in_channels + channel) follows one cycle later
    occupied : frames written and not yet released, 0 to 1 + pending
    frame    : bank, context and `oldest` (address of the oldest tap) of the frame being read
    next     : the same of the frame after it
    release  : strobe, the frame being read is done; the next one takes its place

    History is zero at power-up. Raises ValueError when simd does not divide the fan-in as
    in_channels/simd words or simd/in_channels taps.
    """
    def __init__(self, bits, in_channels, kernel_size, dilation, simd, contexts=1, sinks=1,
        pending=2):
        lanes  = gcd(simd, in_channels)
        copies = simd // lanes
        if lanes != min(simd, in_channels) or kernel_size % copies:
            raise ValueError(
                f"simd {simd} is not allowed: a divisor of in_channels {in_channels}, "
                f"or {in_channels} times a divisor of kernel_size {kernel_size}")

        self.words = words = in_channels // lanes            # A slot's words.
        self.slots = slots = (kernel_size - 1)*dilation + 1 + pending
        self.depth = depth = slots*words
        self.step  = copies*dilation*words                   # From a read tap to the next one.

        layout = [
            ("bank",    1),
            ("context", bits_for(contexts - 1)),
            ("oldest",  bits_for(depth - 1)),
        ]
        self.sinks    = [stream.Endpoint(frame_layout(bits, contexts)) for _ in range(sinks)]
        self.address  = Signal(max=max(depth, 2))
        self.data     = [Signal((bits, True)) for _ in range(simd)]
        self.occupied = Signal(max=2 + pending)
        self.frame    = Record(layout)
        self.next     = Record(layout)
        self.release  = Signal()

        # # #

        # Write Side: one beat a cycle, from the first sink that has one.
        # ---------------------------------------------------------------
        beat    = stream.Endpoint(frame_layout(bits, contexts))
        lane    = Signal(max=max(lanes, 2))
        word    = Signal(max=max(words, 2))
        write   = Signal()
        written = Signal()
        self.comb += [
            beat.ready.eq(self.occupied != (1 + pending)),
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
        choice = If(self.sinks[0].valid, granted[0])
        for sink, grant in zip(self.sinks[1:], granted[1:]):
            choice = choice.Elif(sink.valid, grant)
        self.comb += choice
        self.sync += self.occupied.eq(self.occupied + written - self.release)

        # Ring.
        # -----
        def ring_address(context, address):
            return Cat(context, address) if contexts > 1 else address

        size = depth << log2_int(contexts, need_pow2=False)
        for copy in range(copies):
            start    = ((kernel_size - 1 - copy)*dilation) % slots
            pointers = [Signal(max=max(depth, 2), reset=start*words) for _ in range(contexts)]
            pointer  = Signal.like(pointers[0])
            write_address = Signal.like(pointer)
            self.comb += [
                pointer.eq(Array(pointers)[beat.context]),
                write_address.eq(pointer + word),
            ]
            self.sync += [If(written & (beat.context == context),
                register.eq(ring_add(register, words, depth)),
            ) for context, register in enumerate(pointers)]
            for index in range(lanes):
                memory = Memory(bits, size, init=[0]*size)
                port   = memory.get_port(write_capable=True)
                reader = memory.get_port()
                self.specials += memory, port, reader
                self.comb += [
                    port.adr.eq(ring_address(beat.context, write_address)),
                    port.dat_w.eq(beat.data),
                    port.we.eq(write & (lane == index)),
                    reader.adr.eq(ring_address(self.frame.context, self.address)),
                    self.data[copy*lanes + index].eq(reader.dat_r),
                ]

        # Read Side: tags of the frames in the order they came, the oldest tap's address a context.
        # ------------------------------------------------------------------------------------------
        # Frame n of a context sits at ring position n + (K-1)*D of copy 0, its oldest tap at n.
        queue   = [Record(layout[:2]) for _ in range(2**bits_for(1 + pending))]
        newest  = Signal(max=len(queue))
        reading = Signal(max=len(queue))
        after   = Signal(max=len(queue))
        oldest  = [Signal(max=max(depth, 2)) for _ in range(contexts)]
        moved   = Signal(max=max(depth, 2))
        self.comb += [
            after.eq(reading + 1),
            moved.eq(ring_add(self.frame.oldest, words, depth)),
        ]
        for record, place in (self.frame, reading), (self.next, after):
            self.comb += [
                record.bank.eq(Array(tag.bank for tag in queue)[place]),
                record.context.eq(Array(tag.context for tag in queue)[place]),
                record.oldest.eq(Array(oldest)[record.context]),
            ]
        self.comb += If(self.next.context == self.frame.context, self.next.oldest.eq(moved))
        self.sync += [
            If(written,
                [If(newest == place, tag.bank.eq(beat.bank), tag.context.eq(beat.context))
                    for place, tag in enumerate(queue)],
                newest.eq(newest + 1),
            ),
            If(self.release,
                [If(self.frame.context == context, register.eq(moved))
                    for context, register in enumerate(oldest)],
                reading.eq(reading + 1),
            ),
        ]
