# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Migen's statements as C. `text` is what compiled.py compiles and calls."""

from dataclasses import dataclass

from migen import Case, Cat, If, Replicate, Signal
from migen.fhdl.bitcontainer import value_bits_sign
from migen.fhdl.structure import Constant, _ArrayProxy, _Assign, _Operator, _Slice

from tests.support.statements import by_targets, ordered

HEAD = """\
#include <stdint.h>
#include <string.h>
typedef int64_t I;
typedef uint64_t uI;
typedef __int128 W;
typedef unsigned __int128 uW;
"""
SMALL, LARGE = 63, 126  # bits of a magnitude that I and W are trusted with


@dataclass(frozen=True)
class Value:
    """A C expression and the least and the most that it can be, which say what type holds it."""

    code: str
    low: int
    high: int

    @property
    def bits(self):
        """Of its magnitude: it is in -2**bits to 2**bits - 1."""
        bits = max(self.high.bit_length(), (-self.low - 1).bit_length() if self.low < 0 else 0)
        if bits > LARGE:
            raise NotImplementedError(f"{bits} bits: {self.code}")
        return bits

    @property
    def type(self):
        return "I" if self.bits <= SMALL else "W"


def constant(value):
    if -(2**63) < value < 2**63:
        return Value(f"{value}LL", value, value)
    return Value(f"((W){value >> 64}LL << 64 | (W){value % 2**64}ULL)", value, value)


class Source:
    """Turns the statements of a fragment into C; `slots` says where each signal lies."""

    OPERATORS = {"<<<": "<<", ">>>": ">>"}

    def __init__(self, slots):
        self.slots, self.lines, self.names, self.written = slots, [], 0, "n"

    def text(self, fragment):
        """settle: takes over `n` and brings combinational logic to rest; edge: clocked logic."""
        self.lines.append("void settle(I *restrict v, I *restrict n, int count) {")
        self.lines.append("memcpy(v, n, count*sizeof(I)); int c;")
        for groups, loops in ordered(by_targets(fragment.comb)):
            if loops:
                self.loop(groups)
            else:
                self.written = "v"
                self.statements(groups[0][1])
        self.written = "n"
        self.lines.append("}")
        self.lines.append("void edge(const I *restrict v, I *restrict n, int domains) {")
        for bit, name in enumerate(sorted(fragment.sync)):
            self.lines.append(f"if (domains & {1 << bit}) {{")
            self.statements(fragment.sync[name])
            self.lines.append("}")
        self.lines.append("}")
        return HEAD + "\n".join(self.lines) + "\n"

    def loop(self, groups):
        """Groups that read each other, over and over until nothing moves."""
        self.written = "n"
        self.lines.append("do { c = 0;")
        for targets, statements in groups:
            self.statements(statements)
            for target in sorted(targets, key=self.slots.index.get):
                for place in range(*self.slots.span(target)):
                    self.lines.append(f"c |= v[{place}] != n[{place}]; v[{place}] = n[{place}];")
        self.lines.append("} while (c);")

    # Statements.

    def statements(self, statements):
        for statement in statements:
            self.statement(statement)

    def statement(self, statement):
        if isinstance(statement, _Assign):
            self.assign(statement.l, self.value(statement.r))
        elif isinstance(statement, If):
            condition = self.value(statement.cond)
            self.lines.append(f"if ({self.cut(condition, len(statement.cond)).code}) {{")
            self.statements(statement.t)
            if statement.f:
                self.lines.append("} else {")
                self.statements(statement.f)
            self.lines.append("}")
        elif isinstance(statement, Case):
            test = self.keep(self.cut(self.value(statement.test), *value_bits_sign(statement.test)))
            otherwise = ""
            for key, body in statement.cases.items():
                if isinstance(key, Constant):
                    self.lines.append(
                        f"{otherwise}if ({test.code} == {constant(key.value).code}) {{"
                    )
                    self.statements(body)
                    otherwise = "} else "
            if "default" in statement.cases:
                self.lines.append(f"{otherwise}{{")
                self.statements(statement.cases["default"])
                otherwise = "} else "
            if otherwise:
                self.lines.append("}")
        elif isinstance(statement, list | tuple):
            self.statements(statement)
        else:
            raise NotImplementedError(statement)

    def assign(self, node, value):
        if isinstance(node, Signal):
            place, value = self.slots.index[node], self.cut(value, node.nbits, node.signed)
            if self.slots.wide(node):
                value = self.keep(value)
                self.lines.append(f"{self.written}[{place + 1}] = (I)({value.code} >> 64);")
            self.lines.append(f"{self.written}[{place}] = (I){value.code};")
        elif isinstance(node, Cat):
            value, start = self.keep(value), 0
            for element in node.l:
                self.assign(element, self.slice(value, start, start + len(element)))
                start += len(element)
        elif isinstance(node, _Slice):
            whole = self.keep(self.value(node.value, after=True))
            mask = 2**node.stop - 2**node.start
            kept = self.operate("&", whole, constant(~mask))
            part = self.cut(value, node.stop - node.start)
            moved = self.operate("<<<", part, constant(node.start))
            self.assign(node.value, self.operate("|", kept, moved))
        elif isinstance(node, _ArrayProxy):
            value = self.keep(value)
            key, most = self.key(node), len(node.choices) - 1
            if self.in_a_row(node.choices):
                target = node.choices[0]
                value = self.cut(value, target.nbits, target.signed)
                place = self.slots.index[target]
                self.lines.append(f"{self.written}[{place} + {key}] = (I){value.code};")
                return
            for index, choice in enumerate(node.choices):
                condition = f"if ({key} == {index}) {{" if index < most else "{"
                self.lines.append(f"{'else ' * (index > 0)}{condition}")
                self.assign(choice, value)
                self.lines.append("}")
        else:
            raise NotImplementedError(node)

    # Values.

    def value(self, node, after=False):
        """`node` as it is now, or with what this edge has assigned to it so far."""
        if isinstance(node, Constant):
            return constant(node.value)
        if isinstance(node, Signal):
            place, array = self.slots.index[node], self.written if after else "v"
            low, high = bounds(node.nbits, node.signed)
            if self.slots.wide(node):
                halves = f"((W){array}[{place + 1}] << 64 | (uint64_t){array}[{place}])"
                return Value(halves, low, high)
            return Value(f"{array}[{place}]", low, high)
        if isinstance(node, _Operator):
            return self.operate(node.op, *[self.value(o, after) for o in node.operands])
        if isinstance(node, _Slice):
            return self.slice(self.value(node.value, after), node.start, node.stop)
        if isinstance(node, Cat):
            return self.concatenate([(self.value(e, after), len(e)) for e in node.l])
        if isinstance(node, Replicate):
            return self.concatenate([(self.keep(self.value(node.v, after)), len(node.v))] * node.n)
        if isinstance(node, _ArrayProxy):
            return self.choose(node, after)
        raise NotImplementedError(node)

    def operate(self, op, *operands):
        codes = [operand.code for operand in operands]
        a, b = operands[0], operands[-1]
        if op == "m":
            _, b, c = operands
            low, high = min(b.low, c.low), max(b.high, c.high)
            return Value(f"({codes[0]} ? {codes[1]} : {codes[2]})", low, high)
        if op == "~":
            return Value(f"(~{codes[0]})", ~a.high, ~a.low)
        if op == "-" and len(operands) == 1:
            return self.typed("(-{})", -a.high, -a.low, a)
        if op in ("<", "<=", "==", "!=", ">", ">="):
            return Value(f"((I)({codes[0]} {op} {codes[1]}))", 0, 1)
        if op in ("&", "|", "^"):
            bits = max(a.bits, b.bits)
            low, high = (0 if a.low >= 0 and b.low >= 0 else -(2**bits)), 2**bits - 1
            if op == "&" and max(a.low, b.low) >= 0:
                high = min(a.high, b.high)
            elif op == "&" and (a.low >= 0 or b.low >= 0):
                low, high = 0, a.high if a.low >= 0 else b.high
            return self.typed(f"({{}} {op} {{}})", low, high, a, b)
        if op in ("<<<", ">>>"):
            assert b.low >= 0, "a shift by a negative number"
            if op == "<<<":
                ends = [a.low << b.high, a.high << b.high, a.low, a.high]
                return self.typed("({} << {})", min(ends), max(ends), a, b)
            least = SMALL if a.type == "I" else LARGE
            by = f"({codes[1]} > {least} ? {least} : {codes[1]})" if b.high > least else codes[1]
            return Value(f"({codes[0]} >> {by})", min(a.low, 0), max(a.high, 0))
        if op in ("+", "-", "*"):
            ends = [
                {"+": x + y, "-": x - y, "*": x * y}[op]
                for x in (a.low, a.high)
                for y in (b.low, b.high)
            ]
            return self.typed(f"({{}} {op} {{}})", min(ends), max(ends), a, b)
        raise NotImplementedError(op)

    @staticmethod
    def typed(pattern, low, high, *operands):
        """The operands brought to the type of the result before the operator sees them."""
        kind = Value("", low, high).type
        codes = [
            f"({kind}){operand.code}" if kind == "W" and operand.type == "I" else operand.code
            for operand in operands
        ]
        return Value(pattern.format(*codes), low, high)

    def cut(self, value, bits, signed=False):
        """Reduced to so many bits, as an assignment does."""
        low, high = bounds(bits, signed)
        if low <= value.low and value.high <= high:
            return value
        kind, width = ("I", 64) if bits <= 63 + signed else ("W", 128)
        if not signed:
            return self.typed("({} & {})", low, high, value, constant(high))
        left = width - bits
        return Value(f"(({kind})((u{kind})({kind}){value.code} << {left}) >> {left})", low, high)

    def slice(self, value, start, stop):
        return self.cut(self.operate(">>>", value, constant(start)), stop - start)

    def concatenate(self, parts):
        result, start = constant(0), 0
        for part, bits in parts:
            moved = self.operate("<<<", self.cut(part, bits), constant(start))
            result = self.operate("|", result, moved) if start else moved
            start += bits
        return result

    def choose(self, node, after):
        key, first = self.key(node, after), node.choices[0]
        if self.in_a_row(node.choices):
            place, (low, high) = self.slots.index[first], bounds(first.nbits, first.signed)
            return Value(f"{self.written if after else 'v'}[{place} + {key}]", low, high)
        choices = [self.value(choice, after) for choice in node.choices]
        low, high = min(c.low for c in choices), max(c.high for c in choices)
        code = choices[-1].code
        for index in reversed(range(len(choices) - 1)):
            code = f"({key} == {index} ? {choices[index].code} : {code})"
        return Value(code, low, high)

    def key(self, node, after=False):
        """A name for the proxy's index, which beyond the end means the last choice."""
        key, most = self.value(node.key, after), len(node.choices) - 1
        assert key.low >= 0, "a negative index"
        if key.high > most:
            key = self.keep(key)
            key = Value(f"({key.code} > {most} ? {most} : {key.code})", 0, most)
        return self.keep(key).code

    def in_a_row(self, choices):
        """Whether they are narrow signals of one kind in slots that follow each other."""
        if not all(type(choice) is Signal for choice in choices):
            return False
        first = choices[0]
        place, kind = self.slots.index[first], (first.nbits, first.signed)
        return not self.slots.wide(first) and all(
            self.slots.index[choice] == place + i and (choice.nbits, choice.signed) == kind
            for i, choice in enumerate(choices)
        )

    def keep(self, value):
        """A local variable that holds `value`."""
        self.names += 1
        name = f"t{self.names}"
        self.lines.append(f"{value.type} {name} = {value.code};")
        return Value(name, value.low, value.high)


def bounds(bits, signed):
    return (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
