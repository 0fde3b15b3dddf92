# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""python3 -m models render: sound through a net, offline."""

import argparse
import sys
import time

from models.commands.arguments import finite
from models.files import check_writable
from models.graph.files import load_any
from models.sound import embedding_path, levels, listening, wav
from models.sound.render import check_embedding, formats, full_scale, reference_of, render, to_pcm16

TEXT = "render a sound file through a model"
MORE = (
    "WAV, FLAC or AIFF, any rate from 1 kHz, 1-4 channels; channel 0 is the wave. "
    "A 16-bit sample n is the number-format integer n: full scale is 8.0 in Q4.12, and the nets "
    "are trained on waves of amplitude 1.0 = sample 4096. The output has 16 bits, output channel 0 "
    "at the model's rate, in the same scale, in the format that its suffix says. Level and pitch "
    "of what goes in are told, and what of it the net was not trained on."
)


def add_arguments(add):
    unset = argparse.SUPPRESS
    add("model", metavar="MODEL.npz", help="a trained model")
    add("input", metavar="IN.wav", help="the wave; resampled where its rate is another")
    text = "written whole or not at all: .wav, .flac or .aiff, another file than IN"
    add("output", metavar="OUT.wav", help=text)
    point = {"nargs": 2, "type": float, "default": (-1.0, -1.0), "metavar": ("E0", "E1")}
    add("--embed", **point, help="point of the embedding plane; Q4.12 allows [-8, 8)")
    text = (
        "an embedding that moves instead: points TIME:E0,E1 (seconds), or a CSV file with a row "
        "time,e0,e1 each; straight from one to the next, as the SoC's glide; two at one time jump"
    )
    add("--path", nargs="+", default=unset, metavar="TIME:E0,E1|FILE.csv", help=text)
    add("--gain", type=finite, default=1.0, help="factor on the wave before the net")
    text = "write OUT.listen.wav too: 48 kHz, stereo, normalised to -3 dBFS"
    add("--listen", action="store_true", help=text)


def run(args):
    model = load_any(args.model)
    (number_format, out_format), rate = formats(model.spec), model.spec.sample_rate
    points = embedding_path.read(args.path) if "path" in args else None
    check_embedding([point[1:] for point in points] if points else args.embed, number_format)
    inputs = [args.model, args.input, *(args.path if points else [])]
    wav.check_output(args.output, rate, inputs)
    copy = listening.beside(args.output)
    if args.listen:
        check_writable(copy, inputs)
    sound = wav.read(args.input, rate)
    wave = sound[:, 0] * (args.gain * full_scale(number_format))
    said = list(levels.describe_channels(args.input, sound, ()))
    trained = levels.trained_range(model.meta)
    given = levels.Input(wave, sound[:, 0], rate, args.gain)
    said += levels.describe_input(given, number_format, trained)
    embedding = args.embed
    if points:
        words = embedding_path.words(points, len(wave), rate, number_format)
        embedding = number_format.to_float(words)
    start, reference = time.perf_counter(), reference_of(model)
    result = render(model, wave, embedding, sys.stderr.isatty(), reference)
    elapsed = time.perf_counter() - start
    wav.write(args.output, to_pcm16(result, out_format), rate)
    counts = reference.saturations
    counts = list(counts.values()) if isinstance(counts, dict) else counts
    print(*said, levels.describe_output(result, out_format, counts), sep="\n")
    seconds = len(wave) / rate
    print(f"{args.output}: {seconds:.3f} s at {rate} Hz, {seconds / elapsed:.1f} x real time")
    if args.listen:
        listening.write(copy, result, rate)
        print(f"{copy}: 48 kHz, stereo, peak -3 dBFS; {listening.how_to_play(copy)}")
