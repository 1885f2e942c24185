"""Embedded metric format: the metrics in a log line, as the log service on AWS extracts them."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

type Datum = dict[str, Any]


def read_metrics(line: str) -> Iterator[tuple[str, Datum]]:
    """Yield each (namespace, datum for put_metric_data) of a log line; most lines have none.

    A metric comes once for each of its dimension sets. Lines that only look like metrics are
    skipped, as the log service skips them.
    """
    if '"CloudWatchMetrics"' not in line:
        return
    try:
        record = json.loads(line)
        for directive in record["_aws"]["CloudWatchMetrics"]:
            for datum in _read_directive(record, directive):
                yield directive["Namespace"], datum
    except (ValueError, KeyError, TypeError):
        return


def _read_directive(record: Datum, directive: Datum) -> Iterator[Datum]:
    emitted_at = datetime.fromtimestamp(record["_aws"]["Timestamp"] / 1000, UTC)
    for names in directive.get("Dimensions") or [[]]:
        dimensions = [{"Name": name, "Value": str(record[name])} for name in names]
        for metric in directive["Metrics"]:
            value = record[metric["Name"]]
            yield {
                "MetricName": metric["Name"],
                "Dimensions": dimensions,
                "Timestamp": emitted_at,
                "Unit": metric.get("Unit", "None"),
                "Values": [float(item) for item in (value if isinstance(value, list) else [value])],
            }
