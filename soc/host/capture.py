# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Recordings of what a running SoC hears and plays, through its capture buffer, burst by burst."""

import time
from math import ceil

import numpy as np

from soc.host.client import READ_WORDS
from soc.host.bus import TIMEOUT_S, ClientError
from soc.host.recording import Recording

ATTEMPTS     = 3
SECONDS_MOST = 3600

class Capture:
    """The capture buffer of a SoC.

    client   : a soc.client.Client
    channels : names, such as in0 or out1, of those that are read; None: all

    frames, sample_rate: of a burst, and of the sound. Raises ClientError for a build without a
    buffer and for channels that it does not have.
    """
    def __init__(self, client, channels=None):
        constants = client.build.constants
        if "capture_control" not in client.build.registers:
            raise ClientError("this build has no capture buffer (--no-capture)")
        self.client      = client
        self.frames      = int(constants["capture_frames"])
        self.sample_rate = client.build.sample_rate
        there = [f"{side}{channel}" for side in ("in", "out")
            for channel in range(int(constants[f"capture_{side}puts"]))]
        self.channels = list(channels or there)
        for index, name in enumerate(self.channels):
            if name not in there:
                raise ClientError(f"channel {name!r} is not there; there are: {', '.join(there)}")
            if name in self.channels[:index]:
                raise ClientError(f"channel {name!r} is given twice")

    def record(self, seconds, targets=(), update=lambda done: None):
        """At least `seconds` of sound, in whole bursts; update: called with the seconds so far.

        targets: (name, e0, e1), see Recording, which is returned. Raises ClientError.
        """
        if not 0 < seconds <= SECONDS_MOST:
            raise ClientError(f"seconds must be above 0, up to {SECONDS_MOST}, got {seconds:g}")
        for name, *_ in targets:
            if name not in self.channels:
                raise ClientError(f"target {name!r} is not recorded; there are: "
                    f"{', '.join(self.channels)}")
        bursts = []
        for index in range(ceil(seconds*self.sample_rate/self.frames)):
            bursts.append(self.take())
            update((index + 1)*self.frames/self.sample_rate)
        first, embedding, frames = zip(*bursts)
        return Recording(
            frames      = np.concatenate(frames),
            starts      = np.arange(len(bursts))*self.frames,
            first       = np.array(first),
            embedding   = np.array(embedding),
            channels    = tuple(self.channels),
            sample_rate = self.sample_rate,
            targets     = tuple(targets),
        )

    def take(self):
        """A burst: (count of frames at its first, embedding (e0, e1), int16 [frames, channels]).

        Taken again where somebody else took frames meanwhile, the embedding was changed, or the
        network dropped a frame. Raises ClientError.
        """
        get, fields = self.client.get, self.client.build.fields
        done = fields["capture_status"]["done"]
        for _ in range(ATTEMPTS):
            before = self._settings()
            self.client.set("capture_control", fields["capture_control"]["go"].put(1))
            self._wait()
            first  = get("capture_first")
            frames = self._read()
            if (done.get(get("capture_status")) and get("capture_first") == first
                and self._settings() == before):
                point = self.client.build.point(*before[:2])
                return first, tuple(np.nan if e is None else e for e in point), frames
        raise ClientError("somebody else took frames or changed the embedding in each of "
            f"{ATTEMPTS} attempts to read a burst")

    def _settings(self):
        names = ("ingress_embedding", "ingress_control", "ingress_overruns")
        return [self.client.get(name) for name in names]

    def _wait(self):
        count, deadline = None, time.monotonic() + TIMEOUT_S
        fields = self.client.build.fields["capture_status"]
        while not fields["done"].get(status := self.client.get("capture_status")):
            now = fields["count"].get(status)
            if now != count:
                count, deadline = now, time.monotonic() + TIMEOUT_S
            elif time.monotonic() > deadline:
                raise ClientError(f"{count} of {self.frames} frames came: no audio clock?")

    def _read(self):
        columns, pairs = [], {}
        for name in self.channels:
            side, channel = ("in", name[2:]) if name.startswith("in") else ("out", name[3:])
            pair = f"capture_{side}puts", int(channel)//2
            if pair not in pairs:
                pairs[pair] = self._read_pair(*pair)
            columns.append(pairs[pair][:, int(channel) % 2])
        return np.stack(columns, axis=1)

    def _read_pair(self, window, pair):
        """int16 [frames, 2]: the channels 2*pair and 2*pair + 1 of a window."""
        base, words = self.client.build.memories[window] + 4*pair*self.frames, []
        for start in range(0, self.frames, READ_WORDS):
            words += self.client.bus.read(base + 4*start, min(READ_WORDS, self.frames - start))
        return np.array(words, "<u4").view("<i2").reshape(-1, 2)
