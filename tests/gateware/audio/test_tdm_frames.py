# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""TDM: which frame plays when. Latencies in cycles and frames, repeats, odd frames, mute."""

import pytest
from migen import Signal

from gateware.audio.tdm import TDM
from tests.support.soc.serial_port import FORMATS, Bench, make_pads


@pytest.mark.parametrize("name", ["tdm128_192k", "i2s"])
def test_latencies(name):
    """RX_LATENCY and TX_LATENCY, in sys cycles against edges of the pads."""
    bench = Bench(**FORMATS[name])
    tdm, pads = bench.tdm, bench.pads
    half = bench.frame // (bench.slots * bench.slot_width) // 2
    phase_of_first_bit, captured, sent = [], [], []

    def listen_to_pads():
        # Cycle in which a pad's new level is seen; SDIN of slot 0 is all ones, all else zero.
        while True:
            if (yield pads.sdin1):
                phase_of_first_bit.append((bench.cycle, (yield tdm.phase)))
                return
            yield

    def feed():
        # The last beat comes in the cycle before the DAC takes its frame.
        while (yield tdm.phase) != bench.frame - 2 - bench.slots:
            yield
        sent.append((yield from bench.send([-1] + [0] * (bench.slots - 1))))

    bench.run(4, listen_to_pads(), feed())
    (first_bit, phase), (last_beat,) = phase_of_first_bit[0], sent
    assert first_bit - last_beat == TDM.TX_LATENCY == 3
    assert phase == TDM.PAD_LATENCY == 1
    assert bench.ticks[0] == last_beat + 1

    # The last word's last bit is on the pads from `last_bit` on, and sampled half a BICK later.
    last_bit = ((bench.slots - 1) * bench.slot_width + bench.width - 1) * 2 * half
    captured = first_bit - bench.frame + last_bit + half - 1
    last_beats = [b[0] for b in bench.received if b[3]]
    assert (last_beats[0] - captured) % bench.frame == TDM.RX_LATENCY == 2
    assert all(b - a == bench.frame for a, b in zip(bench.ticks, bench.ticks[1:], strict=False))


def test_frame_one_cycle_too_late_waits_for_the_next():
    bench = Bench(**FORMATS["tdm128_192k"])
    words = [1, -2, 3, -4]

    def feed():
        while (yield bench.tdm.phase) != bench.frame - 1 - bench.slots:
            yield
        last_beat = yield from bench.send(words)
        assert last_beat == bench.frame - 1

    bench.run(5, feed())
    heard = bench.heard_words()
    assert heard[:2] == [[0, 0, 0, 0]] * (heard.index(words)) + [words] * (2 - heard.index(words))
    assert bench.codec.heard.count([w << 16 & 0xFFFFFFFF for w in words]) == len(
        heard
    ) - heard.index(words)


def pipeline_frames(delay, parameters):
    """Frames between the codec's word and its answer through a FIFO of `delay` cycles."""
    bench = Bench(seed=delay, **parameters)
    tdm = bench.tdm
    names = ("valid", "data", "first", "last")
    stage = [getattr(tdm.source, name) for name in names]
    for _ in range(delay):
        following = [Signal.like(signal) for signal in stage]
        bench.sync += [b.eq(a) for a, b in zip(stage, following, strict=True)]
        stage = following
    bench.comb += [
        getattr(tdm.sink, name).eq(signal) for name, signal in zip(names, stage, strict=True)
    ]
    bench.run(7)
    heard, spoken = bench.heard_words(), bench.spoken_words()
    # The codec model numbers both alike: frame i is heard while frame i is spoken.
    answers = [(spoken.index(words), i) for i, words in enumerate(heard) if words in spoken]
    latencies = {i - j for j, i in answers}
    assert len(answers) >= 3 and len(latencies) == 1
    return tdm.frame_latency(delay), latencies.pop()


@pytest.mark.parametrize("delay", [0, 29, 30])
def test_frame_latency_of_a_pipeline(delay):
    """From 192 kHz TDM128: up to 29 cycles the answer is in the next frame, then one later."""
    expected, measured = pipeline_frames(delay, FORMATS["tdm128_192k"])
    assert expected == measured == (1 if delay <= 29 else 2)


@pytest.mark.parametrize("sample_delay", [0, 1])
def test_frame_latency_at_the_edge_for_another_format(sample_delay):
    parameters = dict(FORMATS["i2s_rising"], data_width=24, sample_delay=sample_delay)
    tdm = TDM(make_pads(), with_csr=False, **parameters)
    edge = next(cycles for cycles in range(1000) if tdm.frame_latency(cycles + 1) == 2)
    assert pipeline_frames(edge, parameters) == (1, 1)
    assert pipeline_frames(edge + 1, parameters) == (2, 2)


def test_newest_frame_plays_and_repeats():
    """Two frames in one period: the newer one plays. None: the last one repeats."""
    bench = Bench(**FORMATS["tdm128_192k"])

    def feed():
        yield from bench.send([1, 2, 3, 4])
        yield from bench.send([5, 6, 7, 8])
        for _ in range(3 * bench.frame):
            yield
        yield from bench.send([9, 10, 11, 12], gaps=True)

    bench.run(7, feed())
    heard = bench.heard_words()
    assert [1, 2, 3, 4] not in heard
    first, second = heard.index([5, 6, 7, 8]), heard.index([9, 10, 11, 12])
    assert second - first == 3
    assert heard[first:second] == [[5, 6, 7, 8]] * 3
    assert all(words == [9, 10, 11, 12] for words in heard[second:]) and len(heard) > second + 1


def test_part_of_a_frame_is_never_played():
    """A frame that comes in across the boundary plays whole, one frame later."""
    bench = Bench(**FORMATS["tdm128_192k"])

    def feed():
        yield from bench.send([1, 2, 3, 4])
        while (yield bench.tdm.phase) != bench.frame - 3:
            yield
        yield from bench.send([-1, -2, -3, -4])

    bench.run(6, feed())
    heard = bench.heard_words()
    while heard[0] == [0, 0, 0, 0]:
        heard.pop(0)
    assert heard[0] == [1, 2, 3, 4]
    assert set(map(tuple, heard[1:])) == {(-1, -2, -3, -4)}


@pytest.mark.parametrize(
    "words, played", [([7, -7], [7, -7, 0, 0]), (list(range(1, 13)), [1, 2, 3, 4])]
)
def test_short_and_long_frames(words, played):
    bench = Bench(**FORMATS["tdm128_192k"])

    def feed():
        yield from bench.send([11, 12, 13, 14])
        for _ in range(bench.frame):
            yield
        yield from bench.send(words)

    bench.run(5, feed())
    assert bench.heard_words()[-1] == played


def test_consumer_that_is_not_ready_loses_the_beat():
    """source.valid lasts one cycle a slot, whatever `ready` is."""
    bench = Bench(**FORMATS["tdm128_192k"])
    bench.run(4)  # ready stays 0
    cycles = [beat[0] for beat in bench.received]
    slot = bench.frame // bench.slots
    assert len(cycles) >= 8
    assert all(b - a == slot for a, b in zip(cycles, cycles[1:], strict=False))


def test_mute_zeroes_whole_frames_both_ways():
    bench = Bench(**FORMATS["tdm128_192k"])
    words = [1000, -2000, 3000, -4000]
    released = []

    def feed():
        yield bench.tdm.mute.eq(1)
        yield from bench.send(words)
        while bench.cycle < 2 * bench.frame + 100:  # Released within a frame.
            yield
        yield bench.tdm.mute.eq(0)
        released.append(len(bench.received))

    bench.run(6, feed())
    heard = bench.heard_words()
    assert heard[:2] == [[0, 0, 0, 0]] * 2
    assert heard[-2:] == [words] * 2
    assert set(map(tuple, heard)) == {(0, 0, 0, 0), tuple(words)}
    received, spoken = bench.received_frames(), bench.spoken_words()
    muted = [frame == [0, 0, 0, 0] for frame in received]
    assert muted.index(False) == released[0] // bench.slots + 1
    assert all(muted[: muted.index(False)]) and not any(muted[muted.index(False) :])
    assert all(frame in spoken for frame in received[muted.index(False) :])
