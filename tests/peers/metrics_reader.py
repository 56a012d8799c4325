"""Reads metrics from stdin as Prometheus' own client does, and writes them in JSON."""

import json
import sys

from prometheus_client.parser import text_string_to_metric_families

families = {}
for family in text_string_to_metric_families(sys.stdin.read()):
    assert family.name not in families, f"{family.name} comes twice"
    assert family.documentation, f"{family.name} has no help"
    assert family.type != "unknown", f"{family.name} has no type"
    samples = [[sample.name, sample.labels, sample.value] for sample in family.samples]
    assert samples, f"{family.name} has no samples"
    families[family.name] = {"type": family.type, "samples": samples}
print(json.dumps(families))
