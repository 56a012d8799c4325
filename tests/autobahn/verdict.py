#!/usr/bin/env python3
"""Judge a report of Autobahn's fuzzing client, or of its fuzzing server.

    verdict.py REPORT ASKED

REPORT is the folder with index.json, ASKED the number of cases that should run. Prints the counts
and every wrong case. Each case must be OK, except for the three of INFORMATIONAL, which the suite
never calls anything else. No connection may have closed in a wrong way.

Exit status: 0 all cases are right, 1 a case is wrong or missing.
"""

import collections
import json
import pathlib
import sys

INFORMATIONAL = {"7.1.6", "7.13.1", "7.13.2"}
CLOSED_WELL = {"OK", "INFORMATIONAL"}

report, asked = pathlib.Path(sys.argv[1]), int(sys.argv[2])
agents = json.loads((report / "index.json").read_text())
[cases] = agents.values() or sys.exit("autobahn: no case has run; is the other end there?")


def as_it_should_be(case, result):
    behavior = "INFORMATIONAL" if case in INFORMATIONAL else "OK"
    return result["behavior"] == behavior and result["behaviorClose"] in CLOSED_WELL


def counts(key):
    found = collections.Counter(result[key] for result in cases.values())
    return ", ".join(f"{count} {name}" for name, count in found.most_common())


wrong = {case: result for case, result in cases.items() if not as_it_should_be(case, result)}
for case in sorted(wrong, key=lambda case: [int(part) for part in case.split(".")]):
    result = wrong[case]
    detail = json.loads((report / result["reportfile"]).read_text())
    print(f"{case}: {result['behavior']}, {detail['result']}")
    print(f"    close {result['behaviorClose']}, {detail['resultClose']}")
print(f"autobahn: {len(cases)} of {asked} cases: {counts('behavior')}")
print(f"autobahn: closes: {counts('behaviorClose')}")
print(f"autobahn: report in {report / 'index.html'}")
sys.exit(bool(wrong) or len(cases) != asked)
