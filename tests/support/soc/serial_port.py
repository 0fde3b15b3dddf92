# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""A TDM with a bit-level model of a codec's serial port at its pads."""

import random
from types import SimpleNamespace

from litex.gen.sim import run_simulation
from migen import Module, Record

from gateware.audio.tdm import TDM
from tests.support.simulators.simulation import passive

# A sys cycle is 40 units, the codec looks at its pins every 20 units, between the edges of sys.
SYS_PERIOD = 40
LOOK_PERIOD = 20
CLOCKS = {"sys": SYS_PERIOD, "look": (LOOK_PERIOD, 7)}
LOOKS = SYS_PERIOD // LOOK_PERIOD

TDM128 = dict(slots=4, slot_width=32, bick_polarity=1, lrck_level=0, data_delay=1)
I2S = dict(slots=2, slot_width=32, bick_polarity=0, lrck_level=0, data_delay=1)
FORMATS = {
    "tdm128_192k": dict(TDM128, sys_per_frame=256, mclk_per_frame=128),
    "tdm128_96k": dict(TDM128, sys_per_frame=512, mclk_per_frame=256),
    "tdm128_48k": dict(TDM128, sys_per_frame=1024, mclk_per_frame=256),
    "tdm128_falling": dict(TDM128, sys_per_frame=256, mclk_per_frame=64, bick_polarity=0),
    "i2s": dict(I2S, sys_per_frame=256, mclk_per_frame=128),
    "i2s_rising": dict(I2S, sys_per_frame=128, mclk_per_frame=64, bick_polarity=1),
    "left_justified": dict(I2S, sys_per_frame=256, lrck_level=1, data_delay=0),
    "short_sync": dict(TDM128, sys_per_frame=256, lrck_level=1, lrck_width=1),
    "full_slots": dict(slots=3, slot_width=16, data_width=16, sys_per_frame=96, mclk_per_frame=48),
}


def make_pads():
    names = ("mclk", "bick", "lrck", "sdin1", "sdout1")
    return Record([(name, 1) for name in names])


def bits_of(word, width):
    return [word >> (width - 1 - i) & 1 for i in range(width)]


def signed(word, width):
    return word - (1 << width) if word >> (width - 1) else word


class Codec:
    """A codec's serial port, from the data sheet: what it hears, and whether the clocks are right.

    `heard`: frames from SDIN as lists of slots (raw, `slot_width` bits); a frame's bits start
    `data_delay` BICK after the LRCK edge. `spoken`: frames given to SDOUT, one for each heard.
    SDOUT changes `delay` looks after the BICK edge; until then it holds the old bit.
    """

    def __init__(
        self, pads, words, slots, slot_width, bick_polarity, lrck_level, data_delay, delay
    ):
        self.pads = pads
        self.words = words
        self.slots, self.slot_width = slots, slot_width
        self.launch_level = bick_polarity
        self.lrck_level = lrck_level
        self.data_delay = data_delay
        self.delay = delay
        self.heard, self.spoken = [], []
        self.mclk_rises = 0
        self.bick_highs, self.bick_lows = set(), set()
        self.lrck_start_widths, self.frame_bicks, self.mclks_per_frame = set(), set(), set()

    def run(self, looks):
        pads, bits_per_frame = self.pads, self.slots * self.slot_width
        last = SimpleNamespace(bick=None, lrck=None, sdin=None, mclk=None)
        since_edge, age, bit_time, heard, speech = 0, None, None, [], []
        pending, mclk_mark = [], 0
        for _ in range(looks):
            bick, lrck = (yield pads.bick), (yield pads.lrck)
            sdin, mclk = (yield pads.sdin1), (yield pads.mclk)
            since_edge += 1
            if last.bick is not None:
                launch = bick != last.bick and bick == self.launch_level
                sample = bick != last.bick and bick != self.launch_level
                assert launch or lrck == last.lrck, "LRCK changes beside the BICK edge"
                assert launch or sdin == last.sdin, "SDIN changes beside the BICK edge"
                self.mclk_rises += mclk and not last.mclk
                if bick != last.bick:
                    if age is not None:
                        (self.bick_lows if bick else self.bick_highs).add(since_edge)
                    since_edge = 0
                if launch:
                    if lrck != last.lrck and lrck == self.lrck_level:
                        if age is not None:
                            self.frame_bicks.add(age + 1)
                            self.mclks_per_frame.add(self.mclk_rises - mclk_mark)
                        age, mclk_mark = 0, self.mclk_rises
                    elif age is not None:
                        age += 1
                        if lrck != last.lrck:
                            self.lrck_start_widths.add(age)
                    if age is not None:
                        bit_time = (age - self.data_delay) % bits_per_frame
                        if bit_time == 0:
                            words = self.words()
                            speech = [b for word in words for b in bits_of(word, self.slot_width)]
                            self.spoken.append(words)
                            heard = []
                        if speech:
                            pending.append([self.delay, speech.pop(0)])
                if sample and bit_time is not None and self.spoken:
                    heard.append(sdin)
                    if len(heard) == bits_per_frame:
                        text = "".join(map(str, heard))
                        width = self.slot_width
                        self.heard.append(
                            [int(text[i : i + width], 2) for i in range(0, len(text), width)]
                        )
            for entry in pending:
                entry[0] -= 1
            while pending and pending[0][0] < 0:
                yield pads.sdout1.eq(pending.pop(0)[1])
            last = SimpleNamespace(bick=bick, lrck=lrck, sdin=sdin, mclk=mclk)
            yield


class Bench(Module):
    """A TDM with a codec model; `received` are the beats (cycle, data, first, last) of source."""

    def __init__(self, seed=1, delay=0, **parameters):
        self.random = random.Random(seed)
        self.pads = make_pads()
        parameters.setdefault("mclk_per_frame", None)
        self.submodules.tdm = self.tdm = TDM(self.pads, with_csr=False, **parameters)
        self.width = self.tdm.data_width
        self.slots = self.tdm.slots
        self.slot_width = parameters.get("slot_width", 32)
        self.frame = self.tdm.sys_per_frame
        self.codec = Codec(
            self.pads,
            self.random_slots,
            self.slots,
            self.slot_width,
            parameters.get("bick_polarity", 1),
            parameters.get("lrck_level", 0),
            parameters.get("data_delay", 1),
            delay,
        )
        self.received, self.ticks, self.taken = [], [], []
        self.cycle = -1

    def random_slots(self):
        """A frame of random bits, also in the part of the slots that no word uses."""
        return [self.random.getrandbits(self.slot_width) for _ in range(self.slots)]

    def watch(self, cycles):
        tdm = self.tdm
        for _ in range(cycles):
            self.cycle += 1
            if (yield tdm.source.valid):
                beat = [self.cycle]
                for name in "data", "first", "last":
                    beat.append((yield getattr(tdm.source, name)))
                self.received.append(tuple(beat))
            if (yield tdm.frame_tick):
                self.ticks.append(self.cycle)
                assert (yield tdm.phase) == self.frame - 1
            yield

    def send(self, words, gaps=False):
        """A frame into the sink, a beat a cycle but for gaps; returns the last beat's cycle."""
        sink = self.tdm.sink
        for channel, word in enumerate(words):
            while gaps and self.random.random() < 0.4:
                yield
            yield sink.valid.eq(1)
            yield sink.data.eq(word)
            yield sink.first.eq(channel == 0)
            yield sink.last.eq(channel == len(words) - 1)
            yield
            assert (yield sink.ready)
            yield sink.valid.eq(0)
        return self.cycle

    def run(self, frames, *generators):
        """Simulate a number of frames; `generators` that have not ended by then are cut off."""
        cycles = frames * self.frame
        run_simulation(
            self,
            {
                "sys": [self.watch(cycles), *map(passive, generators)],
                "look": [self.codec.run(cycles * LOOKS)],
            },
            clocks=CLOCKS,
        )

    def received_frames(self):
        """Words of the whole frames from source, after checking first and last."""
        frames, beats = [], self.received
        for i in range(0, len(beats) - self.slots + 1, self.slots):
            group = beats[i : i + self.slots]
            assert [b[2] for b in group] == [1] + [0] * (self.slots - 1)
            assert [b[3] for b in group] == [0] * (self.slots - 1) + [1]
            frames.append([b[1] for b in group])
        return frames

    def received_after_sync(self):
        """The same without the frame before the codec's first LRCK edge, in which SDOUT is 0."""
        frames = self.received_frames()
        return frames[1:] if frames[0] == [0] * self.slots else frames

    def spoken_words(self):
        """What the codec said, as source should give it: the top bits of the slots, signed."""
        shift = self.slot_width - self.width
        return [[signed(w >> shift, self.width) for w in frame] for frame in self.codec.spoken]

    def heard_words(self):
        """What the codec heard, after checking that the rest of the slots is 0."""
        shift = self.slot_width - self.width
        for frame in self.codec.heard:
            assert all(word % (1 << shift) == 0 for word in frame)
        return [[signed(w >> shift, self.width) for w in frame] for frame in self.codec.heard]


def random_words(rng, slots, width):
    return [rng.randrange(-(1 << (width - 1)), 1 << (width - 1)) for _ in range(slots)]
