"""A performance of the simulated SoC: visits points of the embedding plane by its console."""

import copy
from dataclasses import dataclass

import numpy as np

from rich.console import Console
from rich.table import Table

from soc import wav

CODEC_BITS = 16
CODEC_FRAC = 12 # A 16-bit codec word is taken as Q4.12, see gateware/audio/embedding.py.

# A command takes effect some frames after the counter that its reply shows: those are on their way
# through the pipeline, and the firmware writes one register before it reads the other.
LEAD = range(-8, 17)

MISMATCH = "from frame {} on the SoC played what the reference does not"

class MismatchError(RuntimeError):
    """The SoC played other words than the reference; the message says from which frame on."""

@dataclass(frozen=True)
class Take:
    """Frames start to stop of the recording's input were played at `embedding` = (e0, e1)."""
    embedding : tuple
    start     : int
    stop      : int

def perform(sim, embeddings, frames_each, progress):
    """Plays `frames_each` frames at each of `embeddings`, set by the console's `embed`, then stops.

    sim: a running soc.sim_runner.Simulation without end, its embedding not yet touched
    Returns (frame counter at each `embed`, status at the end as a dict).
    """
    marks, status = [], {}
    with progress.step("Playing") as update:
        for index, (e0, e1) in enumerate(embeddings):
            marks.append(int(sim.console.values(f"embed {e0:g} {e1:g}")["frame"]))
            while status.get("codec") != "ready":
                status = sim.console.values("status")
            if index == 0:
                start = int(status["frames"])
            while int(status["frames"]) < start + (index + 1)*frames_each:
                status = sim.console.values("status")
                update(f"{1e3*(int(status['frames']) - start)/sim.sample_rate:.0f} of "
                    f"{1e3*len(embeddings)*frames_each/sim.sample_rate:.0f} ms")
    sim.stop()
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
    Returns a list of Take. Raises MismatchError unless every output word of the whole recording
    equals the reference's for one choice of these frames.
    """
    fmt     = spec.number_format
    latency = sim.soc.frame_latency
    channel = min(spec.out_channels, sim.frames_out.shape[1])
    heard   = sim.frames_out[latency:latency + len(sim.input), :channel]
    frames  = np.zeros((len(heard), spec.in_channels), np.int64)
    frames[:, 0] = to_words(sim.frames_in[:len(heard), 0], fmt)
    # The codec model counts from the first frame that it plays, the SoC from its reset.
    first   = round(sim.report["sim_time_ps"]*1e-12*sim.sample_rate) - len(sim.frames_out)

    def played(state, start, stop, embedding):
        frames[start:stop, 1:3] = fmt.from_float(embedding)
        return np.array_equal(
            to_codes(state.run(frames[start:stop])[:, :channel], fmt), heard[start:stop])

    silence = np.zeros((spec.receptive_field, frames.shape[1]), np.int64)
    silence[:, 1:3] = fmt.from_float(embeddings[0])
    reference.run(silence)

    starts = [0] + [mark - first for mark in marks[1:]] + [len(heard)]
    for index in range(1, len(embeddings)):
        earliest, before = starts[index - 1], embeddings[index - 1]
        for start in (starts[index] + lead for lead in LEAD):
            state = copy.deepcopy(reference)
            if (played(state, earliest, start, before)
                    and played(state, start, starts[index] + 2*len(LEAD), embeddings[index])):
                starts[index] = start
                played(reference, earliest, start, before)
                break
        else:
            raise MismatchError(MISMATCH.format(earliest))
    if not played(reference, starts[-2], starts[-1], embeddings[-1]):
        raise MismatchError(MISMATCH.format(starts[-2]))
    return [Take(*take) for take in zip(embeddings, starts, starts[1:])]

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
        f"cycles used {status['cycles_used']} of {status['cycles_available']} a sample",
        f"frames {status['frames']}, overruns {status['overruns']}, "
            f"saturations {status['saturations']}",
        f"{simulated/sim.wall_seconds:.3g} simulated seconds a second, "
            f"{sim.cycles_per_cpu_second/1e6:.2f} million cycles a second of CPU",
    ):
        console.print(line)
