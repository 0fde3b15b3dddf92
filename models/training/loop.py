"""The training loop: steps, checks, the best net so far, and going on after an interruption."""

from dataclasses import asdict

import keras
import numpy as np
import tensorflow as tf

from models.spec import ModelError
from models.training import checkpoint
from models.training.loss import mean_squared, mix
from models.training.qkeras_import import import_weights
from models.training.qkeras_model import build

FIXED = 256  # examples that a net is checked on


class Training:
    """A net that learns from examples, step by step; the best net so far is kept.

    data : batch(rng, size, count) gives (inputs int64 [size, count, in_channels], targets float64
           [size, count]), fixed(size, count) always the same ones; description: text

    The loss is a Recipe's (loss.mix) of output channel 0; the check is its mean squared error on
    FIXED examples. step: how many were done; history: list of (step, check).
    """

    def __init__(self, spec, recipe, data):
        keras.utils.set_random_seed(recipe.seed)
        self.spec, self.recipe, self.data = spec, recipe, data
        self.net = build(spec)
        schedule = keras.optimizers.schedules.CosineDecay(recipe.rate, recipe.steps)
        self.optimizer = keras.optimizers.Adam(schedule)
        self.optimizer.build(self.net.trainable_variables)
        self.rng = np.random.default_rng(recipe.seed)
        self.count = recipe.outputs + spec.receptive_field - 1
        self.fixed = self._tensors(*data.fixed(FIXED, self.count))
        self.step, self.history, self.kept = 0, [], None
        loss = mix(recipe)

        @tf.function(jit_compile=True)  # a third faster on one thread
        def learn(inputs, target):
            with tf.GradientTape() as tape:
                error = loss(self.net(inputs)[:, :, 0], target)
            gradients = tape.gradient(error, self.net.trainable_variables)
            self.optimizer.apply(gradients, self.net.trainable_variables)

        @tf.function
        def check(inputs, target):
            return mean_squared(self.net(inputs)[:, :, 0], target)

        self._learn, self._check = learn, check

    def _tensors(self, inputs, target):
        inputs = self.spec.number_format.to_float(inputs).astype(np.float32)
        return tf.constant(inputs), tf.constant(
            target[:, -self.recipe.outputs :].astype(np.float32)
        )

    @property
    def best(self):
        """The smallest check so far."""
        return min(loss for _, loss in self.history)

    @property
    def is_done(self):
        """All steps are done, or too many checks brought nothing better."""
        losses = [loss for _, loss in self.history]
        stale = len(losses) - 1 - losses.index(min(losses)) if losses else 0
        return self.step >= self.recipe.steps or stale >= self.recipe.patience

    def advance(self):
        """A step; returns whether it was checked. Raises ModelError for a loss that is nan."""
        self.step += 1
        self._learn(*self._tensors(*self.data.batch(self.rng, self.recipe.batch, self.count)))
        if self.step % self.recipe.check_every and self.step != self.recipe.steps:
            return False
        loss = float(self._check(*self.fixed))
        if not np.isfinite(loss):
            raise ModelError(
                f"{self.spec.name}: the loss is {loss} after {self.step} steps: a lower --rate, or "
                "another --seed, may help"
            )
        if not self.history or loss < self.best:
            self.kept = self.net.get_weights()
        self.history.append((self.step, loss))
        return True

    def save(self, path):
        """Write all that `load` needs to go on as if nothing had been between."""
        state = {"step": self.step, "history": self.history, "rng": self.rng.bit_generator.state}
        arrays = {
            "net": self.net.get_weights(),
            "optimizer": [np.asarray(variable) for variable in self.optimizer.variables],
            "kept": self.kept or [],
        }
        checkpoint.save(path, self._identity(), state, arrays)

    def load(self, path):
        """Go on where a training of the same net, recipe and data was saved. Raises ModelError."""
        state, arrays = checkpoint.load(path, self._identity())
        self.step, self.rng.bit_generator.state = state["step"], state["rng"]
        self.history = [tuple(check) for check in state["history"]]
        self.net.set_weights(arrays["net"])
        for variable, value in zip(self.optimizer.variables, arrays["optimizer"], strict=True):
            variable.assign(value)
        self.kept = arrays.get("kept")

    def _identity(self):
        return {
            "network": self.spec.to_dict(),
            "recipe": asdict(self.recipe),
            "data": self.data.description,
        }

    def result(self):
        """(latent, integers) of the best net: per layer (kernel, bias), float as trained, before
        quantisation, and integers as models.spec.Model wants them."""
        self.net.set_weights(self.kept)
        latent = [
            tuple(np.asarray(value, np.float64) for value in self.net.get_layer(name).weights)
            for name in (f"conv{index}" for index in range(len(self.spec.layers)))
        ]
        return latent, import_weights(self.net, self.spec)
