# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Glides of the embedding: straight, exact, together, from wherever it is."""

import numpy as np
import pytest

from gateware.audio.embedding import Ingress
from gateware.audio.glide import Glide
from models.spec import NumberFormat
from tests.support.hdl.glides import line, rate_of
from tests.support.hdl.streams import Clock, FrameCollector, FrameDriver
from tests.support.simulators.compiled import run_simulation

FRAME = 24  # cycles


def heard(frames, settings, in_channels=3, gap=FRAME - 4, fmt=None):
    """The embedding [n, 2] of each frame that leaves an Ingress.

    settings: {frame: (cycle in it, e0, e1, source0, source1, rate)} written before that frame
    """
    ingress = Ingress(in_channels, fmt or NumberFormat(), with_csr=False)
    clock = Clock()
    driver = FrameDriver(ingress.sink, [], clock=clock)
    collector = FrameCollector(ingress.source, len(frames), clock=clock)

    def write(setting):
        cycle, e0, e1, source0, source1, rate = setting
        for _ in range(cycle):
            yield
        yield ingress.glide.go.eq(1)
        yield ingress.glide.rate.eq(rate)
        yield
        # As the registers do: they change with the edge that ends `go`.
        yield ingress.glide.go.eq(0)
        for signal, value in zip(
            (ingress.e0, ingress.e1, ingress.e0_source, ingress.e1_source),
            (e0, e1, source0, source1),
        ):
            yield signal.eq(value)

    def drive():
        for index, frame in enumerate(frames):
            setting = settings.get(index)
            if setting:
                yield from write(setting)
            for _ in range(gap - (setting[0] + 1 if setting else 0)):
                yield
            driver.frames, driver.banks, driver.contexts = [frame], [0], [0]
            yield from driver.run()

    run_simulation(ingress, [clock.run(), drive(), collector.run()])
    return np.array(collector.frames)[:, 1:]


def codec(count, seed=0):
    return np.random.default_rng(seed).integers(-(2**15), 2**15, (count, 4))


@pytest.mark.parametrize("frames", [2, 3, 7, 20])
@pytest.mark.parametrize("cycle", [0, 9, 18])
def test_a_glide_between_software_values(frames, cycle):
    """Both in the same frames, from the extremes: the longest way there is."""
    e0 = (-(2**15), 2**15 - 1)
    e1 = (4096, -5)
    settings = {
        2: (cycle, e0[0], e1[0], 1, 1, 0),
        4: (cycle, e0[1], e1[1], 1, 1, rate_of(frames)),
    }
    result = heard(codec(frames + 8), settings)
    for channel, (start, target) in enumerate((e0, e1)):
        ramp = line(start, [target] * frames, rate_of(frames))
        assert len(ramp) == frames
        wanted = [start] * 2 + ramp + [target] * 4
        assert result[2:, channel].tolist() == wanted
        steps = np.diff(result[4 : 5 + frames, channel])
        assert np.abs(steps - (target - start) / frames).max() <= 2  # straight


def test_a_jump_takes_both_in_one_frame():
    result = heard(codec(6), {3: (5, 111, 222, 1, 1, 0)})
    assert result[:3].tolist() == codec(6)[:3, 1:3].tolist()
    assert result[3:].tolist() == [[111, 222]] * 3


def test_a_glide_from_the_codec_and_back_to_it():
    """A moving target is followed, a frame late while the glide lasts."""
    frames = codec(40, seed=3)
    settings = {5: (3, 1000, -2000, 1, 0, rate_of(8)), 20: (3, 0, 0, 0, 0, rate_of(10))}
    result = heard(frames, settings)
    given = frames[:, 1:3]
    ramp = line(given[4, 0], [1000] * 8, rate_of(8))
    assert result[5:20, 0].tolist() == [*ramp, *[1000] * 7]
    ramp = line(given[4, 1], given[5:, 1].tolist(), rate_of(8))
    assert result[5:20, 1].tolist() == [*ramp, *given[13:20, 1]]
    ramp = line(1000, given[20:, 0].tolist(), rate_of(10))
    assert result[20:, 0].tolist() == [*ramp, *given[30:, 0]]


def test_a_glide_in_the_middle_of_another():
    settings = {
        1: (2, 0, 0, 1, 1, 0),
        3: (2, 8000, -8000, 1, 1, rate_of(10)),
        8: (2, -3000, 3000, 1, 1, rate_of(5)),
    }
    result = heard(codec(18), settings)
    first = line(0, [8000] * 10, rate_of(10))
    assert result[3:8, 0].tolist() == first[:5]
    second = line(first[4], [-3000] * 5, rate_of(5))
    assert result[8:, 0].tolist() == [*second, *[-3000] * 5]


def test_a_jump_ends_a_glide():
    settings = {
        1: (2, 0, 0, 1, 1, 0),
        3: (2, 8000, -8000, 1, 1, rate_of(10)),
        6: (2, 5, 6, 1, 1, 0),
    }
    assert heard(codec(12), settings)[6:].tolist() == [[5, 6]] * 6


def test_eighteen_bits():
    fmt = NumberFormat(18, 13)
    settings = {1: (2, fmt.min, 0, 1, 1, 0), 3: (2, fmt.max, 1, 1, 1, rate_of(9))}
    result = heard(codec(16), settings, fmt=fmt)
    assert result[3:, 0].tolist() == [*line(fmt.min, [fmt.max] * 9, rate_of(9)), *[fmt.max] * 4]


def test_frames_may_follow_as_close_as_promised():
    """LATENCY cycles from a frame to the value for the next."""
    assert FRAME > Glide.LATENCY + 1
    settings = {1: (1, -30000, 0, 1, 1, 0), 3: (1, 30000, 9, 1, 1, rate_of(6))}
    result = heard(codec(12), settings, gap=Glide.LATENCY - 3)
    assert result[3:9, 0].tolist() == line(-30000, [30000] * 6, rate_of(6))
