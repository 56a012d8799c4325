#!/usr/bin/env python3
"""Print what `ws-echo check` has found, from the reports that `compare.py --all --results RESULTS` keeps: the
table of findings.md, and with --cases each case that has not passed.

    counts.py RESULTS [--cases] [server-NAME | client-NAME]...
"""

import json
import pathlib
import sys

COLUMNS = ["passed", "failed", "not_strict", "informational", "skipped"]

arguments = [argument for argument in sys.argv[1:] if argument != "--cases"]
results = pathlib.Path(arguments[0], "all")
names = arguments[1:] or sorted(path.name for path in results.iterdir())
print("| peer |", " | ".join(column.replace("_", " ") for column in COLUMNS), "|")
print("|---|" + "--:|" * len(COLUMNS))
for name in names:
    [report] = json.loads((results / name / "report.json").read_text())["reports"]
    cases = report["cases"]
    counts = [sum(case["outcome"] == column for case in cases) for column in COLUMNS]
    print(f"| {name.split('-', 1)[1]} |", " | ".join(map(str, counts)), "|")
    if "--cases" not in sys.argv:
        continue
    for case in cases:
        if case["outcome"] in ("failed", "not_strict"):
            print(f"    {case['outcome']} {case['id']}: {case['claim']}: {case['seen']}")
