"""The folder of a build, which one run at a time may have."""

import fcntl
from contextlib import contextmanager
from pathlib import Path

from boards.targets.checks import UsageError


@contextmanager
def build_folder(folder):
    """The folder (Path), made where it is missing and held against a second run."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                f"{folder} is in use by another run; --output-dir names another folder"
            ) from None
        yield folder
