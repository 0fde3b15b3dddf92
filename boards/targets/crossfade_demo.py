# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""build.py --demo --with-crossfade: the model changes twice while a triangle plays."""

from dataclasses import dataclass

import matplotlib
import numpy as np

from boards.targets.arguments import ROOT
from boards.targets.output import replaced, summary
from models import crossfade, image
from models.files import write_picture
from models.reference import Reference
from models.spec import Model
from soc import wav
from soc.host.bus import UARTBus
from soc.host.client import Build, Client
from soc.sim.demo import CODEC_FRAC, MismatchError
from soc.sim.runner import Simulation

matplotlib.use("Agg")
from matplotlib import pyplot as plt  # noqa: E402  (the backend comes first)

OUT = ROOT / "out" / "crossfade"
PITCH = 220  # Hz
CORNER = (-1, 1)  # the ramp, whose flyback is the largest step
SPARE_S = 4  # seconds of sound that are there, more than are played
FADE_MS = 20
EACH_S = 0.06  # that each model plays alone
CODEC_READY = 1  # bit of the register codec_status


@dataclass(frozen=True)
class Fade:
    """Rows `start`, from which on both models compute, to `end`, from which on one is heard."""

    start: int
    end: int
    step: int


def inverted(model):
    """The model with its last layer's sign changed: there is no larger difference."""
    *weights, (kernel, bias) = model.weights
    most = model.spec.number_format.max
    return Model(model.spec, [*weights, (np.minimum(-kernel, most), np.minimum(-bias, most))])


def triangle(rate):
    """ADC codes int32 [n, 4]: a triangle of 1.0, and the embedding beside it."""
    time = np.arange(round(SPARE_S * rate)) / rate
    wave = 1 - 4 * np.abs(time * PITCH % 1 - 0.5)
    channels = np.column_stack([wave, *np.outer([*CORNER, 0], np.ones(len(time)))])
    return np.rint(channels * 2**CODEC_FRAC).astype(np.int64) << 8


def play(sim, other, each, progress):
    """`each` frames of the model, of `other`, and of the model again, then stops.

    The first are counted from when the codec plays: before that the SoC's counter runs already.
    """
    client = Client(
        UARTBus(f"socket://localhost:{sim.bridge_port}"), Build(sim.folder / "csr.json")
    )
    with progress.step("Playing") as update:
        for count, data in enumerate((None, image.pack(other), None)):
            if count:
                client.swap(data, fade_ms=FADE_MS)
            while not client.get("codec_status") & CODEC_READY:
                update("codec wakes up")
            start = int(client.status()["frames"])
            while int(client.status()["frames"]) < start + each:
                update(f"model {count + 1} of 3")
        status = client.status()
    client.bus.close()
    sim.stop()
    return status


def verify(models, sim, rate):
    """The Fades; every word that was heard is held to the integers of models.crossfade.

    models: as they follow each other. Raises MismatchError.
    """
    spec, latency = models[0].spec, sim.soc.frame_latency
    heard = sim.frames_out[latency:, : spec.out_channels] >> 16
    given = np.zeros((len(heard), spec.in_channels), np.int64)
    channels = min(spec.in_channels, 3)
    given[:, :channels] = sim.frames_in[: len(heard), :channels] >> 8
    silence = np.zeros((spec.receptive_field, spec.in_channels), np.int64)
    answers = []
    for model in models:
        reference = Reference(model)
        reference.run(silence)
        answers.append(reference.run(given)[:, : heard.shape[1]])
    row, fades = 0, []
    for old, new in zip(answers, answers[1:]):
        fade = _find(heard, old, new, row, spec.receptive_field, rate)
        if fade is None or (heard[row : fade.start] != old[row : fade.start]).any():
            raise MismatchError(f"behind frame {row} the SoC played what no fade makes")
        fades.append(fade)
        row = fade.end
    if (heard[row:] != answers[-1][row:]).any():
        raise MismatchError(f"behind frame {row} the SoC played what the model does not")
    return fades, heard, answers


def _find(heard, old, new, row, warm_up, rate):
    differs = np.flatnonzero((heard[row:] != old[row:]).any(axis=1))
    if not len(differs):
        return None
    # The first frames of a fade may be the old model's, as rounded.
    for start in range(row + differs[0] - warm_up, row + differs[0] - warm_up - 64, -1):
        try:
            expected, end = crossfade.crossfade(old[start:], new[start:], warm_up, rate)
        except ValueError:
            return None
        if (expected[:end] == heard[start : start + end]).all():
            return Fade(start, start + end, _step(heard[start : start + end]))
    return None


def _step(words):
    """The largest from sample to sample, on channel 0."""
    return int(np.abs(np.diff(words[:, 0])).max())


def demonstrate(model, other, folding, rate, options):
    """Simulates, verifies, writes sound and picture, prints a table; the exit status."""
    progress = options["progress"]
    options = {**options, "with_uartbone": True, "with_crossfade": True, "fade_ms": FADE_MS}
    model, other = (each.narrowed(folding.spec.out_channels) for each in (model, other))
    each, begun = round(EACH_S * rate), model.spec.receptive_field
    with Simulation(model, folding, frames=triangle(rate), endless=True, **options) as sim:
        status = play(sim, other, each, progress)
    with progress.step("Comparison with the reference"):
        fade_rate = crossfade.rate_of(int(FADE_MS * rate / 1000))
        fades, heard, answers = verify([model, other, model], sim, fade_rate)
    with progress.step("Sound and picture"), replaced(OUT) as folder:
        wav.write_wav(folder / "crossfade.wav", sim.frames_out, sim.sample_rate)
        draw(folder / "crossfade.png", heard, answers, fades, rate, fade_rate, begun)
    for name, step in (
        ("the model alone", _step(answers[0][begun:])),
        ("the other alone", _step(answers[1][begun:])),
        *((f"fade {number}", fade.step) for number, fade in enumerate(fades, start=1)),
    ):
        print(f"largest step, {name}: {step}")
    print(f"{len(heard)} of {len(heard)} frames equal the integer reference, to the last bit")
    print(f"overruns {status['overruns']}")
    print(summary(OUT))
    return 1 if sim.report["complaints"] or status["overruns"] else 0


def draw(path, heard, answers, fades, rate, fade_rate, warm_up):
    """What was heard, whole and round each fade, beside what each model alone says; the gains."""
    figure, (whole, gains, zooms) = plt.subplots(
        3, 1, figsize=(12, 8), layout="constrained", height_ratios=(2, 1, 2.4)
    )
    values = heard[:, 0] / 2**CODEC_FRAC
    begin = max(fades[0].start - round(0.02 * rate), 0)
    end = min(fades[1].end + round(0.02 * rate), len(heard))
    time = np.arange(len(heard)) / rate * 1e3
    whole.plot(time[begin:end], values[begin:end], color="tab:blue", linewidth=0.6)
    whole.set(ylabel="heard", title="The model changes twice while a triangle plays")
    rises = np.zeros(len(heard))
    falls = np.ones(len(heard))
    for fade, (up, down) in zip(fades, ((rises, falls), (falls, rises))):
        warm = fade.start + warm_up
        phases = [min((i + 1) * fade_rate, crossfade.PHASE) for i in range(fade.end - warm)]
        up[warm : fade.end] = [crossfade.gain(p) / 2**16 for p in phases]
        down[warm : fade.end] = [crossfade.gain(crossfade.PHASE - p) / 2**16 for p in phases]
        up[fade.end :], down[fade.end :] = 1, 0
    gains.plot(time[begin:end], falls[begin:end], color="tab:green", label="the model")
    gains.plot(time[begin:end], rises[begin:end], color="tab:orange", label="the other")
    gains.set(ylabel="gain", xlim=whole.get_xlim(), xlabel="ms")
    gains.legend(loc="center right", fontsize="small")
    middle = (fades[0].start + fades[0].end) // 2 + round(0.001 * rate)
    view = slice(max(middle - round(0.008 * rate), 0), middle + round(0.008 * rate))
    for answer, colour, name in ((0, "tab:green", "the model"), (1, "tab:orange", "the other")):
        words = answers[answer][view, 0] / 2**CODEC_FRAC
        zooms.plot(time[view], words, color=colour, linewidth=0.8, label=f"{name} alone")
    zooms.plot(time[view], values[view], color="tab:blue", linewidth=1.4, label="heard")
    zooms.set(ylabel="in the first fade", xlabel="ms", xlim=(time[view][0], time[view][-1]))
    zooms.legend(loc="upper right", fontsize="small")
    write_picture(path, figure, dpi=110, metadata={"Software": None})
    plt.close(figure)
