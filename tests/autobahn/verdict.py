#!/usr/bin/env python3
"""Judge a report of Autobahn's fuzzing client, or of its fuzzing server.

    verdict.py REPORT CASES

REPORT is the folder with index.json and run.log, CASES the selection: for those of EXPECTED it is
known how many cases they select. Prints the counts, and every case that is wrong or missing. Each
case must be OK, except for the three of INFORMATIONAL, which the suite never calls anything else. No
connection may have closed in a wrong way.

Exit status: 0 all cases are right, 1 a case is wrong or missing.
"""

import ast
import collections
import json
import pathlib
import sys

INFORMATIONAL = {"7.1.6", "7.13.1", "7.13.2"}
CLOSED_WELL = {"OK", "INFORMATIONAL"}
EXPECTED = {"*": 517, "sample": 301 + 24}

report, selection = pathlib.Path(sys.argv[1]), sys.argv[2]
agents = json.loads((report / "index.json").read_text())
[cases] = agents.values() or sys.exit("autobahn: no case has run; is the other end there?")


def selected():
    """The names of the cases, as the suite itself prints them at the start."""
    lines = (report / "run.log").read_text().splitlines()
    [names] = [line.removeprefix("Cases = ") for line in lines if line.startswith("Cases = ")]
    return ast.literal_eval(names)


def as_it_should_be(case, result):
    behavior = "INFORMATIONAL" if case in INFORMATIONAL else "OK"
    return result["behavior"] == behavior and result["behaviorClose"] in CLOSED_WELL


def counts(key):
    found = collections.Counter(result[key] for result in cases.values())
    return ", ".join(f"{count} {name}" for name, count in found.most_common())


asked = selected()
expected = EXPECTED.get(selection, len(asked))
missing = [case for case in asked if case not in cases]
wrong = {case: result for case, result in cases.items() if not as_it_should_be(case, result)}
for case in sorted(wrong, key=lambda case: [int(part) for part in case.split(".")]):
    result = wrong[case]
    detail = json.loads((report / result["reportfile"]).read_text())
    print(f"{case}: {result['behavior']}, {detail['result']}")
    print(f"    close {result['behaviorClose']}, {detail['resultClose']}")
for case in missing:
    print(f"{case}: missing")
if len(asked) != expected:
    print(f"autobahn: {len(asked)} cases were selected, and {expected} expected")
print(f"autobahn: {len(cases)} of {expected} cases: {counts('behavior')}")
print(f"autobahn: closes: {counts('behaviorClose')}")
print(f"autobahn: report in {report / 'index.html'}")
sys.exit(bool(wrong) or bool(missing) or len(asked) != expected)
