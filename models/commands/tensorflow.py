# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""TensorFlow for the commands that need it: what to type where it is missing, none of its notes."""

import os
import sys
import tempfile
from contextlib import contextmanager

from models import launcher


def need():
    """Goes on in .venv, or raises launcher.MissingError, where TensorFlow or QKeras is missing."""
    launcher.need(launcher.TRAINING, "make training")


@contextmanager
def quiet():
    """Around imports of TensorFlow: without its notes then and later, unless the caller's
    TF_CPP_MIN_LOG_LEVEL asks for them. Where the block fails, they are printed."""
    if os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2") < "2":
        yield
        return
    # Some come before any setting counts, straight to the file descriptor.
    sys.stderr.flush()
    before = os.dup(2)
    with tempfile.TemporaryFile() as notes:
        os.dup2(notes.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(before, 2)
            notes.seek(0)
            os.write(2, notes.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(before, 2)
            os.close(before)
