# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""An embedding that moves: points in time, from the command line or a CSV file."""

import math
import re
from pathlib import Path

import numpy as np

from models.files import read_text
from models.spec import ModelError

FORMS = "TIME:E0,E1 with seconds that ascend, or a .csv file of such rows"
CSV_BYTES = 1 << 20
GLIDE_S = 10  # that the SoC's `embed --glide` takes at most
PHASE = 1 << 32


def read(texts):
    """[(seconds, e0, e1)] of "TIME:E0,E1" words, or of one .csv file with a row a point (comments
    with #, a line of names allowed). Raises ModelError, FileError."""
    if len(texts) == 1 and Path(texts[0]).suffix.lower() == ".csv":
        name = texts[0]
        lines = [line.partition("#")[0].strip() for line in read_text(name, CSV_BYTES).splitlines()]
        rows = [line.split(",") for line in lines if line]
        if rows and re.match(r"\s*[A-Za-z_]", rows[0][0]):
            rows = rows[1:]
    else:
        name, rows = "--path", [re.split("[:,]", text) for text in texts]
    points = [_point(name, row) for row in rows]
    if not points:
        raise ModelError(f"{name}: must have a point, {FORMS}, got none")
    for (before, *_), (after, *_) in zip(points, points[1:]):
        if after < before:
            raise ModelError(f"{name}: {after:g} s after {before:g} s; times must ascend")
    return points


def _point(name, row):
    try:
        time, e0, e1 = map(float, row)
    except ValueError:
        raise ModelError(f"{name}: a point must be {FORMS}, got {':'.join(row)[:40]!r}") from None
    if not (math.isfinite(time) and time >= 0):
        raise ModelError(f"{name}: the time must be 0 s or later, got {time:g} s")
    return time, e0, e1


def words(points, count, rate, number_format):
    """int64 [count, 2] of the number format, frame by frame at `rate` Hz.

    Between two points each coordinate goes along a straight line, with the integers of the SoC's
    `embed E0 E1 --glide MS`; before the first and behind the last it stays. Two points at one time
    are a jump.
    """
    frames = [min(round(time * rate), count) for time, *_ in points]
    targets = number_format.from_float([point for _, *point in points])
    result = np.empty((count, 2), np.int64)
    result[: frames[0]] = targets[0]
    for index, start in enumerate(frames[:-1]):
        steps = round(points[index + 1][0] * rate) - round(points[index][0] * rate)
        ks = np.arange(min(steps, count - start))
        result[start : start + len(ks)] = glide(targets[index], targets[index + 1], ks, steps, rate)
    result[frames[-1] :] = targets[-1]
    return result


def glide(start, end, ks, steps, rate):
    """Words int64 [n, 2] of the frames `ks`, in [0, steps), on the way from one point to another:
    as gateware/audio/glide.py makes them, as far as it goes on (GLIDE_S)."""
    if steps <= GLIDE_S * rate:
        factors = np.minimum(ks * -(-PHASE // max(steps, 1)), PHASE) >> 16
        return start + ((end - start) * factors[:, None] >> 16)
    return start + (end - start) * ks[:, None] // steps
