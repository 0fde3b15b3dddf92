# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Drive and watch frame streams in a Migen simulation, with random stalls and a time-out."""

import random

from migen import passive


class FrameDriver:
    """Sends `frames` (lists of ints) into `sink`; frame i carries `banks[i]` and `contexts[i]`.

    stall: probability of an idle cycle before each beat
    ends: the cycle in which each frame's last beat was taken
    """

    def __init__(self, sink, frames, banks=None, stall=0.0, seed=0, clock=None, contexts=None):
        self.sink, self.frames, self.stall, self.clock = sink, frames, stall, clock
        self.banks = banks if banks is not None else [0] * len(frames)
        self.contexts = contexts if contexts is not None else [0] * len(frames)
        self.random = random.Random(seed)
        self.ends = []

    def run(self):
        sink = self.sink
        for frame, bank, context in zip(self.frames, self.banks, self.contexts):
            for channel, value in enumerate(frame):
                while self.random.random() < self.stall:
                    yield sink.valid.eq(0)
                    yield
                yield sink.valid.eq(1)
                yield sink.data.eq(int(value))
                yield sink.bank.eq(bank)
                yield sink.context.eq(context)
                yield sink.first.eq(channel == 0)
                yield sink.last.eq(channel == len(frame) - 1)
                yield
                while not (yield sink.ready):
                    yield
            # The handshake was seen after the edge that took it.
            self.ends.append(self.clock.cycle - 1 if self.clock else None)
        yield sink.valid.eq(0)


class FrameCollector:
    """Takes `count` frames from `source`, not ready with probability `stall` in each cycle.

    frames, banks, contexts: what came; starts: the cycle in which each first beat was taken.
    Raises TimeoutError after `timeout` cycles, AssertionError where the marks are wrong.
    """

    def __init__(self, source, count, stall=0.0, seed=0, clock=None, timeout=50_000):
        self.source, self.count, self.stall, self.clock = source, count, stall, clock
        self.timeout = timeout
        self.random = random.Random(seed)
        self.frames, self.banks, self.contexts, self.starts = [], [], [], []

    def run(self):
        source, frame = self.source, []
        for _ in range(self.timeout):
            yield source.ready.eq(self.random.random() >= self.stall)
            yield
            if not ((yield source.valid) and (yield source.ready)):
                continue
            assert (yield source.first) == (not frame), "first is set inside a frame"
            if not frame:
                self.starts.append(self.clock.cycle - 1 if self.clock else None)
                bank, context = (yield source.bank), (yield source.context)
            assert (yield source.bank) == bank, "bank changes inside a frame"
            assert (yield source.context) == context, "context changes inside a frame"
            frame.append((yield source.data))
            if (yield source.last):
                self.frames.append(frame)
                self.banks.append(bank)
                self.contexts.append(context)
                frame = []
            if len(self.frames) == self.count:
                return
        raise TimeoutError(f"{len(self.frames)} of {self.count} frames in {self.timeout} cycles")


class Clock:
    """Counts cycles while a simulation runs."""

    def __init__(self):
        self.cycle = 0

    @passive
    def run(self):
        while True:
            self.cycle += 1
            yield
