# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The folder of a build, which one run at a time may have, and what is copied out of it."""

import errno
import fcntl
import shutil
from contextlib import contextmanager
from pathlib import Path

from boards.targets.checks import UsageError
from models.files import FileError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def build_folder(folder):
    """The folder (Path), made where it is missing and held against a second run.

    A write in the block that fails on a full disk, and does not say where, names the folder.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                f"{folder} is in use by another run; --output-dir names another folder"
            ) from None
        try:
            yield folder
        except OSError as error:
            if error.errno not in FULL or error.filename is not None:
                raise
            raise FileError(f"{folder}: cannot be written: {error.strerror}") from error


def builder_options(parser):
    """The options of LiteX's Builder; csr.csv and csr.json are always written to the folder."""
    return {**parser.builder_argdict, "csr_csv": None, "csr_json": None}


def copy_exports(args, folder):
    """Copies what --soc-csv and --soc-json ask for."""
    for name, path in (("csr.csv", args.soc_csv), ("csr.json", args.soc_json)):
        if path is not None and not (Path(path).exists() and Path(path).samefile(folder / name)):
            shutil.copyfile(folder / name, path)
