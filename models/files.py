# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Files at the edge of the program: opened only where that can end, written whole or not at all.

Nothing here needs more than Python itself. Every error is a FileError, one line that begins with
the file's name.
"""

import errno
import os
import stat
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from models.errors import UserError

BROKEN_PIPE = 128 + 13  # exit status of a program that SIGPIPE ended, as a shell shows it


class FileError(UserError, ValueError):
    """A file that cannot be read or written; the message is one line for the user."""


# Reading ------------------------------------------------------------------------------------------


def check_readable(path, most_bytes=None):
    """Raise FileError unless `path` is a regular file, or a link to one, of at most `most_bytes`.

    A pipe would be waited for, and a device such as /dev/zero never ends.
    """
    try:
        found = os.stat(path)
    except FileNotFoundError as error:
        raise FileError(f"{path}: no such file") from error
    except (OSError, ValueError) as error:  # ValueError: a name with a null byte
        raise FileError(f"{path}: cannot be read: {reason(error)}") from error
    if stat.S_ISDIR(found.st_mode):
        raise FileError(f"{path}: is a folder, not a file")
    if not stat.S_ISREG(found.st_mode):
        raise FileError(f"{path}: is a device or a pipe, not a file")
    if most_bytes is not None and found.st_size > most_bytes:
        raise FileError(f"{path}: must have at most {most_bytes} bytes, got {found.st_size}")
    if not os.access(path, os.R_OK):
        raise FileError(f"{path}: cannot be read: {os.strerror(errno.EACCES)}")


def read_bytes(path, most_bytes):
    """The contents of a regular file of at most `most_bytes`. Raises FileError."""
    check_readable(path, most_bytes)
    try:
        with open(path, "rb") as file:
            return file.read(most_bytes)
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {reason(error)}") from error


def read_text(path, most_bytes):
    """The same as text, UTF-8. Raises FileError."""
    try:
        return read_bytes(path, most_bytes).decode()
    except UnicodeDecodeError as error:
        raise FileError(f"{path}: is not text (UTF-8)") from error


# Writing ------------------------------------------------------------------------------------------


def check_writable(path, inputs=()):
    """Raise FileError unless a file `path` can appear in its folder: asked before long work.

    inputs: paths of files that are read; `path` may be none of them, by whatever name or link.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise FileError(f"{path}: the folder {path.parent} does not exist")
    if path.is_dir():
        raise FileError(f"{path}: is a folder, not a file")
    if path.exists() and not path.is_file():  # it would be replaced, /dev/null too
        raise FileError(f"{path}: is a device or a pipe, not a file")
    folder = _target(path).parent
    if not folder.is_dir():
        raise FileError(f"{path}: the folder {folder} does not exist")
    if not os.access(folder, os.W_OK):
        raise FileError(f"{path}: the folder {folder} is not writable")
    for source in inputs:
        if path.exists() and os.path.exists(source) and os.path.samefile(path, source):
            raise FileError(f"{path}: is {source}, which is read; another file is needed")


def check_folder(folder, names, inputs=()):
    """Make `folder` where it is missing, and raise FileError unless files of these `names` can
    appear in it, see check_writable."""
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"{folder}: is no folder, and none can be made: {reason(error)}") from error
    for name in names:
        check_writable(folder / name, inputs)


@contextmanager
def written_whole(path):
    """Yields a Path to write to, in the same folder; at the end of the block it becomes `path`.

    Where the block raises, `path` stays as it was and nothing is left beside it. An OSError becomes
    a FileError that names `path`; what goes through a link goes where the link points.
    """
    path = Path(path)
    target = _target(path)
    try:
        handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=target.parent)
    except OSError as error:
        raise FileError(f"{path}: cannot be written: {reason(error)}") from error
    os.close(handle)
    partial = Path(name)
    try:
        yield partial
        partial.chmod(_mode(target))
        partial.replace(target)
    except BrokenPipeError:  # of whoever listens to the block's output
        raise
    except OSError as error:
        raise FileError(f"{path}: cannot be written: {reason(error)}") from error
    finally:
        partial.unlink(missing_ok=True)


def write_bytes(path, data):
    """Write `data` whole or not at all. Raises FileError."""
    with written_whole(path) as partial:
        partial.write_bytes(data)


def write_picture(path, figure, **options):
    """Write a matplotlib figure, in the format that the suffix says, whole or not at all."""
    with written_whole(path) as partial:
        figure.savefig(partial, format=Path(path).suffix[1:], **options)


def _target(path):
    """The file itself where `path` is a link to it, there or not."""
    return Path(os.path.realpath(path))


def _mode(path):
    """Permissions of the file that is replaced, or of a new one."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def reason(error):
    """What an OSError says, without number and file name."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


# Standard output ----------------------------------------------------------------------------------


def until_pipe_breaks(main):
    """main(), an exit status; BROKEN_PIPE, without a word, where stdout has no reader any more.

    `python3 -m models plan ... | head -1` ends that way, as any program in a pipe.
    """
    try:
        try:
            return main()
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # What is still in the buffer has nowhere to go, and Python would say so at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
