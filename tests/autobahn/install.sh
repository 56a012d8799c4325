#!/usr/bin/env bash
# Install the fuzzing client of Autobahn|Testsuite 25.10.1 into a folder, from PyPI alone.
#
#   tests/autobahn/install.sh DIR
#
# Autobahn is the standard conformance suite for WebSocket: 517 cases. It was written for
# Python 2; port3.py, beside this script, carries it to Python 3.
#
# Needs python3 (3.11 is the tested one) with venv and pip, tar and sha256sum; a C compiler only
# where wsaccel has no wheel. A complete installation is found again and left as it is; an
# incomplete or older one is made anew.
#
# Exit status: 0 installed, 1 it cannot be installed (one line says why), 2 wrong usage.
set -euo pipefail

sdist=autobahntestsuite-25.10.1
sdist_sha256=b083d6e15330fc16f3e5f0975cce2b15f21bfa0c6db09547316b1852c6dbd6df
build_tools=(setuptools==80.9.0 wheel==0.45.1)
packages=(
    Twisted==22.10.0 zope.interface==8.7 attrs==26.1.0 Automat==25.4.16 constantly==23.10.4
    hyperlink==21.0.0 idna==3.20 incremental==24.11.0 six==1.17.0 typing-extensions==4.16.0
    wsaccel==0.6.7
)
old_packages=(txaio==2.1.0 autobahn==0.10.9) # the protocol engine that the suite itself pins

[ $# -eq 1 ] || { sed -n '2,/^set/{/^#/p}' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
dir=$(realpath -m "$1")
log=$dir/install.log
python=$dir/venv/bin/python
recipe=$(cat "$0" "$here/port3.py" | sha256sum)

fail() { echo "install.sh: $*" >&2; exit 1; }

# step WHAT COMMAND...: run it into the log; where it fails, say so in one line.
step() {
    local what=$1
    shift
    "$@" >>"$log" 2>&1 || fail "cannot $what: $(grep -v '^ *$' "$log" | tail -n 1) (see $log)"
}

complete() {
    [ "$(cat "$dir/recipe" 2>/dev/null)" = "$recipe" ] &&
        PYTHONPATH=$dir/suite "$python" -W ignore -c \
            'from autobahntestsuite.case import Cases; assert len(Cases) == 517, len(Cases)'
}

for tool in python3 tar sha256sum; do
    command -v "$tool" >/dev/null || fail "$tool is not installed"
done
mkdir -p "$dir" 2>/dev/null && [ -w "$dir" ] || fail "cannot write to $dir"
if complete 2>/dev/null; then
    echo "autobahn: already in $dir"
    exit
fi

: >"$log"
rm -rf "$dir/venv" "$dir/download" "$dir/suite" "$dir/recipe"
step "make a python environment" python3 -m venv "$dir/venv"
pip() { "$python" -m pip --disable-pip-version-check --quiet "$@"; }
step "install the build tools" pip install "${build_tools[@]}"
step "install what Autobahn needs" pip install "${packages[@]}"
step "install Autobahn's engine" pip install --no-build-isolation --no-deps "${old_packages[@]}"
step "download the suite" pip download --no-build-isolation --no-deps --no-binary :all: \
    --dest "$dir/download" "${sdist/-/==}"
step "trust the download" sha256sum --check <<<"$sdist_sha256  $dir/download/$sdist.tar.gz"
step "unpack the suite" tar -xzf "$dir/download/$sdist.tar.gz" -C "$dir/download"
step "port the suite" "$python" "$here/port3.py" "$dir/download/$sdist" "$dir/suite"
echo "$recipe" >"$dir/recipe"
step "load the 517 cases" complete
echo "autobahn: installed in $dir"
