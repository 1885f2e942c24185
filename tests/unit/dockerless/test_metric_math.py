"""Metric math, as the stand-in for CloudWatch's alarms understands it."""

import pytest

from tests.stack.localstack.dockerless.metric_math import ExpressionError, Values, evaluate
from tests.support.templates import Template


@pytest.mark.parametrize(
    ("expression", "values", "expected"),
    [
        ("100 * bad / all", {"bad": 5.0, "all": 50.0}, 10.0),
        ("100 * bad / all", {"bad": None, "all": 50.0}, None),
        ("bad / all", {"bad": 1.0, "all": 0.0}, None),
        ("IF(bad >= 10, 1, 0)", {"bad": 10.0}, 1.0),
        ("IF(bad >= 10, 1, 0)", {"bad": 9.0}, 0.0),
        ("FILL(lag, 86400)", {"lag": None}, 86400.0),
        ("FILL(lag, 86400)", {"lag": 3.0}, 3.0),
        ("HOUR(lag) + 3", {"lag": None}, 10.0),
        ("HOUR(a) > 6 AND HOUR(a) < 9 OR a > 5", {"a": 1.0}, 1.0),
        ("SUM(METRICS())", {"a": 1.0, "b": None, "c": 2.0}, 3.0),
        ("SUM(METRICS())", {"a": None}, None),
        ("MAX([FILL(a, 0) / 10, b])", {"a": 50.0, "b": 4.0}, 5.0),
    ],
)
def test_expression(expression: str, values: Values, expected: float | None) -> None:
    """A metric without data makes the result one, unless it is filled or left out of a sum."""
    assert evaluate(expression, values, hour=7) == expected


@pytest.mark.parametrize("expression", ["ANOMALY_DETECTION_BAND(a)", "a % 2", "[a, a]", "a.b"])
def test_what_is_not_understood_is_an_error(expression: str) -> None:
    """An alarm that is judged wrongly would be worse than one that is not judged."""
    with pytest.raises(ExpressionError):
        evaluate(expression, {"a": 1.0}, hour=7)


FRESHNESS = Template().resources()["FreshnessAlarm"]["Properties"]["Metrics"][0]["Expression"]


@pytest.mark.parametrize(
    ("hour", "lag", "expected"),
    [
        (2, 9999.0, 0.0),  # 5 in Nairobi
        (3, 9999.0, 9999.0),  # 6
        (3, None, 86400.0),
        (17, 5.0, 5.0),  # 20
        (18, 9999.0, 0.0),  # 21
        (18, None, 0.0),
        (23, 9999.0, 0.0),  # 2, of the next day
    ],
)
def test_freshness_is_watched_in_working_hours(
    hour: int, lag: float | None, expected: float
) -> None:
    """From 6 to 21 in Nairobi, three hours before UTC; there, no data counts as a day's wait."""
    assert evaluate(FRESHNESS, {"lag": lag}, hour) == expected


@pytest.mark.parametrize("hour", range(24))
def test_freshness_can_be_watched_around_the_clock(hour: int) -> None:
    """From 0 to 24; the day in Nairobi begins while UTC has the day before."""
    alarm = Template({"WorkingFromHour": "0", "WorkingToHour": "24"}).resources()["FreshnessAlarm"]

    expression = alarm["Properties"]["Metrics"][0]["Expression"]

    assert evaluate(expression, {"lag": 7.0}, hour) == 7.0


@pytest.mark.parametrize(
    ("longest", "percent"),
    [
        ({"ingest": 240_000.0}, 80),
        ({"enrich": 300_000.0}, 50),
        ({"reseed_apply": 450_000.0}, 50),
        ({"migrate": 900_000.0}, 100),
        ({}, 0),
    ],
)
def test_duration_is_in_percent_of_the_time_out(longest: Values, percent: float) -> None:
    """Of 300, 600 and 900 seconds."""
    alarm = Template().resources()["DurationAlarm"]["Properties"]

    values = dict.fromkeys(Template().functions()) | dict(longest)

    assert evaluate(alarm["Metrics"][0]["Expression"], values, 7) == percent
