# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""TDM: words and clock edges on the pads, for all formats; the codec model knows the pins only."""

import random

import pytest

from gateware.audio.tdm import I2S_FORMAT, TDM
from tests.support.soc.serial_port import FORMATS, I2S, LOOKS, Bench, make_pads, random_words


@pytest.mark.parametrize("name", FORMATS)
def test_words_both_ways(name):
    """Random frames, bit for bit, and every clock edge where the format puts it."""
    parameters = FORMATS[name]
    frames = 7 if parameters["sys_per_frame"] <= 256 else 5
    bench = Bench(seed=2, **parameters)
    sent, rng = [], random.Random(3)

    def feed():
        for _ in range(frames):
            words = random_words(rng, bench.slots, bench.width)
            sent.append(words)
            start = bench.cycle
            yield from bench.send(words, gaps=True)
            while not (yield bench.tdm.frame_tick):
                yield
            assert bench.cycle - start <= bench.frame
            yield

    bench.run(frames, feed())
    codec = bench.codec

    received, spoken = bench.received_after_sync(), bench.spoken_words()
    assert len(received) >= frames - 2
    assert received == spoken[: len(received)]

    heard = bench.heard_words()
    if heard[0] == [0] * bench.slots:  # Nothing had been sent yet.
        heard = heard[1:]
    assert len(heard) >= frames - 3
    assert heard == sent[: len(heard)]

    bicks = parameters["slots"] * parameters["slot_width"]
    half = parameters["sys_per_frame"] // bicks // 2 * LOOKS
    assert codec.bick_highs == codec.bick_lows == {half}
    assert codec.frame_bicks == {bicks}
    assert codec.lrck_start_widths == {parameters.get("lrck_width", bicks // 2)}
    assert codec.mclks_per_frame == {parameters.get("mclk_per_frame", 0)}


def test_i2s_format():
    assert I2S_FORMAT == I2S


@pytest.mark.parametrize("width", [2, 12, 24, 32])
def test_word_widths(width):
    bench = Bench(seed=width, **dict(FORMATS["i2s"], data_width=width))
    words = random_words(random.Random(width), 2, width)
    bench.run(4, bench.send(words))
    assert bench.heard_words()[-1] == words
    received = bench.received_after_sync()
    assert received == bench.spoken_words()[: len(received)]
    assert len(received) >= 2


@pytest.mark.parametrize(
    "sample_delay, delay, good",
    [
        (0, 0, True),
        (0, LOOKS - 1, True),  # Half a BICK less one look for the round trip.
        (0, LOOKS, False),
        (1, 0, True),  # The next bit is already on its way.
        (1, LOOKS, True),  # sample_delay adds a sys cycle ...
        (1, 2 * LOOKS - 1, True),
        (1, 2 * LOOKS, False),  # ... and no more.
    ],
)
def test_sampling_point_leaves_the_documented_time(sample_delay, delay, good):
    """192 kHz: SDOUT may come half a BICK plus sample_delay sys cycles after the BICK edge."""
    bench = Bench(delay=delay, sample_delay=sample_delay, **FORMATS["tdm128_192k"])
    bench.run(5)
    received, spoken = bench.received_after_sync(), bench.spoken_words()
    assert len(received) >= 3
    assert (received == spoken[: len(received)]) == good


@pytest.mark.parametrize(
    "parameters, message",
    [
        (
            dict(sys_per_frame=200),
            "TDM: sys_per_frame must be 256 to 65536, got 200",
        ),
        (
            dict(sys_per_frame=384),
            "TDM: sys_per_frame must be a multiple of 256 (two sys cycles per BICK, "
            "slots*slot_width = 128 BICK), got 384",
        ),
        (
            dict(slots=8),
            "TDM: sys_per_frame must be 512 to 65536, got 256",
        ),
        (
            dict(mclk_per_frame=96),
            "TDM: mclk_per_frame must divide sys_per_frame/2 (128), got 96",
        ),
        (dict(mclk_per_frame=256), "TDM: mclk_per_frame must be 1 to 128, got 256"),
        (dict(slots=0), "TDM: slots must be 1 to 16, got 0"),
        (dict(slot_width=65), "TDM: slot_width must be 8 to 64, got 65"),
        (dict(data_width=33), "TDM: data_width must be 2 to 32, got 33"),
        (dict(bick_polarity="up"), "TDM: bick_polarity must be 0 to 1, got 'up'"),
        (dict(lrck_level=2), "TDM: lrck_level must be 0 to 1, got 2"),
        (dict(lrck_width=128), "TDM: lrck_width must be 1 to 127, got 128"),
        (dict(data_delay=128), "TDM: data_delay must be 0 to 127, got 128"),
        (dict(sample_delay=2), "TDM: sample_delay must be 0 to 1, got 2"),
    ],
)
def test_illegal_parameters(parameters, message):
    with pytest.raises(ValueError) as error:
        TDM(make_pads(), **parameters)
    assert str(error.value) == message
