# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The command line of the measurements."""

import argparse
import os
import sys
from pathlib import Path

from models import launcher

if __name__ == "__main__":
    launcher.start("python3 -m tests.bench: error", launcher.BENCH, "soc/flow/setup.sh demo test")

from soc.flow.toolchain import ToolError
from soc.progress import Progress
from tests.bench import parts
from tests.bench.measure import measure
from tests.bench.pages import page, plots, tables
from tests.bench.rows import ROWS
from tests.bench.synthesis import core_cells
from tests.bench.tools import FOLDER, BenchError, version, write_whole
from tests.docs_check.records import keep

DOCS = Path(__file__).resolve().parents[2] / "docs"
NICENESS = 10  # place and route takes minutes of a core


def rows_of(names):
    """The rows of a list of names with commas. Raises ArgumentTypeError for an unknown one."""
    rows = []
    for name in names.split(","):
        if name not in ROWS:
            raise argparse.ArgumentTypeError(f"{name!r} is no row; rows: {', '.join(ROWS)}")
        rows.append(ROWS[name])
    return rows


def count_of(text):
    if not text.isdecimal() or not 1 <= int(text) <= 99:
        raise argparse.ArgumentTypeError(f"must be 1 to 99, got {text!r}")
    return int(text)


def parser():
    made = argparse.ArgumentParser(
        prog="python3 -m tests.bench",
        description="Measures cost and speed of the accelerator: cycles in simulation, cells and "
        "Fmax by place and route. With all rows it writes docs/benchmarks.md and its plots, with "
        "some it prints their tables. What was measured before (build/bench) is not done again.",
    )
    made.add_argument(
        "--rows",
        type=rows_of,
        default=list(ROWS.values()),
        metavar="A,B",
        help=f"only these of {', '.join(ROWS)}",
    )
    made.add_argument(
        "--seeds",
        type=count_of,
        metavar="N",
        help="place and route N times (default: what the table of rows says)",
    )
    made.add_argument(
        "--parts", action="store_true", help="print also which parts of the cores cost what"
    )
    return made


def run(args):
    progress = Progress()
    measured = [measure(row, args.seeds or row.seeds, progress) for row in args.rows]
    if {m.row.name for m in measured} == set(ROWS):
        plots.draw(measured, DOCS)
        written = page.text(measured, version("yosys"), version("nextpnr-ecp5"))
        write_whole(DOCS / "benchmarks.md", written)
        keep("bench", written)
        print(tables.goal_table(measured))
        print("docs/benchmarks.md, docs/benchmarks_*.png: written")
    else:
        kinds = (tables.goal_table, tables.size_table, tables.speed_table, tables.path_table)
        print("\n\n".join(kind(measured) for kind in kinds))
    for m in measured if args.parts else ():
        found = parts.parts(core_cells(FOLDER / m.row.name))
        print(f"\n{m.row.name}\n{parts.table(found, m.used('TRELLIS_COMB') or 0)}")


def main(argv=None):
    """Run a command line (default: the process's own); returns the exit status."""
    args = parser().parse_args(argv)
    os.nice(NICENESS)
    try:
        run(args)
    except (BenchError, ToolError, OSError) as error:
        print(f"python3 -m tests.bench: error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
