"""Embedded metrics, as the stand-in for the log service reads them from log lines."""

import json
from datetime import UTC, datetime

import pytest

from tests.stack.localstack.dockerless.metrics import Datum, read_metrics


def a_line(**overrides: object) -> str:
    """Return a log line with two metrics, one of them with two values."""
    record: dict[str, object] = {
        "_aws": {
            "Timestamp": 1781524800000,
            "CloudWatchMetrics": [
                {
                    "Namespace": "Fleettickets",
                    "Dimensions": [["service"], ["service", "stage"]],
                    "Metrics": [{"Name": "KeysGone", "Unit": "Count"}, {"Name": "LagSeconds"}],
                }
            ],
        },
        "service": "ingest",
        "stage": "test",
        "KeysGone": 1,
        "LagSeconds": [2.5, 3],
    }
    return json.dumps(record | overrides)


def test_each_metric_comes_for_each_set_of_dimensions() -> None:
    """A metric with two dimension sets is two metrics to CloudWatch."""
    metrics = list(read_metrics(a_line()))

    assert [(namespace, datum["MetricName"]) for namespace, datum in metrics] == [
        ("Fleettickets", "KeysGone"),
        ("Fleettickets", "LagSeconds"),
    ] * 2
    assert metrics[3][1] == {
        "MetricName": "LagSeconds",
        "Dimensions": [
            {"Name": "service", "Value": "ingest"},
            {"Name": "stage", "Value": "test"},
        ],
        "Timestamp": datetime(2026, 6, 15, 12, tzinfo=UTC),
        "Unit": "None",
        "Values": [2.5, 3.0],
    }


def test_metrics_without_dimensions_are_read_too() -> None:
    """The set of no dimensions is a set."""
    directive = {"Namespace": "N", "Metrics": [{"Name": "KeysGone"}]}
    line = a_line(_aws={"Timestamp": 0, "CloudWatchMetrics": [directive]})

    ((_, datum),) = read_metrics(line)

    assert datum["Dimensions"] == []


@pytest.mark.parametrize(
    "line",
    [
        "START RequestId: 1",
        '{"level": "INFO"}',
        'not JSON, but it says "CloudWatchMetrics"',
        '["CloudWatchMetrics"]',
        json.dumps({"_aws": {"CloudWatchMetrics": [{"Metrics": [{"Name": "gone"}]}]}}),
    ],
)
def test_other_lines_have_no_metrics(line: str) -> None:
    """Nothing that a function prints may break its stand-in for the log service."""
    metrics: list[tuple[str, Datum]] = list(read_metrics(line))

    assert metrics == []
