"""Trouble on the way: a database that is gone, functions that die, messages that are lost."""

import json
import random
from datetime import UTC, datetime, timedelta

from tests.support.applications import Application, only_in_long
from tests.support.ingests import tickets_state
from tests.support.localstack import kill_function
from tests.support.streams import StreamFile, a_stream, replay
from tests.support.waits import wait_until

LOST_AFTER = timedelta(seconds=1)  # as the stack was told
PUT_OFF = '{ $.message = "doorbell was put off" }'


def signals(application: Application) -> list[str]:
    """Return the lines in which Lambda says that a function was killed."""
    log = application.stack.outputs["IngestLogGroupName"]
    return application.stack.logged(log, '"signal: SIGKILL"')


def put_all(application: Application, stream: list[StreamFile]) -> None:
    """Put a stream's files in their order."""
    for file in stream:
        application.put(file.stamp, file.content)


def assert_in_order_and_complete(application: Application, stream: list[StreamFile]) -> None:
    """Each file took effect once, oldest first, and no doorbell was given up."""
    stamps = [file.stamp for file in stream]
    applied = application.connection.execute(
        "select stamp from tickets.import_files where status = 'applied' order by applied_at"
    )
    assert [stamp for (stamp,) in applied] == stamps
    assert tickets_state(application.connection) == replay(stream).state()
    assert application.names("processed") == [f"{stamp}.csv" for stamp in stamps]
    assert application.dead_doorbells() == 0


def test_database_that_is_gone_for_a_while(application: Application) -> None:
    """P4: doorbells are put off and wait in their order; when it is back all is applied."""
    stream = a_stream(4)
    before = len(application.logged("Ingest", PUT_OFF))
    application.database.network.cut()
    put_all(application, stream)
    wait_until(lambda: len(application.logged("Ingest", PUT_OFF)) > before, "a put-off doorbell")
    wait_until(lambda: application.doorbells() == len(stream), "every doorbell in the queue")
    assert application.names("changes") == [f"{file.stamp}.csv" for file in stream]

    application.database.network.mend()

    application.await_settled([file.stamp for file in stream])
    assert_in_order_and_complete(application, stream)


def test_database_that_goes_in_the_middle_of_a_file(application: Application) -> None:
    """P4: nothing of the file is kept, and it is applied when the database is back."""
    stream = a_stream(3)
    with application.database.files_in_the_middle():
        put_all(application, stream)
        application.database.await_middle()
        application.database.network.cut()
        application.database.end_sessions()
    assert application.settled([file.stamp for file in stream]) == []

    application.database.network.mend()

    application.await_settled([file.stamp for file in stream])
    assert_in_order_and_complete(application, stream)


def test_function_that_is_killed_in_the_middle_of_a_file(application: Application) -> None:
    """P4: its transaction is gone, its doorbell comes back, and the group waits for it."""
    stream = a_stream(3)
    # A scheduled run that still has a session which another test ended would take it for an outage.
    application.sweep()
    with application.database.files_in_the_middle():
        put_all(application, stream)
        sessions = application.database.await_middle()
        kill_function(application.function("Ingest"))
        wait_until(lambda: signals(application), "the function's end in its log")
    assert application.settled([file.stamp for file in stream]) == []

    # The server would notice by itself, in a minute. The next function may be there, and goes on.
    application.database.end_sessions(sessions)

    application.await_settled([file.stamp for file in stream])

    assert_in_order_and_complete(application, stream)
    unfinished = application.connection.execute(
        "select stamp from tickets.import_attempts where ended_at is null"
    )
    assert unfinished.fetchall() == [(stream[0].stamp,)]


@only_in_long
def test_function_that_is_killed_again_and_again(application: Application) -> None:
    """P4: deaths at ten moments of a stream, and the end is that of an undisturbed replay."""
    stream = a_stream(300)
    stamps = [file.stamp for file in stream]
    put_all(application, stream)

    for settled in sorted(random.Random(11).sample(range(len(stream) - 20), 10)):
        wait_until(
            lambda settled=settled: len(application.settled(stamps)) > settled,
            f"{settled} settled files",
            timeout_seconds=120,
            poll_seconds=0.01,
        )
        kill_function(application.function("Ingest"))

    application.await_settled(stamps, timeout_seconds=120)
    assert_in_order_and_complete(application, stream)


def test_messages_that_are_lost(application: Application) -> None:
    """P4: the sweep rings once for all of them, and says and counts how many were lost."""
    stream = a_stream(3)
    application.pause()
    put_all(application, stream)
    wait_until(lambda: application.doorbells() == len(stream), "the doorbells")
    application.localstack.queues.purge_queue(
        QueueUrl=application.stack.outputs["DoorbellQueueUrl"]
    )
    deadline = application.modified_at(stream[-1].stamp) + LOST_AFTER
    wait_until(lambda: datetime.now(UTC) > deadline, "files old enough to be missed")
    lost_before = application.metric("NotificationsLost")

    swept = application.sweep()
    rung = application.doorbells()
    application.resume()

    assert (swept["outcome"], swept["lost"], swept["pending"]) == ("rang", 3, 3)
    assert rung == 1
    application.await_settled([file.stamp for file in stream])
    assert_in_order_and_complete(application, stream)
    again = application.sweep()
    assert (again["outcome"], again["lost"], again["pending"]) == ("nothing pending", 0, 0)
    wait_until(lambda: application.metric("NotificationsLost") == lost_before + 3, "the metric")


def test_sweep_leaves_it_to_the_doorbells_that_wait(application: Application) -> None:
    """While the queue holds messages nothing is lost, and nothing is rung."""
    stream = a_stream(2)
    application.pause()
    put_all(application, stream)
    wait_until(lambda: application.doorbells() == len(stream), "the doorbells")

    swept = application.sweep()

    assert (swept["outcome"], swept["lost"], swept["pending"]) == ("queue not empty", 0, 2)
    assert application.doorbells() == len(stream)


def test_secret_that_is_rotated_under_a_warm_function(application: Application) -> None:
    """The refused password makes the function fetch the new one; no log shows either."""
    before, after = a_stream(2)
    application.put(before.stamp, before.content)
    application.await_settled([before.stamp])
    old, put_off_before = application.password(), len(application.logged("Ingest", PUT_OFF))

    application.database.change_password(application.localstack)
    application.database.end_sessions()
    application.put(after.stamp, after.content)

    application.await_settled([after.stamp])
    assert_in_order_and_complete(application, [before, after])
    assert len(application.logged("Ingest", PUT_OFF)) == put_off_before
    new = application.password()
    assert old != new
    log = json.dumps(application.logged("Ingest", "{ $.level = * }"))
    assert after.stamp in log
    assert old not in log
    assert new not in log
