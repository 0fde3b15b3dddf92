# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Where the fields of the registers lie, for hosts: LiteX's csr.json has the registers only."""

from dataclasses import dataclass

@dataclass(frozen=True)
class Field:
    """`size` bits of a register's word from bit `offset` on."""
    offset : int
    size   : int

    def get(self, word):
        return word >> self.offset & 2**self.size - 1

    def signed(self, word):
        value = self.get(word)
        return value - (value >> self.size - 1 << self.size)

    def put(self, value, word=0):
        """`word` with the field's low bits of `value`, negative or not, in their place."""
        mask = 2**self.size - 1
        return word & ~(mask << self.offset) | (value & mask) << self.offset

def text(regions):
    """The constant: "wavenet_status bank 0 1 fading 1 1; ...".

    regions: {name: region of CSRs} of a finalised LiteX SoC
    """
    entries = []
    for name, region in regions.items():
        for csr in region.obj if isinstance(region.obj, list) else ():
            fields = getattr(getattr(csr, "fields", None), "fields", ())
            words  = [f"{field.name} {field.offset} {field.size}" for field in fields]
            if words:
                entries.append(" ".join([f"{name}_{csr.name}", *words]))
    return "; ".join(entries)

def parse(constant):
    """{register: {field: Field}} of what `text` made. Raises ValueError."""
    registers = {}
    for entry in filter(None, constant.split("; ")):
        register, *words = entry.split()
        places = zip(words[0::3], words[1::3], words[2::3], strict=True)
        registers[register] = {name: Field(int(at), int(size)) for name, at, size in places}
    return registers
