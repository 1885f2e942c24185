"""A second stack beside the first, on a bucket that is not its own, and what can befall it."""

from collections.abc import Generator, Mapping
from pathlib import Path

import pytest

from tests.support.applications import Application, an_application, make_bucket
from tests.support.feeds import a_change_file, a_row
from tests.support.localstack import LocalStack
from tests.support.postgres import DatabaseServer
from tests.support.streams import a_stream, some_stamps
from tests.support.waits import wait_until

PREFIX = "second/inc"
HANDLER = "handler.handle"


@pytest.fixture(scope="module")
def second(
    deployed: Application, localstack: LocalStack, database_server: DatabaseServer, template: Path
) -> Generator[Application]:
    """A stack on the first one's bucket, with a prefix of its own, that soon gives doorbells up."""
    with an_application(
        localstack,
        database_server,
        template,
        BucketName=deployed.bucket,
        Prefix=PREFIX,
        MaxReceiveCount="2",
    ) as application:
        yield application


@pytest.fixture
def neighbour(second: Application, database_server: DatabaseServer) -> Application:
    """The second stack without files, tickets or messages."""
    second.reset(database_server)
    return second


def tickets(application: Application) -> set[str]:
    """Return the tickets in a stack's database."""
    rows = application.connection.execute("select ticket_id from tickets.inc")
    return {str(ticket) for (ticket,) in rows}


def test_two_stacks_side_by_side(application: Application, neighbour: Application) -> None:
    """In one bucket, with the same stamps: each applies what lies below its own prefix."""
    stamps = some_stamps(5)
    for stamp in stamps:
        application.put(stamp, a_change_file([a_row(ticket_id=f"first {stamp}")]))
        neighbour.put(stamp, a_change_file([a_row(ticket_id=f"second {stamp}")]))

    application.await_settled(stamps)
    neighbour.await_settled(stamps)

    assert tickets(application) == {f"first {stamp}" for stamp in stamps}
    assert tickets(neighbour) == {f"second {stamp}" for stamp in stamps}
    assert application.names("processed") == neighbour.names("processed")
    assert (application.dead_doorbells(), neighbour.dead_doorbells()) == (0, 0)


def test_function_that_cannot_start(neighbour: Application) -> None:
    """Its doorbells end as dead letters; mended and redriven, they are answered in order."""
    stream = a_stream(3)
    stamps = [file.stamp for file in stream]
    neighbour.configure("Ingest", Handler="missing.handle")
    hasten(neighbour)
    for file in stream:
        neighbour.put(file.stamp, file.content)
    wait_until(lambda: neighbour.dead_doorbells() == len(stream), "the dead letters")
    assert neighbour.settled(stamps) == []

    neighbour.configure("Ingest", Handler=HANDLER)
    source = neighbour.queue_arn("DoorbellDeadLetterQueueUrl")
    neighbour.localstack.queues.start_message_move_task(SourceArn=source)

    neighbour.await_settled(stamps)
    assert neighbour.dead_doorbells() == 0
    applied = neighbour.connection.execute(
        "select stamp from tickets.import_files order by applied_at"
    )
    assert [stamp for (stamp,) in applied] == stamps


def hasten(application: Application) -> None:
    """Let failed doorbells come back after a second, so that the test need not wait."""
    application.localstack.queues.set_queue_attributes(
        QueueUrl=application.stack.outputs["DoorbellQueueUrl"],
        Attributes={"VisibilityTimeout": "1"},
    )


def test_bucket_that_is_changed_without_a_reseed(
    neighbour: Application, template: Path, localstack: LocalStack
) -> None:
    """Doorbells of the new bucket are acknowledged without work, and everybody can see why."""
    stamp, other = some_stamps(2)
    neighbour.put(stamp, a_change_file([a_row(ticket_id="INC1")]))
    neighbour.await_settled([stamp])
    moved = neighbour.redeploy(template, BucketName=make_bucket(localstack))
    needed_before = moved.metric("ReseedNeeded")

    key = moved.put(other, a_change_file([a_row(ticket_id="INC2")]))

    line = moved.await_logged("Ingest", f'{{ $.message = "reseed is needed" && $.key = "{key}" }}')
    moved.await_quiet()
    assert line["level"] == "ERROR"
    assert tickets(moved) == {"INC1"}
    assert moved.settled([other]) == []
    assert moved.names("changes") == [f"{other}.csv"]
    assert moved.dead_doorbells() == 0
    assert moved.sweep()["outcome"] == "reseed needed"
    assert freshness(moved)["mode"] == "reseed needed"
    wait_until(lambda: moved.metric("ReseedNeeded") == needed_before + 2, "the metric")


def freshness(application: Application) -> Mapping[str, object]:
    """Return what readers are told about the state of the stream."""
    row = application.connection.execute("select tickets.freshness()").fetchone()
    assert row
    return row[0]
