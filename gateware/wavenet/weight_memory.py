from math import ceil, log2

from migen import *

from litex.gen import *

from gateware.wavenet.lanes import po2_bits, po2_code

# Weight Layout ------------------------------------------------------------------------------------

class WeightLayout:
    """Where the parameters of one layer lie in its stage's memories.

    A stage has pe*simd weight lanes and pe bias lanes, each a memory of two banks. In bank b the
    weight of output o, flat input f = tap*in_channels + channel lies in

        lane (o % pe)*simd + f % simd,   row (o // pe)*fold + f // simd,   fold = fan_in / simd
    and the bias of output o in
        lane pe*simd + o % pe,           row o // pe.

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
        self.lanes        = pe*simd + pe
        self.row_bits     = max(1, ceil(log2(self.groups*self.fold)))
        self.lane_bits    = max(1, ceil(log2(self.lanes)))
        self.address_bits = self.lane_bits + 1 + self.row_bits

    def weight(self, output, flat):
        """(lane, row) of the weight of `output` for flat input `flat`."""
        lane = (output % self.pe)*self.simd + flat % self.simd
        return lane, (output//self.pe)*self.fold + flat//self.simd

    def bias(self, output):
        """(lane, row) of the bias of `output`."""
        return self.pe*self.simd + output % self.pe, output//self.pe

    def address(self, lane, bank, row):
        """Word address in the stage's bus window."""
        return (lane << (self.row_bits + 1)) | (bank << self.row_bits) | row

    def rom(self, kernel, bias):
        """ROM contents per lane, one bank: lists of ints from kernel[tap][in][out], bias[out]."""
        lanes = [[0]*2**self.row_bits for _ in range(self.lanes)]
        for output in range(len(bias)):
            for flat in range(self.fan_in):
                lane, row        = self.weight(output, flat)
                tap, channel     = divmod(flat, self.in_channels)
                lanes[lane][row] = int(kernel[tap][channel][output])
            lane, row        = self.bias(output)
            lanes[lane][row] = int(bias[output])
        return lanes

# Weight Memory ------------------------------------------------------------------------------------

class WeightMemory(LiteXModule):
    """The two-bank parameter memories of one stage, read by its MVU and written from the bus.

    row, bank             : what the MVU reads now; `weights[pe*simd]` follow one cycle later: words
                            for multiplier lanes, codes (see ShiftLane) for the lanes of po2 layers
    bias_row, bias_bank   : likewise for `biases[pe]`
    bus_adr, bus_we,
    bus_dat_w, bus_dat_r  : bus side, address as in WeightLayout; dat_r follows one cycle later.
                            Words in every case: a power of two goes in and out as its integer

    Both banks hold the model at power-up, so that going to the other bank before anything was
    loaded changes nothing.
    """
    LATENCY = 1
    def __init__(self, layout, bits, kernel, bias):
        self.row       = Signal(layout.row_bits)
        self.bank      = Signal()
        self.weights   = [Signal(po2_bits(bits) if layout.po2 else bits)
            for _ in range(layout.pe*layout.simd)]
        self.bias_row  = Signal(max=max(layout.groups, 2))
        self.bias_bank = Signal()
        self.biases    = [Signal((bits, True)) for _ in range(layout.pe)]
        self.bus_adr   = Signal(layout.address_bits)
        self.bus_we    = Signal()
        self.bus_dat_w = Signal(bits)
        self.bus_dat_r = Signal(bits)

        # # #

        row_bits = layout.row_bits
        bus_row  = self.bus_adr[:row_bits]
        bus_bank = self.bus_adr[row_bits]
        bus_lane = self.bus_adr[row_bits + 1:]

        lane_read = Signal(layout.lane_bits)
        self.sync += lane_read.eq(bus_lane)

        # The lowest set bit of +/-2**k is bit k.
        code = Signal(po2_bits(bits))
        if layout.po2:
            self.comb += code[-1].eq(self.bus_dat_w[-1])
            for k in reversed(range(bits)):
                self.comb += If(self.bus_dat_w[k], code[:-1].eq(k + 1))

        read  = {}
        words = list(zip(layout.rom(kernel, bias), self.weights + self.biases))
        for lane, (rom, output) in enumerate(words):
            is_bias   = lane >= len(self.weights)
            lane_rows = len(self.bias_row) if is_bias else row_bits
            coded     = layout.po2 and not is_bias
            contents  = [po2_code(value, bits) if coded else value % 2**bits
                for value in rom[:2**lane_rows]]
            memory    = Memory(len(output), 2**(lane_rows + 1), init=contents*2)
            reader    = memory.get_port()
            bus       = memory.get_port(write_capable=True)
            self.specials += memory, reader, bus
            self.comb += [
                output.eq(reader.dat_r),
                bus.adr.eq(Cat(bus_row[:lane_rows], bus_bank)),
                bus.dat_w.eq(code if coded else self.bus_dat_w),
                bus.we.eq(self.bus_we & (bus_lane == lane)),
            ]
            if is_bias:
                self.comb += reader.adr.eq(Cat(self.bias_row, self.bias_bank))
            else:
                self.comb += reader.adr.eq(Cat(self.row, self.bank))
            read[lane] = self.bus_dat_r.eq(bus.dat_r)
            if coded:
                read[lane] = [self.bus_dat_r.eq(0), self.decode(bus.dat_r, bits)]
        self.comb += Case(lane_read, read)

    def decode(self, code, bits):
        """Sets bus_dat_r to the word of a power of two's code; exponent 0 leaves it."""
        exponent, sign = code[:-1], code[-1]
        return Case(exponent, {k + 1: self.bus_dat_r.eq(Mux(sign, 2**bits - 2**k, 2**k))
            for k in range(bits)})
