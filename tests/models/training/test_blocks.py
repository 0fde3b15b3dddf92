# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Wide nets that begin as narrow ones side by side."""

from dataclasses import replace

import numpy as np
import pytest

from models.sound.errors import FloatTwin
from models.spec import Conv1DSpec, ModelError, NetworkSpec
from models.topologies import get
from models.training.newton.blocks import join, narrow, widened
from models.training.recipe import Recipe, recipe_of
from models.training.train import train
from models.training.trunk import ROUNDED, Trunk
from tests.support.hdl.nets import random_frames, random_model

SMALL = NetworkSpec(
    (
        Conv1DSpec(3, 16, 2, 1),
        Conv1DSpec(16, 16, 2, 2),
        Conv1DSpec(16, 8, 3, 4),
        Conv1DSpec(8, 8, 2, 16),
        Conv1DSpec(8, 8),
        Conv1DSpec(8, 2, 2, relu=False),
    ),
    name="small",
)
BLOCKS = {
    "small": (SMALL, 2, (2, 3)),
    "wide": (get("wide"), 4, recipe_of("wide").held_by),
    "trunk": (get("wide"), 1, recipe_of("wide").trunk),
    "from the first layer on": (narrow(SMALL, 1, (2, 3, 4)), 2, (0, 1)),
}


def random_pairs(spec, seed):
    rng = np.random.default_rng(seed)
    return [
        (
            rng.normal(size=(layer.kernel_size, layer.in_channels, layer.out_channels)) * 0.2,
            rng.normal(size=layer.out_channels) * 0.1,
        )
        for layer in spec.layers
    ]


@pytest.mark.parametrize("name", BLOCKS)
def test_the_joined_net_is_the_mean_of_its_blocks(name):
    spec, count, held_by = BLOCKS[name]
    block = narrow(spec, count, held_by)
    blocks = [random_pairs(block, seed) for seed in range(count)]
    before = random_pairs(spec, 99)
    kernels = [kernel.copy() for kernel, _ in before]
    joined = join(spec, before, blocks, held_by)
    inputs = np.random.default_rng(1).integers(-8000, 8000, (700, spec.in_channels))
    mean = np.mean([FloatTwin(block, pairs)(inputs) for pairs in blocks], axis=0)
    whole = FloatTwin(spec, joined)(inputs)
    heard = slice(spec.receptive_field, None)
    assert np.abs(mean[heard]).max() < 7.9, "nothing is clipped"
    np.testing.assert_allclose(whole[heard], mean[heard], atol=1e-12)
    for kernel, (kept, _) in zip(kernels, before, strict=True):
        np.testing.assert_array_equal(kept, kernel)
    # What is left over is as random as it was, and can learn.
    assert (joined[1][0][:, :, -1] == before[1][0][:, :, -1]).all()


def test_the_blocks_of_wide_are_the_waveshaper_with_one_output():
    block, original = narrow(*BLOCKS["wide"]), get("waveshaper")
    last = replace(original.layers[-1], out_channels=1)
    assert block.layers == (*original.layers[:-1], last)


def test_channels_that_do_not_divide_are_refused():
    with pytest.raises(ModelError) as caught:
        narrow(SMALL, 3, (2, 3))
    assert str(caught.value) == "layer 2: 8 channels do not divide into 3 blocks"


def test_a_net_with_blocks_is_trained_and_resumed(tmp_path, monkeypatch):
    """Interrupted behind the first block, or amid the trunk's steps, it comes to the same."""
    spec = replace(SMALL, sample_rate=24_000)
    recipe = Recipe(
        steps=2,
        batch=4,
        outputs=32,
        check_every=1,
        polish=0,
        blocks=2,
        held_by=(2, 3),
        trunk=(2, 3, 4),
        trunk_steps=3,
        windows=2000,
        sharp=0.5,
        beyond=1.1,
        block=Recipe(steps=4, batch=4, outputs=32, check_every=2, polish=1, windows=500),
    )
    path = tmp_path / "net.checkpoint.npz"
    with pytest.raises(ModelError, match="there is nothing to resume"):
        train(spec, recipe, progress=False, path=path, resume=True)
    _, whole, history = train(spec, recipe, progress=False, path=path)
    assert [step for step, _ in history["trunk"]] == list(range(1, 3 + 2 * ROUNDED + 1))
    assert [step for step, _ in history["descent"]] == [0, 1, 2]
    names = [f"net.{part}checkpoint.npz" for part in ("", "block0.", "block1.", "trunk.")]
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(names)

    def check_resumed():
        _, again, same = train(spec, recipe, progress=False, path=path, resume=True)
        assert same == history
        for a, b in zip(whole, again, strict=True):
            assert np.array_equal(a[0], b[0]) and np.array_equal(a[1], b[1])

    for name in names[:1] + names[2:]:
        (tmp_path / name).unlink()
    check_resumed()

    for name in names[:1] + names[3:]:
        (tmp_path / name).unlink()
    save = Trunk.save

    def save_and_stop(trunk, path):
        save(trunk, path)
        raise KeyboardInterrupt

    monkeypatch.setattr(Trunk, "save", save_and_stop)
    with pytest.raises(KeyboardInterrupt):
        train(spec, recipe, progress=False, path=path, resume=True)
    monkeypatch.undo()
    assert not path.exists()
    check_resumed()


def test_a_widened_net_computes_the_same_and_has_more_to_learn_with():
    model = random_model(get("waveshaper"), seed=4, scale=0.05)
    layers = tuple(
        replace(layer, in_channels=a, out_channels=b)
        for layer, a, b in zip(model.spec.layers, (4, 20, 20), (20, 20, 4), strict=True)
    )
    spec = replace(model.spec, layers=layers, name="wider")
    pairs = widened(model, spec, seed=1)
    frames = random_frames(model.spec, 700, 5)
    narrow_pairs = [tuple(map(spec.number_format.to_float, pair)) for pair in model.weights]
    wanted = FloatTwin(model.spec, narrow_pairs)(frames)
    np.testing.assert_allclose(FloatTwin(spec, pairs)(frames), wanted, atol=1e-12)
    (first, _), (second, bias), (last, _) = pairs
    assert first[:, :, 16:].all() and second[:, :, 16:].all() and not bias[16:].any()
    assert not second[:, 16:, :16].any() and not last[:, 16:].any(), "nothing reads them"
    assert np.array_equal(pairs[0][0], widened(model, spec, seed=1)[0][0])
    assert not np.array_equal(pairs[0][0], widened(model, spec, seed=2)[0][0])
    with pytest.raises(ModelError, match="^waveshaper: its layers are not those of po2, or narrow"):
        widened(model, get("po2"), seed=1)
    with pytest.raises(ModelError, match="^fit: "):
        widened(random_model(spec, seed=1), get("waveshaper"), seed=1)
