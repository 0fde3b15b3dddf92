# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""python3 -m models examples: sounds and pictures of what a net plays."""

import time
from pathlib import Path

import numpy as np

from models.files import check_folder
from models.sound import listening, wav
from models.sound.render import render, to_pcm16
from models.spec import Model

ZOO = Path(__file__).resolve().parents[1] / "zoo" / "waveshaper.npz"
LISTEN = "listen.wav"
PAUSE_S = 0.5  # between two sounds in it
TEXT = "play a net: corners, edges, modulation, rough inputs, a phrase, as WAVs and pictures"
MORE = (
    "NAME.wav is what the net plays, NAME_input.wav what it is given (channels wave, e0, e1): "
    "`build.py --sim --wav-in NAME_input.wav` plays the same frames through the SoC. A 16-bit "
    "sample is the number format's integer: amplitude 1.0 is 4096 in Q4.12, 18 dB below full "
    "scale. NAME.png shows embedding, spectrogram and scope. listen.wav has "
    "all of them for the ear: 48 kHz, stereo, normalised to -3 dBFS."
)


def add_arguments(add):
    add("model", nargs="?", default=str(ZOO.relative_to(ZOO.parents[2])), metavar="MODEL.npz",
        help="a trained model")  # fmt: skip
    add("-o", "--output", default="out/examples", metavar="DIR", help="folder to write into")
    add("--no-plots", action="store_true", help="sounds only")


def run(args):
    from models.showcase import examples
    from models.sound.plane import of_model

    model = Model.load(args.model)
    spec, number_format = model.spec, model.spec.number_format
    sounds = examples.make(spec, plane=of_model(model))
    folder, heard = Path(args.output), []
    check_folder(folder, [LISTEN])
    print(
        f"{'example':10} {'s':>5} {'x real time':>11} {'peak':>5} {'RMS':>5} {'DC':>6} "
        f"{'clicks/s':>8} {'centroid':>9} {'>20 kHz':>9} {'ESR':>10}"
    )
    for sound in sounds:
        start = time.perf_counter()
        output = play(model, sound)
        factor = len(output) / spec.sample_rate / (time.perf_counter() - start)
        given = to_pcm16(number_format.to_float(examples.frames(sound, spec)[:, :3]), number_format)
        wav.write(folder / f"{sound.name}.wav", to_pcm16(output, number_format), spec.sample_rate)
        wav.write(folder / f"{sound.name}_input.wav", given, spec.sample_rate)
        heard.append(output)
        if not args.no_plots:
            from models.showcase import example_plots

            example_plots.draw(folder / f"{sound.name}.png", sound, output, spec.sample_rate)
        found = examples.figures(sound, output, spec.sample_rate)
        esr = "-" if found["esr"] is None else f"{found['esr']:.1f} dB"
        print(
            f"{sound.name:10} {len(output) / spec.sample_rate:5.2f} {factor:11.1f} "
            f"{found['peak']:5.2f} {found['rms']:5.2f} {found['dc']:+6.2f} {found['clicks']:8.1f} "
            f"{found['centroid']:6.0f} Hz {found['ultrasonic']:6.1f} dB {esr:>10}"
        )
    print(f"clicks: steps above {examples.CLICK:g} of amplitude 1.0 from sample to sample")
    copy = folder / LISTEN
    listening.write(copy, _one_after_the_other(heard, spec.sample_rate), spec.sample_rate)
    print(f"{copy}: all of them, 48 kHz, stereo, peak -3 dBFS; {listening.how_to_play(copy)}")
    print(f"{folder}: {', '.join(sorted(path.name for path in folder.iterdir()))}")


def _one_after_the_other(sounds, rate):
    """The sounds with their level evened and PAUSE_S between them, for a listening copy."""
    pause, parts = np.zeros(round(PAUSE_S * rate)), []
    for sound in sounds:
        parts += [sound / (np.abs(sound).max() or 1.0), pause]
    return np.concatenate(parts[:-1])


def play(model, sound):
    """float [n]: the net's answer to an Example, after silence, as the SoC's net has heard it."""
    silence = model.spec.receptive_field
    wave = np.concatenate([np.zeros(silence), sound.wave])
    embedding = np.concatenate([np.zeros((silence, 2)), sound.embedding])
    return render(model, wave, embedding)[silence:]
