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

    A ring of `slots` frames: those the taps reach back to and PENDING more, which the producer
    fills while the stage still reads. It replaces both the shift buffer and the activation caches
    of older designs.

        word (slot, w) of lane i holds channel w*lanes + i,  lanes = min(simd, in_channels)

    With simd > in_channels several taps are read at once, so the ring exists `copies` times; copy j
    is written j*dilation frames earlier in the ring, and one read address serves all copies.

    sink     : frame_layout(bits); ready while a slot is free
    address  : read address, word index in the ring; `data` (simd words, flat input order
               tap*in_channels + channel) follows one cycle later
    oldest   : address of the oldest tap's first word for the frame being read
    occupied : frames written and not yet released, 0 to 1 + PENDING
    banks    : tags of the frame being read and of the one after it
    release  : strobe, the frame being read is done; `oldest` and `banks` move on

    History is zero at power-up. Raises ValueError when simd does not divide the fan-in as
    in_channels/simd words or simd/in_channels taps.
    """
    # One would do, but then a producer that sends a channel every cycle waits once a frame.
    PENDING = 2
    def __init__(self, bits, in_channels, kernel_size, dilation, simd):
        lanes  = gcd(simd, in_channels)
        copies = simd // lanes
        if lanes != min(simd, in_channels) or kernel_size % copies:
            raise ValueError(
                f"simd {simd} is not allowed: a divisor of in_channels {in_channels}, "
                f"or {in_channels} times a divisor of kernel_size {kernel_size}")

        self.words = words = in_channels // lanes            # A slot's words.
        self.slots = slots = (kernel_size - 1)*dilation + 1 + self.PENDING
        self.depth = depth = slots*words
        self.step  = copies*dilation*words                   # From a read tap to the next one.

        self.sink     = stream.Endpoint(frame_layout(bits))
        self.address  = Signal(max=max(depth, 2))
        self.data     = [Signal((bits, True)) for _ in range(simd)]
        self.oldest   = Signal(max=max(depth, 2))
        self.occupied = Signal(max=2 + self.PENDING)
        self.banks    = [Signal() for _ in range(2)]
        self.release  = Signal()

        # # #

        # Write Side.
        # -----------
        sink    = self.sink
        write   = Signal()
        written = Signal()
        lane    = Signal(max=max(lanes, 2))
        word    = Signal(max=max(words, 2))
        self.comb += [
            sink.ready.eq(self.occupied != (1 + self.PENDING)),
            write.eq(sink.valid & sink.ready),
            written.eq(write & sink.last),
        ]
        self.sync += [
            If(write,
                lane.eq(lane + 1),
                If(lane == (lanes - 1),
                    lane.eq(0),
                    word.eq(word + 1),
                ),
            ),
            If(written,
                lane.eq(0),
                word.eq(0),
            ),
            self.occupied.eq(self.occupied + written - self.release),
        ]

        # Ring.
        # -----
        def advance(pointer, amount):
            return pointer.eq(ring_add(pointer, amount, depth))

        for copy in range(copies):
            start   = ((kernel_size - 1 - copy)*dilation) % slots
            pointer = Signal(max=max(depth, 2), reset=start*words)
            self.sync += If(written, advance(pointer, words))
            for index in range(lanes):
                memory = Memory(bits, depth, init=[0]*depth)
                port   = memory.get_port(write_capable=True)
                reader = memory.get_port()
                self.specials += memory, port, reader
                self.comb += [
                    port.adr.eq(pointer + word),
                    port.dat_w.eq(sink.data),
                    port.we.eq(write & (lane == index)),
                    reader.adr.eq(self.address),
                    self.data[copy*lanes + index].eq(reader.dat_r),
                ]

        # Read Side.
        # ----------
        # Frame n sits at ring position n + (K-1)*D of copy 0, its oldest tap at position n.
        tags = Array(Signal() for _ in range(4))
        newest, reading = Signal(2), Signal(2)
        self.sync += [
            If(written,
                tags[newest].eq(sink.bank),
                newest.eq(newest + 1),
            ),
            If(self.release,
                advance(self.oldest, words),
                reading.eq(reading + 1),
            ),
        ]
        self.comb += [bank.eq(tags[(reading + i)[:2]]) for i, bank in enumerate(self.banks)]
