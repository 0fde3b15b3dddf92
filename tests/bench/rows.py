# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What is measured, one Row a design, and what is known of the original design."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A net folded for a device.

    device : as in data sheets, density and speed grade: LFE5U-25F-6
    cycles : clock cycles per sample that the planner may take (all contexts together)
    clock  : MHz, what place and route is asked for
    outputs: output channels that are built; None for all
    multipliers: that the planner may take; None for all of the device
    seeds  : of place and route, from 1
    """

    name: str
    topology: str
    objective: str
    device: str
    cycles: int
    clock: float
    contexts: int = 1
    outputs: int | None = None
    multipliers: int | None = None
    seeds: int = 3


SMALL, LARGE = "LFE5U-25F-6", "LFE5UM5G-85F-8"

# 98.304 and 196.608 MHz are 512 and 1,024 times 192 kHz.
ROWS = {
    row.name: row
    for row in (
        Row("area", "original", "area", SMALL, 512, 98.304),
        Row("area-1024", "original", "area", SMALL, 1024, 196.608),
        Row("throughput", "original", "throughput", LARGE, 16, 170.0),
        # 16 multipliers more save one cycle of 87: nextpnr gave that 135 MHz before routing.
        Row("latency", "original", "latency", LARGE, 16, 185.0, multipliers=96),
        Row("po2", "po2", "area", SMALL, 512, 98.304),
        Row("voices", "original", "area", SMALL, 512, 98.304, contexts=4),
        Row("wide", "wide", "area", LARGE, 512, 98.304, seeds=2),
        Row("waveshaper", "waveshaper", "area", SMALL, 512, 98.304),
    )
}


@dataclass(frozen=True)
class Original:
    """The design that this one is measured against, as it was measured with the same tools.

    Source of the figures: this project's issue on the accelerator; the design is
    github.com/matpalm/cached_dilated_causal_convolutions, its published figures are 134
    multipliers and 44,647 COMB.
    """

    device: str = LARGE
    parameters: int = 1572
    multiplications: int = 1536
    cycles: int = 77
    multipliers: int = 132
    comb: int = 39_356
    ff: int = 21_064
    block_rams: int = 24
    fmax: float = 55.0  # MHz, estimated before routing; it did not route
    clock: float = 49.152  # MHz, at which it is used

    @property
    def frames_per_second(self):
        return self.fmax * 1e6 / self.cycles

    @property
    def utilisation(self):
        return self.multiplications / (self.multipliers * self.cycles)

    @property
    def latency_us(self):
        """From a frame's last input channel to its first output channel at `clock`."""
        return self.cycles / self.clock


ORIGINAL = Original()
