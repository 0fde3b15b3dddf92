# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The command line of `make docs-check`."""

import argparse
import sys

from tests.docs_check import kinds, lint, records
from tests.docs_check.pages import ROOT, PageError, pages, parse
from tests.docs_check.records import RunError

PROG = "python3 -m tests.docs_check"


def check(page, slow=False):
    """All Findings of a page; slow: sessions, whole tables and records' inputs too."""
    blocks, outside = parse(page, (ROOT / page).read_text(), kinds.KINDS)
    found = lint.figures(page, outside)
    for block in blocks:
        if slow or not kinds.is_slow(block):
            found += kinds.check(block)
        if slow and block.kind == "stored":
            found += [
                block.finding(
                    block.line,
                    f"{name} is out of date: {what} differs; "
                    f"{PROG} --record {name} measures it anew",
                )
                for name in block.argument.split()
                for what in kinds.check_inputs(name)
            ]
    return sorted(found, key=lambda finding: finding.line)


def parser():
    made = argparse.ArgumentParser(
        prog=PROG,
        description="Runs the commands beside the figures of README.md and docs/ and tells, by "
        "file and line, which figures do not fit.",
    )
    made.add_argument("pages", nargs="*", metavar="PAGE.md", help="only these pages")
    made.add_argument(
        "--quick",
        action="store_true",
        help="leave out what takes minutes: sessions, evaluations, whether records are up to date",
    )
    made.add_argument(
        "--record",
        choices=records.RECORDS,
        metavar="NAME",
        help=f"measure anew and write docs/figures/NAME.json: {', '.join(records.RECORDS)}",
    )
    return made


def main(argv=None):
    """Run a command line (default: the process's own); returns the exit status."""
    args = parser().parse_args(argv)
    try:
        if args.record:
            print(f"{records.record(args.record).relative_to(ROOT)}: written")
            return 0
        found = []
        for page in args.pages or pages():
            found += check(page, slow=not args.quick)
    except (PageError, RunError, OSError) as error:
        print(f"{PROG}: error: {error}", file=sys.stderr)
        return 2
    print("\n".join(map(str, found)) or "every figure fits")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
