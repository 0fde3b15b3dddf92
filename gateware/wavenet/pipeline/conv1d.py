# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

from math import ceil

from migen import *

from litex.gen import *

from litex.soc.interconnect import stream

from gateware.layouts import frame_layout
from gateware.primitives import GROUP, Multiplier
from gateware.wavenet.frame_queue import FrameQueue
from gateware.wavenet.lanes import ShiftLane
from gateware.wavenet.mvu import MVU, delayed
from gateware.wavenet.pipeline.tap_cache import TapCache
from gateware.wavenet.result_queue import ResultQueue
from gateware.wavenet.sequencer import Sequencer
from gateware.wavenet.weight_memory import WeightLayout, WeightMemory

# Conv1D -------------------------------------------------------------------------------------------

class Conv1D(LiteXModule):
    """One causal dilated convolution as a pipeline stage, folded to pe x simd multipliers.

        out[o] = requantise(bias[o]*2**frac + sum over tap k, channel c of
                            kernel[k][c][o] * in[c] of the frame (K-1-k)*dilation earlier)

        sink --> TapCache -----+--> MVU --> ResultQueue --> source
                    |          |                |
                 Sequencer --> WeightMemory ----+

    layer   : in_channels, out_channels, kernel_size, dilation, relu, weights, repeat
    fmt     : number format: bits, frac, rounding, accumulator_bits(fan_in)
    pe      : output channels computed at once, divides out_channels
    simd    : inputs multiplied at once, see TapCache
    contexts : independent streams, told apart by the frames' tag, each with its own history
    patchable : see WeightMemory
    sink, source : frame_layout(bits, contexts)
    memory  : WeightMemory, its bus side
    layout  : WeightLayout of that bus side
    busy    : a frame is being read;  frame_done : strobe, the last beat of a pass was issued
    saturated : strobe, one output word was clipped
    frames_inside : frames, at most, that have begun to come in and have not left whole

    A layer that repeats sends its frames round again: a pass is one more context of the tap cache,
    and enough frames are on the way for the multipliers not to wait.

    Initiation interval: self.cycles = repeat * (out/pe) * max(fan_in/simd, pe) cycles per frame,
    sustained; under full load a repeating layer gives its frames in bursts of up to self.burst.
    Latency: self.latency cycles from the frame's last input beat to its first output beat,
    self.latency_last to its last, source ready and stage idle.
    Raises ValueError for a pe or simd that does not fit the layer.
    """
    # Cycles from a frame's last input beat to its first one at the cache's memories: written,
    # waiting, started.
    START_LATENCY = FrameQueue.LATENCY + Sequencer.LATENCY
    def __init__(self, layer, fmt, pe, simd, kernel, bias, contexts=1, primitives="inferred",
        patchable=False):
        if not 1 <= pe <= layer.out_channels or layer.out_channels % pe:
            raise ValueError(f"pe must divide out_channels ({layer.out_channels}), got {pe}")
        if simd < 1:
            raise ValueError(f"simd must be at least 1, got {simd}")
        bits             = fmt.bits
        accumulator_bits = fmt.accumulator_bits(layer.kernel_size*layer.in_channels)

        self.layout     = layout = WeightLayout(layer, pe, simd)
        self.sink       = stream.Endpoint(frame_layout(bits, contexts))
        self.source     = stream.Endpoint(frame_layout(bits, contexts))
        self.pe         = pe
        self.repeat     = layer.repeat

        # # #

        # MVU; registers where the most loads are: after the caches, or before them if there are
        # many.
        # --------------------------------------------------------------------------------------
        spread = simd > GROUP >= pe
        early  = ResultQueue.early(pe, WeightMemory.BIAS_LATENCY)
        self.mvu = mvu = MVU(pe, simd, layout.fold, early, spread, bits, accumulator_bits,
            lane_cls   = ShiftLane if layout.po2 else Multiplier,
            primitives = primitives)
        self.add_timing(layer)

        # Memories, and the way round for a layer that repeats.
        # -----------------------------------------------------
        context_bits = log2_int(contexts, need_pow2=False)
        rounds       = contexts if layer.repeat == 1 else layer.repeat << context_bits
        self.cache = cache = TapCache(bits, layer.in_channels, layer.kernel_size, layer.dilation,
            simd       = simd,
            contexts   = rounds,
            sinks      = min(layer.repeat, 2),
            pending    = self.pending,
            spread     = spread,
            primitives = primitives)
        self.memory = memory = WeightMemory(layout, bits, kernel, bias, primitives, patchable)
        self.results = results = ResultQueue(fmt, layer.relu, accumulator_bits, pe,
            layer.out_channels, rounds, self.credits, WeightMemory.BIAS_LATENCY)
        if layer.repeat == 1:
            self.comb += [
                self.sink.connect(cache.sinks[0]),
                results.source.connect(self.source),
            ]
        else:
            self.add_loop(results.source, contexts, context_bits, layer.repeat)

        # Sequencer.
        # ----------
        self.sequencer = sequencer = Sequencer(
            last_beat  = layout.fold - 1,
            last_step  = self.interval - 1,
            last_group = layout.groups - 1,
            last_word  = cache.words - 1,
            stride     = cache.step,
            slots      = cache.slots,
            row_bits   = len(memory.row),
            slot_bits  = len(cache.slot))
        self.busy       = sequencer.busy
        self.frame_done = sequencer.done
        self.saturated  = results.saturated
        bank            = Signal()
        self.sync += If(sequencer.start,
            Cat(bank, cache.context).eq(Cat(cache.head.bank, cache.head.context)))
        self.comb += [
            sequencer.waiting.eq(cache.waiting),
            sequencer.oldest.eq(cache.head.slot),
            sequencer.credit.eq(results.credit),
            cache.start.eq(sequencer.start),
            cache.release.eq(sequencer.done),
            cache.slot.eq(sequencer.slot),
            cache.word.eq(sequencer.word),
            memory.row.eq(sequencer.row),
            memory.bank.eq(bank),
        ]

        # From what was read to sums and words; a tag follows the group's beats.
        # ----------------------------------------------------------------------
        tag = delayed(self, Cat(sequencer.first_group, bank, cache.context),
            TapCache.LATENCY + mvu.latency - early)
        self.comb += [
            *[activation.eq(data) for activation, data in zip(mvu.activations, cache.data)],
            *[lane.eq(weight) for lane, weight in zip(mvu.weights, memory.weights)],
            mvu.first.eq(delayed(self, sequencer.first, TapCache.LATENCY)),
            mvu.last.eq(delayed(self, sequencer.last, TapCache.LATENCY)),
            results.begins.eq(sequencer.begins),
            results.announced.eq(mvu.announced),
            Cat(results.first, results.tag).eq(tag),
            *[result.eq(total) for result, total in zip(results.sums, mvu.sums)],
            *[ready.eq(done) for ready, done in zip(results.done, mvu.done)],
            memory.output.eq(results.output),
            memory.bias_bank.eq(results.bank),
            results.bias.eq(memory.bias),
        ]

    def add_timing(self, layer):
        """Cycles and what they make necessary: credits, frames that wait or go round."""
        layout, pe = self.layout, self.pe
        # A group leaves through one requantiser, so it cannot be issued faster than its pe words.
        self.interval = interval = max(layout.fold, pe)
        cycles        = layout.groups*interval
        drain         = self.mvu.latency + ResultQueue.latency(pe)
        latency       = self.START_LATENCY + TapCache.LATENCY + (layout.fold - 1) + drain
        latency_last  = latency + cycles - interval + pe - 1
        self.cycles       = layer.repeat*cycles
        self.latency      = (layer.repeat - 1)*latency_last + latency
        self.latency_last = layer.repeat*latency_last

        # The strobes of beats and bus accesses under way have no reset of their own.
        self.reset_cycles = 2 + max(
            TapCache.LATENCY + self.mvu.latency, WeightMemory.BUS_LATENCY)

        # Groups in flight and one that waits keep the pipeline running.
        self.credits = 2 + ceil((drain + TapCache.LATENCY + 1 + pe)/interval)
        if layer.repeat == 1:
            # Two, so that the producer's next frame comes in while the last one waits; more where
            # the cycles from a frame's last beat to its start take more.
            self.burst         = 1
            self.pending       = max(2, ceil(self.START_LATENCY/cycles))
            self.frames_inside = 1 + self.pending + ceil(self.credits/layout.groups) + 1
        else:
            # Enough frames on their way round that one is always ready, the time included that a
            # new one takes to come in.
            turn = latency_last + layer.in_channels + 4
            self.burst = self.pending = self.frames_inside = ceil(turn/cycles)

    def delay(self, beat):
        """Cycles from a frame's last input beat to its output beat number `beat`, from 0 on."""
        return self.latency + beat//self.pe*self.interval + beat % self.pe

    def add_loop(self, out, contexts, context_bits, repeat):
        """Sends `out` round to the cache until its last pass; lets in at most `burst` at a time.

        Inside, a context is {pass, context}.
        """
        back, new = self.cache.sinks
        frames    = self.burst
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
