# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Choose pe and simd for every layer of a network: the search over the costs of folding.py."""

from dataclasses import dataclass

import numpy as np

from models.arch import devices
from models.arch.folding import Folding, LayerFolding, legal_pe, legal_simd
from models.number_format import ModelError, check_choice, check_int

OBJECTIVES = ("area", "latency", "throughput")

_RESOURCES = {"multipliers": "multipliers", "block_rams": "block RAMs", "luts": "LUTs"}


def plan(spec, cycles_per_sample, objective="area", device=None, contexts=1, outputs=None):
    """The best Folding that takes a frame of each context every `cycles_per_sample` cycles.

    objective:
      area        fewest multipliers
      latency     fewest cycles from a frame's last input channel to its first output channel, then
                  fewest multipliers
      throughput  smallest initiation interval, then fewest multipliers
    device:   name (models.devices) or Device whose multipliers, block RAMs and LUTs the net may
              take, all of them; the latter two are estimates. None: no limit
    contexts: streams that take turns
    outputs:  only the first so many output channels are wanted: the rest are not built, and
              `Folding.spec` and its last layer are without them. None: all

    The choice is exact (every legal pe and simd of every layer is weighed) and deterministic: among
    equals the fewest lanes in all, then the fewest cycles summed over the layers, then the fewest
    block RAMs, then the smallest sum of pe, since a second accumulator costs more logic than a
    second input.
    Raises ModelError when no folding is fast enough or fits, and for values out of range.
    """
    check_choice("plan", "objective", objective, OBJECTIVES)
    check_int("plan", "cycles_per_sample", cycles_per_sample, 1)
    check_int("plan", "contexts", contexts, 1)
    if isinstance(device, str):
        device = devices.get(device)
    if outputs is not None:
        spec = spec.narrowed(outputs)
    options = _fast_enough(spec, cycles_per_sample, contexts)

    if objective == "throughput":
        interval = _smallest_interval(spec, options, device)
        options = [[o for o in layer if o.cycles <= interval] for layer in options]
    layers = _best(options, device, _costs_latency if objective == "latency" else _costs_area)
    return Folding(spec, layers, cycles_per_sample, contexts, device)


def _fast_enough(spec, cycles_per_sample, contexts):
    """Per layer, the foldings whose `contexts` frames fit `cycles_per_sample`."""
    streams = f" for {contexts} contexts" if contexts > 1 else ""
    if spec.in_channels * contexts > cycles_per_sample:
        raise ModelError(
            f"plan: {spec.in_channels} input channels need {spec.in_channels * contexts} cycles "
            f"per sample{streams}, got {cycles_per_sample}"
        )
    fitting = []
    for index, layer in enumerate(spec.layers):
        options = [
            LayerFolding(layer, pe, simd, spec.number_format, contexts)
            for pe in legal_pe(layer)
            for simd in legal_simd(layer)
        ]
        fastest = min(option.cycles for option in options) * contexts
        if fastest > cycles_per_sample:
            raise ModelError(
                f"plan: layer {index} needs at least {fastest} cycles per sample{streams}, "
                f"got {cycles_per_sample}"
            )
        fitting.append([o for o in options if o.cycles * contexts <= cycles_per_sample])
    return fitting


def _costs_area(option, _is_last):
    return option.multipliers, option.lanes, option.cycles, option.block_rams, option.pe


def _costs_latency(option, is_last):
    latency = option.latency if is_last else option.latency_last
    return latency, *_costs_area(option, is_last)


def _costs_nothing(_option, _is_last):
    return ()


def _smallest_interval(spec, options, device):
    """The smallest initiation interval that the device holds. Raises ModelError: none of them."""
    intervals = {max(spec.in_channels, o.cycles) for layer in options for o in layer}
    least = max(min(o.cycles for o in layer) for layer in options)
    candidates = sorted(interval for interval in intervals if interval >= least)
    low, high = 0, len(candidates) - 1  # What fits at one interval fits at all larger ones.
    while low < high:
        middle = (low + high) // 2
        within = [[o for o in layer if o.cycles <= candidates[middle]] for layer in options]
        if _search(within, device, _costs_nothing) is None:
            low = middle + 1
        else:
            high = middle
    return candidates[low]


def _best(options, device, costs):
    layers = _search(options, device, costs)
    if layers is None:
        raise ModelError(_shortage(options, device))
    return layers


def _shortage(options, device):
    """What is short: of each resource the least that can be, or else of the smallest folding."""
    for wanted in (
        {r: sum(min(getattr(o, r) for o in layer) for layer in options) for r in _RESOURCES},
        {r: sum(getattr(o, r) for o in _search(options, None, _costs_area)) for r in _RESOURCES},
    ):
        short = [
            f"{wanted[r]} {text} wanted, {device.name} has {getattr(device, r)}: "
            f"{wanted[r] - getattr(device, r)} short"
            for r, text in _RESOURCES.items()
            if wanted[r] > getattr(device, r)
        ]
        if short:
            return f"plan: {'; '.join(short)}"
    raise AssertionError("the smallest folding fits, so the search had to find one")


def _search(options, device, costs):
    """One option per layer that fits `device` with the least summed costs (compared in order), or
    None. Exact: only choices that another beats in everything are dropped.

        front(0) = {no layer}
        front(n) = undominated({chosen + option : chosen of front(n-1), option of layer n})

    What a choice uses is counted beyond the least of its layers, and so is the `room` that all
    layers share: what the layers still to come need is never given away.
    """
    limit = [getattr(device, r) for r in _RESOURCES] if device else []
    used = [
        _table(layer, lambda o: [getattr(o, r) for r in _RESOURCES][: len(limit)])
        for layer in options
    ]
    least = [layer.min(axis=0, initial=np.iinfo(int).max) for layer in used]
    room = np.array(limit, int) - np.sum(least, axis=0)
    if (room < 0).any():
        return None
    front = _Front(
        np.zeros((1, len(costs(options[0][0], False))), int),
        np.zeros((1, len(limit)), int),
        None,
        None,
    )
    fronts = []
    for index, layer in enumerate(options):
        is_last = index == len(options) - 1
        cost = _table(layer, lambda o, is_last=is_last: costs(o, is_last))
        front = front.with_layer(cost, used[index] - least[index], room)
        fronts.append(front)
    if not len(front.cost):
        return None
    chosen, state = [], 0  # A front is sorted by cost.
    for front, layer in zip(reversed(fronts), reversed(options)):
        chosen.append(layer[front.option[state]])
        state = front.before[state]
    return tuple(reversed(chosen))


def _table(layer, columns):
    """int [options of the layer, columns(option)]."""
    rows = [columns(option) for option in layer]
    return np.array(rows, int).reshape(len(layer), len(rows[0]))


@dataclass(frozen=True)
class _Front:
    """Choices of an option for each of the first layers, none beaten by another, sorted by cost.

    cost, used : int [choices, ...], summed over the layers
    before     : per choice, which of the front before it continues;  option : that it adds
    """

    cost: np.ndarray
    used: np.ndarray
    before: np.ndarray | None
    option: np.ndarray | None

    def with_layer(self, cost, used, room):
        """The front with one more layer, whose options cost and use this."""
        options = _undominated(cost, used, room)
        pairs = len(self.cost) * len(options)
        cost = (self.cost[:, None] + cost[options]).reshape(pairs, cost.shape[1])
        used = (self.used[:, None] + used[options]).reshape(pairs, used.shape[1])
        kept = _undominated(cost, used, room)
        count = max(len(options), 1)
        return _Front(cost[kept], used[kept], kept // count, options[kept % count])


def _undominated(cost, used, room):
    """Rows, sorted by cost, that fit in `room` and that no row of at most their cost beats in what
    it uses. cost int [n, c] compared in order, used int [n, r]."""
    fits = np.flatnonzero((used <= room).all(axis=1))
    keys = [*used[fits].T[::-1], *cost[fits].T[::-1]]
    order = fits[np.lexsort(keys)] if keys else fits
    kept, front = [], np.empty((0, used.shape[1]), int)
    for row in order:
        if not (front <= used[row]).all(axis=1).any():
            kept.append(row)
            front = np.vstack([front, used[row]])
    return np.array(kept, int)
