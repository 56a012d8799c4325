#!/usr/bin/env python3
"""Compare the verdicts of `ws-echo check` with those of Autobahn's suite, on other people's servers
and clients.

    compare.py --ws-echo PROGRAM --installed DIR [--results DIR] [server/NAME | client/NAME]...

Without names it takes every peer of peers.json. DIR is what install.sh has installed. The variables
of .ci/install's `env` must be set.

--results DIR   where the reports are kept. What Autobahn found there before is not run again
--ours-again    runs `ws-echo check` though its report is there; this is usual without --results

For each case with a counterpart in Autobahn's suite the verdicts must be the same, or
differences.md must list the difference with its reason. Prints a table by peer, and each difference
that is not listed, or is listed and has not been seen.

Exit status: 0 every difference is listed, 1 one is not, or does not occur any more, 2 wrong usage, 3
a peer or a suite could not be run.
"""

import argparse
import collections
import fnmatch
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import running

HERE = pathlib.Path(__file__).resolve().parent
VERDICTS = {
    "OK": "passed",
    "NON-STRICT": "not strict",
    "INFORMATIONAL": "informational",
    "UNIMPLEMENTED": "skipped",
    "FAILED": "failed",
}
# How Autobahn calls the end of a connection, where it is no failure of a MUST.
NOT_STRICT_ENDS = {"WRONG CODE", "UNCLEAN", "FAILED BY CLIENT"}


def autobahns_verdict(result):
    """The worse one of what came and how the connection ended."""
    verdict = VERDICTS[result["behavior"]]
    end = result["behaviorClose"]
    if verdict == "passed" and end == "FAILED":
        return "failed"
    if verdict == "passed" and end in NOT_STRICT_ENDS:
        return "not strict"
    return verdict


def in_order(cases):
    return sorted(cases, key=lambda case: [int(part) for part in case.split(".")])


class Listed:
    """A row of differences.md: patterns of peers and of cases, the two verdicts, and the reason."""

    def __init__(self, line):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        peers, cases, self.autobahn, self.ours, self.reason = cells
        self.peers = peers.split(", ")
        self.cases = cases.split(", ")
        self.text = line.strip()
        self.seen = 0

    def matches(self, peer, case, autobahn, ours):
        return (
            any(fnmatch.fnmatchcase(peer, pattern) for pattern in self.peers)
            and any(fnmatch.fnmatchcase(case, pattern) for pattern in self.cases)
            and self.autobahn in (autobahn, "*")
            and self.ours in (ours, "*")
        )

    def is_of(self, peers, all_peers):
        """Whether all peers that it names have been looked at."""
        named = {peer for pattern in self.peers for peer in fnmatch.filter(all_peers, pattern)}
        return named <= set(peers)


def listed_differences():
    lines = (HERE / "differences.md").read_text().splitlines()
    rows = [line for line in lines if line.startswith(("| server/", "| client/", "| *"))]
    return [Listed(row) for row in rows]


def verdicts(report, of):
    """The verdict of each case in a report's index."""
    [cases] = json.loads((report / "index.json").read_text()).values()
    return {case: of(result) for case, result in cases.items()}


def compare(peer, autobahn, ours, listed):
    """The counts of a peer, and its differences that no row lists."""
    counts, unlisted = collections.Counter(), []
    for case in in_order(autobahn):
        pair = autobahn[case], ours.get(case, "missing")
        if pair[0] == pair[1]:
            counts["same"] += 1
            continue
        row = next((row for row in listed if row.matches(peer, case, *pair)), None)
        if row:
            row.seen += 1
            counts["listed"] += 1
        else:
            counts["unlisted"] += 1
            unlisted.append((case, *pair))
    return counts, unlisted


def arguments():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].strip())
    parser.add_argument("--ws-echo", required=True)
    parser.add_argument("--installed", required=True, type=pathlib.Path)
    parser.add_argument("--results", type=pathlib.Path)
    parser.add_argument("--ours-again", action="store_true")
    parser.add_argument("peers", nargs="*")
    return parser.parse_args()


def reports(run, peer, results, again):
    """Both reports of a peer, run if they are not there; and how long each took."""
    times = {}
    for suite in running.SUITES:
        report = results / suite / peer.replace("/", "-")
        if suite == "ws-echo" and again:
            shutil.rmtree(report, ignore_errors=True)
        if (report / "index.json").exists():
            continue
        shutil.rmtree(report, ignore_errors=True)
        report.mkdir(parents=True)
        start = time.monotonic()
        run.run(suite, peer, report)
        times[suite] = time.monotonic() - start
    found = [results / suite / peer.replace("/", "-") for suite in running.SUITES]
    return found, times


def show(unlisted, stale):
    for peer, differences in unlisted.items():
        print(f"\n{peer}: not in differences.md:")
        by_verdicts = collections.defaultdict(list)
        for case, autobahn, ours in differences:
            by_verdicts[autobahn, ours].append(case)
        for (autobahn, ours), cases in by_verdicts.items():
            print(f"| {peer} | {', '.join(cases)} | {autobahn} | {ours} | |")
    for row in stale:
        print(f"\ndifferences.md lists what has not been seen:\n{row.text}")


def main():
    options = arguments()
    table = json.loads((HERE / "peers.json").read_text())
    every = [f"{role[:-1]}/{name}" for role, peers in table.items() for name in peers]
    wanted = options.peers or every
    if unknown := set(wanted) - set(every):
        sys.exit(f"compare.py: no such peer: {', '.join(sorted(unknown))}")
    listed = listed_differences()
    unlisted = {}
    print(f"{'peer':26}{'cases':>7}{'same':>7}{'listed':>8}{'other':>7}   time of Autobahn, ours")
    with tempfile.TemporaryDirectory() as folder:
        results = options.results or pathlib.Path(folder)
        run = running.Run(table, options.installed, options.ws_echo)
        for peer in wanted:
            again = options.ours_again or not options.results
            (autobahn, ours), times = reports(run, peer, results, again)
            autobahn = verdicts(autobahn, autobahns_verdict)
            ours = verdicts(ours, lambda result: VERDICTS[result["behavior"]])
            counts, differences = compare(peer, autobahn, ours, listed)
            if differences:
                unlisted[peer] = differences
            took = ", ".join(
                f"{times[suite]:.1f} s" if suite in times else "-" for suite in running.SUITES
            )
            print(
                f"{peer:26}{len(autobahn):7}{counts['same']:7}{counts['listed']:8}"
                f"{counts['unlisted']:7}   {took}",
                flush=True,
            )
    stale = [row for row in listed if not row.seen and row.is_of(wanted, every)]
    show(unlisted, stale)
    sys.exit(bool(unlisted or stale))


if __name__ == "__main__":
    main()
