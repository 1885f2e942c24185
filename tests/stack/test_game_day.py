"""Game day: alarms whose condition is caused on a deployed stack, and mended by the runbook.

The alarm, the log and the status agree, before and after. These are the troubles that matter most,
all at once; `make game-day` causes the others, too.
"""

import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.alarms import await_state, states
from tests.support.applications import Application
from tests.support.executions import Reseeds
from tests.support.feeds import a_change_file, a_row
from tests.support.game_days import (
    EXAMPLE,
    FRESHNESS_SECONDS,
    a_watched_application,
    fail,
    failing,
    logged,
)
from tests.support.localstack import LocalStack, notifier
from tests.support.postgres import DatabaseServer
from tests.support.runbooks import Desk, a_desk
from tests.support.streams import some_stamps
from tests.support.waits import wait_until

# The troubles of CI, and the line in a function's log that says each.
TROUBLES = {
    "freshness": ("Enrich", '{ $.step = "sweep" && $.lag_seconds > 2 }'),
    "quarantine": ("Ingest", '{ $.outcome = "quarantined" }'),
    "doorbell-dead-letters": ("Ingest", '"Runtime.ImportModuleError"'),
    "dead-letters": ("Enrich", '"InputError"'),
}
# Sections of the runbook whose commands are run here.
FOLLOWED = set(TROUBLES)


@pytest.fixture(scope="module")
def stack(
    localstack: LocalStack, database_server: DatabaseServer, template: Path
) -> Generator[Application]:
    """The stack, deployed for this file."""
    with a_watched_application(localstack, database_server, template) as application:
        yield application


@pytest.fixture(scope="module")
def told(stack: Application) -> str:
    """A queue that gets what the alarms say, as a person's mailbox does; its URL."""
    queues = stack.localstack.queues
    url = queues.create_queue(QueueName=f"{stack.stack.name}-mailbox")["QueueUrl"]
    arn = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    notifier(stack.localstack).subscribe(
        TopicArn=stack.stack.outputs["AlarmTopicArn"], Protocol="sqs", Endpoint=arn["QueueArn"]
    )
    return url


@dataclass(frozen=True, slots=True)
class Day:
    """The stamps of a file that is bad and of one whose doorbell died, and what was seen of them.

    `before` are the alarms of a stack that nothing has run on; `execution` is a reseed's, which
    found no database.
    """

    bad: str
    waiting: str
    before: Mapping[str, str]
    during: Mapping[str, str]
    failing: set[str]
    execution: str


def reseed_in_vain(application: Application) -> str:
    """Start to plan a reseed, stop that after its first failure, and return its ARN."""
    reseeds = Reseeds(application)
    execution = reseeds.start({})
    wait_until(lambda: "TaskFailed" in payloads(application, execution), "a step that failed")
    reseeds.stop(execution)
    return execution


def payloads(application: Application, execution: str) -> str:
    """Return all that is kept of an execution: each event with its input, output, error, cause."""
    return json.dumps(Reseeds(application).events(execution), default=str)


@pytest.fixture(scope="module")
def day(stack: Application, told: str) -> Day:
    """All troubles at once: a bad file, an ingest that cannot start, a run with a wrong input."""
    before = states(stack)
    stack.database.network.cut()
    fail(stack, {"steps": ["history"]})
    execution = reseed_in_vain(stack)
    stack.database.network.mend()
    bad, waiting = some_stamps(2)
    stack.put(bad, b"no,ticket\n1,2\n")
    stack.await_settled([bad])
    stack.configure("Ingest", Handler="nothing.handle")
    stack.put(waiting, a_change_file([a_row(ticket_id="INC1")]))
    stack.localstack.functions.invoke(
        FunctionName=stack.function("Enrich"), InvocationType="Event", Payload=b'{"steps":["x"]}'
    )
    for queue in ("DoorbellDeadLetterQueueUrl", "DeadLetterQueueUrl"):
        wait_until(lambda queue=queue: stack.stack.messages_in(stack.stack.outputs[queue]), queue)
    wait_until(
        lambda: (datetime.now(UTC) - stack.modified_at(waiting)).seconds > FRESHNESS_SECONDS,
        "a file that is late",
    )
    stack.sweep()
    await_state(stack, TROUBLES, "ALARM")
    return Day(bad, waiting, before, states(stack), failing(stack), execution)


def test_stack_that_nothing_has_run_on_is_no_fresh_one(day: Day) -> None:
    """No data is an alarm: nobody knows how old the tickets are."""
    assert day.before["freshness"] == day.before["schedule"] == "ALARM"
    assert {day.before[name] for name in ("errors", "rejects", "gone", "database")} == {"OK"}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_alarm_log_and_status_agree(stack: Application, day: Day, trouble: str) -> None:
    """The alarm is on, a line in the log says why, and the check of that name fails."""
    assert day.during[trouble] == "ALARM"
    assert trouble in day.failing
    wait_until(lambda: logged(stack, *TROUBLES[trouble]), f"a line about {trouble}")


def test_other_alarms_are_silent(day: Day) -> None:
    """An operator is sent to these four sections, and to no others.

    The database was away and runs have failed, too; on a slow machine for longer than a period.
    """
    assert day.failing == set(TROUBLES)
    loud = {name for name, state in day.during.items() if state == "ALARM"}
    assert loud - {"database", "errors"} == set(TROUBLES)


def test_operator_is_told(stack: Application, day: Day, told: str) -> None:
    """The topic of alarms has a message for each, with its section of the runbook."""
    subjects: set[str] = set()

    def all_told() -> bool:
        answer = stack.localstack.queues.receive_message(QueueUrl=told, MaxNumberOfMessages=10)
        for message in answer.get("Messages", []):
            body = json.loads(json.loads(message.get("Body", "{}"))["Message"])
            if body["NewStateValue"] == "ALARM":
                subjects.add(body["AlarmDescription"].rpartition("#")[2])
        # That of freshness was on before anybody could listen: nothing had run.
        return subjects >= set(TROUBLES) - {"freshness"}

    wait_until(all_told, "messages of all alarms")


def test_no_secret_is_to_be_read_anywhere(stack: Application, day: Day, told: str) -> None:
    """P10, after failures of every kind.

    Not in a log, a setting, a message, a payload of the state machine or a stack's facts.
    """
    localstack = stack.localstack
    groups = localstack.logs.describe_log_groups()["logGroups"]
    places = {
        name: "\n".join(stack.stack.logged(name))
        for group in groups
        if stack.stack.name in (name := group.get("logGroupName", ""))
    }
    for function in ("Ingest", "Enrich", "ReseedPlan", "ReseedApply", "Migrate"):
        settings = localstack.functions.get_function(FunctionName=stack.function(function))
        places[function] = json.dumps(settings, default=str)
    for output in ("DoorbellDeadLetterQueueUrl", "DeadLetterQueueUrl"):
        letters = localstack.queues.receive_message(
            QueueUrl=stack.stack.outputs[output], VisibilityTimeout=0, MaxNumberOfMessages=10
        )
        places[output] = json.dumps(letters)
    places["execution"] = payloads(stack, day.execution)
    described = localstack.cloudformation.describe_stacks(StackName=stack.stack.name)
    places["stack"] = json.dumps(described, default=str)

    assert "DatabaseUnavailableError" in places["execution"]
    assert "DatabaseUnavailableError" in places[stack.stack.outputs["EnrichLogGroupName"]]
    for secret in stack.database.passwords(localstack):
        assert [name for name, text in places.items() if secret in text] == []


@pytest.fixture
def desk(stack: Application, tmp_path: Path) -> Desk:
    """The desk of an operator of that stack."""
    return a_desk(stack, tmp_path)


def test_runbook_mends_all_of_it(stack: Application, day: Day, desk: Desk, tmp_path: Path) -> None:
    """Its commands, in order, and then a sweep: all alarms and checks are well again."""
    for stamp in (day.bad, day.waiting):
        rows = a_change_file([a_row(ticket_id=stamp)])
        tmp_path.joinpath(f"{stamp}.csv").write_bytes(rows)
    stack.configure("Ingest", Handler="handler.handle")  # as a deployment that mends it would
    replaced = {EXAMPLE: day.bad, "mended/": f"{tmp_path}/"}

    done = {
        section: desk.follow(section, replaced)
        for section in ("quarantine", "doorbell-dead-letters", "freshness", "dead-letters")
    }
    stack.await_settled([day.waiting])
    stack.sweep()

    await_state(stack, TROUBLES, "OK")
    assert failing(stack) == set()
    assert stack.settled([day.bad, day.waiting]) == [
        (day.bad, 1, "quarantined"),
        (day.bad, 2, "applied"),
        (day.waiting, 1, "applied"),
    ]
    assert stack.dead_doorbells() == 0
    story = "".join(each.output for each in done["quarantine"].values())
    assert f"stamp={day.bad} " in story
    assert "unknown steps: x" in done["dead-letters"]["make dead-letters"].output
