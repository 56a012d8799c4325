#!/usr/bin/env python3
"""Compare the verdicts of `ws-echo check` with those of Autobahn's suite, on other people's servers
and clients.

    compare.py --ws-echo PROGRAM [OPTION]... [server/NAME | client/NAME]...

Without names it takes every peer of peers.json. The variables of .ci/install's `env` must be set.

--programs DIR   what install.sh has built; without it, peers that are packages can be taken only
--results DIR    where the reports are kept: what is there is not run again
--ours-again     runs `ws-echo check` again though its report is there
--all            runs all cases of `ws-echo check` too, for counts.py
--jobs N         how many peers are tested at the same time; default 1

For each case with a counterpart in Autobahn's suite the verdicts must be the same, or
differences.md must list the difference with its reason. Prints a table by peer, and each difference
that is not listed, or is listed and has not been seen.

Exit status: 0 every difference is listed, 1 one is not, or does not occur any more, 2 wrong usage, 3
a peer or a suite could not be run.
"""

import argparse
import collections
import concurrent.futures
import fnmatch
import json
import pathlib
import shutil
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

    # How the reason of a difference begins that does not occur in each run.
    SOMETIMES = "Sometimes: "

    def __init__(self, row, groups):
        peers, cases, self.autobahn, self.ours, self.reason = row
        self.peers = peers.split(", ")
        self.cases = groups.get(cases) or cases.split(", ")
        self.text = f"| {' | '.join(row)} |"
        self.seen = 0

    def matches(self, peer, case, autobahn, ours):
        return (
            any(fnmatch.fnmatchcase(peer, pattern) for pattern in self.peers)
            and any(fnmatch.fnmatchcase(case, pattern) for pattern in self.cases)
            and self.autobahn in (autobahn, "*")
            and (self.ours == ours or self.ours == "*" and ours in ("passed", "not strict"))
        )

    def should_be_seen(self, peers, all_peers):
        """Whether it must occur when these peers are looked at: if they are all that it names."""
        named = {peer for pattern in self.peers for peer in fnmatch.filter(all_peers, pattern)}
        return named <= set(peers) and not self.reason.startswith(self.SOMETIMES)


def listed_differences():
    rows = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in (HERE / "differences.md").read_text().splitlines()
        if line.startswith("| ")
    ]
    # The two tables of the file: groups of cases, and differences.
    groups = {row[0]: row[1].split(", ") for row in rows if len(row) == 2}
    return [Listed(row, groups) for row in rows if row[0].startswith(("server/", "client/"))]


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
    parser.add_argument("--programs", type=pathlib.Path)
    parser.add_argument("--results", type=pathlib.Path)
    parser.add_argument("--ours-again", action="store_true")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("peers", nargs="*")
    return parser.parse_args()


def reports(run, peer, results, options):
    """The reports of a peer, by Autobahn and by ours, run if they are not there; and the times."""
    found, times = [], []
    suites = [running.AUTOBAHN, running.COUNTERPARTS, *([running.ALL] if options.all else [])]
    for suite in suites:
        report = results / suite / peer.replace("/", "-")
        found.append(report)
        if suite != running.AUTOBAHN and options.ours_again:
            shutil.rmtree(report, ignore_errors=True)
        if (report / "index.json").exists():
            times.append("-")
            continue
        shutil.rmtree(report, ignore_errors=True)
        report.mkdir(parents=True)
        start = time.monotonic()
        run.run(suite, peer, report)
        times.append(f"{time.monotonic() - start:.1f} s")
    return found[:2], times


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


def peers_to_compare(table, wanted):
    every = [f"{role[:-1]}/{name}" for role, peers in table.items() for name in peers]
    if unknown := set(wanted) - set(every):
        print(f"compare.py: no such peer: {', '.join(sorted(unknown))}", file=sys.stderr)
        sys.exit(2)
    return wanted or every, every


def main():
    options = arguments()
    table = json.loads((HERE / "peers.json").read_text())
    wanted, every = peers_to_compare(table, options.peers)
    listed, unlisted = listed_differences(), {}
    print(f"{'peer':27}{'cases':>5}{'same':>7}{'listed':>8}{'other':>7}{'Autobahn':>11}{'ours':>9}")
    with tempfile.TemporaryDirectory() as folder:
        results = options.results or pathlib.Path(folder)
        run = running.Run(table, options.programs, options.ws_echo)
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as threads:
            all_reports = threads.map(
                lambda peer: reports(run, peer, results, options), wanted
            )
            for peer, ((autobahn, ours), times) in zip(wanted, all_reports):
                autobahn = verdicts(autobahn, autobahns_verdict)
                ours = verdicts(ours, lambda result: VERDICTS[result["behavior"]])
                counts, differences = compare(peer, autobahn, ours, listed)
                if differences:
                    unlisted[peer] = differences
                print(
                    f"{peer:27}{len(autobahn):5}{counts['same']:7}{counts['listed']:8}"
                    f"{counts['unlisted']:7}{times[0]:>11}{times[1]:>9}",
                    flush=True,
                )
    stale = [row for row in listed if not row.seen and row.should_be_seen(wanted, every)]
    show(unlisted, stale)
    sys.exit(bool(unlisted or stale))


if __name__ == "__main__":
    try:
        main()
    except running.Broken as why:
        print(f"compare.py: {why}", file=sys.stderr)
        sys.exit(3)
