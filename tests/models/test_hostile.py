# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Small files that ask for a lot: one line, exit status 2, 256 MB at most, for every command."""

import json
import os
import zipfile

import h5py
import numpy as np
import pytest
import soundfile

from models.keras.reading.file import read_graph
from models.sound import wav
from models.spec import Model, ModelError
from tests.support import hostile
from tests.support.hostile import refusals


@pytest.fixture
def room(tmp_path, monkeypatch):
    """A working directory with a model m.npz and a wave w.wav."""
    monkeypatch.chdir(tmp_path)
    np.savez("m.npz", **hostile.arrays_of())
    soundfile.write("w.wav", np.zeros(3000), 192_000)
    return tmp_path


COMMANDS = {
    "render": ["render", "BAD", "w.wav", "o.wav"],
    "plan": ["plan", "BAD"],
    "image": ["image", "BAD"],
    "fit": ["image", "m.npz", "--fit", "BAD"],
    "examples": ["examples", "BAD"],
    "zoo": ["zoo", "BAD"],
    "evaluate": ["evaluate", "BAD"],
}


def commands_with(path, names=COMMANDS):
    return [[str(path) if word == "BAD" else word for word in COMMANDS[name]] for name in names]


def test_a_bomb_is_refused_by_every_command(room):
    """4 MB that unpack to 4 GB."""
    path = hostile.bomb(room / "bad.npz", "kernel0.npy", 4095, hostile.npy_header((4095 << 18,)))
    assert path.stat().st_size < 5 << 20
    lines = refusals("models.__main__", commands_with(path))
    for line, (name, *_) in zip(lines, COMMANDS.values(), strict=True):
        assert line.startswith(f"python3 -m models {name}: error: {path}: must unpack to at most ")
        assert "at most 33554432 bytes, got 42939" in line
    assert {file.name for file in room.iterdir()} == {"bad.npz", "m.npz", "w.wav"}


NUMBERS = {
    "dilation": (dict(dilation=10**9), "layer: dilation must be 1 to 1048576, got 1000000000"),
    "repeat": (
        dict(in_channels=16, repeat=10**9),
        "layer: repeat must be 1 to 1024, got 1000000000",
    ),
    "long number": (dict(dilation=10**4000), "layer: dilation must be 1 to 1048576, got 1000"),
    "taps": (dict(kernel_size=10**6), "layer: kernel_size must be 1 to 4096, got 1000000"),
    "channels": (dict(in_channels=10**6), "layer: in_channels must be 1 to 4096, got 1000000"),
    "history": (
        dict(dilation=10**6),
        "network: words of history must be 0 to 4194304, got 12000960",
    ),
    "name": (
        dict(name="x" * 10**6),
        "network: name must be 1 to 40 letters, digits, dots, dashes and underscores, got 'xxxx",
    ),
    "layers": (dict(layers=[[]] * 10**5), "network description is incomplete"),
    "not a number": (
        dict(sample_rate=float("nan")),
        "network: sample_rate must be a whole number, got nan",
    ),
    "unknown": (dict([("y" * 10**6, 1)]), "NetworkSpec: unknown field 'yyy"),
}


def test_numbers_that_would_take_all_memory(room):
    commands, wanted = [], []
    for index, (changes, message) in enumerate(NUMBERS.values()):
        path = hostile.model_with(room / f"{index}.npz", **changes)
        commands += commands_with(path, ["render", "plan", "fit"])
        wanted += 3 * [f"error: {path}: {message}"]
    for line, message in zip(refusals("models.__main__", commands), wanted, strict=True):
        assert message in line


def test_the_sum_of_what_is_allowed_is_limited(room):
    """Each layer is within its limits, all of them together are not."""
    arrays = hostile.arrays_of()
    spec = json.loads(str(arrays["spec"]))
    layer = spec["layers"][1]
    spec["layers"][1:2] = [dict(layer, repeat=1024) for _ in range(20)]
    arrays["spec"] = np.array(json.dumps(spec))
    np.savez("bad.npz", **arrays)
    with pytest.raises(
        ModelError, match="^bad.npz: network: multiplications per sample must be .*, got 20972032"
    ):
        Model.load("bad.npz")
    spec["layers"][1:21] = [layer] * 1000
    arrays["spec"] = np.array(json.dumps(spec))
    np.savez("bad.npz", **arrays)
    with pytest.raises(
        ModelError, match="^bad.npz: network: number of layers must be .*, got 1002"
    ):
        Model.load("bad.npz")


def object_array(path):
    np.savez(path, **hostile.arrays_of() | {"kernel0": np.array([{}, 1], dtype=object)})


def huge_shape(path):
    data = hostile.npy_header((1 << 30, 1 << 10)) + bytes(64)
    hostile.zip_of(path, {"spec.npy": data, "meta.npy": data})


def torn(path):
    path.write_bytes((path.parent / "m.npz").read_bytes()[:-500])


def nested(path):
    np.savez(path, **hostile.arrays_of() | {"spec": np.array(hostile.nested())})


def nested_meta(path):
    np.savez(path, **hostile.arrays_of() | {"meta": np.array('{"a":' * 50_000)})


def many_members(path):
    with zipfile.ZipFile(path, "w") as archive:
        for index in range(30_000):
            archive.writestr(f"a{index}.npy", b"")


def other_compression(path):
    hostile.zip_of(path, {"spec.npy": bytes(1 << 20), "meta.npy": b""}, zipfile.ZIP_LZMA)


def long_header(path):
    data = hostile.npy_header(tuple(range(5000)))
    hostile.zip_of(path, {"spec.npy": data, "meta.npy": data})


def lying_size(path):
    """Unpacks to more than the zip says: what is read ends where it says."""
    np.savez_compressed(path, kernel0=np.zeros(10 << 20, np.int32))
    data = bytearray(path.read_bytes())
    at = data.rfind(b"PK\1\2")
    data[at + 24 : at + 28] = (200).to_bytes(4, "little")
    path.write_bytes(data)


def large(path):
    with open(path, "wb") as file:
        file.truncate(8 << 30)  # without any block


def zeros(path):
    path.symlink_to("/dev/zero")


def fifo(path):
    os.mkfifo(path)


def folder(path):
    path.mkdir()


MODELS = {
    object_array: "not a readable .npz: must hold plain arrays, got pickled objects, which are "
    "never loaded",
    huge_shape: "array 'spec' of shape (1073741824, 1024) must have 4398046511104 bytes, got 64",
    torn: "not a readable .npz: File is not a zip file",
    nested: "not a model: JSON that is nested too deeply",
    nested_meta: "not a model: JSON that is nested too deeply",
    many_members: "must hold at most 4096 files",
    other_compression: "compression must be deflate or none, got 14",
    long_header: "not a readable .npz: Header info length",
    lying_size: "not a readable .npz: Bad CRC-32 for file 'kernel0.npy'",
    large: "must have at most 33554432 bytes, got 8589934592",
    zeros: "is a device or a pipe, not a file",
    fifo: "is a device or a pipe, not a file",
    folder: "is a folder, not a file",
}


def test_models_that_are_none(room):
    commands = []
    for index, make in enumerate(MODELS):
        make(room / f"{index}.npz")
        commands.append(["render", f"{index}.npz", "w.wav", "o.wav"])
    lines = refusals("models.__main__", commands)
    for index, (line, message) in enumerate(zip(lines, MODELS.values(), strict=True)):
        assert line.startswith(f"python3 -m models render: error: {index}.npz: {message}")
    assert not list(room.glob("o.*"))


def endless_flac(path):
    """Silence packs 5,000 times in FLAC."""
    block = np.zeros(1 << 20, np.int16)
    with soundfile.SoundFile(path, "w", 48_000, 4, "PCM_16", format="FLAC") as file:
        for _ in range(64):
            file.write(np.zeros((len(block), 4), np.int16))


def of_rate(rate):
    return lambda path: hostile.wav(path, rate=rate)


ALLOWED = "WAV, FLAC or AIFF with PCM or float samples"
SOUNDS = {
    "1 Hz": (of_rate(1), "the sample rate must be 1000 to 10000000 Hz, got 1"),
    "0 Hz": (of_rate(0), "the sample rate must be 1000 to 10000000 Hz, got 0"),
    "4 GHz": (of_rate(2**32 - 1), "is damaged: "),
    "1 kHz": (of_rate(1000), "2000 s of 1 channels are too long: at most 699 s at 192000 Hz"),
    "channels": (
        lambda path: hostile.wav(path, channels=1024),
        "must have 1 to 4 channels, got 1024",
    ),
    "all channels": (lambda path: hostile.wav(path, channels=65535), "is damaged: "),
    "no channel": (lambda path: hostile.wav(path, channels=0), "must have 1 to 4 channels, got 0"),
    "flac": (endless_flac, "1398 s of 4 channels are too long: at most 175 s at 192000 Hz"),
    "mp3 in wav": (lambda path: hostile.wav(path, tag=0x55), f"must be {ALLOWED}, got WAV of MP3"),
    "adpcm": (
        lambda path: soundfile.write(path, np.zeros(999), 48_000, "IMA_ADPCM", format="WAV"),
        f"must be {ALLOWED}, got WAV of IMA_ADPCM",
    ),
    "mp3": (
        lambda path: soundfile.write(path, np.zeros(48_000), 48_000, format="MP3"),
        f"must be {ALLOWED}, got MP3",
    ),
    "empty": (lambda path: path.touch(), "is empty"),
    "model": (
        lambda path: np.savez(path.open("wb"), **hostile.arrays_of()),
        f"must be {ALLOWED}, got another kind of file",
    ),
    "large": (large, f"must be {ALLOWED}, got another kind of file"),
    "zeros": (zeros, "is a device or a pipe, not a file"),
    "fifo": (fifo, "is a device or a pipe, not a file"),
    "folder": (folder, "is a folder, not a file"),
}


def test_sounds_that_are_none(room):
    commands = []
    for index, (make, _) in enumerate(SOUNDS.values()):
        make(room / f"{index}.wav")
        commands.append(["render", "m.npz", f"{index}.wav", "o.wav"])
    lines = refusals("models.__main__", commands)
    for index, (line, (_, message)) in enumerate(zip(lines, SOUNDS.values(), strict=True)):
        assert line.startswith(f"python3 -m models render: error: {index}.wav: {message}")
    assert not list(room.glob("o.*"))


def test_a_header_that_promises_more_than_there_is(room):
    """4 GB are announced, 1000 samples are there: these are read."""
    path = hostile.wav(room / "a.wav", data=bytes(2000), said=2**32 - 1, rate=192_000)
    assert wav.read(path, 192_000).shape == (1000, 1)


# Keras --------------------------------------------------------------------------------------------


def keras_bomb(path):
    hostile.bomb(path, "config.json", 4095)


def keras_weights_bomb(path):
    hostile.bomb(path, "model.weights.h5", 4095)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("config.json", "{}")


def keras_nested(path):
    hostile.zip_of(path, {"config.json": hostile.nested().encode(), "model.weights.h5": b""})


def _h5(path, add):
    """A .h5 of one Conv1D whose kernel `add`(group) makes."""
    conv = {"name": "c", "kernel_size": [2], "dilation_rate": [1], "padding": "causal"}
    layers = [{"class_name": "QConv1D", "config": conv}]
    config = {"class_name": "Sequential", "config": {"name": "s", "layers": layers}}
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(config)
        group = file.create_group("model_weights/c")
        group.attrs["weight_names"] = [b"kernel"]
        add(group)


def h5_bomb(path):
    """Nothing of it is in the file: all fill values."""
    _h5(
        path, lambda group: group.create_dataset("kernel", (1 << 30, 4, 4), "f4", chunks=(64, 4, 4))
    )


def h5_chunk(path):
    """A small array in a chunk of 1 GB."""
    _h5(
        path,
        lambda group: group.create_dataset(
            "kernel", (2, 4, 4), "f4", maxshape=(None, 4, 4), chunks=(1 << 24, 4, 4)
        ),
    )


def h5_elsewhere(path):
    _h5(path, lambda group: group.__setitem__("kernel", h5py.ExternalLink("/dev/zero", "x")))


KERAS = {
    keras_bomb: "config.json must unpack to at most 4194304 bytes, got 4293918720",
    keras_weights_bomb: "model.weights.h5 must unpack to at most 67108864 bytes, got 4293918720",
    keras_nested: "not a readable Keras model (.keras, .h5): JSON that is nested too deeply",
    h5_bomb: "its arrays must take at most 67108864 bytes",
    h5_chunk: "its arrays must take at most 67108864 bytes",
    h5_elsewhere: "array 'kernel' is a link to elsewhere, which is not followed",
    large: "must have at most 67108864 bytes, got 8589934592",
    zeros: "is a device or a pipe, not a file",
    fifo: "is a device or a pipe, not a file",
}


def test_keras_files(room):
    commands = []
    for index, make in enumerate(KERAS):
        make(room / f"{index}.keras")
        commands.append(["import", f"{index}.keras", "-o", "o.npz"])
    lines = refusals("models.__main__", commands)
    for index, (line, message) in enumerate(zip(lines, KERAS.values(), strict=True)):
        assert line.startswith(f"python3 -m models import: error: {index}.keras: {message}")
    assert not list(room.glob("o.*"))


def test_a_keras_layer_of_a_billion(room):
    def kernel(group):
        group["kernel"] = np.zeros((2, 4, 4), np.float32)

    _h5(room / "a.h5", kernel)
    with h5py.File("a.h5", "a") as file:
        text = file.attrs["model_config"]
        file.attrs["model_config"] = text.replace(
            '"dilation_rate": [1]', '"dilation_rate": [999999999]'
        )
    with pytest.raises(ModelError) as caught:
        read_graph("a.h5")
    message = "layer c (QConv1D): dilation must be 1 to 1048576, got 999999999"
    assert str(caught.value) == message
    lines = refusals("models.__main__", [["import", "a.h5", "-o", "o.npz"]])
    assert lines == [f"python3 -m models import: error: a.h5: {message}"]
