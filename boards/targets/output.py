# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What a demo leaves: a folder that appears whole, once all in it is there."""

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replaced(folder):
    """A new, empty folder to write to; at the end it takes the place of `folder` (Path).

    What was there before is FOLDER.previous then, in place of an older one; files that are not
    written anew stay. Where the block raises, all is left as it was.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    try:
        partial.chmod(0o777 & ~_umask())  # mkdtemp's is for its owner alone.
        yield partial
        previous = previous_of(folder)
        if folder.exists():
            written = {path.name for path in partial.iterdir()}
            shutil.rmtree(previous, ignore_errors=True)
            os.replace(folder, previous)
            for path in previous.iterdir():
                if path.name not in written:
                    os.replace(path, partial / path.name)
        os.replace(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def previous_of(folder):
    return folder.with_name(folder.name + ".previous")


def summary(folder):
    """A line that says what was written, and where what was there before is."""
    names = ", ".join(sorted(path.name for path in folder.iterdir()))
    previous = previous_of(folder)
    before = f"; the one before: {previous}" if previous.exists() else ""
    return f"written to {folder}: {names}{before}"


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask
