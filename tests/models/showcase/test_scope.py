# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The demo's pictures: drawn from the arrays given, one cell a place of the embedding plane."""

import matplotlib.image
import numpy as np
import pytest

from models.showcase import scope
from models.sound import waves
from models.spec import Conv1DSpec, NetworkSpec
from tests.support.hdl.nets import random_model


@pytest.fixture
def figures(monkeypatch):
    """The figures that are saved, before they are closed."""
    saved = []
    save = scope._save
    monkeypatch.setattr(
        scope, "_save", lambda figure, path: (saved.append(figure), save(figure, path))
    )
    return saved


def test_the_overview_shows_the_arrays_it_is_given(tmp_path, figures):
    rate, pitch = 48_000, 480.0
    wave, output, target = np.random.default_rng(0).normal(size=(3, 2_000))
    takes = [("sine", (-1, -1), 0, 900), ("square", (1, 0.5), 900, 2_000)]
    scope.overview(tmp_path / "a.png", rate, wave, output, takes, target, pitch, "title")
    above, embedding, below, *zooms = figures[0].axes
    assert np.array_equal(above.lines[0].get_ydata(), wave)
    assert [line.get_ydata()[899] for line in embedding.lines] == [-1, -1]
    assert [line.get_ydata()[900] for line in embedding.lines] == [1, 0.5]
    assert len(below.lines) == 2
    assert all(
        np.array_equal(line.get_ydata(), y) for line, y in zip(below.lines, (target, output))
    )
    assert [axes.get_title() for axes in zooms] == ["sine (-1, -1)", "square (1, 0.5)"]
    # The last whole period of each take: samples 800-899 and 1900-1999.
    assert np.array_equal(zooms[0].lines[1].get_ydata(), output[800:900])
    assert np.array_equal(zooms[1].lines[0].get_ydata(), target[1900:2000])
    # No zoom cuts its wave off, and all have one scale.
    (limits,) = {axes.get_ylim() for axes in zooms}
    drawn = np.concatenate([line.get_ydata() for axes in zooms for line in axes.lines])
    assert limits[0] < drawn.min() < -1.6 and 1.6 < drawn.max() < limits[1]
    assert matplotlib.image.imread(tmp_path / "a.png").std() > 0.05


def test_the_grid_has_a_cell_a_place_and_names_the_corners(tmp_path, figures):
    model = random_model(NetworkSpec([Conv1DSpec(3, 1, relu=False)]), seed=3, scale=0.1)
    scope.embedding_grid(tmp_path / "g.png", model, pitch=1_920.0, points=3)
    cells = figures[0].axes
    assert len(cells) == 9
    assert [cells[i].get_title() for i in (0, 2, 6, 8)] == ["ramp", "square", "sine", "zigzag"]
    assert all(cell.get_title() == "" for i, cell in enumerate(cells) if i not in (0, 2, 6, 8))
    # A 1x1 layer scales the triangle and adds what the embedding makes: a cell starts at phase 0.
    kernel, bias = model.weights[0]
    wave = model.spec.number_format.from_float(waves.triangle(np.arange(100) / 100))
    e0, e1 = -4096, 4096  # top left
    exact = (wave * kernel[0, 0, 0] + e0 * kernel[0, 1, 0] + e1 * kernel[0, 2, 0]) / 4096 + bias[0]
    assert np.abs(cells[0].lines[0].get_ydata() * 4096 - exact).max() <= 0.5
