#!/usr/bin/env bash
# Installs the servers and clients with which `ws-echo check` and Autobahn are compared, as far as
# .ci/install has not.
#
#   tests/check/install.sh DIR [few]
#
# DIR gets packages from PyPI and npm, and the programs of the folder rust, which cargo builds, and of
# libwebsockets. With `few`, only what is installed in a few seconds: no programs. What is there is
# left as it is.
#
# Needs python3 with venv, npm, and for the programs cargo, gcc and libwebsockets-dev (if missing:
# apt-get as root, or sudo).
set -euo pipefail

python_packages=(
    websockets==17.4 aiohttp==3.14.5 tornado==6.6.1 uvicorn==0.54.0 hypercorn==0.18.0 wsproto==1.3.2
    websocket-client==1.9.2 curl-cffi==0.17.0
)
node_packages=(faye-websocket@0.11.4 permessage-deflate@0.1.7 websocket@1.0.35)

[ $# -ge 1 ] || { sed -n '2,/^set/{/^#/p}' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
dir=$(realpath -m "$1")
mkdir -p "$dir/programs"

# has FOLDER PACKAGE...: whether exactly these were installed there, completely
has() { [ "$(cat "$dir/$1/installed" 2>/dev/null)" = "${*:2}" ]; }
note() { echo "${*:2}" >"$dir/$1/installed"; }

if ! has python "${python_packages[@]}"; then
    rm -rf "$dir/python"
    python3 -m venv "$dir/python"
    "$dir/python/bin/python" -m pip install --disable-pip-version-check --quiet "${python_packages[@]}"
    note python "${python_packages[@]}"
fi
if ! has node "${node_packages[@]}"; then
    rm -rf "$dir/node"
    mkdir -p "$dir/node"
    npm install --prefix "$dir/node" --ignore-scripts --no-audit --no-fund --loglevel=error \
        "${node_packages[@]}"
    note node "${node_packages[@]}"
fi
[ "${2:-}" != few ] || exit 0

target=${CARGO_TARGET_DIR:-$here/rust/target}
cargo build --locked --manifest-path "$here/rust/Cargo.toml"
for source in "$here"/rust/src/bin/*.rs; do
    cp "$target/debug/$(basename "$source" .rs)" "$dir/programs/"
done
if [ ! -e /usr/include/libwebsockets.h ]; then
    as_root=()
    [ "$(id -u)" = 0 ] || as_root=(sudo -n)
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends gcc libc6-dev libwebsockets-dev
fi
gcc -O1 -o "$dir/programs/libwebsockets" "$here/../benchmark/elsewhere/libwebsockets.c" -lwebsockets
