"""The plugin on a running LocalStack: what AWS does, and stock LocalStack does not, or not here."""

import json
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.localstack import LocalStack, kill_function, running_pids
from tests.support.stack import Stack, delete_stack, deploy, free_name
from tests.support.waits import wait_until

TEMPLATE = Path(__file__).parent / "example" / "template.yaml"


@pytest.fixture(scope="module")
def stack(localstack: LocalStack) -> Generator[Stack]:
    """The example application, deployed."""
    stack = deploy(localstack, TEMPLATE, free_name("example"))
    yield stack
    delete_stack(localstack, stack.name)


def put(stack: Stack, name: str, text: str = "") -> None:
    """Put an object that wakes the consumer."""
    stack.localstack.s3.put_object(
        Bucket=stack.outputs["Bucket"], Key=f"in/{name}.txt", Body=text.encode()
    )


def find_answer(stack: Stack, name: str) -> dict[str, Any] | None:
    """Return what the consumer has written about an object; None if it has not yet."""
    text = read(stack, f"out/{name}.txt")
    return None if text is None else json.loads(text)


def read(stack: Stack, key: str) -> bytes | None:
    """Return an object's content; None if there is no such object."""
    s3 = stack.localstack.s3
    try:
        return s3.get_object(Bucket=stack.outputs["Bucket"], Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return None


def await_answer(stack: Stack, name: str) -> dict[str, Any]:
    """Wait until the consumer has written about an object."""
    answer = wait_until(lambda: find_answer(stack, name), f"the answer about {name}")
    assert answer
    return answer


def count_metric(stack: Stack, namespace: str, name: str) -> Callable[[], float]:
    """Return a question for the sum of a metric over this hour."""
    now = datetime.now(UTC)

    def ask() -> float:
        points = stack.localstack.cloudwatch.get_metric_statistics(
            Namespace=namespace,
            MetricName=name,
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(hours=1),
            Period=3600,
            Statistics=["Sum"],
        )["Datapoints"]
        return sum(point.get("Sum", 0.0) for point in points)

    return ask


def test_puts_reach_the_function_in_order(stack: Stack) -> None:
    """S3, rule, queue and mapping pass 30 quick puts on one by one, with rising sequencers."""
    names = [f"order-{number:02}" for number in range(30)]

    for name in names:
        put(stack, name)

    answers = [await_answer(stack, name) for name in names]
    assert answers == sorted(answers, key=lambda answer: answer["at"])
    assert answers == sorted(answers, key=lambda answer: answer["sequencer"])


def test_event_carries_the_key_as_it_is(stack: Stack) -> None:
    """EventBridge events quote nothing, unlike S3's own notifications; and the reason is AWS's."""
    put(stack, "a b+c:1")

    answer = await_answer(stack, "a b+c:1")

    assert (answer["key"], answer["reason"]) == ("in/a b+c:1.txt", "PutObject")


def test_killed_function_is_run_again(stack: Stack) -> None:
    """Its message comes back after the visibility timeout, to a new process; the log says why."""
    put(stack, "killed", "slow")
    function, logs = stack.outputs["Consumer"], stack.outputs["Logs"]
    wait_until(lambda: read(stack, "begun/killed.txt") is not None, "the function")
    (pid, *_) = running_pids(function)

    kill_function(function)

    assert await_answer(stack, "killed")["receives"] == 2
    assert pid not in running_pids(function)
    wait_until(lambda: stack.logged(logs, '"signal: SIGKILL"'), "the reason in the log")


def test_function_that_fails_for_good_ends_in_the_dead_letters_and_can_be_redriven(
    stack: Stack,
) -> None:
    """A redrive delivers, also within the five minutes in which FIFO queues drop duplicates."""
    put(stack, "poison", "fail")
    wait_until(lambda: stack.messages_in(stack.outputs["DeadLetters"]), "the dead letter")
    stack.localstack.s3.put_object(
        Bucket=stack.outputs["Bucket"], Key="in/poison.txt", Body=b"mended"
    )
    mended = await_answer(stack, "poison")

    stack.localstack.queues.start_message_move_task(SourceArn=stack.outputs["DeadLettersArn"])

    again = wait_until(
        lambda: (answer := find_answer(stack, "poison")) and answer["at"] > mended["at"] and answer,
        "the redriven message",
    )
    assert again
    assert again["receives"] == 1


def test_metric_filters_and_embedded_metrics_count(stack: Stack) -> None:
    """Errors by the pattern of the filter, successes by the lines that the function prints."""
    put(stack, "success")
    put(stack, "error", "fail")

    wait_until(count_metric(stack, stack.name, "Errors"), "the metric filter's count")
    wait_until(count_metric(stack, stack.outputs["Bucket"], "Applied"), "the embedded metric")


def test_log_group_is_the_chosen_one_and_keeps_its_retention(stack: Stack) -> None:
    """LoggingConfig and RetentionInDays are heeded; a filter pattern filters."""
    put(stack, "logged")
    await_answer(stack, "logged")
    name = stack.outputs["Logs"]

    (group,) = stack.localstack.logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]

    assert group.get("retentionInDays") == 14
    pattern = '{ $.key = "in/logged.txt" }'
    lines = wait_until(lambda: stack.logged(name, pattern), "the line")
    assert [json.loads(line)["key"] for line in lines] == ["in/logged.txt"]


def test_schedule_fires_with_the_time_that_it_was_due(stack: Stack) -> None:
    """Scheduler runs the function within two minutes, at a full one."""
    lines = wait_until(
        lambda: stack.logged(stack.outputs["Logs"], '{ $.ran.due_at = "20*" }'),
        "the scheduled run",
        timeout_seconds=75,
    )

    due_at = datetime.fromisoformat(json.loads(lines[0])["ran"]["due_at"])
    assert due_at.second == 0
    assert timedelta() <= datetime.now(UTC) - due_at < timedelta(minutes=3)


def test_asynchronous_failure_reaches_its_destination(stack: Stack) -> None:
    """After one retry, with what was asked."""
    stack.localstack.functions.invoke(
        FunctionName=stack.outputs["Scheduled"], InvocationType="Event", Payload=b'{"fail": true}'
    )

    wait_until(lambda: stack.messages_in(stack.outputs["Failures"]), "the failure")

    (message,) = stack.localstack.queues.receive_message(QueueUrl=stack.outputs["Failures"])[
        "Messages"
    ]
    failure = json.loads(message.get("Body", "{}"))
    assert failure["requestPayload"] == {"fail": True}
    assert failure["requestContext"]["approximateInvokeCount"] == 2


def test_function_that_cannot_be_imported_says_so(stack: Stack) -> None:
    """As on AWS, each invocation is told."""
    invoke = stack.localstack.functions.invoke

    answers = [
        json.load(invoke(FunctionName=stack.outputs["Unstartable"])["Payload"]) for _ in "12"
    ]

    assert [answer["errorType"] for answer in answers] == ["Runtime.ImportModuleError"] * 2


def test_resources_that_stock_localstack_lacks_are_there(stack: Stack) -> None:
    """A dashboard can be read back; deploy has failed already if a type is only pretended."""
    dashboard = stack.localstack.cloudwatch.get_dashboard(DashboardName=stack.outputs["Dashboard"])

    assert json.loads(dashboard["DashboardBody"]) == {"widgets": []}


def test_paused_mapping_lets_messages_wait(stack: Stack) -> None:
    """Stack tests pile messages up that way."""
    stack.pause_mapping(stack.outputs["Consumer"])
    put(stack, "waits-1")
    put(stack, "waits-2")
    wait_until(lambda: stack.messages_in(stack.outputs["Queue"]) >= 2, "the messages")
    assert find_answer(stack, "waits-1") is None

    stack.resume_mapping(stack.outputs["Consumer"])

    await_answer(stack, "waits-2")
