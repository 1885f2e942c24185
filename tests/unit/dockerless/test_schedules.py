"""Schedule expressions, as the stand-in for EventBridge Scheduler understands them."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.stack.localstack.dockerless.schedules import ScheduleError, fill_input, parse_schedule

NAIROBI = "Africa/Nairobi"


def next_times(expression: str, zone: str, after: str, count: int) -> list[str]:
    """Return the first due times after a moment, in UTC."""
    schedule, moment = parse_schedule(expression, zone), datetime.fromisoformat(after)
    times: list[str] = []
    for _ in range(count):
        due_at = schedule.next_after(moment)
        if due_at is None:
            break
        moment = due_at
        times.append(due_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M"))
    return times


def test_daytime_schedule_runs_every_20_minutes_from_6_to_20_in_nairobi() -> None:
    """45 runs a day, the last at 20:40 local time, which is 17:40 in UTC."""
    times = next_times("cron(0/20 6-20 * * ? *)", NAIROBI, "2026-06-15T00:00:00+03:00", 46)

    assert times[:2] == ["2026-06-15 03:00", "2026-06-15 03:20"]
    assert times[44:] == ["2026-06-15 17:40", "2026-06-16 03:00"]


def test_time_that_is_due_now_is_not_next() -> None:
    """So a schedule that has just fired does not fire again for the same minute."""
    times = next_times("cron(50 23 * * ? *)", NAIROBI, "2026-06-15T23:50:00+03:00", 1)

    assert times == ["2026-06-16 20:50"]


@pytest.mark.parametrize(
    ("expression", "due"),
    [
        ("cron(0 3 ? * MON *)", "2026-06-22 03:00"),
        ("cron(0 3 ? * 2-3,SAT *)", "2026-06-16 03:00"),
        ("cron(15 3 1 JAN/6 ? *)", "2026-07-01 03:15"),
        ("cron(0 0 29 2 ? *)", "2028-02-29 00:00"),
        ("cron(0 0 1 1 ? 2030)", "2030-01-01 00:00"),
        ("at(2026-07-01T12:30:00)", "2026-07-01 12:30"),
        ("rate(10 minutes)", "2026-06-15 10:10"),
        ("rate(1 day)", "2026-06-16 10:00"),
    ],
)
def test_next_time(expression: str, due: str) -> None:
    """Names, ranges, lists, steps, leap days and years; asked on a Monday at ten."""
    assert next_times(expression, "UTC", "2026-06-15T10:00:00+00:00", 1) == [due]


@pytest.mark.parametrize("expression", ["at(2026-06-15T09:59:59)", "cron(0 0 1 1 ? 2025)"])
def test_past_has_no_next_time(expression: str) -> None:
    """A schedule for once, or for years that are over, is done."""
    assert next_times(expression, "UTC", "2026-06-15T10:00:00+00:00", 1) == []


def test_hour_that_the_clock_skips_is_no_time() -> None:
    """On 28 March 2027 Berlin's clocks go from 2:00 to 3:00: 2:30 comes the day after."""
    times = next_times("cron(30 2 * * ? *)", "Europe/Berlin", "2027-03-27T12:00:00+01:00", 1)

    assert times == ["2027-03-29 00:30"]


@pytest.mark.parametrize(
    "expression",
    [
        "every day",
        "rate(0 minutes)",
        "rate(5 fortnights)",
        "at(tomorrow)",
        "cron(0 6 * * ?)",
        "cron(60 6 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 6 L * ? *)",
        "cron(0 6 ? * FRI#2 *)",
    ],
)
def test_expression_that_is_not_understood_is_an_error(expression: str) -> None:
    """Better no run and a warning than runs at wrong times."""
    with pytest.raises(ScheduleError):
        parse_schedule(expression)


def test_unknown_zone_is_an_error() -> None:
    """A typing mistake in the template must not become UTC."""
    with pytest.raises(ScheduleError):
        parse_schedule("cron(0 6 * * ? *)", "Africa/Nowhere")


def test_input_gets_the_time_that_the_schedule_was_due() -> None:
    """In UTC and to the second, as Scheduler writes it; the rest of the input stays."""
    due_at = datetime(2026, 6, 15, 23, 50, tzinfo=UTC) - timedelta(hours=3)
    template = '{"steps": ["sweep"], "scheduled_time": "<aws.scheduler.scheduled-time>"}'

    filled = fill_input(template, due_at=due_at, schedule_arn="arn:x", execution_id="1")

    assert filled == '{"steps": ["sweep"], "scheduled_time": "2026-06-15T20:50:00Z"}'
