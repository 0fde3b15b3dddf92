# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The state of a training in a file, so that it can go on after an interruption."""

import json
from pathlib import Path

import numpy as np

from models import npz
from models.files import FileError, written_whole
from models.spec import ModelError

MOST_BYTES = 1 << 30


def path_of(output):
    """Where the training of the model file `output` keeps its state."""
    return Path(output).with_suffix(".checkpoint.npz")


def of_part(path, part):
    """Where a training keeps the state of a part of it, beside its own `path`."""
    return path.with_name(path.name.replace(".checkpoint", f".{part}.checkpoint"))


def _parts(path):
    return list(path.parent.glob(of_part(path, "*").name))


def has_parts(path):
    """Whether a part of the training `path` was begun."""
    return bool(_parts(path))


def remove(path):
    """Of a training and its parts."""
    for found in [path, *_parts(path)]:
        found.unlink(missing_ok=True)


def save(path, identity, state, arrays):
    """Write whole or not at all. identity, state: what JSON holds; arrays: {name: [array]}."""
    named = {
        f"{name}_{i}": value for name, found in arrays.items() for i, value in enumerate(found)
    }
    facts = json.dumps({"identity": identity, "state": state})
    with written_whole(path) as partial, open(partial, "wb") as file:
        np.savez(file, facts=np.array(facts), **named)


def load(path, identity):
    """(state, arrays) as saved. Raises ModelError for what is no checkpoint of this training."""
    try:
        if not path.exists():
            raise ModelError(f"{path}: no such file: there is nothing to resume")
        found = npz.read(path, MOST_BYTES)
        facts = json.loads(str(found.pop("facts")))
        arrays = {}
        for key in sorted(found, key=lambda key: int(key.rpartition("_")[2])):
            arrays.setdefault(key.rpartition("_")[0], []).append(found[key])
    except ModelError:
        raise
    except FileError as error:
        reason = str(error).removeprefix(f"{path}: ")
        raise ModelError(f"{path} is not a checkpoint: {reason}") from error
    except (ValueError, KeyError, RecursionError) as error:
        raise ModelError(f"{path} is not a checkpoint: {error}") from error
    for name, value in identity.items():
        # As JSON has it: tuples are lists.
        wanted, there = json.loads(json.dumps(value)), facts["identity"].get(name)
        if there != wanted:
            raise ModelError(f"{path} is of another training: {name} must be {wanted}, got {there}")
    return facts["state"], arrays
