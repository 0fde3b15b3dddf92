# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Fold a network onto multipliers: pe and simd per layer, and what that costs, before synthesis.

Terms are FINN's (Blott et al., "FINN-R", 2018): a stage computes `pe` outputs at once from `simd`
inputs at once. Cycles and memories here are exact; tests hold them to the gateware. What synthesis
makes of the memories is an estimate (models/arch/resources.py).
"""

from dataclasses import dataclass, field, replace
from functools import cached_property
from math import ceil

from models.arch import resources
from models.arch.devices import Device
from models.arch.resources import Memory
from models.messages import either, must_be
from models.spec import Conv1DSpec, ModelError, NetworkSpec, NumberFormat

# Register stages of a Conv1D stage besides its adder tree, see gateware/wavenet/pipeline/conv1d.py:
# written, frame seen, frame started, memories read (2) | broadcast, lane, accumulator where there
# is more than one beat to add, turn where more than one sum waits, round, saturate, FIFO.
LANE_REGISTERS = {"fixed": 4, "po2": 3}
START_REGISTERS, DRAIN_REGISTERS = 3 + 2, 1 + 3


@dataclass(frozen=True)
class LayerFolding:
    """One layer on `pe` x `simd` lanes, for words of `number_format` and `contexts` streams.

    Raises ModelError unless pe and simd divide the layer's shape.
    """

    layer: Conv1DSpec
    pe: int
    simd: int
    number_format: NumberFormat = field(default_factory=NumberFormat)
    contexts: int = 1

    def __post_init__(self):
        for name, allowed in (("pe", legal_pe(self.layer)), ("simd", legal_simd(self.layer))):
            if getattr(self, name) not in allowed:
                raise ModelError(must_be(f"folding: {name}", either(allowed), getattr(self, name)))

    @property
    def lanes(self):
        """Products a cycle."""
        return self.pe * self.simd

    @property
    def shifters(self):
        """Lanes of powers of two."""
        return self.lanes if self.layer.weights == "po2" else 0

    @property
    def multipliers(self):
        """18x18 multipliers: one a lane of fixed-point weights, four above 18 bits."""
        return resources.multipliers(self.lanes - self.shifters, self.number_format.bits)

    @property
    def fold(self):
        """Cycles that a group of `pe` outputs takes for its products."""
        return self.layer.fan_in // self.simd

    @property
    def groups(self):
        return self.layer.out_channels // self.pe

    @property
    def interval(self):
        """Cycles from a group of `pe` outputs to the next: its products, or its way out."""
        return max(self.fold, self.pe)

    @property
    def cycles(self):
        """Initiation interval of the stage: cycles per frame."""
        return self.layer.repeat * self.pass_cycles

    @property
    def pass_cycles(self):
        """Cycles of one of the layer's `repeat` passes."""
        return self.groups * self.interval

    @property
    def utilisation(self):
        """Useful products over what the lanes could do in `cycles`."""
        return self.layer.macs / (self.lanes * self.cycles)

    @property
    def latency(self):
        """Cycles from a frame's last input channel to its first output channel."""
        return self.latency_last - (self._pass_latency_last - self._pass_latency)

    @property
    def latency_last(self):
        """Cycles from a frame's last input channel to its last output channel."""
        return self.layer.repeat * self._pass_latency_last

    @property
    def _drain(self):
        """Cycles from a group's last beat at the lanes to its first word in the FIFO."""
        tree = (self.simd - 1).bit_length()
        optional = (self.fold > 1) + (self.pe > 1)
        return LANE_REGISTERS[self.layer.weights] + tree + optional + DRAIN_REGISTERS

    @property
    def _pass_latency(self):
        return START_REGISTERS + self._drain + self.fold - 1

    @property
    def _pass_latency_last(self):
        return self._pass_latency + self.pass_cycles - self.interval + self.pe - 1

    @property
    def burst(self):
        """Frames on their way round a layer that repeats, so that its lanes never wait."""
        if self.layer.repeat == 1:
            return 1
        return ceil((self._pass_latency_last + self.layer.in_channels + 4) / self.pass_cycles)

    @cached_property
    def memories(self):
        """The stage's memories: weights, biases, tap cache, output FIFO. Exact, as in conv1d.py."""
        layer, bits = self.layer, self.number_format.bits
        code = 1 + bits.bit_length()  # sign, exponent
        row_bits = max((self.groups * self.fold - 1).bit_length(), 1)
        output_bits = max((layer.out_channels - 1).bit_length(), 1)
        rounds = self.contexts
        if layer.repeat > 1:
            rounds = layer.repeat << (self.contexts - 1).bit_length()
        tag_bits = 1 + max((rounds - 1).bit_length(), 1)  # bank, context
        credit = 2 + ceil((self._drain + 3 + self.pe) / self.interval)
        return (
            Memory(code, 2 << row_bits, 2, self.lanes)
            if self.shifters
            else Memory(bits, 2 << row_bits, 2, self.lanes, "block"),
            Memory(bits, 2 << output_bits, 2, 1),
            self._tap_cache(rounds),
            Memory(bits + tag_bits + 2, credit * self.pe, 1, 1, "distributed"),  # first, last
        )

    def _tap_cache(self, contexts):
        """Slots for what the taps reach and what comes in meanwhile: a power of two unless that
        takes a third more block RAM (gateware/wavenet/pipeline/tap_cache.py)."""
        layer, bits = self.layer, self.number_format.bits
        pending = max(2, ceil(3 / self.pass_cycles)) if layer.repeat == 1 else self.burst
        words = layer.in_channels // min(self.simd, layer.in_channels)
        slot = 1 << ((words - 1).bit_length() + (contexts - 1).bit_length())
        least = (layer.kernel_size - 1) * layer.dilation + 1 + pending
        rounded = 1 << (least - 1).bit_length()
        exact, padded = (Memory(bits, slots * slot, 1, self.simd) for slots in (least, rounded))
        one = [replace(memory, count=1).block_rams for memory in (exact, padded)]
        return padded if 3 * one[1] <= 4 * one[0] + 3 else exact

    @cached_property
    def block_rams(self):
        """DP16KD."""
        return sum(memory.block_rams for memory in self.memories)

    @cached_property
    def luts(self):
        """4-input LUTs: a rough estimate."""
        bits = self.number_format.bits
        return resources.luts(self.pe, self.lanes, self.shifters, bits, self.memories)


@dataclass(frozen=True)
class Folding:
    """A whole network folded: `layers` of LayerFolding, for `cycles_per_sample` clock cycles in
    which each of `contexts` streams gives a frame. `spec` is the network as it is built: without
    the unused outputs."""

    spec: NetworkSpec
    layers: tuple[LayerFolding, ...]
    cycles_per_sample: int
    contexts: int = 1
    device: Device | None = None

    @property
    def cycles(self):
        """Initiation interval of the network: its slowest stage, or its input's serial channels."""
        return max(self.spec.in_channels, *(layer.cycles for layer in self.layers))

    @property
    def latency(self):
        """Cycles from a frame's last input channel to its first output channel, idle core."""
        return sum(layer.latency_last for layer in self.layers[:-1]) + self.layers[-1].latency

    @property
    def lanes(self):
        return sum(layer.lanes for layer in self.layers)

    @property
    def multipliers(self):
        return sum(layer.multipliers for layer in self.layers)

    @property
    def shifters(self):
        return sum(layer.shifters for layer in self.layers)

    @property
    def block_rams(self):
        """DP16KD."""
        return sum(layer.block_rams for layer in self.layers)

    @property
    def luts(self):
        """4-input LUTs: a rough estimate."""
        return sum(layer.luts for layer in self.layers)

    @property
    def utilisation(self):
        """Useful products over what all lanes could do in `cycles`."""
        return self.spec.macs_per_sample / (self.lanes * self.cycles)

    def __str__(self):
        return " ".join(f"{fold.pe}x{fold.simd}" for fold in self.layers)

    def table(self):
        """The plan as text: one line per layer, then the network, then the device's share."""
        columns = (
            ("mult", 6),
            ("shift", 7),
            ("cycles", 8),
            ("latency", 9),
            ("used", 7),
            ("BRAM", 7),
        )
        head = f"{'layer':<22}{'pe':>4}{'simd':>6}"
        lines = [head + "".join(f"{name:>{width}}" for name, width in columns)]

        def row(cost):
            return (
                f"{cost.multipliers:>6}{cost.shifters:>7}{cost.cycles:>8}{cost.latency:>9}"
                f"{cost.utilisation:>7.0%}{cost.block_rams:>7}"
            )

        for index, fold in enumerate(self.layers):
            layer = fold.layer
            shape = f"{layer.in_channels}->{layer.out_channels} K{layer.kernel_size}"
            shape += f" D{layer.dilation}" + (f" x{layer.repeat}" if layer.repeat > 1 else "")
            lines.append(f"{f'{index}: {shape}':<22}{fold.pe:>4}{fold.simd:>6}{row(fold)}")
        lines.append(f"{'network':<32}{row(self)}")
        turns = f"{self.contexts} x " if self.contexts > 1 else ""
        lines.append(
            f"{turns}{self.cycles} of {self.cycles_per_sample} cycles per sample, "
            f"{self.spec.macs_per_sample} multiplications, {self.spec.parameters} parameters"
        )
        if self.device:
            shares = (
                f"{getattr(self, name)} of {getattr(self.device, name)} {text}"
                for name, text in (
                    ("multipliers", "multipliers"),
                    ("block_rams", "block RAMs"),
                    ("luts", "LUTs*"),
                )
            )
            lines.append(f"{self.device.name}: {', '.join(shares)}")
            lines.append("* an estimate, before synthesis")
        return "\n".join(lines)


def _divisors(number):
    return [n for n in range(1, number + 1) if number % n == 0]


def legal_pe(layer):
    """Every pe this layer can be folded to, ascending."""
    return _divisors(layer.out_channels)


def legal_simd(layer):
    """Every simd: some inputs of one tap at once, or all inputs of some taps."""
    whole_taps = [layer.in_channels * n for n in _divisors(layer.kernel_size)]
    return sorted(set(_divisors(layer.in_channels) + whole_taps))
