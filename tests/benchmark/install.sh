#!/usr/bin/env bash
# Install the servers that ws-echo is compared with and that are not Rust crates.
#
#   tests/benchmark/install.sh DIR
#
# DIR gets Bun and Node's ws from npm, picows from PyPI, and an echo by Debian's libwebsockets. A
# server that cannot be installed is named and left out; `compare` works without it. Installed ones
# are left as they are.
#
# Needs, for each: npm; npm and node; python3 with venv; gcc and libwebsockets-dev (if missing: apt-get
# as root, or sudo).
#
# Exit status: 0 even if a server was left out, 1 DIR cannot be written to, 2 wrong usage.
set -uo pipefail

bun=1.4.5
ws=8.23.0
bufferutil=4.1.0
utf_8_validate=6.0.6
picows=2.3.1
uvloop=0.23.0

[ $# -eq 1 ] || { sed -n '2,/^set/{/^#/p}' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
dir=$(realpath -m "$1")
mkdir -p "$dir" 2>/dev/null && [ -w "$dir" ] || { echo "install.sh: cannot write to $dir" >&2; exit 1; }

# from_npm FOLDER PACKAGE@VERSION...
from_npm() {
    local folder=$dir/$1
    shift
    [ "$(cat "$folder/installed" 2>/dev/null)" = "$*" ] && return
    rm -rf "$folder" && mkdir -p "$folder" &&
        npm install --prefix "$folder" --no-audit --no-fund --loglevel=error "$@" && echo "$*" >"$folder/installed"
}

install_bun() { from_npm bun "bun@$bun" && "$dir/bun/node_modules/.bin/bun" --version; }

install_ws() {
    # The last two unmask and validate in C, where they have been built for this machine.
    from_npm node "ws@$ws" "bufferutil@$bufferutil" "utf-8-validate@$utf_8_validate" &&
        NODE_PATH=$dir/node/node_modules node -e 'require("ws")'
}

install_picows() {
    local packages="picows==$picows uvloop==$uvloop"
    if [ "$(cat "$dir/python/installed" 2>/dev/null)" != "$packages" ]; then
        rm -rf "$dir/python" && python3 -m venv "$dir/python" &&
            "$dir/python/bin/python" -m pip install --disable-pip-version-check --quiet $packages &&
            echo "$packages" >"$dir/python/installed"
    fi && "$dir/python/bin/python" -c 'import picows, uvloop'
}

install_libwebsockets() {
    if [ ! -e /usr/include/libwebsockets.h ]; then
        local as_root=()
        [ "$(id -u)" = 0 ] || as_root=(sudo -n)
        "${as_root[@]}" apt-get update -qq
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends gcc libc6-dev libwebsockets-dev
    fi && gcc -O3 -o "$dir/libwebsockets" "$here/elsewhere/libwebsockets.c" -lwebsockets
}

for peer in bun ws picows libwebsockets; do
    # One for each, so that no peer's failure is explained by the words of another.
    log=$dir/install-$peer.log
    if "install_$peer" >"$log" 2>&1; then
        echo "$peer: installed"
    else
        echo "$peer: left out: $(grep -v '^ *$' "$log" | tail -n 1) (see $log)"
    fi
done
