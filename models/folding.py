"""Fold a network onto multipliers: pe and simd per layer, and what that costs, before synthesis.

Terms are FINN's (Blott et al., "FINN-R", 2018): a stage computes `pe` outputs at once from `simd`
inputs at once. The cycle counts here are exact; tests hold them to the simulated gateware.
"""

from dataclasses import dataclass
from math import ceil, log2

from models.spec import Conv1DSpec, ModelError, NetworkSpec

# Register stages of a Conv1D stage besides its adder tree, counted in gateware/wavenet/conv1d.py:
# frame seen, frame started, memories read | lane, accumulator | done, round, saturate, FIFO.
LANE_REGISTERS = {"fixed": 2, "po2": 3}
STAGE_REGISTERS = 3 + 1 + 4


@dataclass(frozen=True)
class LayerFolding:
    """One layer on `pe` x `simd` multipliers. Raises ModelError unless they divide its shape."""

    layer: Conv1DSpec
    pe: int
    simd: int

    def __post_init__(self):
        for name, allowed in (("pe", legal_pe(self.layer)), ("simd", legal_simd(self.layer))):
            if getattr(self, name) not in allowed:
                raise ModelError(
                    f"folding: {name} {getattr(self, name)} is not allowed: "
                    f"{', '.join(map(str, allowed))}"
                )

    @property
    def lanes(self):
        """Products a cycle."""
        return self.pe * self.simd

    @property
    def multipliers(self):
        """Lanes of fixed-point weights; powers of two take shifters."""
        return self.lanes if self.layer.weights == "fixed" else 0

    @property
    def interval(self):
        """Cycles from a group of `pe` outputs to the next: its products, or its way out."""
        return max(self.layer.fan_in // self.simd, self.pe)

    @property
    def cycles(self):
        """Initiation interval of the stage: cycles a frame."""
        return self.layer.repeat * self.pass_cycles

    @property
    def pass_cycles(self):
        """Cycles of one of the layer's `repeat` passes."""
        return self.layer.out_channels // self.pe * self.interval

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
    def _pass_latency(self):
        registers = STAGE_REGISTERS + LANE_REGISTERS[self.layer.weights] + ceil(log2(self.simd))
        return registers + self.layer.fan_in // self.simd - 1

    @property
    def _pass_latency_last(self):
        return self._pass_latency + self.pass_cycles - self.interval + self.pe - 1


@dataclass(frozen=True)
class Folding:
    """A whole network folded: `layers` of LayerFolding, for `cycles_per_sample` clock cycles."""

    spec: NetworkSpec
    layers: tuple[LayerFolding, ...]
    cycles_per_sample: int

    @property
    def cycles(self):
        """Initiation interval of the network: its slowest stage, or its input's serial channels."""
        return max(self.spec.in_channels, *(layer.cycles for layer in self.layers))

    @property
    def latency(self):
        """Cycles from a frame's last input channel to its first output channel, idle core."""
        return sum(layer.latency_last for layer in self.layers[:-1]) + self.layers[-1].latency

    @property
    def multipliers(self):
        return sum(layer.multipliers for layer in self.layers)

    @property
    def utilisation(self):
        """Useful products over what all lanes could do in `cycles`."""
        return self.spec.macs_per_sample / (sum(fold.lanes for fold in self.layers) * self.cycles)

    def __str__(self):
        return " ".join(f"{fold.pe}x{fold.simd}" for fold in self.layers)

    def table(self):
        """The plan as text: one line a layer, then the network."""
        head = f"{'layer':<22}{'pe':>4}{'simd':>6}{'mult':>6}{'cycles':>8}{'latency':>9}{'used':>7}"
        lines = [head]
        for index, fold in enumerate(self.layers):
            layer = fold.layer
            shape = f"{layer.in_channels}->{layer.out_channels} K{layer.kernel_size}"
            lines.append(
                f"{index}: {shape + f' D{layer.dilation}':<19}{fold.pe:>4}{fold.simd:>6}"
                f"{fold.multipliers:>6}{fold.cycles:>8}{fold.latency:>9}{fold.utilisation:>7.0%}"
            )
        lines.append(
            f"{'network':<32}{self.multipliers:>6}{self.cycles:>8}{self.latency:>9}"
            f"{self.utilisation:>7.0%}"
        )
        lines.append(
            f"{self.cycles} of {self.cycles_per_sample} cycles a sample, "
            f"{self.spec.macs_per_sample} multiplications, {self.spec.parameters} parameters"
        )
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


def plan(spec, cycles_per_sample):
    """Fewest multipliers that take a sample every `cycles_per_sample` cycles.

    Among equals a layer gets the fewest cycles, then the smallest pe: a second accumulator costs
    more logic than a second input. Raises ModelError when no folding is fast enough.
    """
    if spec.in_channels > cycles_per_sample:
        raise ModelError(
            f"plan: {spec.in_channels} input channels need {spec.in_channels} cycles a sample, "
            f"{cycles_per_sample} are there"
        )
    layers = []
    for index, layer in enumerate(spec.layers):
        options = [
            LayerFolding(layer, pe, simd) for pe in legal_pe(layer) for simd in legal_simd(layer)
        ]
        fitting = [option for option in options if option.cycles <= cycles_per_sample]
        if not fitting:
            fastest = min(option.cycles for option in options)
            raise ModelError(
                f"plan: layer {index} needs at least {fastest} cycles a sample, "
                f"{cycles_per_sample} are there"
            )
        layers.append(min(fitting, key=lambda f: (f.lanes, f.cycles, f.pe)))
    return Folding(spec, tuple(layers), cycles_per_sample)
