from math import ceil

from migen import *

from litex.gen import *

from litex.soc.interconnect import stream

from gateware.layouts import frame_layout
from gateware.wavenet.lanes import MultiplierLane, ShiftLane
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

    layer   : in_channels, out_channels, kernel_size, dilation, relu, weights, repeat
    fmt     : number format: bits, frac, rounding, accumulator_bits(fan_in)
    pe      : output channels computed at once, a divisor of out_channels
    simd    : inputs multiplied at once, see TapCache
    contexts : independent streams, told apart by the frames' tag, each with its own history
    sink, source : frame_layout(bits, contexts)
    memory  : WeightMemory, its bus side
    layout  : WeightLayout of that bus side
    busy    : a frame is being read;  frame_done: strobe, the last beat of a pass was issued
    saturated : strobe, one output word was clipped

    A layer that repeats sends its frames round again: a pass is one more context of the tap cache,
    and enough frames are on the way for the multipliers not to wait.

    Initiation interval: self.cycles = repeat * (out/pe) * max(fan_in/simd, pe) cycles a frame,
    sustained; under full load a repeating layer gives its frames in bursts of up to self.burst.
    Latency: self.latency cycles from the frame's last input beat to its first output beat,
    self.latency_last to its last, source ready and stage idle.
    Raises ValueError for a pe or simd that does not fit the layer.
    """
    def __init__(self, layer, fmt, pe, simd, kernel, bias, contexts=1):
        if not 1 <= pe <= layer.out_channels or layer.out_channels % pe:
            raise ValueError(
                f"pe {pe} is not allowed: a divisor of out_channels {layer.out_channels}")
        if simd < 1:
            raise ValueError(f"simd {simd} is not allowed: at least 1")
        bits             = fmt.bits
        accumulator_bits = fmt.accumulator_bits(layer.kernel_size*layer.in_channels)

        self.layout = layout = WeightLayout(layer, pe, simd)
        self.mvu    = mvu    = MVU(pe, simd, bits, fmt.frac, accumulator_bits,
            lane_cls = ShiftLane if layer.weights == "po2" else MultiplierLane)
        self.requantise = requantise = Requantise(accumulator_bits, bits, fmt.frac, fmt.rounding,
            layer.relu)

        # A group leaves through one requantiser, so it cannot be issued faster than its pe words.
        self.pe       = pe
        self.repeat   = layer.repeat
        self.interval = interval = max(layout.fold, pe)
        cycles        = layout.groups*interval
        drain         = mvu.latency + 1 + Requantise.LATENCY + 1
        latency       = 2 + WeightMemory.LATENCY + (layout.fold - 1) + drain
        latency_last  = latency + cycles - interval + pe - 1
        self.cycles       = layer.repeat*cycles
        self.latency      = (layer.repeat - 1)*latency_last + latency
        self.latency_last = layer.repeat*latency_last

        self.sink       = stream.Endpoint(frame_layout(bits, contexts))
        self.source     = stream.Endpoint(frame_layout(bits, contexts))
        self.busy       = Signal()
        self.frame_done = Signal()
        self.saturated  = requantise.saturated

        # # #

        # Tap cache, and the way round for a layer that repeats.
        # ------------------------------------------------------
        context_bits = log2_int(contexts, need_pow2=False)
        rounds = contexts if layer.repeat == 1 else layer.repeat << context_bits
        # Enough frames on their way round that one is always ready, the time included that a new
        # one takes to come in.
        turn       = latency_last + layer.in_channels + 3
        self.burst = frames = 1 if layer.repeat == 1 else ceil(turn/cycles)
        self.cache = cache = TapCache(bits, layer.in_channels, layer.kernel_size, layer.dilation,
            simd     = simd,
            contexts = rounds,
            sinks    = min(layer.repeat, 2),
            pending  = 2 if layer.repeat == 1 else frames,
        )
        self.memory = memory = WeightMemory(layout, bits, kernel, bias)
        out = stream.Endpoint(frame_layout(bits, rounds))
        if layer.repeat == 1:
            self.comb += [
                self.sink.connect(cache.sinks[0]),
                out.connect(self.source),
            ]
        else:
            self.add_loop(out, contexts, context_bits, layer.repeat, frames)

        # Sequencer: groups of outputs, in each the taps, in each the words of a slot.
        # ---------------------------------------------------------------------------
        step    = Signal(max=max(interval, 2))
        word    = Signal(max=max(cache.words, 2))
        group   = Signal(max=max(layout.groups, 2))
        bank    = Signal()
        context = Signal.like(cache.frame.context)
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
                    address.eq(cache.frame.oldest),
                ),
            ),
            If(~self.busy | self.frame_done,
                self.busy.eq(available),
                group.eq(0),
                memory.row.eq(0),
                Cat(bank, context, address).eq(Mux(self.frame_done,
                    Cat(cache.next.bank,  cache.next.context,  cache.next.oldest),
                    Cat(cache.frame.bank, cache.frame.context, cache.frame.oldest),
                )),
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
        tags = [Cat(group, bank, context)]
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
        out_tag   = Signal(1 + len(context), reset_less=True)
        self.sync += [
            If(left != 0, left.eq(left - 1)),
            [a.eq(b) for a, b in zip(results, results[1:])],
            If(mvu.done,
                left.eq(pe),
                Cat(out_group, out_tag).eq(tags[mvu.latency + 1]),
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
            out_tag,
        ]
        for _ in range(Requantise.LATENCY):
            registers  = [Signal(len(mark), reset_less=True) for mark in marks]
            self.sync += [register.eq(mark) for register, mark in zip(registers, marks)]
            marks      = registers

        # Output FIFO. A group is issued only when the FIFO has room for it (a credit), since the
        # pipeline behind does not stall; groups in flight and one waiting keep it running.
        # ----------------------------------------------------------------------------------------
        credits = 2 + ceil((drain + WeightMemory.LATENCY + 1 + pe)/interval)
        self.fifo = fifo = stream.SyncFIFO(frame_layout(bits, rounds), credits*pe)
        in_flight = Signal(max=credits + 1)
        place     = Signal(max=max(pe, 2))
        leaves    = Signal()
        self.comb += [
            fifo.sink.valid.eq(requantise.valid_out),
            fifo.sink.data.eq(requantise.word),
            Cat(fifo.sink.first, fifo.sink.last, fifo.sink.bank, fifo.sink.context).eq(Cat(*marks)),
            fifo.source.connect(out),
            leaves.eq(out.valid & out.ready),
            credit.eq(in_flight != credits),
        ]
        self.sync += [
            If(leaves, place.eq(Mux(place == (pe - 1), 0, place + 1))),
            in_flight.eq(in_flight + (advance & (step == 0)) - (leaves & (place == (pe - 1)))),
        ]

    def add_loop(self, out, contexts, context_bits, repeat, frames):
        """Sends `out` round to the cache until its last pass; lets in at most `frames` at a time.

        Inside, a context is {pass, context}.
        """
        back, new = self.cache.sinks
        last_pass = Signal()
        inside    = Signal(max=frames + 1)
        entered   = Signal()
        left      = Signal()
        self.comb += [
            last_pass.eq(out.context[context_bits:] == (repeat - 1)),
            If(last_pass,
                out.connect(self.source, omit={"context"}),
            ).Else(
                out.connect(back, omit={"context"}),
                back.context.eq(out.context + (1 << context_bits)),
            ),
            self.sink.connect(new, omit={"valid", "ready", "context"}),
            new.valid.eq(self.sink.valid & (inside != frames)),
            self.sink.ready.eq(new.ready & (inside != frames)),
            entered.eq(new.valid & new.ready & new.last),
            left.eq(self.source.valid & self.source.ready & self.source.last),
        ]
        if contexts > 1:
            self.comb += [
                self.source.context.eq(out.context[:context_bits]),
                new.context.eq(self.sink.context),
            ]
        self.sync += inside.eq(inside + entered - left)
