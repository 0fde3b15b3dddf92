# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The training loop: gradient descent, then Gauss-Newton; checks, the best net, interruptions."""

import time
from dataclasses import asdict

import keras
import numpy as np
import tensorflow as tf

from models.keras.integers import import_weights
from models.keras.qkeras_model import build
from models.spec import ModelError
from models.training import checkpoint
from models.training.loss import mean_squared, mix
from models.training.newton import gauss_newton
from models.training.newton.polish import Polish

FIXED = 256  # examples that a net is checked on


class Training:
    """A net that learns from examples, step by step; the best net so far is kept.

    data : batch(rng, size, count) gives (inputs int64 [size, count, in_channels], targets float64
           [size, count]), fixed(size, count) always the same ones, windows(rng, size, ages) single
           outputs (windows.windows); description: text

    The loss of gradient descent is a Recipe's (loss.mix) of output channel 0; Gauss-Newton steps
    make its mean squared error small. The check is that error on FIXED examples.
    step, polished: how many steps of either were done
    best: the smallest check so far of a net that the hardware can play
    history: {"trunk": .., "descent": .., "unrounded": .., "polish": ..}, lists of (step, check);
             trunk are steps of the Trunk that it begins with, unrounded are Gauss-Newton steps
             before all powers of two are rounded
    Raises ModelError for Gauss-Newton steps of a net that is too large for them.
    """

    def __init__(self, spec, recipe, data):
        if recipe.polish:
            gauss_newton.check_size(spec)
        keras.utils.set_random_seed(recipe.seed)
        self.spec, self.recipe, self.data = spec, recipe, data
        self.net = build(spec)
        schedule = keras.optimizers.schedules.CosineDecay(recipe.rate, max(recipe.steps, 1))
        self.optimizer = keras.optimizers.Adam(schedule)
        self.optimizer.build(self.net.trainable_variables)
        self.rng = np.random.default_rng(recipe.seed)
        self.count = recipe.outputs + spec.receptive_field - 1
        self.fixed = self._tensors(*data.fixed(FIXED, self.count))
        self.step, self.polished = 0, 0
        self.begun = time.monotonic()  # of this part of it
        self.spent = 0.0
        self.kept, self.best = None, np.inf
        self.history = {"trunk": [], "descent": [], "unrounded": [], "polish": []}
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

        self._learn = learn
        self.check = lambda: float(check(*self.fixed))
        self.polisher = Polish(self.net, spec, data, recipe.windows, self.check, recipe.curved)

    @property
    def seconds(self):
        """That it took so far, interruptions left out."""
        return self.spent + time.monotonic() - self.begun

    @property
    def pairs(self):
        """Per layer (kernel [tap, in, out], bias [out]) floats, before quantisation."""
        layers = (self.net.get_layer(f"conv{index}") for index in range(len(self.spec.layers)))
        return [tuple(layer.get_weights()) for layer in layers]

    def begin(self, pairs, trunk, seconds):
        """Begin with these weights; trunk: list of (step, check) of what they come from, and the
        seconds that took."""
        self.spent = seconds
        for index, pair in enumerate(pairs):
            self.net.get_layer(f"conv{index}").set_weights(pair)
        self.history["trunk"] = trunk
        self._note("descent", 0, self.check())

    def _tensors(self, inputs, target):
        inputs = self.spec.number_format.to_float(inputs).astype(np.float32)
        return tf.constant(inputs), tf.constant(
            target[:, -self.recipe.outputs :].astype(np.float32)
        )

    def _is_stale(self, kind, since=0):
        """Too many checks brought nothing better, of those after step `since`."""
        losses = [loss for step, loss in self.history[kind] if step > since]
        return bool(losses) and len(losses) - 1 - losses.index(min(losses)) >= self.recipe.patience

    def descend(self):
        """Steps of gradient descent, until all are done or nothing gets better. Yields after each
        the check, None for a step that was not checked. Raises ModelError for one that is nan."""
        while self.step < self.recipe.steps and not self._is_stale("descent"):
            self.step += 1
            self._learn(*self._tensors(*self.data.batch(self.rng, self.recipe.batch, self.count)))
            if self.step % self.recipe.check_every and self.step != self.recipe.steps:
                yield None
                continue
            loss = self.check()
            if not np.isfinite(loss):
                raise ModelError(
                    f"{self.spec.name}: the loss is {loss} after {self.step} steps: a lower "
                    "--rate, or another --seed, may help"
                )
            self._note("descent", self.step, loss)
            yield loss

    def polish(self):
        """Gauss-Newton steps from the best net on, likewise; each is checked."""
        if not self.polished:
            if self.kept is None:  # no gradient descent
                self._note("descent", 0, self.check())
            self.net.set_weights(self.kept)
        total, settling = self.recipe.polish, self.recipe.settling
        forgetful = round(total * (1 - settling))  # steps, too noisy to tell when it is enough
        while self.polished < total and not self._is_stale("polish", forgetful if settling else 0):
            self.polished += 1
            loss = self.polisher.step(self.rng, self.polished / total, self.polished > forgetful)
            self._note("polish" if self.polisher.is_rounded else "unrounded", self.polished, loss)
            yield loss

    def _note(self, kind, step, loss):
        if kind != "unrounded" and loss < self.best:
            self.kept, self.best = self.net.get_weights(), loss
        self.history[kind].append((step, loss))

    def save(self, path):
        """Write all that `load` needs to go on as if nothing had been between."""
        state = {
            "best": self.best,
            "step": self.step,
            "polished": self.polished,
            "seconds": self.seconds,
            "damping": self.polisher.damping,
            "history": self.history,
            "rng": self.rng.bit_generator.state,
        }
        arrays = {
            "net": self.net.get_weights(),
            "optimizer": [np.asarray(variable) for variable in self.optimizer.variables],
            "kept": self.kept or [],
            "fixed": [self.polisher.fixed],
            "memory": self.polisher.memory or [],
        }
        checkpoint.save(path, self._identity(), state, arrays)

    def load(self, path):
        """Go on where a training of the same net, recipe and data was saved. Raises ModelError."""
        state, arrays = checkpoint.load(path, self._identity())
        self.step, self.rng.bit_generator.state = state["step"], state["rng"]
        self.polished, self.polisher.damping = state["polished"], state["damping"]
        self.history = {
            kind: [tuple(check) for check in checks] for kind, checks in state["history"].items()
        }
        self.net.set_weights(arrays["net"])
        for variable, value in zip(self.optimizer.variables, arrays["optimizer"], strict=True):
            variable.assign(value)
        self.begun, self.spent = time.monotonic(), state["seconds"]
        self.kept, self.best = arrays.get("kept"), state["best"]
        (self.polisher.fixed,) = arrays["fixed"]
        self.polisher.memory = arrays.get("memory")

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
        latent = [tuple(x.astype(np.float64) for x in pair) for pair in self.pairs]
        if self.recipe.fitted:
            self.polisher.round(np.random.default_rng([self.recipe.seed, 0xF17]))
        return latent, import_weights(self.net, self.spec)
