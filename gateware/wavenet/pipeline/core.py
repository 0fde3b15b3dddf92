# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

from migen import *

from litex.gen import *

from litex.soc.interconnect import stream, wishbone

from gateware.layouts import frame_layout
from gateware.primitives import check_primitives
from gateware.wavenet.pipeline.conv1d import Conv1D
from gateware.wavenet.mvu import delayed
from gateware.wavenet.weight_memory import WeightMemory, any_of

# WaveNet Core -------------------------------------------------------------------------------------

class WaveNetCore(LiteXModule):
    """A quantised causal WaveNet as a dataflow pipeline, one stage per layer, all at work at once.

        sink --> Conv1D --> Conv1D --> ... --> source

    spec    : layers and number_format (see models/spec.py)
    folding : layers[i].pe, .simd and .layer, the layer as it is built: spec's own, or for the last
              one spec's with fewer out_channels, the first ones (see models/arch/planner.py)
    contexts: independent streams (voices) through the same hardware, one frame after the other in
              any order, each with its own history; a frame's tag tells which
    weights : per layer (kernel[tap][in][out], bias[out]) integers, the ROM contents of both banks
    sink, source : frame_layout(bits, contexts), flow-controlled; `bank` and `context` on the sink
                   must be steady in a frame, every layer computes that frame with that bank
    primitives : "inferred" or "ecp5" (see gateware/primitives.py), the same cycles
    patchable  : see WeightMemory
    bus     : Wishbone window on the parameters, one 16-bit parameter in a 32-bit word, word address
              {layer, lane, bank, row} (WeightLayout); reads are sign-extended
    saturations : per layer, output words that were clipped
    cycles_used : cycles that the slowest layer took for its last frame
    in_channels, out_channels, bits, contexts : of the frames
    warm_up : frames until nothing is left of what a context heard before, the receptive field
    frames_inside : frames, at most, that have begun to come in and have not left whole
    interval_most : cycles, at most, from the answer to a frame to that to the one right behind it

    Initiation interval: self.cycles, the slowest stage's. Latency: self.latency cycles from a
    frame's last input beat to its first output beat in an idle core.
    Reset: for at least self.reset_cycles cycles, in which what is under way runs out; memories, and
    with them the histories, keep what they hold.
    Raises ValueError for foldings that do not fit and for less than one context.
    """
    def __init__(self, spec, folding, weights, contexts=1, primitives="inferred", patchable=False):
        fmt = spec.number_format
        check_primitives(primitives)
        if not (len(spec.layers) == len(folding.layers) == len(weights)):
            raise ValueError(f"{len(spec.layers)} layers, {len(folding.layers)} foldings and "
                f"{len(weights)} weight pairs: they must be equally many")

        if contexts < 1:
            raise ValueError(f"contexts must be at least 1, got {contexts}")

        self.sink   = stream.Endpoint(frame_layout(fmt.bits, contexts))
        self.source = stream.Endpoint(frame_layout(fmt.bits, contexts))
        self.bits   = fmt.bits

        self.in_channels  = spec.layers[0].in_channels
        self.out_channels = folding.layers[-1].layer.out_channels
        self.contexts     = contexts
        self.warm_up      = spec.receptive_field

        # # #

        # Pipeline.
        # ---------
        self.stages = []
        for index, (fold, (kernel, bias)) in enumerate(zip(folding.layers, weights)):
            self.check_layer(index, spec.layers, fold.layer)
            outputs = fold.layer.out_channels
            try:
                stage = Conv1D(fold.layer, fmt, fold.pe, fold.simd, kernel[:, :, :outputs],
                    bias[:outputs], contexts, primitives, patchable)
            except ValueError as error:
                raise ValueError(f"layer {index}: {error}") from None
            self.add_module(f"stage{index}", stage)
            self.stages.append(stage)
        self.pipeline = stream.Pipeline(self.sink, *self.stages, self.source)

        self.cycles  = max([stage.cycles for stage in self.stages] + [self.in_channels])
        self.latency = self.stages[-1].latency + sum(
            stage.latency_last for stage in self.stages[:-1])
        # A frame whose passes wait for those of the one before does so in every layer that repeats.
        self.interval_most = self.cycles + sum(
            stage.cycles for stage in self.stages if stage.repeat > 1)
        self.reset_cycles  = max(stage.reset_cycles for stage in self.stages)
        self.frames_inside = sum(stage.frames_inside for stage in self.stages)

        # Parameters.
        # -----------
        self.window_bits = max(stage.layout.address_bits for stage in self.stages)
        self.layer_bits  = bits_for(len(self.stages) - 1)
        self.bus         = wishbone.Interface(data_width=32, addressing="word")
        self.add_bus()

        # Counters.
        # ---------
        self.saturations = [Signal(32) for _ in self.stages]
        self.cycles_used = Signal(16)
        self.add_counters()

    @staticmethod
    def check_layer(index, layers, built):
        for name in ("in_channels", "kernel_size", "dilation", "relu", "weights", "repeat"):
            value, wanted = getattr(built, name), getattr(layers[index], name)
            if value != wanted:
                raise ValueError(f"layer {index}: folded {name} must be {wanted}, got {value}")
        most  = layers[index].out_channels
        least = 1 if index == len(layers) - 1 else most
        if not least <= built.out_channels <= most:
            raise ValueError(f"layer {index}: folded out_channels must be {least} to {most}, "
                f"got {built.out_channels}")

    @property
    def bus_bits(self):
        """Bits of a word address in the window on the parameters."""
        return self.window_bits + self.layer_bits

    def layer_of(self, address):
        return address[self.window_bits:self.bus_bits]

    def bank_of(self, address):
        """The bank of a word address in the window: another bit of it in each layer."""
        layer = self.layer_of(address)
        return any_of([(layer == index) & address[stage.layout.row_bits]
            for index, stage in enumerate(self.stages)])

    def delay(self, beat):
        """Cycles from a frame's last input beat to its output beat number `beat`, from 0 on, in an
        idle core whose source is ready."""
        last = self.stages[-1]
        return self.latency + last.delay(beat) - last.delay(0)

    def add_bus(self):
        """Registers on the way to the memories and back, since they are all over the chip."""
        bus      = self.bus
        begin    = Signal()
        pending  = Signal()
        address  = Signal.like(bus.adr, reset_less=True)
        data     = Signal(self.bits, reset_less=True)
        write    = Signal()
        layer    = self.layer_of(address)
        self.comb += begin.eq(bus.cyc & bus.stb & ~pending)
        self.sync += [
            If(begin,
                address.eq(bus.adr),
                data.eq(bus.dat_w),
            ),
            write.eq(begin & bus.we & bus.sel[0]),
            pending.eq((pending | begin) & ~bus.ack),
            bus.ack.eq(delayed(self, begin, 1 + WeightMemory.BUS_LATENCY)),
        ]
        for index, stage in enumerate(self.stages):
            memory = stage.memory
            self.comb += [
                memory.bus_adr.eq(address),
                memory.bus_dat_w.eq(data),
                memory.bus_select.eq(layer == index),
                memory.bus_we.eq(write & (layer == index)),
            ]
        word = Signal(self.bits, reset_less=True)
        self.sync += word.eq(any_of([stage.memory.bus_dat_r for stage in self.stages]))
        self.comb += bus.dat_r.eq(Cat(word, Replicate(word[-1], 32 - len(word))))

    def add_counters(self):
        self.sync += [If(stage.saturated, count.eq(count + 1))
            for stage, count in zip(self.stages, self.saturations)]
        # A layer that repeats has used its last cycle when its last pass is done.
        slowest = max(self.stages, key=lambda stage: stage.cycles)
        done    = slowest.frame_done
        if slowest.repeat > 1:
            passes = Signal(max=slowest.repeat)
            done   = slowest.frame_done & (passes == (slowest.repeat - 1))
            self.sync += If(slowest.frame_done, passes.eq(Mux(done, 0, passes + 1)))
        count = Signal(16, reset=1)
        self.sync += [
            If(done,
                self.cycles_used.eq(count),
                count.eq(1),
            ).Elif(slowest.busy,
                count.eq(count + 1),
            ),
        ]
