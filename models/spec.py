# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The one description of a network that everything else reads: shapes, number format, weights."""

import json
import re
import zlib
from dataclasses import asdict, dataclass, field, fields, replace
from itertools import pairwise

import numpy as np

from models import npz
from models.corners import corners_of
from models.files import FileError, written_whole
from models.messages import must_be
from models.number_format import ModelError, NumberFormat, check_choice, check_int, shown

WEIGHT_KINDS = ("fixed", "po2")
NAME = r"[A-Za-z0-9._-]{1,40}"  # goes into the firmware and file names
MAX_SAMPLE_RATE = 10_000_000  # Hz; a resampled WAV would not fit any memory far above

# What a description may ask of whoever computes it, far above any FPGA: a file of a few bytes could
# otherwise take all memory, or for ever.
MAX_LAYERS = 128
MAX_CHANNELS = 4096
MAX_TAPS = 4096
MAX_DILATION = 1 << 20
MAX_REPEAT = 1024
MAX_MACS = 1 << 22  # multiplications per sample; the largest net of the zoo has 70,912
MAX_HISTORY = 1 << 22  # words that all layers together keep of the past
FILE_BYTES = 32 << 20  # of a model file, unpacked


@dataclass(frozen=True)
class Conv1DSpec:
    """One causal dilated convolution; kernel_size=1 is a 1x1 convolution.

    `weights`: "fixed" numbers or "po2" (each a single power of two, or zero).
    `repeat`: how many times the same weights run one after the other, each pass with its own
    history.
    """

    in_channels: int
    out_channels: int
    kernel_size: int = 1
    dilation: int = 1
    relu: bool = True
    weights: str = "fixed"
    repeat: int = 1

    def __post_init__(self):
        for name, most in (
            ("in_channels", MAX_CHANNELS),
            ("out_channels", MAX_CHANNELS),
            ("kernel_size", MAX_TAPS),
            ("dilation", MAX_DILATION),
            ("repeat", MAX_REPEAT),
        ):
            check_int("layer", name, getattr(self, name), 1, most)
        if not isinstance(self.relu, bool):
            raise ModelError(must_be("layer: relu", "true or false", shown(self.relu)))
        check_choice("layer", "weights", self.weights, WEIGHT_KINDS)
        if self.repeat > 1 and self.in_channels != self.out_channels:
            raise ModelError(
                f"layer: repeat {self.repeat} needs as many outputs as inputs, "
                f"not {self.in_channels} -> {self.out_channels}"
            )

    @property
    def fan_in(self):
        return self.kernel_size * self.in_channels

    @property
    def macs(self):
        """Multiplications a sample."""
        return self.fan_in * self.out_channels * self.repeat

    @property
    def parameters(self):
        return self.fan_in * self.out_channels + self.out_channels

    @property
    def history(self):
        """How many samples before the newest one the layer reads."""
        return (self.kernel_size - 1) * self.dilation * self.repeat


@dataclass(frozen=True)
class NetworkSpec:
    """A chain of convolutions, its number format and the sample rate (Hz) it was made for."""

    layers: tuple[Conv1DSpec, ...]
    number_format: NumberFormat = field(default_factory=NumberFormat)
    sample_rate: int = 192_000
    name: str = "network"

    def __post_init__(self):
        object.__setattr__(self, "layers", tuple(self.layers))
        if not self.layers:
            raise ModelError("network: must have at least 1 layer, got 0")
        check_int("network", "number of layers", len(self.layers), 1, MAX_LAYERS)
        check_int("network", "sample_rate", self.sample_rate, 1, MAX_SAMPLE_RATE)
        if not isinstance(self.name, str) or not re.fullmatch(NAME, self.name):
            raise ModelError(
                must_be(
                    "network: name",
                    "1 to 40 letters, digits, dots, dashes and underscores",
                    shown(self.name),
                )
            )
        for index, (a, b) in enumerate(pairwise(self.layers)):
            if a.out_channels != b.in_channels:
                raise ModelError(
                    f"network: layer {index} gives {a.out_channels} channels, "
                    f"layer {index + 1} takes {b.in_channels}; they must be equal"
                )
        check_int("network", "multiplications per sample", self.macs_per_sample, 1, MAX_MACS)
        words = sum(layer.history * layer.in_channels for layer in self.layers)
        check_int("network", "words of history", words, 0, MAX_HISTORY)

    @property
    def in_channels(self):
        return self.layers[0].in_channels

    @property
    def out_channels(self):
        return self.layers[-1].out_channels

    @property
    def receptive_field(self):
        """Number of input samples that one output sample depends on, itself included."""
        return 1 + sum(layer.history for layer in self.layers)

    @property
    def macs_per_sample(self):
        return sum(layer.macs for layer in self.layers)

    @property
    def parameters(self):
        return sum(layer.parameters for layer in self.layers)

    def narrowed(self, outputs):
        """This network with only its first `outputs` output channels; the others feed nothing.

        Raises ModelError for a count outside 1 to out_channels, and where the last layer repeats:
        each of its passes takes all channels.
        """
        check_int("network", "outputs", outputs, 1, self.out_channels)
        last = self.layers[-1]
        if outputs < self.out_channels and last.repeat > 1:
            raise ModelError(
                f"network: outputs must be {self.out_channels} since the last layer repeats, "
                f"got {outputs}"
            )
        return replace(self, layers=(*self.layers[:-1], replace(last, out_channels=outputs)))

    def topology(self):
        """Layer shapes and number format as canonical JSON: what a weight image must match."""
        shape = {
            "layers": [asdict(layer) for layer in self.layers],
            "number_format": asdict(self.number_format),
        }
        return json.dumps(shape, sort_keys=True, separators=(",", ":"))

    @property
    def fingerprint(self):
        """CRC-32 of `topology()`; two nets with the same fingerprint can swap weights."""
        return zlib.crc32(self.topology().encode())

    def to_dict(self):
        return asdict(self)

    @classmethod
    def from_dict(cls, data):
        try:
            data = dict(data)
            layers = tuple(from_fields(Conv1DSpec, layer) for layer in data.pop("layers"))
            number_format = from_fields(NumberFormat, data.pop("number_format"))
            return from_fields(cls, dict(data, layers=layers, number_format=number_format))
        except (KeyError, TypeError, AttributeError) as error:
            raise ModelError(f"network description is incomplete: {error}") from error


def from_fields(cls, data):
    """cls(**data), a dataclass from what a file says. Raises ModelError for a field it lacks."""
    unknown = set(data) - {f.name for f in fields(cls) if f.init}
    if unknown:
        raise ModelError(f"{cls.__name__}: unknown field {shown(sorted(unknown)[0])}")
    return cls(**data)


class Model:
    """A network with its weights.

    spec:    NetworkSpec
    weights: per layer (kernel[tap, in, out], bias[out]), integers in the spec's number format;
             tap K-1 is the newest sample, as in Keras's causal Conv1D
    meta:    facts of the training, JSON-serialisable

    Raises ModelError when shapes do not fit the spec, values leave the number format, or a "po2"
    layer holds a weight that is not a power of two.
    """

    def __init__(self, spec, weights, meta=None):
        self.spec = spec
        self.meta = dict(meta or {})
        if len(weights) != len(spec.layers):
            raise ModelError(f"model: {len(weights)} weight pairs for {len(spec.layers)} layers")
        self.weights = [
            self._checked(index, layer, *pair)
            for index, (layer, pair) in enumerate(zip(spec.layers, weights, strict=True))
        ]

    def _checked(self, index, layer, kernel, bias):
        wanted = {
            "kernel": (layer.kernel_size, layer.in_channels, layer.out_channels),
            "bias": (layer.out_channels,),
        }
        low, high = self.spec.number_format.min, self.spec.number_format.max
        checked = []
        for (name, shape), values in zip(wanted.items(), (kernel, bias), strict=True):
            values = np.asarray(values)
            if values.dtype.kind not in "iu":
                raise ModelError(f"layer {index}: {name} must hold integers, got {values.dtype}")
            if values.shape != shape:
                raise ModelError(
                    f"layer {index}: {name}: shape must be {shape}, got {values.shape}"
                )
            if values.min() < low or values.max() > high:
                raise ModelError(
                    f"layer {index}: {name} must be {low} to {high}, got {values.min()} to "
                    f"{values.max()}"
                )
            checked.append(values.astype(np.int64))
        magnitude = np.abs(checked[0])
        if layer.weights == "po2" and (magnitude & (magnitude - 1)).any():
            raise ModelError(f"layer {index}: the weights of a po2 kernel must be powers of two")
        return tuple(checked)

    @property
    def corners(self):
        """{name: (e0, e1)} of its waves on the embedding plane. Raises ModelError."""
        return corners_of(self.meta)

    def narrowed(self, outputs):
        """This model with only its first `outputs` output channels, see NetworkSpec.narrowed."""
        spec = self.spec.narrowed(outputs)
        kernel, bias = self.weights[-1]
        last = (kernel[:, :, :outputs], bias[:outputs])
        return Model(spec, [*self.weights[:-1], last], self.meta)

    def save(self, path):
        """Write an .npz (no pickles). The file appears whole or not at all. Raises FileError."""
        arrays = {"spec": np.array(json.dumps(self.spec.to_dict(), sort_keys=True))}
        arrays["meta"] = np.array(json.dumps(self.meta, sort_keys=True))
        for index, (kernel, bias) in enumerate(self.weights):
            arrays[f"kernel{index}"] = kernel.astype(np.int32)
            arrays[f"bias{index}"] = bias.astype(np.int32)
        with written_whole(path) as partial, open(partial, "wb") as file:
            np.savez_compressed(file, **arrays)

    @classmethod
    def load(cls, path):
        """Read an .npz written by `save`, of any origin: its size and what it asks for are bounded.
        Raises ModelError with one line that names the reason."""
        try:
            data = npz.read(path, FILE_BYTES)
        except FileError as error:
            raise ModelError(str(error)) from error
        try:
            for name in ("meta", "spec"):
                if name not in data:
                    raise ModelError(f"not a model: {name!r} is missing")
            described = npz.read_json(data["spec"])
            if isinstance(described, dict) and "version" in described:
                from models.graph.files import load_chain

                return load_chain(path)
            spec = NetworkSpec.from_dict(described)
            meta = npz.read_json(data["meta"])
            if not isinstance(meta, dict):
                raise ModelError(f"not a model: meta is {shown(meta)}, not a JSON object")
            pairs = [(data[f"kernel{i}"], data[f"bias{i}"]) for i in range(len(spec.layers))]
            return cls(spec, pairs, meta)
        except ModelError as error:
            text = str(error)
            raise ModelError(text if text.startswith(f"{path}: ") else f"{path}: {text}") from None
        except KeyError as error:
            raise ModelError(f"{path}: not a model: {error} is missing") from error
        except (ValueError, TypeError) as error:  # of JSON, and of the numbers in it
            raise ModelError(f"{path}: not a model: {str(error).splitlines()[0]}") from error
