# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Gives signals the same names on every Python: those that Migen 0.10 reads on 3.11.

Migen names a signal after the byte code behind its call (`x = Signal()`: CALL, STORE_FAST x), frame
by frame. Two things have changed since 3.11:

- 3.12 runs comprehensions in the frame of their function. On 3.11 each has a frame of its own, so
  `self.x = [Signal() for _ in y]` is named x, and what the comprehension mentions is a cell.
- 3.13 has instructions for two: STORE_FAST_STORE_FAST, STORE_FAST_LOAD_FAST, LOAD_FAST_LOAD_FAST.

The frames are therefore told apart by the source here. Without, all names of the Verilog would
differ, since one name that is lost makes LiteX put classes into those of its neighbours.
"""

import ast
import dis
import inspect
import linecache
import sys

from functools import cache
from typing import NamedTuple

from migen.fhdl import tracer

INLINED = {} if sys.version_info < (3, 12) else {
    ast.ListComp: "<listcomp>", ast.SetComp: "<setcomp>", ast.DictComp: "<dictcomp>"}
SCOPES  = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.GeneratorExp, ast.ClassDef)
CALLS   = ("CALL", "CALL_KW", "CALL_FUNCTION_EX")
LOADS   = ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_ATTR", "LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_DEREF",
    "LOAD_FAST_LOAD_FAST", "BUILD_LIST", "COPY", "EXTENDED_ARG")

class Level(NamedTuple):
    """A frame as 3.11 would have it."""
    name     : str  # that the call's result gets, or None
    function : str  # name of the code
    has_self : bool # whether `self` can be seen, if the function has one

def install():
    """Replaces what Migen reads names with, where this Python needs it."""
    if sys.version_info >= (3, 12):
        tracer.get_var_name = lambda frame: _levels(frame.f_code, frame.f_lasti)[0].name
        tracer.trace_back   = trace_back

def trace_back(varname=None):
    """Migen's function of this name: [(name, number)] from the outermost frame to the signal."""
    path  = []
    frame = inspect.currentframe().f_back.f_back
    while frame is not None:
        for level in _levels(frame.f_code, frame.f_lasti):
            _add(path, frame, level, varname or level.name)
            varname = None
        frame = frame.f_back
    return path

def _add(path, frame, level, name):
    if name is not None:
        path.insert(0, _numbered(name))
    instance = frame.f_locals.get("self") if level.has_self else None
    if instance is not None and not hasattr(instance, "__del__"):
        kind      = instance.__class__.__name__.lower()
        instances = tracer.classname_to_objs.setdefault(kind, [])
        number    = next((i for i, other in enumerate(instances) if other is instance), None)
        if number is None:
            number = len(instances)
            instances.append(instance)
        path.insert(0, (tracer.remove_underscore(kind), number))
    elif name is not None:
        function = level.function
        if function == "<module>":
            function = frame.f_globals["__name__"].split(".")[-1]
        path.insert(0, _numbered(function))

def _numbered(name):
    name   = tracer.remove_underscore(name)
    number = tracer.name_to_idx[name]
    tracer.name_to_idx[name] += 1
    return name, number

# Frames -------------------------------------------------------------------------------------------

@cache
def _levels(code, offset):
    """The Levels of the frame of `code` that is at `offset`, innermost first."""
    path   = _path(code, offset)
    inside = [node for node in path if type(node) in INLINED]
    if not inside:
        return (Level(_stored(code, offset), code.co_name, True),)
    levels = [Level(None, INLINED[type(node)], "self" in _mentioned(node)) for node in inside[::-1]]
    return (*levels, Level(_assigned(path, path.index(inside[0]), code), code.co_name, True))

def _stored(code, offset):
    """The name that the result of the call at `offset` is stored under, or None."""
    instructions = list(dis.get_instructions(code))
    index = max(i for i, instruction in enumerate(instructions) if instruction.offset <= offset)
    if instructions[index].opname not in CALLS:
        return None
    for instruction in instructions[index + 1:]:
        if instruction.opname in ("STORE_NAME", "STORE_ATTR"):
            return instruction.argval
        if instruction.opname in ("STORE_FAST", "STORE_DEREF"):
            return _local(instruction.argval, code)
        if instruction.opname in ("STORE_FAST_STORE_FAST", "STORE_FAST_LOAD_FAST"):
            return _local(instruction.argval[0], code)
        if instruction.opname not in LOADS:
            return None

def _assigned(path, index, code):
    """The name that the node path[index] in `code` is assigned to, or None."""
    while isinstance(path[index - 1], ast.List) and path[index - 1].elts[-1] is path[index]:
        index -= 1
    if not isinstance(path[index - 1], ast.Assign):
        return None
    target = path[index - 1].targets[0]
    if isinstance(target, ast.Name):
        return _local(target.id, code)
    return target.attr if isinstance(target, ast.Attribute) else None

def _local(name, code):
    """What Migen takes a local variable for: on 3.11 one that a comprehension or function inside
    mentions is a cell, and where k arguments are cells, Migen is k cells off."""
    count     = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & inspect.CO_VARARGS)
    count    += bool(code.co_flags & inspect.CO_VARKEYWORDS)
    arguments = code.co_varnames[:count]
    if name not in (*code.co_varnames, *code.co_cellvars) or name in arguments:
        return name
    scope     = _scope(code)
    mentioned = set().union(*map(_mentioned, scope))
    bound     = set().union(*map(_bound, scope))
    cells     = (mentioned & {*code.co_varnames}) | ({*code.co_cellvars} - bound)
    others    = sorted(cells - {*arguments})
    if name not in others:
        return name
    return [*(argument for argument in arguments if argument in cells), *others][others.index(name)]

# Source -------------------------------------------------------------------------------------------

@cache
def _tree(filename):
    try:
        return ast.parse("".join(linecache.getlines(filename)))
    except SyntaxError:
        return ast.Module([], [])

def _children(node):
    """(child, whether it is evaluated in the scope that the node opens)."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.comprehension):
            for part in ast.iter_child_nodes(child):
                first = part is child.iter and child is node.generators[0]
                yield part, not first
        elif isinstance(node, SCOPES) and not isinstance(node, ast.GeneratorExp):
            yield child, child in node.body if isinstance(node.body, list) else child is node.body
        else:
            yield child, True

def _path(code, offset):
    """Nodes that the instruction lies in, within the scope of `code`, from the outside in."""
    if code.co_name in INLINED.values(): # A class has frames for its comprehensions still.
        return []
    line, end_line, column, end_column = list(code.co_positions())[offset//2]
    if None in (line, end_line, column, end_column):
        return []

    def iterated(node):
        return dis.opname[code.co_code[offset]] == "FOR_ITER" and (line, column, end_line,
            end_column) == (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)

    path, node = [], _tree(code.co_filename)
    while node is not None:
        path.append(node)
        for child, inside in _children(node):
            if (hasattr(child, "lineno")
                    and (child.lineno, child.col_offset) <= (line, column)
                    and (end_line, end_column) <= (child.end_lineno, child.end_col_offset)):
                if isinstance(node, SCOPES) and inside:
                    path = [node]
                elif type(node) in INLINED and not inside and not iterated(child):
                    path.pop() # The function evaluates its first iterable, before it begins.
                node = child
                break
        else:
            return path

@cache
def _scope(code):
    """The comprehensions that run in the frame of `code`, without those inside others."""
    found = []

    def search(node):
        for child, _ in _children(node):
            if type(child) in INLINED:
                found.append(child)
                search(child.generators[0].iter)
            elif not isinstance(child, SCOPES):
                search(child)

    name, line = code.co_name, code.co_firstlineno
    for node in ast.walk(_tree(code.co_filename)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
            first = min(part.lineno for part in (node, *node.decorator_list))
            if first == line:
                for statement in node.body:
                    search(ast.Module([statement], []))
    return tuple(found)

def _bound(comprehension):
    """Names of the variables of a comprehension and of those inside."""
    return {name.id for node in ast.walk(comprehension) if isinstance(node, ast.comprehension)
        for name in ast.walk(node.target) if isinstance(name, ast.Name)}

def _mentioned(comprehension):
    """Names of others' variables that a comprehension mentions."""
    parts = (child for child, inside in _children(comprehension) if inside)
    names = {node.id for part in parts for node in ast.walk(part) if isinstance(node, ast.Name)}
    return names - _bound(comprehension)
