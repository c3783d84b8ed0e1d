"""Reads a text of metrics with Prometheus' own client library and prints every sample as JSON."""

import json
import sys

from prometheus_client.parser import text_string_to_metric_families

print(
    json.dumps(
        [
            {"family": family.name, "type": family.type, "help": family.documentation, "name": sample.name}
            | {"labels": sample.labels, "value": str(sample.value)}
            for family in text_string_to_metric_families(sys.stdin.read())
            for sample in family.samples
        ]
    )
)
