# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Files: what is opened, what is replaced, a disk that is full, a pipe without a reader."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from models import files
from models.files import FileError
from models.topologies import get
from tests.support.hdl.nets import random_model

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 300  # a hang


def raises(message, function, *args):
    with pytest.raises(FileError) as caught:
        function(*args)
    assert str(caught.value) == message


def python(*arguments, **options):
    environment = dict(os.environ, PYTHONPATH=str(ROOT), **options.pop("env", {}))
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        env=environment,
        **options,
    )


def test_what_cannot_be_read(tmp_path):
    path = tmp_path / "a"
    raises(f"{path}: no such file", files.read_bytes, path, 9)
    raises(f"{tmp_path}: is a folder, not a file", files.read_bytes, tmp_path, 9)
    path.write_bytes(b"0123456789")
    raises(f"{path}: must have at most 9 bytes, got 10", files.read_bytes, path, 9)
    assert files.read_bytes(path, 10) == b"0123456789"
    path.write_bytes(b"\xff")
    raises(f"{path}: is not text (UTF-8)", files.read_text, path, 9)
    raises("a\0b: cannot be read: embedded null byte", files.read_bytes, "a\0b", 9)
    raises(
        f"{path}/b: cannot be read: Not a directory", files.check_readable, path / "b"
    )  # below a file
    loop = tmp_path / "loop"
    loop.symlink_to("loop")
    message = f"{loop}: cannot be read: Too many levels of symbolic links"
    raises(message, files.check_readable, loop)


@pytest.mark.parametrize("link", [False, True])
def test_pipes_and_devices_are_not_opened(tmp_path, link):
    os.mkfifo(tmp_path / "pipe")
    for source in (tmp_path / "pipe", Path("/dev/zero"), Path("/dev/stdin")):
        path = source
        if link:
            path = tmp_path / f"to_{source.name}"
            path.symlink_to(source)
        if source.name == "stdin" and source.is_file():  # as the test's caller has it
            continue
        raises(f"{path}: is a device or a pipe, not a file", files.read_bytes, path, 9)


def test_a_block_that_fails_leaves_nothing(tmp_path):
    path = tmp_path / "a"
    path.write_text("old")
    with pytest.raises(KeyError), files.written_whole(path) as partial:
        partial.write_text("half")
        raise KeyError
    assert path.read_text() == "old" and [file.name for file in tmp_path.iterdir()] == ["a"]


def test_a_new_file_has_the_permissions_of_any_other(tmp_path):
    (tmp_path / "usual").touch()
    files.write_bytes(tmp_path / "a", b"")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_names_as_long_as_they_may_be(tmp_path):
    path = tmp_path / ("x" * 255)
    files.write_bytes(path, b"1")
    assert path.read_bytes() == b"1"
    path = tmp_path / ("x" * 256)
    raises(f"{path}: cannot be written: File name too long", files.write_bytes, path, b"1")


# Disk ---------------------------------------------------------------------------------------------


def no_room():
    """Every write to a file fails, after the first bytes."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # an error instead
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))


@pytest.fixture
def room(tmp_path, monkeypatch):
    """A working directory with a model and a wave."""
    monkeypatch.chdir(tmp_path)
    random_model(get("original"), 1, 0.05).save("m.npz")
    soundfile.write("w.wav", np.zeros(3000), 192_000)
    return tmp_path


@pytest.mark.parametrize(
    "command, path",
    [
        (["render", "m.npz", "w.wav", "o.wav"], "o.wav"),
        (["render", "m.npz", "w.wav", "o.flac"], "o.flac"),
        (["image", "m.npz", "-o", "o.bin"], "o.bin"),
        (["zoo", "m.npz", "--page", "page.md"], "page.md"),
    ],
)
def test_a_full_disk_is_told_with_the_file(room, command, path):
    Path("page.md").write_text("<!-- tables: begin -->\n<!-- tables: end -->\n")
    before = {file.name: file.read_bytes() for file in room.iterdir()}
    result = python("-m", "models", *command, preexec_fn=no_room)
    message = f"python3 -m models {command[0]}: error: {path}: cannot be written: File too large\n"
    assert (result.returncode, result.stdout, result.stderr) == (2, "", message)
    assert {file.name: file.read_bytes() for file in room.iterdir()} == before


WRITERS = """
import sys
from pathlib import Path
import numpy as np
from models.files import FileError, write_picture
from models.spec import Model
from models.training import checkpoint
from soc import wav
from soc.flow import report
from soc.host import calibration
from soc.host.recording import Recording
from matplotlib.figure import Figure

codes = np.zeros((999, 2), np.int16)
take = Recording(codes, np.array([0]), np.array([0]), np.zeros((1, 2)), ("in0", "in1"), 48e3)
writers = {
    "m.npz": lambda path: Model.load("m.npz").save(path),
    "m.checkpoint.npz": lambda path: checkpoint.save(Path(path), {}, {}, {"a": [codes]}),
    "take.wav": take.save,
    "take.npz": take.save,
    "dac.wav": lambda path: wav.write_wav(path, np.zeros((99, 4)), 48e3),
    "c.json": lambda path: calibration.save(path, {f"in{i}": (0, 1024) for i in range(9)}),
    "r.json": lambda path: report.write({"a": "b" * 999}, path, "r.png"),
    "p.png": lambda path: write_picture(path, Figure()),
}
for name, write in writers.items():
    try:
        write(name)
    except FileError as error:
        print(error)
print(len(writers))
"""


def test_every_writer_names_its_file(room):
    before = {file.name: file.read_bytes() for file in room.iterdir()}
    result = python("-c", WRITERS, preexec_fn=no_room)
    *lines, count = result.stdout.splitlines()
    names = ["m.npz", "m.checkpoint.npz", "take.wav", "take.npz", "dac.wav", "c.json", "r.json"]
    names.append("p.png")
    assert lines == [f"{name}: cannot be written: File too large" for name in names], result
    assert int(count) == len(names)
    assert {file.name: file.read_bytes() for file in room.iterdir()} == before


def test_a_full_disk_below_the_build_names_the_folder(tmp_path):
    from boards.targets.folder import build_folder

    with pytest.raises(FileError, match=f"^{tmp_path}/b: cannot be written: No space left on dev"):
        with build_folder(tmp_path / "b"):
            raise OSError(28, "No space left on device")


# Pipes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "models", "plan", "m.npz"],
        ["-m", "models", "zoo", "m.npz"],
        ["-m", "models", "--help"],
        ["-m", "soc", "--help"],
        [ROOT / "build.py", "--help"],
    ],
)
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_pipe_that_nobody_reads_is_no_error(room, command, unbuffered):
    """As in `... | head -1`: nothing on stderr, and the status that SIGPIPE leaves."""
    reader, writer = os.pipe()
    os.close(reader)
    result = subprocess.run(
        [sys.executable, *map(str, command)],
        stdout=writer,
        stderr=subprocess.PIPE,
        timeout=TIMEOUT_S,
        env=dict(os.environ, PYTHONPATH=str(ROOT), PYTHONUNBUFFERED=unbuffered),
    )
    os.close(writer)
    assert result.stderr == b""
    assert result.returncode == 141 or "--help" in command  # argparse ignores it, and ends with 0
