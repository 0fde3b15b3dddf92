# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The demo's way through the embedding plane: four corners and the middle of an edge."""

import numpy as np

from models.showcase import scope
from models.sound import waves
from models.sound.errors import esr_db
from models.sound.plane import STANDARD, of_model
from models.spec import ModelError


def stops_of(plane):
    """{name: Place}: each wave's corner, and the middle of an edge."""
    a, b = plane.edges[min(2, len(plane.edges) - 1)]
    return {**{name: plane.corner(name) for name in plane.names}, f"{a}-{b}": plane.edge(a, b, 0.5)}


STOPS = stops_of(STANDARD)
PITCH = 200.0  # Hz
HELD = 1.0  # seconds of each stop in the copy to listen to
SECONDS = 0.025  # at each stop: five periods
RECORDING_SECONDS = 2.0  # of a recording, unless asked for more
START = 0.25  # phase of the first sample: the triangle is 0 there, as the silence before it


class Tour:
    """A triangle, or a recording, played at each of `stops` for `each` samples.

    stops:     {name: Place}, of the model's own waves
    model:     its spec takes wave, e0, e1
    rate:      samples a second, the true rate
    seconds:   length of the whole tour
    recording: float [n], any scale; it is played with a peak of 1.0
    input:     float [n] in the network's units, beyond the end of the tour where there is more

    Raises ModelError where a stop is too short for the net to forget the one before, and for a
    net of fewer than 3 input channels.
    """

    def __init__(self, model, rate, seconds=None, recording=None):
        if model.spec.in_channels < 3:
            raise ModelError(
                f"network: {model.spec.in_channels} input channels; wave, e0 and e1 need 3"
            )
        self.model, self.rate, self.plane = model, rate, of_model(model)
        self.stops = stops_of(self.plane)
        self.synthetic = recording is None
        if self.synthetic:
            count = round((seconds or SECONDS * len(self.stops)) * rate)
        else:
            count = min(round((seconds or RECORDING_SECONDS) * rate), len(recording))
        self.each = -(-count // len(self.stops))
        least = 2 * model.spec.receptive_field
        if self.each < least:
            raise ModelError(
                f"tour: must be at least {len(self.stops) * least / rate:.3g} s for this net, "
                f"got {count / rate:.3g} s"
            )
        if self.synthetic:
            self.input = waves.triangle(waves.phase(PITCH, rate, 2 * count, START))
        else:
            self.input = recording[:count] / (np.abs(recording[:count]).max() or 1.0)
        self.embeddings = [place.embedding for place in self.stops.values()]

    def target(self, spans):
        """What the net was asked for, float64, NaN before the first stop; spans: (start, stop)
        samples of each stop, one after the other."""
        history = waves.SMOOTHING - 1
        phase = waves.phase(PITCH, self.rate, history + spans[-1][1], START, first=-history)
        target = np.full(spans[-1][1], np.nan)
        for place, (start, stop) in zip(self.stops.values(), spans):
            mix = self.plane.mix(np.array(place.gains), phase)
            target[start:stop] = waves.smooth(mix)[start:stop]
        return target

    def errors(self, output, spans):
        """ESR in dB of each stop, without its settling time; None each for a recording."""
        if not self.synthetic:
            return [None] * len(spans)
        target, settling = self.target(spans), self.model.spec.receptive_field
        settled = [slice(start + settling, stop) for start, stop in spans]
        return [esr_db(output[part], target[part]) for part in settled]

    @property
    def heard_as(self):
        """What `to_listen` is, in words."""
        copy = "48 kHz, stereo, peak -3 dBFS"
        return f"each stop's last periods, held for {HELD:g} s, {copy}" if self.synthetic else copy

    def to_listen(self, output, spans):
        """What is to be heard of the SoC's output, float [n]: a recording as it was played; of the
        triangle the last period of each stop over and over, as 25 ms are no tone to an ear."""
        if not self.synthetic:
            return output[: spans[-1][1]]
        period = self.rate / PITCH
        whole = round(period) if abs(period - round(period)) < 1e-6 else None
        if whole is None:
            return output[: spans[-1][1]]
        held = round(HELD * self.rate / whole)
        return np.concatenate([np.tile(output[stop - whole : stop], held) for _, stop in spans])

    def draw(self, folder, entered, heard, spans):
        """Writes demo.png, of the aligned input and output of the SoC, and grid.png to `folder`."""
        takes = [
            (name, place.embedding, *span) for (name, place), span in zip(self.stops.items(), spans)
        ]
        title = f"{self.model.spec.name} on the simulated SoC, {self.rate:g} Hz"
        target, pitch = (self.target(spans), PITCH) if self.synthetic else (None, None)
        scope.overview(folder / "demo.png", self.rate, entered, heard, takes, target, pitch, title)
        scope.embedding_grid(folder / "grid.png", self.model)
