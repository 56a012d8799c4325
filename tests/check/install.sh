#!/usr/bin/env bash
# Builds the servers and clients for `compare.py` that are no packages of .ci/install: those of the
# folder rust, and one by libwebsockets.
#
#   tests/check/install.sh DIR
#
# DIR gets the programs. Needs cargo, gcc and libwebsockets-dev (if missing: apt-get as root, or sudo).
set -euo pipefail

[ $# -eq 1 ] || { sed -n '2,/^set/{/^#/p}' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
dir=$(realpath -m "$1")
target=${CARGO_TARGET_DIR:-$here/rust/target}
mkdir -p "$dir"

cargo build --locked --manifest-path "$here/rust/Cargo.toml"
for source in "$here"/rust/src/bin/*.rs; do
    cp "$target/debug/$(basename "$source" .rs)" "$dir/"
done
if [ ! -e /usr/include/libwebsockets.h ]; then
    as_root=()
    [ "$(id -u)" = 0 ] || as_root=(sudo -n)
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends gcc libc6-dev libwebsockets-dev
fi
gcc -O1 -o "$dir/libwebsockets" "$here/peers/libwebsockets.c" -lwebsockets
