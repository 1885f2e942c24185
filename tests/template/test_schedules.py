"""Schedules: the design's three, the same moments in both of their variants."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.stack.localstack.dockerless.schedules import parse_schedule
from tests.support.functions import load_handler
from tests.support.templates import Template

RULES = {"SchedulerFires": "no"}
ALL_STEPS = ["sweep", "clusters", "locations", "history"]
# What the design says, as (hours and minutes in Nairobi, steps).
WORKING_HOURS = {f"{hour:02}:{minute:02}" for hour in range(6, 21) for minute in (0, 20, 40)}
ROUND_THE_CLOCK = {f"{hour:02}:{minute:02}" for hour in range(24) for minute in range(0, 60, 10)}
SCHEDULES = [
    ("in-working-hours", WORKING_HOURS, ALL_STEPS),
    ("at-end-of-day", {"23:50"}, ALL_STEPS),
    ("sweep", ROUND_THE_CLOCK, ["sweep"]),
]


def schedules(template: Template) -> dict[str, dict[str, Any]]:
    """Return the schedules of EventBridge Scheduler by the end of their names."""
    events = template.functions()["enrich"]["Events"].values()
    return {
        each["Properties"]["Name"].removeprefix("fleet-"): each["Properties"] for each in events
    }


def rules(template: Template) -> dict[str, dict[str, Any]]:
    """Return the rules with a schedule by the end of their names."""
    made = [each["Properties"] for each in template.resources("AWS::Events::Rule").values()]
    return {
        each["Name"].removeprefix("fleet-"): each for each in made if "ScheduleExpression" in each
    }


def times_of_a_day(expression: str, zone: str) -> set[str]:
    """Return the times in Nairobi at which it is due on one day there, by the hour and minute."""
    end = datetime(2026, 6, 15, 20, 59, tzinfo=UTC)  # a minute before that day ends
    moment, schedule = end - timedelta(days=1), parse_schedule(expression, zone)
    times: set[str] = set()
    while (due_at := schedule.next_after(moment)) and due_at <= end:
        moment = due_at
        times.add((due_at + timedelta(hours=3)).astimezone(UTC).strftime("%H:%M"))
    return times


def steps_of(text: str) -> list[str]:
    """Return the steps that an input names."""
    return json.loads(text)["steps"]


@pytest.mark.parametrize(("name", "times", "steps"), SCHEDULES)
def test_scheduler_fires_when_the_design_says(name: str, times: set[str], steps: list[str]) -> None:
    """In the time zone of Nairobi, to the minute."""
    schedule = schedules(Template())[name]

    zone = schedule["ScheduleExpressionTimezone"]

    assert times_of_a_day(schedule["ScheduleExpression"], zone) == times
    assert steps_of(schedule["Input"]) == steps
    assert (zone, schedule["State"]) == ("Africa/Nairobi", "ENABLED")
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}


@pytest.mark.parametrize(("name", "times", "steps"), SCHEDULES)
def test_rules_fire_at_the_same_moments(name: str, times: set[str], steps: list[str]) -> None:
    """They know UTC only."""
    rule = rules(Template(RULES))[name]

    (target,) = rule["Targets"]

    assert times_of_a_day(rule["ScheduleExpression"], "UTC") == times
    assert steps_of(target["InputTransformer"]["InputTemplate"]) == steps
    assert target["Arn"] == "EnrichFunction.Arn"


def test_there_are_no_other_schedules() -> None:
    """Three by Scheduler, three by rules."""
    names = {name for name, _, _ in SCHEDULES}

    assert set(schedules(Template())) == set(rules(Template(RULES))) == names


def test_only_one_of_the_variants_fires() -> None:
    """Two would run every step twice at once."""
    assert not rules(Template())
    assert {each["State"] for each in schedules(Template(RULES)).values()} == {"DISABLED"}


def test_every_step_is_one_that_enrich_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    """An input with an unknown step is refused whole."""
    for name, value in Template().environment("enrich").items():
        monkeypatch.setenv(name, value)
    known = load_handler("enrich").STEPS

    named = {step for _, _, steps in SCHEDULES for step in steps}

    assert named <= set(known)


def test_each_run_is_told_when_it_was_due() -> None:
    """History's day comes from that, not from the clock of a run that came late."""
    for schedule in schedules(Template()).values():
        assert json.loads(schedule["Input"])["scheduled_at"] == "<aws.scheduler.scheduled-time>"
    for rule in rules(Template(RULES)).values():
        transformer = rule["Targets"][0]["InputTransformer"]
        assert transformer["InputPathsMap"] == {"time": "$.time"}
        assert json.loads(transformer["InputTemplate"])["scheduled_at"] == "<time>"


def test_what_is_not_delivered_becomes_a_dead_letter() -> None:
    """And is not tried beyond the next run."""
    targets = [rule["Targets"][0] for rule in rules(Template(RULES)).values()]

    for each in [*schedules(Template()).values(), *targets]:
        assert each["DeadLetterConfig"] == {"Arn": "DeadLetterQueue.Arn"}
        assert each["RetryPolicy"]["MaximumEventAgeInSeconds"] <= 600


def test_rules_may_invoke_enrich_and_nothing_else_may() -> None:
    """Scheduler comes with a role of its own instead."""
    permissions = Template(RULES).resources("AWS::Lambda::Permission")

    (permission,) = (each["Properties"] for each in permissions.values())

    assert permission["FunctionName"] == "EnrichFunction"
    assert permission["Principal"] == "events.amazonaws.com"
    assert re.fullmatch(r"arn:aws:events:[^:]+:\d+:rule/fleet-\*", permission["SourceArn"])
    assert not Template().resources("AWS::Lambda::Permission")
