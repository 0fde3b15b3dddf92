# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Names of places on the embedding plane: the waves that a model was trained for."""

import re

from models.number_format import ModelError

NAME = r"[A-Za-z][A-Za-z0-9_]{0,15}"  # goes into the firmware
MOST = 8
# Of a training on synthetic waves whose file does not tell them.
STANDARD = {"sine": (-1.0, -1.0), "ramp": (-1.0, 1.0), "square": (1.0, 1.0), "zigzag": (1.0, -1.0)}


def corners_of(meta):
    """{name: (e0, e1)} of a model's meta: its "waves", a list of {"name", "at": [e0, e1], ..}.

    Without that list STANDARD where the meta tells of a training on synthetic waves, else nothing.
    Raises ModelError for a list that is none of at most MOST waves, each with a name of its own.
    """
    told = meta.get("waves")
    if told is None:
        synthetic = str(meta.get("data", "")).startswith("synthetic waves")
        return dict(STANDARD) if synthetic else {}
    if not isinstance(told, list) or len(told) > MOST:
        raise ModelError(f"meta: waves must be a list of at most {MOST}")
    corners = {}
    for wave in told:
        name, at = (wave.get(key) for key in ("name", "at")) if isinstance(wave, dict) else (0, 0)
        if not isinstance(name, str) or not re.fullmatch(NAME, name) or name in corners:
            raise ModelError(
                f"meta: the name of a wave must be a letter and at most 15 letters, digits and "
                f"underscores, each once, got {str(name)[:40]!r}"
            )
        if not isinstance(at, list) or len(at) != 2 or not all(map(_is_coordinate, at)):
            raise ModelError(
                f"meta: wave {name} must lie at two numbers of -1 to 1, got {str(at)[:40]}"
            )
        corners[name] = tuple(map(float, at))
    return corners


def _is_coordinate(value):
    return isinstance(value, int | float) and not isinstance(value, bool) and -1 <= value <= 1
