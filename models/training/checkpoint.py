"""The state of a training in a file, so that it can go on after an interruption."""

import json
import os
import zipfile
from pathlib import Path

import numpy as np

from models.spec import ModelError


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
    partial = path.with_suffix(".partial")
    with open(partial, "wb") as file:
        np.savez(file, facts=np.array(facts), **named)
    os.replace(partial, path)


def load(path, identity):
    """(state, arrays) as saved. Raises ModelError for what is no checkpoint of this training."""
    try:
        with np.load(path, allow_pickle=False) as file:
            found = {name: file[name] for name in file.files}
        facts = json.loads(str(found.pop("facts")))
        arrays = {}
        for key in sorted(found, key=lambda key: int(key.rpartition("_")[2])):
            arrays.setdefault(key.rpartition("_")[0], []).append(found[key])
    except FileNotFoundError:
        raise ModelError(f"{path}: no such file: there is nothing to resume") from None
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path} is not a checkpoint: {error}") from error
    for name, value in identity.items():
        # As JSON has it: tuples are lists.
        wanted, there = json.loads(json.dumps(value)), facts["identity"].get(name)
        if there != wanted:
            raise ModelError(f"{path} is of another training: {name} is {there}, not {wanted}")
    return facts["state"], arrays
