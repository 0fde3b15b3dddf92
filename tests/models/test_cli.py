# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""python3 -m models: what works, and one line, status 2 and no file for what does not."""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile

from models.__main__ import main
from models.arch.devices import DEVICES
from models.reference import Reference
from models.sound.wav import ALLOWED
from models.spec import Conv1DSpec, Model, NetworkSpec
from models.topologies import TOPOLOGIES, get
from models.training.recipe import RECIPES
from tests.support.hdl.glides import line, rate_of
from tests.support.hdl.nets import random_model
from tests.support.limits import HANG_S
from tests.support.listening import assert_listenable
from tests.support.soc.command_line import run_main

run = partial(run_main, main)  # (argv, capsys) -> (status, stdout, stderr)

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def room(tmp_path, monkeypatch):
    """A folder with a model m.npz and a wave w.wav of 16-bit codes, as working directory."""
    monkeypatch.chdir(tmp_path)
    random_model(get("original"), 1, 0.05).save("m.npz")
    codes = np.random.default_rng(2).integers(-9000, 9000, (3000, 2)).astype(np.int16)
    soundfile.write("w.wav", codes, 192_000)
    return tmp_path


def refused(argv, message, capsys):
    """One line on stderr, status 2, and every file as before."""
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    status, out, err = run(argv, capsys)
    assert (status, out) == (2, "")
    assert err == f"python3 -m models {argv[0]}: error: {message}\n"
    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before


def test_render_writes_the_integers_of_the_reference(room, capsys):
    """A 16-bit sample n is the Q4.12 integer n, in and out; channel 0 is the wave."""
    command = ["render", "m.npz", "w.wav", "out.wav", "--embed", -1, 0.5]
    status, out, err = run(command, capsys)
    assert (status, err) == (0, "")
    channels, given, played, last = out.splitlines()
    assert channels == "w.wav: channel 1 is not used"
    assert given == "input: peak 2.2, 0% clipped"
    assert last.startswith("out.wav: 0.016 s at 192000 Hz, ") and last.endswith(" x real time")
    wave = soundfile.read("w.wav", dtype="int16")[0][:, 0]
    frames = np.stack(np.broadcast_arrays(wave.astype(int), -4096, 2048, 0), axis=1)
    samples, rate = soundfile.read("out.wav", dtype="int16")
    assert rate == 192_000 and soundfile.info("out.wav").subtype == "PCM_16"
    assert np.array_equal(samples, Reference(Model.load("m.npz")).run(frames)[:, 0])
    reference = Reference(Model.load("m.npz"))
    reference.run(frames)
    peak = np.abs(samples.astype(int)).max() / 4096
    assert played.startswith(f"output: peak {peak:.3g}, 0% clipped, saturations ")
    assert f"saturations {sum(reference.saturations)}" in played
    assert sorted(path.name for path in Path().iterdir()) == ["m.npz", "out.wav", "w.wav"]


def test_render_moves_the_embedding_and_writes_a_copy_to_listen_to(room, capsys):
    command = ["render", "m.npz", "w.wav", "out.flac", "--listen", "--path"]
    status, out, err = run([*command, "0.001:1,-1", "0.011:-1,0.5"], capsys)
    assert (status, err) == (0, "")
    wave = soundfile.read("w.wav", dtype="int16")[0][:, 0]
    frames = np.zeros((3000, 4), np.int64)
    frames[:, 0] = wave
    for channel, (start, end) in enumerate([(4096, -4096), (-4096, 2048)], start=1):
        way = line(start, [end] * 1920, rate_of(1920))
        frames[:, channel] = [start] * 192 + way + [end] * (3000 - 192 - len(way))
    samples, rate = soundfile.read("out.flac", dtype="int16")
    assert soundfile.info("out.flac").format == "FLAC"
    assert np.array_equal(samples, Reference(Model.load("m.npz")).run(frames)[:, 0])
    assert_listenable("out.listen.wav", seconds=3000 / 192_000)
    assert "out.listen.wav: 48 kHz, stereo, peak -3 dBFS; to listen: " in out
    Path("path.csv").write_text("0.001,1,-1\n0.011,-1,0.5\n")
    assert run(["render", "m.npz", "w.wav", "b.wav", "--path", "path.csv"], capsys)[0] == 0
    assert np.array_equal(soundfile.read("b.wav", dtype="int16")[0], samples)


def test_bad_paths(room, capsys):
    command = [*render(), "--path"]
    refused([*command, "0:9,0"], "embedding: must be in [-8, 8), got 9", capsys)
    refused([*command, "1:0,0", "0:0,0"], "--path: 0 s after 1 s; times must ascend", capsys)
    refused([*command, "none.csv"], "none.csv: no such file", capsys)


def test_render_resamples_and_applies_gain(room, capsys):
    soundfile.write("slow.wav", np.full(4800, 0.25), 48_000, subtype="PCM_16")
    assert run(["render", "m.npz", "slow.wav", "a.wav", "--gain", "0.5"], capsys)[0] == 0
    samples, rate = soundfile.read("a.wav", dtype="int16")
    assert (len(samples), rate) == (19_200, 192_000)
    frames = np.tile([4096, -4096, -4096, 0], (200, 1))  # 0.25 of full scale, halved; default point
    settled = Reference(Model.load("m.npz")).run(frames)[-1, 0]
    assert abs(int(samples[10_000]) - settled) <= 20  # the resampler's ripple


def test_plan_prints_the_folding(zoo, capsys):
    status, out, _ = run(["plan", zoo], capsys)
    assert status == 0 and "of 256 cycles per sample, 1536 multiplications" in out
    _, out, _ = run(["plan", zoo, "--cycles", "512"], capsys)
    assert "of 512 cycles per sample" in out


def test_plan_takes_a_topology_an_objective_a_device_contexts_and_outputs(room, capsys):
    options = ["--cycles", 1024, "--objective", "latency", "--device", "LFE5UM5G-85F"]
    options += ["--contexts", 4, "--outputs", 1]
    status, by_name, err = run(["plan", "original", *options], capsys)
    assert (status, err) == (0, "")
    assert "2: 16->1 K4 D16 " in by_name and "\n4 x 16 of 1024 cycles per sample, " in by_name
    assert "LFE5UM5G-85F: 96 of 156 multipliers, " in by_name
    assert run(["plan", "m.npz", *options], capsys) == (0, by_name, "")
    _, out, _ = run(["plan", "--help"], capsys)
    text = " ".join(out.split())
    for option in ("--cycles", "--objective", "--device", "--contexts", "--outputs"):
        assert f" {option} " in text
    assert "area, latency, throughput (default: area)" in text and "LFE5UM5G-45F" in text


def test_bad_plans(room, capsys):
    message = "device 'tiny' is not known; known: " + ", ".join(DEVICES)
    refused(["plan", "original", "--device", "tiny"], message, capsys)
    message = "plan: 48 multipliers wanted, LFE5U-25F has 28: 20 short"
    refused(["plan", "m.npz", "--cycles", "32", "--device", "LFE5U-25F"], message, capsys)
    message = "plan: objective must be area, latency or throughput, got 'speed'"
    refused(["plan", "original", "--objective", "speed"], message, capsys)
    refused(["plan", "original", "--outputs", "5"],
            "network: outputs must be 1 to 4, got 5", capsys)  # fmt: skip
    message = "argument --contexts: must be at least 1, got 0"
    refused(["plan", "original", "--contexts", "0"], message, capsys)
    known = ", ".join(sorted(TOPOLOGIES))
    refused(["plan", "sine"], f"sine: no such file, and no topology; known: {known}", capsys)
    refused(["plan", "sine.npz"], "sine.npz: no such file", capsys)


def test_help_lists_everything_with_defaults(capsys):
    status, out, _ = run(["--help"], capsys)
    assert status == 0
    assert all(f"\n    {name} " in out for name in ("train", "render", "plan", "evaluate"))
    _, out, _ = run(["render", "--help"], capsys)
    text = " ".join(out.split())
    assert "A 16-bit sample n is the number-format integer n: full scale is 8.0 in Q4.12" in text
    assert "(default: (-1.0, -1.0))" in text and "(default: 1.0)" in text
    _, out, _ = run(["train", "--help"], capsys)
    text = " ".join(out.split())
    for option, default in (("steps", "20000"), ("batch", "24"), ("rate", "0.004"), ("seed", "1")):
        assert f"--{option} " in text and f"(default: the recipe's, mostly {default})" in text


def render(model="m.npz", source="w.wav", output="out.wav", *options):
    return ["render", model, source, output, *options]


def test_bad_models(room, capsys):
    refused(render("none.npz"), "none.npz: no such file", capsys)
    whole = Path("m.npz").read_bytes()
    Path("cut.npz").write_bytes(whole[:2000])
    message = "cut.npz: not a readable .npz: File is not a zip file"
    for command in (render("cut.npz"), ["plan", "cut.npz"], ["evaluate", "cut.npz"]):
        refused(command, message, capsys)
    np.savez("pickled.npz", spec=np.array([{}], dtype=object), meta=np.array("{}"))
    message = "must hold plain arrays, got pickled objects, which are never loaded"
    refused(render("pickled.npz"), f"pickled.npz: not a readable .npz: {message}", capsys)
    arrays = dict(np.load("m.npz"))
    arrays["spec"] = np.array(str(arrays["spec"]).replace('"in_channels": 4', '"in_channels": 5'))
    arrays["spec"] = np.array(str(arrays["spec"]).replace('"out_channels": 4', '"out_channels": 9'))
    arrays["spec"] = np.array(str(arrays["spec"]).replace('"in_channels": 16', '"in_channels": 8'))
    np.savez("misfit.npz", **arrays)
    message = "network: layer 0 gives 16 channels, layer 1 takes 8; they must be equal"
    refused(render("misfit.npz"), f"misfit.npz: {message}", capsys)


def test_a_net_too_large_for_the_memory_is_one_line(room, capsys, monkeypatch):
    def no_memory(*_, **__):
        raise MemoryError("Unable to allocate 8.00 TiB")

    monkeypatch.setattr("models.reference._Pass.reset", no_memory)
    refused(render(), "out of memory: Unable to allocate 8.00 TiB", capsys)


def test_bad_sounds(room, capsys):
    refused(render(source="none.wav"), "none.wav: no such file", capsys)
    soundfile.write("empty.wav", np.zeros((0, 1)), 48_000)
    refused(render(source="empty.wav"), "empty.wav: must have at least 1 sample, got 0", capsys)
    soundfile.write("five.wav", np.zeros((9, 5)), 48_000)
    refused(render(source="five.wav"), "five.wav: must have 1 to 4 channels, got 5", capsys)
    refused(render(source="m.npz"), f"m.npz: must be {ALLOWED}, got another kind of file", capsys)


def test_bad_embeddings_and_numbers(room, capsys):
    point = render("m.npz", "w.wav", "out.wav", "--embed")
    refused([*point, 8, 0], "embedding: must be in [-8, 8), got 8", capsys)
    refused([*point, 0, -8.5], "embedding: must be in [-8, 8), got -8.5", capsys)
    refused([*point, 0, "nan"], "embedding: must be in [-8, 8), got nan", capsys)
    refused([*point, 0, "x"], "argument --embed: invalid float value: 'x'", capsys)
    refused([*point, 0], "argument --embed: expected 2 arguments", capsys)
    message = "argument --gain: must be a finite number, got inf"
    refused(render("m.npz", "w.wav", "out.wav", "--gain", "inf"), message, capsys)
    message = "argument --cycles: must be at least 1, got 0"
    refused(["plan", "m.npz", "--cycles", 0], message, capsys)


def test_bad_outputs(room, capsys, monkeypatch):
    def too_late(*_, **__):
        raise AssertionError("what can be refused at once must not wait for the work")

    monkeypatch.setattr("models.commands.render.render", too_late)
    monkeypatch.setattr("models.training.train.make_model", too_late)
    message = "embedding: must be in [-8, 8), got 8"
    refused(render("m.npz", "w.wav", "out.wav", "--embed", 8, 0), message, capsys)
    message = "none/out.wav: the folder none does not exist"
    refused(render(output="none/out.wav"), message, capsys)
    Path("folder.wav").mkdir()
    refused(render(output="folder.wav"), "folder.wav: is a folder, not a file", capsys)
    refused(
        render(output="x.mp3"), "x.mp3: must end in .wav, .flac, .aiff or .aif, got .mp3", capsys
    )
    refused(
        render(output="m.npz"), "m.npz: must end in .wav, .flac, .aiff or .aif, got .npz", capsys
    )
    for other in ("w.wav", "hard.wav", "soft.wav"):
        if other == "hard.wav":
            Path(other).hardlink_to("w.wav")
        elif other == "soft.wav":
            Path(other).symlink_to("w.wav")
        message = f"{other}: is w.wav, which is read; another file is needed"
        refused(render(output=other), message, capsys)
    message = "none/m.npz: the folder none does not exist"
    refused(["train", "original", "-o", "none/m.npz"], message, capsys)


def test_a_full_disk_is_one_line(room, capsys, monkeypatch):
    def disk_full(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.write_bytes", disk_full)
        patch.setattr("numpy.savez_compressed", disk_full)
        refused(render(), "out.wav: cannot be written: No space left on device", capsys)
        message = "m.bin: cannot be written: No space left on device"
        refused(["image", "m.npz"], message, capsys)
    monkeypatch.setattr("models.__main__.Model.load", disk_full)
    refused(["plan", "m.npz"], "[Errno 28] No space left on device", capsys)


def test_bad_training(room, capsys):
    message = f"net 'sine' is not known; known: {', '.join(sorted(RECIPES))}"
    refused(["train", "sine"], message, capsys)
    message = "argument --steps: must be at least 0, got -1"
    refused(["train", "original", "--steps", "-1"], message, capsys)
    message = "argument --beyond: must be 1 to 4, got 0.5"
    refused(["train", "original", "--beyond", "0.5"], message, capsys)


def test_two_channel_nets_have_no_embedding(room, capsys):
    random_model(NetworkSpec((Conv1DSpec(2, 1),)), 1).save("two.npz")
    message = "network: 2 input channels; wave, e0 and e1 need 3"
    refused(render("two.npz"), message, capsys)
    refused(["evaluate", "two.npz"], message, capsys)


def test_as_a_process(room):
    """Through the shell's door: exit status and a single line."""
    command = [sys.executable, "-m", "models", *render(source="none.wav")]
    environment = dict(os.environ, PYTHONPATH=str(ROOT))
    result = subprocess.run(
        command, capture_output=True, text=True, timeout=HANG_S, env=environment
    )
    assert result.returncode == 2
    assert result.stderr == "python3 -m models render: error: none.wav: no such file\n"
    assert result.stdout == "" and not Path("out.wav").exists()


def test_tensorflow_is_only_for_training(room):
    """Everything but training runs where TensorFlow, Keras and QKeras do not exist."""
    script = (
        "import sys; sys.modules.update(tensorflow=None, keras=None, qkeras=None)\n"
        "from models.__main__ import main\n"
        "assert main(['render', 'm.npz', 'w.wav', 'out.wav']) == 0\n"
        "assert main(['evaluate', 'm.npz']) == 0\n"
        "assert main(['plan', 'm.npz']) == 0\n"
        "assert main(['train', 'original', '-o', 'new.npz']) == 2\n"
        "assert main(['import', 'their.keras', '-o', 'new.npz']) == 2\n"
    )
    environment = dict(os.environ, PYTHONPATH=str(ROOT))
    result = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=HANG_S,
        env=environment,
    )
    assert result.returncode == 0, result.stderr
    missing = "error: tensorflow not found: run `make training`\n"
    assert result.stderr == f"python3 -m models train: {missing}python3 -m models import: {missing}"
    assert not Path("new.npz").exists()
