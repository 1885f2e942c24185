"""Alarms, the dashboard and the saved queries: what they name exists, and an operator is led on."""

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from fleettickets.errors import PermanentError, RetryableError
from fleettickets.telemetry import METRICS
from tests.support.localstack import ROOT
from tests.support.runbooks import RUNBOOK, sections
from tests.support.templates import Template

ALARM = "AWS::CloudWatch::Alarm"
OURS = [{"Name": "service", "Value": "fleettickets"}, {"Name": "stage", "Value": "staging"}]
# Of AWS's metrics those that alarms may stand on, and the dimension that each has.
OF_AWS = {
    ("AWS/Lambda", "Errors"): "FunctionName",
    ("AWS/Lambda", "Throttles"): "FunctionName",
    ("AWS/Lambda", "Duration"): "FunctionName",
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): "QueueName",
    ("AWS/SQS", "ApproximateAgeOfOldestMessage"): "QueueName",
    ("AWS/States", "ExecutionsFailed"): "StateMachineArn",
    ("AWS/States", "ExecutionsTimedOut"): "StateMachineArn",
    ("AWS/States", "ExecutionsAborted"): "StateMachineArn",
}
# What jobs answer as outcomes, or only the command line raises.
NEVER_THE_END_OF_A_RUN = {
    "FileQuarantineError",
    "GeocoderBudgetError",
    "GeocoderQueryError",
    "GeocoderQuotaError",
    "ObjectGoneError",
    "UsageError",
}
DEMANDED = {
    "freshness",
    "quarantine",
    "rejects",
    "doorbell-dead-letters",
    "dead-letters",
    "errors",
    "throttles",
    "duration",
    "schedule",
    "database",
    "held",
    "gone",
    "reseed",
    "reseed-needed",
}


def alarms() -> dict[str, dict[str, Any]]:
    """Return the alarms' properties by their names without the stack's."""
    found = Template().resources(ALARM).values()
    return {
        each["Properties"]["AlarmName"].removeprefix("fleet-"): each["Properties"] for each in found
    }


def metrics_of(alarm: dict[str, Any]) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    """Yield namespace, name and dimensions of each metric that an alarm stands on."""
    if "MetricName" in alarm:
        yield alarm["Namespace"], alarm["MetricName"], alarm["Dimensions"]
    for query in alarm.get("Metrics", []):
        if "MetricStat" in query:
            metric = query["MetricStat"]["Metric"]
            yield metric["Namespace"], metric["MetricName"], metric["Dimensions"]


def dashboard() -> dict[str, Any]:
    """Return the dashboard's body."""
    return json.loads(Template().resources()["Dashboard"]["Properties"]["DashboardBody"])


def queries() -> dict[str, dict[str, Any]]:
    """Return the saved queries by their names without the stack's folder."""
    found = Template().resources("AWS::Logs::QueryDefinition").values()
    return {each["Properties"]["Name"].removeprefix("fleet/"): each["Properties"] for each in found}


# --- alarms ---


def test_every_trouble_that_needs_a_person_has_an_alarm() -> None:
    """Others may be added; a dead letter that nobody hears of is a lost one."""
    assert alarms().keys() >= DEMANDED
    watched = {
        dimension["Value"]
        for alarm in alarms().values()
        for *_, each in metrics_of(alarm)
        for dimension in each
    }
    assert watched >= {"DoorbellDeadLetterQueue.QueueName", "DeadLetterQueue.QueueName"}


@pytest.mark.parametrize("name", sorted(alarms()))
def test_alarm_tells_the_topic_what_it_means_and_where_to_read_on(name: str) -> None:
    """The section of the runbook has the alarm's name, and all three parts."""
    alarm = alarms()[name]

    assert alarm["AlarmName"].startswith("fleet-")
    assert alarm["AlarmActions"] == alarm["OKActions"] == ["AlarmTopic"]
    meaning, _, section = alarm["AlarmDescription"].rpartition(" docs/runbook.md#")
    assert len(meaning) > 30
    assert section == name
    text = sections()[section]
    for part in ("**Means.**", "**Look.**", "**Do.**"):
        assert part in text, f"{name} lacks {part}"
    assert "```sh" in text


@pytest.mark.parametrize("name", sorted(alarms()))
def test_alarm_stands_on_metrics_that_exist(name: str) -> None:
    """Ours are in the code's list and have its two dimensions; AWS's have the one they have."""
    found = list(metrics_of(alarms()[name]))

    assert found
    for namespace, metric, dimensions in found:
        if namespace == "fleettickets":
            assert metric in METRICS
            assert dimensions == OURS
        else:
            assert [each["Name"] for each in dimensions] == [OF_AWS[namespace, metric]]


def _names_in_code() -> Iterator[str]:
    """Yield each name that code hands to `publish`, or to a metrics object directly."""
    for path in [*ROOT.glob("functions/*/*.py"), *ROOT.glob("layers/fleettickets/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                called = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if called == "publish":
                    yield from (keyword.arg for keyword in node.keywords if keyword.arg)
                if called == "add_metric" and isinstance(node.args[0], ast.Constant):
                    yield str(node.args[0].value)


def test_every_metric_of_the_list_is_published_by_code() -> None:
    """And code publishes no other."""
    published = set(_names_in_code())

    assert published == METRICS.keys()


def test_freshness_without_data_is_an_alarm() -> None:
    """A sweep that is dead must not look like a feed that is fresh; nor a schedule that is off."""
    freshness, schedule = alarms()["freshness"], alarms()["schedule"]

    assert freshness["TreatMissingData"] == schedule["TreatMissingData"] == "breaching"
    assert "FILL(lag, 86400)" in freshness["Metrics"][0]["Expression"]
    assert freshness["Threshold"] < 86400


def test_each_way_in_which_a_reseed_can_fail_is_watched() -> None:
    """Failed, timed out or stopped: each is another metric of Step Functions, and one is enough."""
    reseed = alarms()["reseed"]

    found = {(namespace, name) for namespace, name, _ in metrics_of(reseed)}

    assert found == {each for each in OF_AWS if each[0] == "AWS/States"}
    assert reseed["Metrics"][0]["Expression"] == "SUM(METRICS())"
    assert (reseed["Threshold"], reseed["TreatMissingData"]) == (0, "notBreaching")


def test_every_class_of_error_has_an_act() -> None:
    """What a run may end in, and an operator reads in the log, is in the table of what to do."""
    leaves = {
        each.__name__
        for family in (RetryableError, PermanentError)
        for each in family.__subclasses__()
    }

    assert leaves - NEVER_THE_END_OF_A_RUN <= {*re.findall(r"`(\w+Error)`", sections()["errors"])}


def test_links_within_the_runbook_lead_to_sections() -> None:
    """An operator in a hurry follows them."""
    for link in re.findall(r"\]\(#([^)]+)\)", RUNBOOK.read_text()):
        assert link in sections(), link


def test_every_function_is_watched() -> None:
    """For errors, throttles and runs that come near their time-out."""
    functions = {
        name
        for name, each in Template().resources().items()
        if each["Type"] == "AWS::Serverless::Function"
    }

    for name in ("errors", "throttles", "duration"):
        watched = {each[0]["Value"] for *_, each in metrics_of(alarms()[name])}
        assert watched == functions, name


def test_duration_is_measured_against_the_time_outs() -> None:
    """The expression has them written out; Lambda measures in milliseconds."""
    expression = alarms()["duration"]["Metrics"][0]["Expression"]

    # FILL(x, 0) / seconds / 10, or / what that comes to
    divisors = dict(re.findall(r"FILL\((\w+), 0\) / ([\d /]+)", expression))
    for function, properties in Template().functions().items():
        factors = [int(number) for number in divisors[function].split("/")]
        product = factors[0] * (factors[1] if len(factors) > 1 else 1)
        assert product == properties["Timeout"] * 10, function


# --- the dashboard ---


def test_dashboard_asks_the_four_questions_in_order() -> None:
    """From top to bottom."""
    texts = [
        each["properties"]["markdown"]
        for each in sorted(dashboard()["widgets"], key=lambda widget: widget["y"])
        if each["type"] == "text"
    ]

    assert texts == [
        "## Is it fresh?",
        "## Is it complete?",
        "## What is slow?",
        "## What is failing?",
    ]


def test_dashboard_shows_metrics_that_exist() -> None:
    """With the same dimensions as the alarms."""
    shown: set[str] = set()
    for widget in dashboard()["widgets"]:
        for namespace, metric, *rest in widget["properties"].get("metrics", []):
            if namespace == "fleettickets":
                shown.add(metric)
                assert rest[:4] == ["service", "fleettickets", "stage", "staging"]
            else:
                assert rest[0] == OF_AWS[namespace, metric]

    assert shown <= METRICS.keys()
    assert shown >= {"WatermarkLagSeconds", "FilesInQuarantine", "GeocodeCoverage", "StepsFailed"}


def test_dashboard_shows_every_alarm_and_nothing_overlaps() -> None:
    """An alarm that it lacks would be looked for elsewhere first."""
    body = dashboard()
    (widget,) = [each for each in body["widgets"] if each["type"] == "alarm"]

    shown = {arn.rpartition(":fleet-")[2] for arn in widget["properties"]["alarms"]}

    assert shown >= DEMANDED
    cells = [
        (x, y)
        for each in body["widgets"]
        for x in range(each["x"], each["x"] + each["width"])
        for y in range(each["y"], each["y"] + each["height"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


# --- saved queries ---

FIELDS = """
@timestamp service stage function version level message correlation_id
key stamp generation revision outcome late reason reject_reasons error duration_ms
rows_read rows_dropped rows_rejected rows_duplicate
rows_inserted rows_updated rows_unchanged rows_stale
step asked found rejected failed resume_at chunk settled left files exception_name errorType
"""
WORDS = """
fields filter sort limit stats by as like in and or asc desc
sum count latest earliest max bin ispresent coalesce
class times files rows read last_stamp rows_per_second first_at last_at last_key
"""  # of the language, its functions, and the names that queries give


@pytest.mark.parametrize("name", sorted(queries()))
def test_query_names_fields_that_lines_have(name: str) -> None:
    """Logs Insights takes a field that no line has for an empty one, and says nothing."""
    text = re.sub(r"#.*", "", queries()[name]["QueryString"])
    text = re.sub(r'"[^"]*"|\b\d+m?\b', "", text)

    assert set(re.findall(r"@?[A-Za-z_]\w*", text)) <= {*FIELDS.split(), *WORDS.split()}


def test_there_is_a_query_for_each_question() -> None:
    """And each looks into log groups of the stack."""
    assert queries().keys() >= {
        "one file's story",
        "last 50 files",
        "quarantines and why",
        "rejects by reason",
        "slowest files",
        "geocode quota",
        "a reseed's progress",
        "errors by class",
    }
    assert all(
        group.endswith("LogGroup") for each in queries().values() for group in each["LogGroupNames"]
    )
