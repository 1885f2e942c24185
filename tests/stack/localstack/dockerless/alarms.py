"""CloudWatch alarms: metric math too, judged whenever somebody looks, with minutes that are short.

The stock ones know no metric math, look once in all their periods, and no stack can change them.
"""

# pyright: reportMissingImports=false

import json
import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from time import time
from typing import Any

from localstack.services.cloudwatch.alarm_scheduler import COMPARISON_OPS, AlarmScheduler
from localstack.services.cloudwatch.cloudwatch_database_helper import CloudwatchDatabase
from localstack.services.cloudwatch.provider_v2 import CloudwatchProvider
from localstack.services.cloudwatch.resource_providers.aws_cloudwatch_alarm import (
    CloudWatchAlarmProvider,
)

from .metric_math import Value, evaluate

# So many seconds does a minute of an alarm's period last.
MINUTE_SECONDS = float(os.environ.get("ALARM_MINUTE_SECONDS") or 60)
HORIZON_SECONDS = 3 * 3600

type Alarm = Mapping[str, Any]
type Points = Sequence[tuple[float, float]]  # of time and value, in their order

_STATISTICS: Mapping[str, Callable[[list[float]], float]] = {
    "Sum": sum,
    "Minimum": min,
    "Maximum": max,
    "Average": fmean,
    "SampleCount": len,
}

_POINTS = f"""
select timestamp, value from {CloudwatchDatabase.TABLE_SINGLE_METRICS}
where metric_name = ? and namespace = ? and account_id = ? and region = ? and dimensions = ?
and timestamp >= ? order by timestamp, id
"""


def judge_alarms() -> None:
    """Judge alarms when they are described, and let stacks change them."""
    stock_describe = CloudwatchProvider.describe_alarms

    def describe(self: Any, context: Any, *arguments: Any, **named: Any) -> Any:
        for entry in [*self.get_store(context.account_id, context.region).alarms.values()]:
            if "EvaluationPeriods" in entry.alarm:
                _judge(self, context, entry.alarm)
        return stock_describe(self, context, *arguments, **named)

    CloudwatchProvider.describe_alarms = describe
    AlarmScheduler.schedule_metric_alarm = _leave_alone
    CloudWatchAlarmProvider.update = CloudWatchAlarmProvider.create


def _leave_alone(_: Any, alarm_arn: str) -> None:
    """Do nothing at certain times: an alarm is judged when somebody looks."""


def _judge(provider: Any, context: Any, alarm: Alarm) -> None:
    """Set the alarm's state, which tells its actions, if it is another one now."""
    now = time()
    metrics = _metrics_of(alarm)
    read = {
        name: _read(provider.cloudwatch_database, context, each) for name, each in metrics.items()
    }
    if alarm.get("TreatMissingData") == "ignore":
        values = [_last(read[name]) for name in read]  # the last one counts, however old it is
    else:
        values = [
            _value(alarm, metrics, read, now, back) for back in range(alarm["EvaluationPeriods"])
        ]
    state = _state(alarm, values)
    if state not in {None, alarm["StateValue"]}:
        shown = json.dumps({"version": "1.0", "recentDatapoints": values})
        provider.set_alarm_state(context, alarm["AlarmName"], state, "its last periods", shown)


def _metrics_of(alarm: Alarm) -> dict[str, Mapping[str, Any]]:
    """Return the metrics that the alarm stands on, by their ids: namespace, name and the like."""
    if "MetricName" in alarm:
        return {"": alarm}
    return {
        query["Id"]: {**stat["Metric"], "Period": stat["Period"], "Statistic": stat["Stat"]}
        for query in alarm["Metrics"]
        if (stat := query.get("MetricStat"))
    }


def _read(database: Any, context: Any, metric: Mapping[str, Any]) -> Points:
    dimensions = database._get_ordered_dimensions_with_separator(metric.get("Dimensions"))  # noqa: SLF001
    keys = (metric["MetricName"], metric["Namespace"], context.account_id, context.region)
    with (
        database.DATABASE_LOCK,
        sqlite3.connect(database.METRICS_DB_READ_ONLY, uri=True) as connection,
    ):
        since = time() - HORIZON_SECONDS
        return connection.execute(_POINTS, (*keys, dimensions, since)).fetchall()


def _last(points: Points) -> Value:
    return points[-1][1] if points else None


def _value(
    alarm: Alarm,
    metrics: Mapping[str, Mapping[str, Any]],
    read: Mapping[str, Points],
    now: float,
    back: int,
) -> Value:
    """Return what the alarm compares for the period that ended `back` periods ago."""
    values = {name: _statistic(each, read[name], now, back) for name, each in metrics.items()}
    if "MetricName" in alarm:
        return values[""]
    (expression,) = [each["Expression"] for each in alarm["Metrics"] if each.get("Expression")]
    return evaluate(expression, values, int(now // 3600) % 24)


def _statistic(metric: Mapping[str, Any], points: Points, now: float, back: int) -> Value:
    length = metric["Period"] / 60 * MINUTE_SECONDS
    # Points have whole seconds, cut off.
    begin, end = now - (back + 1) * length - 1, now - back * length
    found = [value for at, value in points if begin < at <= end]
    return _STATISTICS[metric["Statistic"]](found) if found else None


def _state(alarm: Alarm, values: Sequence[Value]) -> str | None:
    """Return the state that these values stand for; None leaves it as it is."""
    missing = alarm.get("TreatMissingData") or "missing"
    known = [value for value in values if value is not None]
    if not known and missing == "ignore":
        return None
    if not known and missing == "missing":
        return "INSUFFICIENT_DATA"
    compare = COMPARISON_OPS[alarm["ComparisonOperator"]]
    breaching = sum(bool(compare(value, alarm["Threshold"])) for value in known)
    if missing == "breaching":
        breaching += len(values) - len(known)
    wanted = alarm.get("DatapointsToAlarm") or len(values)
    return "ALARM" if breaching >= wanted else "OK"
