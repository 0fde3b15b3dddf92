# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""A performance of the simulated SoC: visits points of the embedding plane by its console."""

import copy
import sys
from dataclasses import dataclass

import numpy as np

from rich.console import Console
from rich.table import Table

from models.errors import FAILED, UserError

from gateware.shapes.codec_word import BITS as CODEC_BITS, FRAC as CODEC_FRAC

from soc import wav
from soc.contract.tokens import PROMPT

POLL_S = 0.2 # between two looks at the simulation


# A command takes effect some frames after the counter that its reply shows: those are on their way
# through the pipeline, and the firmware writes one register before it reads the other.
LEAD = range(-8, 17)

# Until the first `embed` it comes from the codec's inputs 1 and 2, which are silent.
CODEC_EMBEDDING = (0.0, 0.0)

MISMATCH = "from frame {} on the SoC played what the reference does not"

class MismatchError(UserError):
    """The SoC played other words than the reference; the message says from which frame on."""
    exit_status = FAILED

@dataclass(frozen=True)
class Take:
    """Frames start to stop of the recording's input were played at `embedding` = (e0, e1)."""
    embedding : tuple
    start     : int
    stop      : int

def script(embeddings, frames_each, cycles_per_sample):
    """What is typed at the console, for a Simulation: `embed` at each of `embeddings`, and
    `frames_each` frames at each, from when the codec is ready; then the run ends."""
    steps = [("expect", PROMPT)]
    for index, (e0, e1) in enumerate(embeddings):
        steps += [("send", f"embed {e0:g} {e1:g}"), ("expect", PROMPT)]
        if index == 0:
            steps.append(("until", "codec=ready", "status"))
        steps.append(("wait", frames_each*cycles_per_sample))
    return [*steps, ("send", "status"), ("expect", PROMPT), ("end",)]

def perform(sim, total, progress):
    """Follows a running soc.sim_runner.Simulation to the end of its `script`; total: of frames.

    Returns (frame counter at each `embed`, status at the end as a dict).
    """
    with progress.step("Playing") as update:
        while sim.running:
            sim.pause(POLL_S)
            played = min(sim.frames_played(), total)/sim.sample_rate
            update(f"{1e3*played:.0f} of {1e3*total/sim.sample_rate:.0f} ms")
    sim.stop()
    marks, status = [], {}
    for reply in sim.transcript.split(PROMPT):
        command, _, lines = reply.partition("\n")
        values = dict(line.split("=", 1) for line in lines.splitlines() if "=" in line)
        if command.startswith("embed "):
            marks.append(int(values["frame"]))
        elif command == "status":
            status = values
    return marks, status

def to_words(codes, number_format):
    """Network words of 24-bit ADC codes [n]: what Ingress makes of them."""
    shifted = np.floor((codes >> 8)*2.0**(number_format.frac - CODEC_FRAC)).astype(np.int64)
    return np.clip(shifted, number_format.min, number_format.max)

def to_codes(words, number_format):
    """32-bit DAC words of network words: what Egress makes of them."""
    codes = np.floor(words*2.0**(CODEC_FRAC - number_format.frac)).astype(np.int64)
    return np.clip(codes, -2**15, 2**15 - 1) << 16

def verify(spec, reference, sim, embeddings, marks):
    """Finds the frame at which each embedding took effect, holding every frame to `reference`.

    spec, reference: the network and a fresh models.reference.Reference of its model
    marks: as `perform` returned them
    Returns a list of Take; the first begins later than frame 0 where the console was slower than
    the codec. Raises MismatchError unless every output word of the whole recording equals the
    reference's for one choice of these frames.
    """
    fmt     = spec.number_format
    latency = sim.soc.frame_latency
    channel = min(spec.out_channels, sim.frames_out.shape[1])
    heard   = sim.frames_out[latency:latency + len(sim.input), :channel]
    # From before the SoC's reset on: silence until the codec's frame 0, which is row `silent`.
    silent  = spec.receptive_field - sim.input_frame(0)
    frames  = np.zeros((silent + len(heard), spec.in_channels), np.int64)
    frames[silent:, 0] = to_words(sim.frames_in[:len(heard), 0], fmt)

    def played(state, start, stop, embedding):
        frames[start:stop, 1:3] = fmt.from_float(embedding)
        words = to_codes(state.run(frames[start:stop])[:, :channel], fmt)
        return np.array_equal(words[max(silent - start, 0):],
            heard[max(start - silent, 0):max(stop - silent, 0)])

    embeddings = [CODEC_EMBEDDING, *embeddings]
    starts     = [0] + [silent + sim.input_frame(mark) for mark in marks] + [len(frames)]
    for index in range(1, len(embeddings)):
        earliest, before = starts[index - 1], embeddings[index - 1]
        # A frame is told by all outputs that remember the one before it, as far as it is heard.
        told = max(starts[index], silent) + LEAD.stop + spec.receptive_field
        told = min(told, max(starts[index + 1] + LEAD.start, starts[index] + LEAD.stop))
        for start in (starts[index] + lead for lead in LEAD):
            state = copy.deepcopy(reference)
            if (played(state, earliest, start, before)
                    and played(state, start, told, embeddings[index])):
                starts[index] = start
                played(reference, earliest, start, before)
                break
        else:
            raise MismatchError(MISMATCH.format(max(earliest - silent, 0)))
    if not played(reference, starts[-2], starts[-1], embeddings[-1]):
        raise MismatchError(MISMATCH.format(max(starts[-2] - silent, 0)))
    starts = [max(start - silent, 0) for start in starts[1:]]
    return [Take(*take) for take in zip(embeddings[1:], starts, starts[1:])]

def to_frames(wave):
    """ADC codes int32 [n, 4] of a wave in the network's units, float [n], on channel 0."""
    return wav.to_codes(wave[:, None]*2.0**(CODEC_FRAC + 1 - CODEC_BITS))

def signals(sim):
    """Input and output of channel 0, aligned, float64 [n] each, in the network's units."""
    latency = sim.soc.frame_latency
    heard   = (sim.frames_out[latency:latency + len(sim.input), 0] >> 16)/2**CODEC_FRAC
    entered = (sim.frames_in[:len(heard), 0] >> 8)/2**CODEC_FRAC
    return entered, heard

def write_sound(folder, sim):
    """Writes what the codec's pins carried: input.wav and output.wav, four channels each."""
    wav.write_wav(folder / "input.wav",  sim.frames_in << 8, sim.sample_rate)
    wav.write_wav(folder / "output.wav", sim.frames_out,     sim.sample_rate)

def print_table(rows, sim, status):
    """rows: (name, Take, ESR in dB or None for each stop);  status: the console's, as a dict."""
    table  = Table("stop", "e0", "e1", "ms", "ESR")
    frames = 0
    for name, take, error in rows:
        frames      = take.stop
        seconds     = (take.stop - take.start)/sim.sample_rate
        table.add_row(name, *(f"{value:g}" for value in take.embedding), f"{1e3*seconds:.1f}",
            "-" if error is None else f"{error:.1f} dB")
    console = Console(highlight=False)
    console.print(table)
    simulated = len(sim.frames_out)/sim.sample_rate
    for line in (
        f"{frames} of {frames} frames equal the integer reference, to the last bit",
        f"cycles used {status['cycles_used']} of {status['cycles_available']} per sample, at "
            f"{int(status['wavenet_clk'])/1e6:g} MHz",
        f"frames {status['frames']}, overruns {status['overruns']}, "
            f"saturations {status['saturations']}",
    ):
        console.print(line)
    # Beside the figures, which are the same from run to run.
    print(f"{simulated/sim.wall_seconds:.3g} simulated seconds a second, "
        f"{sim.cycles_per_cpu_second/1e6:.2f} million cycles per second of CPU", file=sys.stderr)
