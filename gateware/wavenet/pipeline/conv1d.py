from math import ceil

from migen import *

from litex.gen import *

from litex.soc.interconnect import stream

from gateware.layouts import frame_layout
from gateware.primitives import GROUP, Multiplier
from gateware.wavenet.lanes import ShiftLane
from gateware.wavenet.mvu import MVU, delayed
from gateware.wavenet.requantise import Requantise
from gateware.wavenet.pipeline.tap_cache import TapCache, ring_add
from gateware.wavenet.weight_memory import WeightLayout, WeightMemory

# Helpers ------------------------------------------------------------------------------------------

def is_power_of_two(number):
    return number & (number - 1) == 0

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
    patchable : see WeightMemory
    sink, source : frame_layout(bits, contexts)
    memory  : WeightMemory, its bus side
    layout  : WeightLayout of that bus side
    busy    : a frame is being read;  frame_done: strobe, the last beat of a pass was issued
    saturated : strobe, one output word was clipped
    frames_inside : frames, at most, that have begun to come in and have not left whole

    A layer that repeats sends its frames round again: a pass is one more context of the tap cache,
    and enough frames are on the way for the multipliers not to wait.

    Initiation interval: self.cycles = repeat * (out/pe) * max(fan_in/simd, pe) cycles a frame,
    sustained; under full load a repeating layer gives its frames in bursts of up to self.burst.
    Latency: self.latency cycles from the frame's last input beat to its first output beat,
    self.latency_last to its last, source ready and stage idle.
    Raises ValueError for a pe or simd that does not fit the layer.
    """
    def __init__(self, layer, fmt, pe, simd, kernel, bias, contexts=1, primitives="inferred",
        patchable=False):
        if not 1 <= pe <= layer.out_channels or layer.out_channels % pe:
            raise ValueError(
                f"pe {pe} is not allowed: a divisor of out_channels {layer.out_channels}")
        if simd < 1:
            raise ValueError(f"simd {simd} is not allowed: at least 1")
        bits             = fmt.bits
        accumulator_bits = fmt.accumulator_bits(layer.kernel_size*layer.in_channels)

        self.layout = layout = WeightLayout(layer, pe, simd)
        # A group's sums wait for their turn, but for the only one of pe = 1; by then, its bias must
        # have been looked up.
        waits  = int(pe > 1)
        early  = WeightMemory.BIAS_LATENCY + 1 - waits
        # Registers where the most loads are: after the caches, or before them if there are many.
        spread = simd > GROUP >= pe
        self.mvu = mvu = MVU(pe, simd, layout.fold, early, spread, bits, accumulator_bits,
            lane_cls   = ShiftLane if layout.po2 else Multiplier,
            primitives = primitives)
        self.requantise = requantise = Requantise(accumulator_bits, bits, fmt.frac, fmt.rounding,
            layer.relu)

        # A group leaves through one requantiser, so it cannot be issued faster than its pe words.
        self.pe       = pe
        self.repeat   = layer.repeat
        self.interval = interval = max(layout.fold, pe)
        cycles        = layout.groups*interval
        drain         = mvu.latency + waits + Requantise.LATENCY + 1
        latency       = 3 + TapCache.LATENCY + (layout.fold - 1) + drain
        latency_last  = latency + cycles - interval + pe - 1
        self.cycles       = layer.repeat*cycles
        self.latency      = (layer.repeat - 1)*latency_last + latency
        self.latency_last = layer.repeat*latency_last

        # The strobes of beats and bus accesses under way have no reset of their own.
        self.reset_cycles = max(TapCache.LATENCY + mvu.latency, WeightMemory.BUS_LATENCY) + 2

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
        turn       = latency_last + layer.in_channels + 4
        self.burst = frames = 1 if layer.repeat == 1 else ceil(turn/cycles)
        # Two, so that the producer's next frame comes in while the last one waits; more where the
        # three cycles from a frame's last beat to its start take more.
        pending = max(2, ceil(3/cycles)) if layer.repeat == 1 else frames
        self.cache = cache = TapCache(bits, layer.in_channels, layer.kernel_size, layer.dilation,
            simd       = simd,
            contexts   = rounds,
            sinks      = min(layer.repeat, 2),
            pending    = pending,
            spread     = spread,
            primitives = primitives,
        )
        self.memory = memory = WeightMemory(layout, bits, kernel, bias, primitives, patchable)
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
        step  = Signal(max=max(interval, 2))
        group = Signal(max=max(layout.groups, 2))
        bank  = Signal()
        begin = Signal.like(cache.slot)                      # Slot of the frame's oldest tap.

        credit     = Signal()
        advance    = Signal()
        issue      = Signal()
        group_last = Signal()
        tap_last   = Signal()
        self.comb += [
            advance.eq(self.busy & (credit | (step != 0))),
            issue.eq(advance & ((step < layout.fold) | (interval == layout.fold))),
            group_last.eq(step == (interval - 1)),
            self.frame_done.eq(advance & group_last & (group == (layout.groups - 1))),
            cache.start.eq(cache.waiting & (~self.busy | self.frame_done)),
            cache.release.eq(self.frame_done),
            memory.bank.eq(bank),
        ]
        self.sync += [
            If(advance,
                step.eq(step + 1),
                If(issue & tap_last,
                    cache.slot.eq(ring_add(cache.slot, cache.step, cache.slots)),
                ),
                If(group_last,
                    step.eq(0),
                    group.eq(group + 1),
                    cache.slot.eq(begin),
                ),
            ),
            If(self.frame_done,
                self.busy.eq(0),
                group.eq(0),
            ),
            If(cache.start,
                self.busy.eq(1),
                Cat(bank, cache.context).eq(Cat(cache.head.bank, cache.head.context)),
                begin.eq(cache.head.slot),
                cache.slot.eq(cache.head.slot),
            ),
        ]
        # A count of beats modulo a power of two is part of `step`.
        self.comb += tap_last.eq(cache.word == (cache.words - 1))
        if is_power_of_two(cache.words):
            self.comb += cache.word.eq(step & (cache.words - 1))
        else:
            self.sync += If(issue, cache.word.eq(Mux(tap_last, 0, cache.word + 1)))
        if is_power_of_two(layout.fold):
            turn = group << log2_int(layout.fold)
            self.comb += memory.row.eq(turn | (step & (layout.fold - 1)))
        else:
            self.sync += [
                If(issue, memory.row.eq(memory.row + 1)),
                If(self.frame_done, memory.row.eq(0)),
            ]

        # MVU.
        # ----
        self.comb += [mvu.activations[i].eq(data) for i, data in enumerate(cache.data)]
        self.comb += [mvu.weights[i].eq(weight) for i, weight in enumerate(memory.weights)]
        self.comb += [
            mvu.first.eq(delayed(self, step == 0, TapCache.LATENCY)),
            mvu.last.eq(delayed(self, issue & (step == (layout.fold - 1)), TapCache.LATENCY)),
        ]

        # Results leave one by one, and a tag that followed the group's beats tells whose they are.
        # ----------------------------------------------------------------------------------------
        tag     = delayed(self, Cat(group == 0, bank, cache.context),
            TapCache.LATENCY + mvu.latency - early)
        left    = Signal(max=pe + 1)
        output  = memory.output
        out_tag = Signal(len(tag) - 1, reset_less=True)
        leaving = Signal()
        self.comb += [
            leaving.eq(left != 0),
            memory.bias_bank.eq(out_tag[0]),
        ]
        self.sync += [
            If(leaving,
                left.eq(left - 1),
                output.eq(output + 1),
            ),
            If(mvu.announced,
                left.eq(pe),
                out_tag.eq(tag[1:]),
                If(tag[0], output.eq(0)),
            ),
        ]
        results = mvu.sums
        if waits:
            results    = [Signal((accumulator_bits, True), reset_less=True) for _ in range(pe)]
            self.sync += [If(done, result.eq(total)).Else(result.eq(after))
                for result, total, done, after in zip(results, mvu.sums, mvu.done,
                    results[1:] + results[-1:])]

        marks = Cat(output == 0, output == (layer.out_channels - 1), out_tag)
        self.comb += [
            requantise.accumulator.eq(results[0]),
            requantise.bias.eq(memory.bias),
            requantise.valid_in.eq(delayed(self, leaving, WeightMemory.BIAS_LATENCY)),
        ]
        marks = delayed(self, marks, WeightMemory.BIAS_LATENCY + Requantise.LATENCY)

        # Output FIFO. A group is issued only when the FIFO has room for it (a credit), since the
        # pipeline behind does not stall; groups in flight and one waiting keep it running.
        # ----------------------------------------------------------------------------------------
        credits = 2 + ceil((drain + TapCache.LATENCY + 1 + pe)/interval)
        self.frames_inside = frames
        if layer.repeat == 1:
            self.frames_inside = 1 + pending + ceil(credits/layout.groups) + 1
        self.fifo = fifo = stream.SyncFIFO(frame_layout(bits, rounds), credits*pe)
        in_flight = Signal(max=credits + 1)
        place     = Signal(max=max(pe, 2))
        leaves    = Signal()
        self.comb += [
            fifo.sink.valid.eq(requantise.valid_out),
            fifo.sink.data.eq(requantise.word),
            Cat(fifo.sink.first, fifo.sink.last, fifo.sink.bank, fifo.sink.context).eq(marks),
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
