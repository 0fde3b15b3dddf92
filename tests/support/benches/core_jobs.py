# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What the test bench in the simulator (`tests.support.benches.core_bench`) plays and must hear."""

import numpy as np

from models.reference import Reference
from tests.support.benches.core_runs import parameters
from tests.support.hdl.nets import random_frames


class BankedReference:
    """models.reference with a bank and a context for each frame: one history for all banks."""

    def __init__(self, models, contexts):
        self.references = [[Reference(model) for model in models] for _ in range(contexts)]

    def step(self, frame, bank, context):
        banks = self.references[context]
        output = banks[bank].step(frame)
        for other in banks:
            for turns, own in zip(other._passes, banks[bank]._passes):
                for turn, source in zip(turns, own):
                    turn.history = source.history
        return output.tolist()

    @property
    def saturations(self):
        return np.sum([r.saturations for banks in self.references for r in banks], axis=0).tolist()


def make_job(core, models, counts, seed, contexts=1, stall=0.0, frames=None):
    """The job of a core that computes models[0]; models[1], if any, is written to bank 1.

    counts : frames of bank 0 that flow while the bus writes, frames of either bank after that
    frames : input frames, by default random ones over the whole range
    """
    rng = np.random.default_rng(seed)
    count = sum(counts)
    if frames is None:
        frames = random_frames(models[0].spec, count, seed)
    banks = np.zeros(count, int)
    banks[counts[0] :] = rng.integers(0, len(models), counts[1])
    order = rng.integers(0, contexts, count)
    reference = BankedReference(models, contexts)
    expected = [reference.step(*triple) for triple in zip(frames, banks, order)]
    words = [list(word) for model in models[1:] for word in parameters(core, model, bank=1)]
    slowest = max(core.cycles, max(map(len, expected)) / (1 - stall))
    return {
        "frames": frames.tolist(),
        "banks": banks.tolist(),
        "contexts": order.tolist(),
        "expected": expected,
        "saturations": reference.saturations,
        "words": words,
        "gate": counts[0] if words else count,
        "stall": stall,
        "seed": seed,
        "interval": 0 if stall else core.cycles,
        "cycles": int(2 * slowest * (count + 20) + 10 * len(words)),
    }
