# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The firmware's load, on this machine: damaged images and noise."""

import random
import struct
import zlib

import pytest

from models import image
from models.arch.planner import plan
from models.spec import Conv1DSpec, NetworkSpec, NumberFormat
from tests.support.hdl.nets import random_model
from tests.support.soc.load_runs import LOAD, MAGIC_ACK, Board, flipped, frame, upload, word
from tests.support.soc.small_board import FIRST, IMAGE, LAYERS, OTHER, SPEC, plays_on, refused


def test_every_flipped_bit_of_the_header(board):
    names = ["magic ", "version ", "fingerprint of another topology, ", "length in words "]
    for bit in range(8 * image.HEADER_BYTES):
        reason = refused(board, upload(flipped(IMAGE, bit)))
        assert reason.startswith("refused: " + names[bit // 32]), bit
        assert board.get("writes") == 0 and board.crcs[1] != 0


# Values of the payload that pad a layer of an odd number of parameters to a whole word.
PADDING = [sum(layer.parameters for layer in LAYERS)]
assert [layer.parameters % 2 for layer in LAYERS] == [0, 1]


def test_padding_is_named_by_its_place(board):
    """A whole image, CRC-32 and all, but for a bit of padding that is set."""
    at = image.HEADER_BYTES + 2 * PADDING[0]
    for bit in range(16):
        body = bytearray(IMAGE[:-4])
        body[at + bit // 8] ^= 1 << bit % 8
        reason = refused(board, upload(with_crc(bytes(body))))
        assert reason == f"refused: padding that is not zero, at byte {at}"
        assert board.crcs[1] == 0


def test_every_flipped_bit_of_values_is_a_wrong_crc(board):
    for bit in range(8 * image.HEADER_BYTES, 8 * len(IMAGE)):
        value = (bit // 8 - image.HEADER_BYTES) // 2
        reason = refused(board, upload(flipped(IMAGE, bit)))
        padding = value in PADDING
        assert reason.startswith("refused: " + ("padding" if padding else "damaged, CRC-32 0x"))
        assert board.crcs[1] == 0
        assert "holds no whole model" in board.run(command="swap")[0] and plays_on(board)


def test_torn_at_every_byte(board):
    for size in range(len(IMAGE)):
        reason = refused(board, upload(IMAGE[:size]))
        if size == 0:
            assert reason == "refused: no image came before the jump"
        else:
            assert reason == f"refused: torn, bytes {size}; allowed: {len(IMAGE)}"


@pytest.mark.parametrize("more", [1, 2, 60, 5000])
def test_oversized(board, more):
    reason = refused(board, upload(IMAGE + bytes(more)))
    assert reason == f"refused: too long; allowed: {len(IMAGE)} bytes"


def test_an_image_of_another_topology(board):
    reason = refused(board, upload(image.pack(random_model(NetworkSpec(LAYERS[:1]), 1))))
    assert reason.startswith("refused: fingerprint of another topology, 0x")
    assert reason.endswith(f"; allowed: 0x{SPEC.fingerprint:08x}")


def with_crc(body):
    return body + struct.pack("<I", zlib.crc32(body))


def test_a_weight_that_the_memory_cannot_hold(tmp_path):
    layers = (Conv1DSpec(1, 1),)
    spec = NetworkSpec(layers, NumberFormat(8, 5))
    model = random_model(spec, 1)
    board = Board(tmp_path, model, plan(spec, 64))
    body = image.pack(model)[:-4]
    said, _ = board.run(upload(with_crc(body[:16] + b"\x80\0" + body[18:])))
    assert "refused: a value beyond the number format, at byte 16; the model plays on" in said
    assert board.get("swaps") == 0


def test_a_memory_that_does_not_keep_what_is_written(board):
    board.set("mask", 0xFFFF_FFEF)
    reason = refused(board, upload(IMAGE))
    board.set("mask", 0xFFFF_FFFF)
    assert reason.startswith("refused: read-back failed, digest of the bank 0x")


# Fuzz ---------------------------------------------------------------------------------------------


def random_frame(choose):
    """A frame: valid, or with a wrong CRC, length, command, address or content."""
    base = choose.choice([image.LOAD_ADDRESS, image.LOAD_ADDRESS, choose.getrandbits(32)])
    at = choose.choice([0, 0, 20 * choose.randrange(6), choose.getrandbits(32)])
    size = choose.choice([20, choose.randrange(252)])
    content = IMAGE[at : at + size] if choose.random() < 0.8 else choose.randbytes(size)
    command = choose.choice([LOAD] * 8 + [b"\x02", choose.randbytes(1)])
    data = frame(command, word(base + at) + content)
    kind = choose.random()
    if kind < 0.1:
        data = flipped(data, choose.randrange(8 * len(data)))
    elif kind < 0.15:
        data = data[: choose.randrange(len(data))]
    return data


@pytest.mark.parametrize("seed", range(4))
def test_a_million_bytes_of_frames(board, seed):
    """It returns every time, writes into the idle bank alone, and never plays what is not whole."""
    choose, total = random.Random(seed), 0
    whole = {bank: FIRST for bank in range(2)}
    while total < 300_000:
        data = b"".join(random_frame(choose) for _ in range(choose.randrange(1, 40)))
        data = choose.choice([MAGIC_ACK, MAGIC_ACK, b"", choose.randbytes(14)]) + data
        total += len(data)
        while data:
            before = board.get("playing")
            said, left = board.run(data)
            data = data[len(data) - left :] if left else b""
            assert board.get("forbidden") == 0 and board.get("owner") == 0
            if board.get("playing") != before:
                whole[1 - before] = OTHER
            assert board.holds(board.get("playing"), whole[board.get("playing")])
            assert said.endswith("\n") or said.endswith("reported")
    assert not board.window[board.elsewhere].any()
    assert board.run(upload(IMAGE))[0].endswith("K\nreported")
