# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The weight image: its bytes, and what it refuses."""

import json
import struct
import zlib
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from models import image
from models.__main__ import main
from models.image import ImageError
from models.reference import Reference
from models.spec import Conv1DSpec, Model, NetworkSpec, NumberFormat
from models.topologies import get
from tests.support.hdl.nets import random_frames, random_model
from tests.support.soc.command_line import run_main

run = partial(run_main, main)  # (argv, capsys) -> (status, stdout, stderr)


def tiny():
    """2 inputs, 1 output, 2 taps: 5 values, so the payload is padded; then 1x1 without padding."""
    layers = (Conv1DSpec(2, 1, 2, 3), Conv1DSpec(1, 1, relu=False))
    kernel = np.array([[[1], [-2]], [[3], [-4]]])  # [tap][in][out]
    return Model(NetworkSpec(layers), [(kernel, [5]), ([[[-32768]]], [32767])])


def by_hand(model):
    values = [1, -2, 3, -4, 5, 0, -32768, 32767]
    head = struct.pack("<4s3I", b"WNET", 1, model.spec.fingerprint, 4)
    body = head + struct.pack("<8h", *values)
    return body + struct.pack("<I", zlib.crc32(body))


def test_the_bytes_of_a_small_image():
    model = tiny()
    assert image.pack(model) == by_hand(model)
    assert image.payload_words(model.spec) == 4


def same_weights(a, b):
    return all(
        np.array_equal(x, y) for pair, other in zip(a, b, strict=True) for x, y in zip(pair, other)
    )


@pytest.mark.parametrize("name", ["waveshaper", "po2", "reuse"])
def test_unpack_gives_the_model_back(name):
    model = random_model(get(name), seed=3)
    data = image.pack(model)
    assert same_weights(image.unpack(data, model.spec).weights, model.weights)
    assert image.crc_of(data) == zlib.crc32(data[:-4])


def test_words_of_eight_bits_are_sign_extended():
    layer = Conv1DSpec(1, 1)
    model = Model(NetworkSpec((layer,), NumberFormat(8, 5)), [([[[-128]]], [127])])
    assert struct.unpack("<2h", image.pack(model)[16:20]) == (-128, 127)


def test_words_of_more_than_sixteen_bits_have_no_image():
    model = random_model(NetworkSpec((Conv1DSpec(1, 1),), NumberFormat(18, 13)), 1)
    with pytest.raises(
        ImageError, match="the number format must have at most 16 bits, got Q5.13 half_even"
    ):
        image.pack(model)


def damaged(data, at, value):
    return data[:at] + bytes([data[at] ^ value]) + data[at + 1 :]


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda d: b"", "torn: 0 bytes, the header alone has 16"),
        (lambda d: d[:15], "torn: 15 bytes, the header alone has 16"),
        (lambda d: damaged(d, 0, 1), "magic must be 0x54454e57, got 0x54454e56"),
        (lambda d: damaged(d, 4, 2), "version must be 1, got 3"),
        (lambda d: damaged(d, 8, 1), "fingerprint must be 0x"),
        (lambda d: damaged(d, 12, 1), "length must be 4 words, got 5"),
        (lambda d: d[:-4], "torn: must have 36 bytes, got 32"),
        (lambda d: d + b"\0", "too long: must have 36 bytes, got 37"),
        (lambda d: damaged(d, 20, 16), "the image is damaged"),
        (lambda d: damaged(d, 35, 1), "the image is damaged"),
    ],
)
def test_what_is_wrong_is_named(change, message):
    model = tiny()
    with pytest.raises(ImageError) as error:
        image.unpack(change(by_hand(model)), model.spec)
    assert str(error.value).startswith("image: ") and message in str(error.value)
    assert "\n" not in str(error.value)


def test_every_single_flipped_bit_is_seen():
    model = tiny()
    data = image.pack(model)
    for at in range(len(data)):
        for bit in range(8):
            with pytest.raises(ImageError):
                image.unpack(damaged(data, at, 1 << bit), model.spec)


def test_padding_must_be_zero():
    model = tiny()
    data = bytearray(image.pack(model)[:-4])
    data[16 + 10] = 1
    data = bytes(data) + struct.pack("<I", zlib.crc32(bytes(data)))
    with pytest.raises(ImageError, match="the padding is not zero"):
        image.unpack(data, model.spec)


def test_write_and_read(tmp_path):
    model = tiny()
    listing = image.write(tmp_path / "m.bin", model)
    assert listing == tmp_path / "m.json"
    assert json.loads(listing.read_text()) == {"m.bin": "0x40000000"}
    assert image.read(tmp_path / "m.bin") == image.pack(model)
    model.save(tmp_path / "m.npz")
    assert image.read(tmp_path / "m.npz") == image.pack(model)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.bin", "m.json", "m.npz"]


# python3 -m models image --------------------------------------------------------------------------


def test_the_command_writes_image_and_listing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    model = random_model(get("waveshaper"), 1, 0.2)
    model.save("m.npz")
    status, out, err = run(["image", "m.npz"], capsys)
    assert (status, err) == (0, "")
    data = (tmp_path / "m.bin").read_bytes()
    assert data == image.pack(model)
    assert out.splitlines() == [
        f"m.bin: {len(data)} bytes, 1572 parameters, crc 0x{image.crc_of(data):08x}, "
        f"fingerprint 0x{model.spec.fingerprint:08x}",
        "litex_term PORT --images=m.json, then `load` on the console",
    ]
    assert json.loads((tmp_path / "m.json").read_text()) == {"m.bin": "0x40000000"}


def test_the_command_fits(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    layers = [replace(layer, kernel_size=2) for layer in get("waveshaper").layers]
    model = random_model(NetworkSpec(layers, name="half"), 1, 0.2)
    model.save("half.npz")
    assert run(["image", "half.npz", "-o", "out.bin", "--fit", "waveshaper"], capsys)[0] == 0
    fitted = image.unpack((tmp_path / "out.bin").read_bytes(), get("waveshaper"))
    frames = random_frames(model.spec, 900, seed=1)
    np.testing.assert_array_equal(Reference(fitted).run(frames), Reference(model).run(frames))


@pytest.mark.parametrize(
    "argv, message",
    [
        (["m.npz", "--fit", "original"], "fit: layer 0 in the place of layer 0: its taps must be "),
        (["m.npz", "--fit", "nothing"], "nothing: no such file, and no topology; known: "),
        (["m.npz", "-o", "m.json"], "m.json: an image must end in .bin, got .json"),
        (["m.npz", "-o", "no/m.bin"], "no/m.bin: the folder no does not exist"),
        (["wide.npz"], "image: the number format must have at most 16 bits, got Q5.13 half_even"),
        (["none.npz"], "none.npz: no such file"),
    ],
)
def test_the_command_refuses_in_one_line(argv, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    random_model(get("waveshaper"), 1, 0.2).save("m.npz")
    random_model(replace(get("waveshaper"), number_format=NumberFormat(18, 13)), 1).save("wide.npz")
    before = sorted(tmp_path.iterdir())
    status, out, err = run(["image", *argv], capsys)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"python3 -m models image: error: {message}")
    assert sorted(tmp_path.iterdir()) == before
