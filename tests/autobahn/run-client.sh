#!/usr/bin/env bash
# Run Autobahn's fuzzing server against the core's client role.
#
#   tests/autobahn/run-client.sh DIR [BINARY [CASES]]
#
#   DIR     the folder of the installed suite; DIR/report-client gets index.html and a page per
#           case
#   BINARY  a client that gets the server's address and runs all cases; default
#           target/release/examples/autobahn_client
#   CASES   as of run.sh
#
# Needs what install.sh needs. LIMIT is the longest a run may take, in seconds; default 7200.
#
# Exit status: 0 verdict.py accepts every case, 1 it rejects one, 2 wrong usage, 3 the run itself
# failed.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 1 ] && [ $# -le 3 ] || { sed -n '2,/^set/{/^#/p}' "$0" >&2; exit 2; }
dir=$(realpath -m "$1")
client=${2:-$here/../../target/release/examples/autobahn_client}
cases=${3:-'*'}
report=$dir/report-client

broken() { echo "run-client.sh: $*" >&2; exit 3; }

[ -s "$dir/recipe" ] || broken "no suite in $dir; run install.sh first"
[ -x "$client" ] ||
    broken "$client is not there; build it: cargo build --release -p ws-echo-tests --example autobahn_client"
rm -rf "$report"
mkdir -p "$report"
cat >"$report/spec.json" <<JSON
{"outdir": "$report", "cases": [$("$here/cases.sh" "$cases")],
 "exclude-cases": [], "exclude-agent-cases": {}}
JSON
: >"$report/run.log" # it is read at once

PYTHONPATH=$dir/suite "$dir/venv/bin/python" -W ignore -m autobahntestsuite.wstest3 "$report/spec.json" \
    >>"$report/run.log" 2>&1 &
server=$!
trap 'kill -KILL "$server" 2>/dev/null || true' EXIT
for _ in {1..300}; do
    address=$(sed -n 's|^listening on ws://||p' "$report/run.log")
    [ -z "$address" ] || break
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
done
[ -n "$address" ] || broken "the server did not say where it listens: $(tail -n 1 "$report/run.log")"
timeout --foreground "${LIMIT:-7200}" "$client" "$address" || broken "the client ended with status $?"
python3 "$here/verdict.py" "$report" "$cases"
