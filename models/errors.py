# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What a command line says when it cannot go on: one line on stderr, and an exit status.

Standard library only, and no syntax that an older Python than the project's cannot read.
"""

import sys

REFUSED = 2  # exit status of input, files and tools that cannot be used
FAILED = 1  # of work that was begun and failed
INTERRUPTED = 130  # as a shell shows SIGINT


class UserError(Exception):
    """Ends a command line; the message is for its user and names what is wrong first.

    Every such error of the project is one, and says by `exit_status` how the process ends.
    """

    exit_status = REFUSED


def reported(name, run, refused=(OSError,)):
    """run(), which returns an exit status; an error of the user's is one line, `name` before it.

    refused : further exceptions that say what is wrong with the input, with exit status REFUSED
    """
    try:
        return run()
    except BrokenPipeError:  # the reader of what is printed is gone
        raise
    except UserError as error:
        message, status = str(error), error.exit_status
    except refused as error:
        message, status = str(error), REFUSED
    except MemoryError as error:
        message, status = f"out of memory: {error}", REFUSED
    except KeyboardInterrupt:
        return INTERRUPTED
    print(f"{name}: {message}", file=sys.stderr)
    return status
