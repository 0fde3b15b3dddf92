# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What stands outside of blocks: numbers with units, commands' options, files' names."""

import re

from tests.docs_check.pages import Finding, prose

UNIT = (
    r"dB|µs|us|ms|s|seconds?|minutes?|hours?|times|[kM]?Hz|[kM]?baud|[kM]?bytes?|[KMG]B|"
    r"%|LSB|COMB|FF|DP16KD|LUTs?|multipli(?:ers?|cations)|cycles?|frames?|samples?|parameters|"
    r"words?|steps?|weights?|windows|block RAMs|flip-flops|inferences|pitches|places"
)
FIGURE = re.compile(rf"(?<![\w.\-/])(\d[\d,]*(?:\.\d+)?)(?:\s|-)?(?:of \d+ )?({UNIT})(?![\w])")
ROW = re.compile(r"\|(?:[^|]*\|)*?\s*[-+]?\d[\d,.]*(?:\s*(?:dB|ms|MHz|%))?\s*\|")

# Facts that no command of the project gives: data sheets, protocols, and what is typed.
ALLOWED = {
    r"(16|18|24|32)-bit|(11|16|18|24|32) bits": "formats",
    r"(44\.1|48|96|192) kHz": "sample rates, an argument",
    r"(25|100) MHz": "the boards' oscillators",
    r"115200 baud|1 Mbaud": "rates of serial lines, an argument",
    r"20 kHz": "where hearing ends",
    r"1 kHz|1000 Hz|4 kHz|30 Hz|220 Hz": "pitches, an argument",
}


def figures(page, outside, allowed=ALLOWED):
    """Findings: numbers with a unit, and rows of numbers, that no command is held to.

    outside: [(line number, text)] of the page's lines in no block; indented code and fences count
    as well, as they show what commands print.
    """
    known = re.compile("|".join(f"(?:{pattern})" for pattern in allowed))
    found = []
    for number, line in outside:
        line = known.sub(" ", prose(line))
        if match := FIGURE.search(line):
            found.append(Finding(page, number, f"{match[0]!r} is in no <!-- check --> block"))
        elif ROW.match(line.strip()):
            found.append(Finding(page, number, "a row of figures is in no <!-- check --> block"))
    return found
