#!/usr/bin/env bash
# Run Autobahn's fuzzing client against ws-echo, or against any other echo server.
#
#   tests/autobahn/run.sh DIR [BINARY | URL [CASES]]
#
#   DIR     the folder of the installed suite; DIR/report gets index.html and a page per case
#   BINARY  started on a free port and stopped at the end; default target/release/ws-echo
#   URL     of a running server that does not greet, e.g. ws://127.0.0.1:3000; loopback only
#   CASES   comma-separated, e.g. '1.*,6.4.*', or `sample` for those of the file sample.txt; default
#           all, of which those of compression (12.* and 13.*) take half an hour
#
# Needs what install.sh needs. LIMIT is the longest a run may take, in seconds; default 7200.
#
# Exit status: 0 verdict.py accepts every case, 1 it rejects one, 2 wrong usage, 3 the run itself
# failed.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 1 ] && [ $# -le 3 ] || { sed -n '2,/^set/{/^#/p}' "$0" >&2; exit 2; }
dir=$(realpath -m "$1")
target=${2:-$here/../../target/release/ws-echo}
cases=${3:-'*'}
report=$dir/report
server=

broken() { echo "run.sh: $*" >&2; exit 3; }

start_server() {
    [ -x "$target" ] || broken "$target is not there; build it: cargo build --release"
    : >"$report/server.out" # it is read at once
    "$target" --listen 127.0.0.1:0 --no-welcome >>"$report/server.out" 2>"$report/server.err" &
    server=$!
    trap 'kill -KILL "$server" 2>/dev/null || true' EXIT
    for _ in {1..100}; do
        url=$(sed -n 's|^listening on \(ws://127[.0-9:]*\).*|\1|p' "$report/server.out")
        [ -z "$url" ] || return 0
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    broken "$target did not say where it listens: $(tail -n 1 "$report/server.err")"
}

stop_server() {
    kill -TERM "$server" 2>/dev/null || broken "the server ended before the run did"
    timeout 15 tail --pid="$server" -f /dev/null || broken "the server ignored SIGTERM"
    trap - EXIT
    wait "$server" || broken "the server ended with status $? on SIGTERM"
}

# In the form of the suite's own configuration file; none of the values holds a quote.
spec() {
    cat <<JSON
{"outdir": "$report", "servers": [{"url": "$url", "agent": "server"}],
 "cases": [$("$here/cases.sh" "$cases")], "exclude-cases": [], "exclude-agent-cases": {}}
JSON
}

[ -s "$dir/recipe" ] || broken "no suite in $dir; run install.sh first"
rm -rf "$report"
mkdir -p "$report"
case $target in
    ws://127.* | ws://localhost[:/]* | ws://\[::1\]*) url=$target ;;
    ws://* | wss://*) echo "run.sh: $target is not on loopback" >&2; exit 2 ;;
    *) start_server ;;
esac

spec >"$report/spec.json"
PYTHONPATH=$dir/suite timeout --foreground "${LIMIT:-7200}" "$dir/venv/bin/python" -W ignore \
    -m autobahntestsuite.wstest3 "$report/spec.json" >"$report/run.log" 2>&1 ||
    broken "the client ended with status $?: $(tail -n 1 "$report/run.log") (see $report/run.log)"
[ -z "$server" ] || stop_server
python3 "$here/verdict.py" "$report" "$cases"
