"""Calibration of the codec's channels from the host: read, set, saved as a small JSON, restored."""

import json
import os
import re
from pathlib import Path

from soc.host_bus import ClientError

UNITY     = 1024 # of gains
LIMIT     = 2**15
REGISTER  = re.compile(r"calibration_(in|out)_channel(\d+)")

def channels(client):
    """{channel: register} of the build, in0 first; channels are named in0 ... and out0 ..."""
    found = {name: REGISTER.fullmatch(name) for name in client.build.registers}
    return {"".join(match.groups()): name for name, match in sorted(found.items()) if match}

def read(client):
    """{channel: (offset, gain)} as they are, integers."""
    def signed(half):
        return half - 2*(half & LIMIT)
    words = {channel: client.get(name) for channel, name in channels(client).items()}
    return {channel: (signed(word & 0xffff), signed(word >> 16)) for channel, word in words.items()}

def write(client, values):
    """Sets {channel: (offset, gain)}; further channels keep theirs. Raises ClientError, before
    anything is written, for a channel that is not there and numbers that do not fit."""
    known = channels(client)
    words = {}
    for channel, pair in values.items():
        if channel not in known:
            raise ClientError(f"channel {channel!r} is not there; there are: {', '.join(known)}")
        for name, value in zip(("offset", "gain"), pair, strict=True):
            if not isinstance(value, int) or isinstance(value, bool) or not -LIMIT <= value < LIMIT:
                raise ClientError(f"{name} {value!r} of {channel} is not allowed: a whole number "
                    f"from {-LIMIT} to {LIMIT - 1}")
        words[channel] = (pair[0] & 0xffff) | (pair[1] & 0xffff) << 16
    for channel, word in words.items():
        client.set(known[channel], word)

# Files --------------------------------------------------------------------------------------------

def save(path, values):
    """{channel: (offset, gain)} as JSON, in one step: no half-written file.

    Raises ClientError.
    """
    path    = Path(path)
    entries = {channel: dict(zip(("offset", "gain"), pair)) for channel, pair in values.items()}
    part    = path.with_name(f"{path.name}.part")
    try:
        part.write_text(json.dumps({"calibration": entries}, indent=1) + "\n")
        os.replace(part, path)
    except OSError as error:
        raise ClientError(f"{path}: {error.strerror}") from error

def load(path):
    """What `save` wrote. Raises ClientError."""
    try:
        entries = json.loads(Path(path).read_text())["calibration"]
        return {channel: (entry["offset"], entry["gain"]) for channel, entry in entries.items()}
    except OSError as error:
        raise ClientError(f"{path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ClientError(f'{path}: not a calibration, which is {{"calibration": {{"in0": '
            f'{{"offset": 0, "gain": {UNITY}}}, ...}}}}') from error
