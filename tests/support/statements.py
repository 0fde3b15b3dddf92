# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Migen's combinational statements in groups that can be computed one after the other."""

from migen import Cat, Signal
from migen.fhdl.structure import _ArrayProxy, _Assign, _Slice
from migen.fhdl.tools import list_targets
from migen.fhdl.visit import NodeVisitor


def by_targets(statements):
    """[(targets, statements)]: what assigns to a signal is together, in the order it was in."""
    owner, groups = {}, {}
    for number, statement in enumerate(flat(statements)):
        targets = list_targets(statement)
        own = [(number, statement)]
        for group in {owner[target] for target in targets if target in owner}:
            more, older = groups.pop(group)
            targets, own = targets | more, own + older
        groups[number] = targets, own
        owner |= dict.fromkeys(targets, number)
    return [
        (targets, effective([s for _, s in sorted(own, key=lambda item: item[0])]))
        for targets, own in groups.values()
    ]


def flat(statements):
    for statement in statements:
        if isinstance(statement, list | tuple):
            yield from flat(statement)
        else:
            yield statement


def effective(statements):
    """Without what the last statement makes futile where that sets the group's only signal."""
    last = statements[-1]
    alone = isinstance(last, _Assign) and isinstance(last.l, Signal)
    if alone and list_targets(statements) == {last.l}:
        return [last]
    return statements


def ordered(groups):
    """[(groups, loops)]: groups behind those that they read; those of a loop are together.

    R. Tarjan, "Depth-first search and linear graph algorithms" (1972), without recursion.
    """
    maker = {target: index for index, (targets, _) in enumerate(groups) for target in targets}
    needs = [
        sorted({maker[s] for s in read(statements) & maker.keys()}) for _, statements in groups
    ]
    found, low, stack, parts = {}, {}, [], []
    for root in range(len(groups)):
        path = [] if root in found else [(root, iter(needs[root]))]
        if path:
            found[root] = low[root] = len(found)
            stack.append(root)
        while path:
            index, rest = path[-1]
            for need in rest:
                if need not in found:
                    found[need] = low[need] = len(found)
                    stack.append(need)
                    path.append((need, iter(needs[need])))
                    break
                if need in stack:
                    low[index] = min(low[index], found[need])
            else:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[index])
                if low[index] == found[index]:
                    cut = stack.index(index)
                    part, stack = stack[cut:], stack[:cut]
                    loops = len(part) > 1 or index in needs[index]
                    parts.append(([groups[i] for i in part], loops))
    return parts


class _Signals(NodeVisitor):
    """All signals of statements but `words`, those of memories; or only what is read there."""

    def __init__(self, words=(), targets=True):
        self.words, self.targets, self.signals = words, targets, set()

    def visit_Signal(self, node):
        self.signals.add(node)

    def visit_ArrayProxy(self, node):
        self.visit(node.key)
        if node.choices[0] not in self.words:
            for choice in node.choices:
                self.visit(choice)

    def visit_Assign(self, node):
        self.visit(node.r)
        if self.targets:
            self.visit(node.l)
        else:
            self.keys_in(node.l)

    def keys_in(self, target):
        if isinstance(target, _Slice):
            self.keys_in(target.value)
        elif isinstance(target, Cat):
            for element in target.l:
                self.keys_in(element)
        elif isinstance(target, _ArrayProxy):
            self.visit(target.key)


def signals_of(statements, words=()):
    visitor = _Signals(words)
    visitor.visit(list(statements))
    return visitor.signals


def read(statements):
    visitor = _Signals(targets=False)
    visitor.visit(list(statements))
    return visitor.signals
