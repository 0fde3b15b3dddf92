from math import ceil

from migen import *

from litex.gen import *

from litex.soc.interconnect import stream

from gateware.layouts import frame_layout
from gateware.wavenet.mvu import MVU
from gateware.wavenet.requantise import Requantise
from gateware.wavenet.tap_cache import TapCache, ring_add
from gateware.wavenet.weight_memory import WeightLayout, WeightMemory

# Conv1D -------------------------------------------------------------------------------------------

class Conv1D(LiteXModule):
    """One causal dilated convolution as a pipeline stage, folded to pe x simd multipliers.

        out[o] = requantise(bias[o]*2**frac + sum over tap k, channel c of
                            kernel[k][c][o] * in[c] of the frame (K-1-k)*dilation earlier)

        sink --> TapCache --+--> MVU --> shift register --> Requantise --> FIFO --> source
           WeightMemory ----+

    layer   : in_channels, out_channels, kernel_size, dilation, relu
    fmt     : number format: bits, frac, rounding, accumulator_bits(fan_in)
    pe      : output channels computed at once, a divisor of out_channels
    simd    : inputs multiplied at once, see TapCache
    sink, source : frame_layout(bits)
    memory  : WeightMemory, its bus side
    layout  : WeightLayout of that bus side
    busy    : a frame is being read;  frame_done: strobe, its last beat was issued
    saturated : strobe, one output word was clipped

    Initiation interval: self.cycles = (out/pe) * max(fan_in/simd, pe) cycles a frame, sustained.
    Latency: self.latency cycles from the frame's last input beat to its first output beat, source
    ready and stage idle. Raises ValueError for a pe or simd that does not fit the layer.
    """
    def __init__(self, layer, fmt, pe, simd, kernel, bias):
        if not 1 <= pe <= layer.out_channels or layer.out_channels % pe:
            raise ValueError(
                f"pe {pe} is not allowed: a divisor of out_channels {layer.out_channels}")
        if simd < 1:
            raise ValueError(f"simd {simd} is not allowed: at least 1")
        bits             = fmt.bits
        accumulator_bits = fmt.accumulator_bits(layer.kernel_size*layer.in_channels)

        self.cache  = cache  = TapCache(bits, layer.in_channels, layer.kernel_size,
            layer.dilation, simd)
        self.layout = layout = WeightLayout(layer, pe, simd)
        self.memory = memory = WeightMemory(layout, bits, kernel, bias)
        self.mvu    = mvu    = MVU(pe, simd, bits, fmt.frac, accumulator_bits)
        self.requantise = requantise = Requantise(accumulator_bits, bits, fmt.frac, fmt.rounding,
            layer.relu)

        # A group leaves through one requantiser, so it cannot be issued faster than its pe words.
        self.pe       = pe
        self.interval = interval = max(layout.fold, pe)
        self.cycles   = layout.groups*interval
        drain        = mvu.latency + 1 + Requantise.LATENCY + 1
        self.latency = 2 + WeightMemory.LATENCY + (layout.fold - 1) + drain

        self.sink       = cache.sink
        self.source     = stream.Endpoint(frame_layout(bits))
        self.busy       = Signal()
        self.frame_done = Signal()
        self.saturated  = requantise.saturated

        # # #

        # Sequencer: groups of outputs, in each the taps, in each the words of a slot.
        # ---------------------------------------------------------------------------
        step    = Signal(max=max(interval, 2))
        word    = Signal(max=max(cache.words, 2))
        group   = Signal(max=max(layout.groups, 2))
        bank    = Signal()
        address = Signal.like(cache.address)

        credit     = Signal()
        advance    = Signal()
        issue      = Signal()
        group_last = Signal()
        available  = Signal()
        self.comb += [
            advance.eq(self.busy & (credit | (step != 0))),
            issue.eq(advance & (step < layout.fold)),
            group_last.eq(step == (interval - 1)),
            self.frame_done.eq(advance & group_last & (group == (layout.groups - 1))),
            available.eq(cache.occupied > self.busy),
            cache.release.eq(self.frame_done),
            cache.address.eq(address),
            memory.bank.eq(bank),
        ]
        next_tap = ring_add(address, cache.step - (cache.words - 1), cache.depth)
        self.sync += [
            If(advance,
                step.eq(step + 1),
                If(issue,
                    memory.row.eq(memory.row + 1),
                    word.eq(word + 1),
                    address.eq(address + 1),
                    If(word == (cache.words - 1),
                        word.eq(0),
                        address.eq(next_tap),
                    ),
                ),
                If(group_last,
                    step.eq(0),
                    group.eq(group + 1),
                    address.eq(cache.oldest),
                ),
            ),
            If(~self.busy | self.frame_done,
                self.busy.eq(available),
                group.eq(0),
                memory.row.eq(0),
                bank.eq(Mux(self.frame_done, cache.banks[1], cache.banks[0])),
                address.eq(Mux(self.frame_done,
                    ring_add(cache.oldest, cache.words, cache.depth), cache.oldest)),
            ),
        ]

        # MVU.
        # ----
        self.comb += [mvu.activations[i].eq(data) for i, data in enumerate(cache.data)]
        self.comb += [mvu.weights[i].eq(weight) for i, weight in enumerate(memory.weights)]
        self.comb += [mvu.biases[i].eq(bias) for i, bias in enumerate(memory.biases)]
        self.sync += [
            mvu.valid.eq(issue),
            mvu.first.eq(step == 0),
            mvu.last.eq(step == (layout.fold - 1)),
        ]

        # A group's tag follows its beats down the pipeline: the bias is wanted when the first
        # product reaches the accumulator, and the words that leave must know their bank and place.
        tags = [Cat(group, bank)]
        for _ in range(mvu.latency + 1):
            tag        = Signal(len(tags[-1]), reset_less=True)
            self.sync += tag.eq(tags[-1])
            tags.append(tag)
        self.comb += Cat(memory.bias_row, memory.bias_bank).eq(tags[mvu.latency - 1])

        # Results leave one by one.
        # -------------------------
        results   = [Signal((accumulator_bits, True), reset_less=True) for _ in range(pe)]
        left      = Signal(max=pe + 1)
        out_group = Signal(len(group), reset_less=True)
        out_bank  = Signal(reset_less=True)
        self.sync += [
            If(left != 0, left.eq(left - 1)),
            [a.eq(b) for a, b in zip(results, results[1:])],
            If(mvu.done,
                left.eq(pe),
                Cat(out_group, out_bank).eq(tags[mvu.latency + 1]),
                [result.eq(total) for result, total in zip(results, mvu.sums)],
            ),
        ]
        self.comb += [
            requantise.accumulator.eq(results[0]),
            requantise.valid_in.eq(left != 0),
        ]
        marks = [
            (left == pe) & (out_group == 0),
            (left == 1)  & (out_group == (layout.groups - 1)),
            out_bank,
        ]
        for _ in range(Requantise.LATENCY):
            registers  = [Signal(reset_less=True) for _ in marks]
            self.sync += [register.eq(mark) for register, mark in zip(registers, marks)]
            marks      = registers

        # Output FIFO. A group is issued only when the FIFO has room for it (a credit), since the
        # pipeline behind does not stall; groups in flight and one waiting keep it running.
        # ----------------------------------------------------------------------------------------
        credits = 2 + ceil((drain + WeightMemory.LATENCY + 1 + pe)/interval)
        self.fifo = fifo = stream.SyncFIFO(frame_layout(bits), credits*pe)
        in_flight = Signal(max=credits + 1)
        place     = Signal(max=max(pe, 2))
        leaves    = Signal()
        self.comb += [
            fifo.sink.valid.eq(requantise.valid_out),
            fifo.sink.data.eq(requantise.word),
            Cat(fifo.sink.first, fifo.sink.last, fifo.sink.bank).eq(Cat(*marks)),
            fifo.source.connect(self.source),
            leaves.eq(self.source.valid & self.source.ready),
            credit.eq(in_flight != credits),
        ]
        self.sync += [
            If(leaves, place.eq(Mux(place == (pe - 1), 0, place + 1))),
            in_flight.eq(in_flight + (advance & (step == 0)) - (leaves & (place == (pe - 1)))),
        ]
