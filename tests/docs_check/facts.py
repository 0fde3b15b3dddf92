# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""`python3 -m tests.docs_check.facts GROUP`: figures of the pages that follow from constants."""

import math
import sys
from pathlib import Path

from boards.platforms.codec_pmods import CALIBRATION
from boards.targets.arguments import SAMPLE_RATES
from gateware.audio.ak4619_registers import register_bytes
from gateware.shapes import ramp
from models import image, topologies
from models.arch.planner import plan
from models.quality import evaluation as evaluate
from models.quality import player
from models.recordings.takes import SAME_RATE
from models.sound import errors as quality
from models.sound import listening, own_waves, plane, spectra, wav, waves
from models.spec import FILE_BYTES, MAX_HISTORY, MAX_MACS, Model
from models.training import windows
from models.training.newton import blocks, polish
from models.training.recipe import RECIPES
from soc import capture_buffer, options
from soc.contract import bench_plan
from soc.sim.runner import BRIDGE_TIMEOUT_MS
from soc.sim.sim_soc import SYS_CLK_FREQ
from soc.wav import FULL_SCALE
from soc.wavenet_soc import WaveNetSoC, cycles_per_sample

ROOT = Path(__file__).resolve().parents[2]
DEFAULT = ROOT / "models" / "zoo" / "waveshaper.npz"
BITS_PER_BYTE = 10  # on a serial line
BAUD = 115_200


def codec():
    for rate in (48_000, 96_000, 192_000):
        name = f"registers at {rate // 1000} kHz:"
        yield f"{name:<21} " + " ".join(f"{byte:02x}" for byte in register_bytes(rate))


def clocks():
    yield f"MHz: {SYS_CLK_FREQ / 1e6:g}, kHz: {[rate / 1e3 for rate in SAMPLE_RATES]}"
    cycles = [cycles_per_sample(SYS_CLK_FREQ, rate) for rate in SAMPLE_RATES]
    yield f"times: {cycles}, the accelerator's: {WaveNetSoC.wavenet_clk_ratios}"


def levels():
    per_volt = 2**15 / FULL_SCALE
    one = topologies.get("waveshaper").number_format.one
    yield f"counts per volt: {per_volt:g}"
    yield f"volts at full scale: {FULL_SCALE:g}"
    yield f"volts at 1.0 of Q4.12: {one / per_volt:g}"
    for side in ("input", "output"):
        offsets, gains = zip(*CALIBRATION["ak4619"][f"{side}_calibration"])
        yield f"{side + ' offsets:':<15} {' '.join(map(str, offsets))}"
        yield f"{side + ' gains:':<15} {' '.join(map(str, gains))}"


def net():
    spec = Model.load(DEFAULT).spec
    yield f"parameters: {spec.parameters}"
    yield f"receptive field, samples: {spec.receptive_field}, before the newest: " + str(
        spec.receptive_field - 1
    )
    yield f"receptive field, ms: {1e3 * spec.receptive_field / spec.sample_rate:.2f}"
    yield f"image, bytes: {image.HEADER_BYTES + 4 * image.payload_words(spec) + 4}"
    for cycles, contexts in ((256, 1), (256, 2), (512, 1), (1024, 1)):
        folding = plan(spec, cycles, contexts=contexts)
        yield f"multipliers at {cycles} cycles, {contexts} contexts: {folding.multipliers}"


def live():
    yield from net()
    yield f"silence of a bridge, ms: {options.BridgeOptions.bridge_timeout_ms}"
    yield f"silence of a simulated bridge, ms: {BRIDGE_TIMEOUT_MS:g}"
    yield f"cycles that an address of nothing holds the bus: {WaveNetSoC.bus_timeout}"
    yield f"bench, KB: {bench_plan.RAM_MOST // 1024}, frames: {bench_plan.DEPTH_MOST}"
    fade_ms = options.AcceleratorOptions.fade_ms
    yield f"glide and fade, ms: 0 to {ramp.MS_MOST}, at power-up {fade_ms}"


def capture():
    yield from net()
    frames, rate = capture_buffer.CAPTURE_FRAMES, 192_000
    stream = 4 * 2 * rate
    yield f"frames of the buffer: {frames}, {max(capture_buffer.CAPTURE_SIZES)} at most"
    yield f"frames a block RAM: {frames // 4}"
    yield f"four channels of 16 bits at {rate / 1e3:g} kHz, MB/s: {stream / 1e6:.3f}"
    yield f"bytes/s of a line of {BAUD} baud: {BAUD // BITS_PER_BYTE}"
    yield f"times the line: {stream / (BAUD / BITS_PER_BYTE):.0f}"
    yield f"a burst, ms: {1e3 * frames / rate:.2f}"
    yield f"the same rate to: {SAME_RATE:.1%}, outputs: {RECIPES['waveshaper'].outputs}"


def training():
    recipe, wide = RECIPES["waveshaper"], RECIPES["wide"]
    trunk = blocks.narrow(topologies.get("wide"), 1, wide.trunk)
    yield f"steps: {recipe.steps}, single places: {recipe.windows}"
    yield f"checks every {recipe.check_every} steps until {recipe.patience} bring nothing"
    yield f"Gauss-Newton: {recipe.polish}, settling: {100 * recipe.settling:g} %"
    low, high = waves.PITCH_RANGE
    yield f"pitches: {low:g} to {high:g} Hz, smoothing: {waves.SMOOTHING} samples"
    yield f"waves of one's own: {own_waves.PERIOD} samples a period, {list(plane.PLACES)} of them"
    yield f"at most {plane.PEAK:g}, at {[at for places in plane.PLACES.values() for at in places]}"
    yield f"a moving embedding: {windows.MOVING} times a second"
    shares = [100 * windows.OFTEN * share for share in (recipe.jumping, recipe.modulated)]
    yield f"windows that jump and move: {shares} %"
    yield f"rounding to powers of two: {[100 * share for share in polish.ROUNDING]} %"
    yield f"the trunk of wide: {trunk.parameters} weights"


def evaluation():
    low, high = waves.PITCH_RANGE
    yield f"pitches of training: {low:g} to {high:g} Hz, of its errors: {len(quality.PITCHES)}"
    first, last = waves.HELD_OUT[0], waves.HELD_OUT[-1]
    yield f"held out: {len(waves.HELD_OUT)}, {first:g} Hz to {last / 1e3:g} kHz"
    for name, band in evaluate.BANDS.items():
        yield f"{name}: {len(band)} pitches, {band[0]:.3g} to {band[-1]:.3g} Hz"
    yield f"levels: {player.LEVELS}, waves that change, Hz: {player.BROKEN_PITCHES}"
    yield f"at rest within: {player.REST}, LSB of noise: {player.NOISES}"
    yield f"none within: {waves.HELD_OUT_BAND:.0%}, smoothing: {waves.SMOOTHING} samples"
    yield f"seconds of a pitch: {quality.SECONDS}, rates of aliases, kHz: " + str(
        [rate / 1e3 for rate in evaluate.ALIAS_RATES]
    )
    yield f"STFT windows, ms: {[1e3 * window for window in spectra.STFT_SECONDS]}"
    yield f"silent, dB: {-20 * math.log10(spectra.FLOOR):.0f}"
    yield f"audible, kHz: {spectra.AUDIBLE / 1e3}"
    yield f"kHz: {sorted({spec.sample_rate / 1e3 for spec in topologies.TOPOLOGIES.values()})}"
    alias = spectra.ALIAS_PITCH
    ratio = evaluate.ALIAS_RATES[1] / evaluate.ALIAS_RATES[0]
    yield f"alias pitch, kHz: {alias / 1e3}, as at a quarter of the rate, Hz: {alias / ratio}"
    yield f"largest word: {words_end():g}"


def sound():
    rate, one = 192_000, topologies.get("waveshaper").number_format.one
    yield f"read: {wav.MAX_CHANNELS} channels, {wav.RATES[0] / 1e3} kHz to {wav.RATES[1] / 1e6} MHz"
    yield f"values: 2^{wav.MOST_VALUES.bit_length() - 1}, minutes: {wav.MOST_VALUES // rate // 60}"
    yield f"at {rate / 1e3} kHz; a model unpacked: {FILE_BYTES >> 20} MB"
    yield f"multiplications: 2^{MAX_MACS.bit_length() - 1}, words: 2^{MAX_HISTORY.bit_length() - 1}"
    yield f"to listen: {listening.RATE / 1e3} kHz, {-20 * math.log10(listening.PEAK):.0f} dB down"
    yield f"channels: {list(range(wav.MAX_CHANNELS))}"
    yield f"a glide: {ramp.MS_MOST / 1e3} s; 1.0 of Q4.12: {one}"


def words_end():
    number_format = topologies.get("waveshaper").number_format
    return -number_format.min / number_format.one


def words():
    one = topologies.get("waveshaper").number_format.one
    yield f"1.0: {one}, full scale: {words_end():.1f}"
    yield f"dB below full scale: {20 * math.log10(2**15 / one):.1f}"


GROUPS = {
    group.__name__: group
    for group in (codec, clocks, levels, words, net, live, capture, training, evaluation, sound)
}


def main(argv):
    if len(argv) != 1 or argv[0] not in GROUPS:
        print(f"facts: one group is needed: {', '.join(GROUPS)}; got: {argv}", file=sys.stderr)
        return 2
    print("\n".join(GROUPS[argv[0]]()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
