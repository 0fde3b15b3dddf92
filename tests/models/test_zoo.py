# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""python3 -m models zoo: the page of the committed models, made by its command."""

import json
import shlex
from dataclasses import asdict
from pathlib import Path

import pytest

from models.__main__ import main
from models.commands.zoo import table
from models.quality import pages
from models.spec import Model
from models.topologies import get
from models.training.recipe import Recipe, recipe_of, spec_of
from tests.support.hdl.nets import random_model

ROOT = Path(__file__).resolve().parents[2]
ZOO = ROOT / "models" / "zoo"


def test_the_page_of_the_zoo_is_of_the_models_that_are_there():
    page = (ZOO / "README.md").read_text()
    command = next(line for line in page.splitlines() if line.startswith("Made by `"))
    words = shlex.split(command.split("`")[1])
    there = sorted(path.relative_to(ROOT).as_posix() for path in ZOO.glob("*.npz"))
    assert words[:4] == ["python3", "-m", "models", "zoo"]
    assert sorted(word for word in words if word.endswith(".npz")) == there
    models = {Path(word).name: Model.load(ROOT / word) for word in words if word.endswith(".npz")}
    lines = "\n".join(table(models))
    assert f"\n{lines}\n" in page


@pytest.mark.parametrize("path", sorted(ZOO.glob("*.npz")), ids=lambda path: path.stem)
def test_a_model_of_the_zoo_is_of_the_topology_of_its_name_and_tells_how_it_was_made(path):
    model = Model.load(path)
    assert model.spec == spec_of(path.stem)
    assert model.meta["command"].startswith(f"python3 -m models train {path.stem}")
    assert {"seed", "recipe", "versions", "minutes", "data"} <= set(model.meta)


@pytest.mark.parametrize("path", sorted(ZOO.glob("*.npz")), ids=lambda path: path.stem)
def test_the_recipe_is_still_the_one_that_a_model_was_trained_by(path):
    """A field that came later had no effect then: it is the default."""

    def whole(noted):
        return {name: noted.get(name, default) for name, default in defaults.items()}

    noted, defaults = Model.load(path).meta["recipe"], json.loads(json.dumps(asdict(Recipe())))
    for part in ("block", "before"):
        if noted.get(part):
            noted[part] = whole(noted[part])
    assert whole(noted) == json.loads(json.dumps(asdict(recipe_of(path.stem))))


def test_what_a_file_does_not_tell_is_said(capsys, tmp_path):
    path = tmp_path / "po2.npz"
    random_model(get("po2"), seed=1).save(path)
    assert main(["zoo", str(path)]) == 0
    head, _, row = capsys.readouterr().out.splitlines()
    assert "`po2.npz` | 1,092 | 4 -> 8, K 4, D 8<br>8 -> 16, po2<br>16 -> 8, po2<br>" in row
    assert row.count("not told") == 6 and head.count("|") == row.count("|")


def test_a_page_without_markers_stays_as_it_is(capsys, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(pages.BEGIN)
    assert main(["zoo", str(ZOO / "waveshaper.npz"), "--page", str(page)]) == 2
    error = capsys.readouterr().err
    assert error == (
        f"python3 -m models zoo: error: {page}: the lines {pages.BEGIN} and {pages.END} must stand "
        "there once, in this order\n"
    )
    assert page.read_text() == pages.BEGIN
