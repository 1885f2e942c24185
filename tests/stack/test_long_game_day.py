"""The long game day: every other alarm is caused and mended, one after the other.

It takes minutes, and more for alarms whose period is an hour, so that only `make game-day` runs it.
"""

import os
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.support.alarms import await_state, publish_of_aws
from tests.support.applications import Application, make_bucket
from tests.support.executions import Reseeds
from tests.support.feeds import a_change_file, a_row
from tests.support.game_days import EXAMPLE, a_watched_application, fail, failing, logged
from tests.support.localstack import LocalStack
from tests.support.postgres import DatabaseServer
from tests.support.runbooks import Desk, a_desk
from tests.support.streams import a_stream, some_stamps
from tests.support.waits import wait_until

pytestmark = pytest.mark.skipif(
    os.environ.get("GAME_DAY") != "all", reason="takes minutes: `make game-day` runs it"
)


@pytest.fixture(scope="module")
def stack(
    localstack: LocalStack, database_server: DatabaseServer, template: Path
) -> Generator[Application]:
    """The stack, deployed for this file."""
    with a_watched_application(localstack, database_server, template) as application:
        yield application


@pytest.fixture
def desk(stack: Application, tmp_path: Path) -> Desk:
    """The desk of an operator of that stack."""
    return a_desk(stack, tmp_path)


def agree(application: Application, name: str, *, is_on: bool) -> None:
    """Wait for the alarm, and see that the check of that name says the same."""
    await_state(application, [name], "ALARM" if is_on else "OK")
    assert (name in failing(application)) is is_on


@pytest.fixture
def quiet(stack: Application, database_server: DatabaseServer) -> Application:
    """The stack without files, tickets or messages, swept just now."""
    stack.reset(database_server)
    stack.sweep()
    return stack


def test_schedule_that_is_missed(quiet: Application, desk: Desk) -> None:
    """Nothing runs for half an hour (a minute here); a run by hand ends the alarm."""
    await_state(quiet, ["schedule"], "ALARM", timeout_seconds=180)
    quiet.connection.execute("update tickets.step_runs set ran_at = ran_at - interval '31 minutes'")
    assert "schedule" in failing(quiet)

    desk.follow("schedule", but={"make deploy"})
    quiet.sweep()

    agree(quiet, "schedule", is_on=False)


def test_held_key(quiet: Application, desk: Desk) -> None:
    """A stamp ahead of now; the file under its right name is applied."""
    (stamp,) = some_stamps(1)
    ahead = quiet.put("2062-01-01T00-00-00", a_change_file([a_row()]))
    quiet.await_quiet()
    quiet.sweep()
    agree(quiet, "held", is_on=True)
    wait_until(lambda: quiet.logged("Ingest", '{ $.message = "key was held" }'), "its line")

    quiet.delete(ahead)
    quiet.put(stamp, a_change_file([a_row()]))
    desk.follow("held", {EXAMPLE: stamp})
    quiet.await_settled([stamp])
    quiet.sweep()

    agree(quiet, "held", is_on=False)


def test_key_that_is_gone(quiet: Application, desk: Desk) -> None:
    """An announced file that is not there; when it has come, or an hour later, it is over."""
    (stamp,) = some_stamps(1)
    key = quiet.prefix.change_key(stamp)
    quiet.ring(key)
    wait_until(lambda: quiet.logged("Ingest", f'{{ $.key = "{key}" }}'), "its line")
    agree(quiet, "gone", is_on=True)

    quiet.put(stamp, a_change_file([a_row()]))
    desk.follow("gone", {EXAMPLE: stamp})
    quiet.await_settled([stamp])

    assert "gone" not in failing(quiet)
    await_state(quiet, ["gone"], "OK", timeout_seconds=150)


def test_many_rejected_rows(quiet: Application, desk: Desk, tmp_path: Path) -> None:
    """12 of 102; the mended file replaces it, and an hour later the rate is that of good files."""
    (stamp,) = some_stamps(1)
    good = [a_row(ticket_id=f"INC{number}") for number in range(90)]
    quiet.put(stamp, a_change_file([*good, *[a_row(ticket_id="")] * 12]))
    quiet.await_settled([stamp])
    agree(quiet, "rejects", is_on=True)
    assert quiet.logged("Ingest", f'{{ $.stamp = "{stamp}" && $.reject_reasons = "*" }}')

    tmp_path.joinpath(f"{stamp}.csv").write_bytes(a_change_file(good))
    desk.follow("rejects", {EXAMPLE: stamp, "mended/": f"{tmp_path}/"})

    await_state(quiet, ["rejects"], "OK", timeout_seconds=150)
    quiet.connection.execute("update tickets.import_files set applied_at = now() - '2 h'::interval")
    assert "rejects" not in failing(quiet)


def test_functions_that_fail_again_and_again(quiet: Application, desk: Desk) -> None:
    """Two runs in a row whose step fails; a good one ends the check, and its hour the alarm."""
    for _ in range(2):
        quiet.connection.execute("alter table tickets.inc_daily_snapshot rename to away")
        fail(quiet, {"steps": ["history"]})
        quiet.connection.execute("alter table tickets.away rename to inc_daily_snapshot")
        time.sleep(40)  # the alarm's period
    agree(quiet, "errors", is_on=True)
    assert quiet.logged("Enrich", '{ $.message = "step failed" && $.step = "history" }')

    quiet.run("Enrich", {"steps": ["history"]})
    desk.follow("errors", but={"make deploy"})

    assert "errors" not in failing(quiet)
    await_state(quiet, ["errors"], "OK", timeout_seconds=150)


def test_database_that_refuses_connections(quiet: Application, desk: Desk) -> None:
    """Neither the functions nor the status come in; doorbells that were given up are rung again."""
    (stamp,) = some_stamps(1)
    quiet.database.network.cut()
    quiet.put(stamp, a_change_file([a_row()]))
    # It was put off for 10 and for 20 seconds by then.
    wait_until(quiet.dead_doorbells, "a doorbell that is given up", timeout_seconds=90)
    fail(quiet, {"steps": ["history"]})
    time.sleep(10)  # the alarm's period
    fail(quiet, {"steps": ["history"]})
    await_state(quiet, ["database"], "ALARM")
    assert quiet.logged("Enrich", '{ $.error = "DatabaseUnavailableError" }')
    refused = desk.follow("database", but={"make redrive"})
    assert not refused["make status ARGS=--check"].is_well

    quiet.database.network.mend()
    desk.follow("database")

    quiet.await_settled([stamp])
    await_state(quiet, ["database"], "OK", timeout_seconds=90)


def test_stack_that_is_moved_to_another_bucket(
    quiet: Application, desk: Desk, template: Path, localstack: LocalStack
) -> None:
    """Nothing is applied, both say so, and a reseed takes the new bucket over."""
    (stamp,) = some_stamps(1)
    quiet.put(stamp, a_change_file([a_row()]))
    quiet.await_settled([stamp])
    former = quiet.bucket
    moved = quiet.redeploy(template, BucketName=make_bucket(localstack))
    moved.sweep()
    agree(moved, "reseed-needed", is_on=True)
    assert moved.logged("Enrich", '{ $.message = "reseed is needed" }')

    desk.follow("reseed-needed")
    moved.sweep()

    agree(moved, "reseed-needed", is_on=False)
    moved.redeploy(template, BucketName=former)


def test_reseed_that_is_stopped_on_the_way(quiet: Application, desk: Desk) -> None:
    """Once its lease has ended, nobody is at work on it; the same plan goes on from there.

    LocalStack has no metrics of state machines, so that one is published by hand.
    """
    stream, reseeds = a_stream(150), Reseeds(quiet)
    for file in stream:
        quiet.put_archived(file.stamp, file.content)
    plan = desk.variables["PLAN"] = reseeds.plan()["plan_sha256"]
    execution = reseeds.start_apply(plan)
    reseeds.await_settled(10)
    reseeds.stop(execution)
    machine = quiet.stack.outputs["ReseedStateMachineArn"]
    aborted = ("AWS/States", "ExecutionsAborted", ("StateMachineArn", machine))
    publish_of_aws(quiet, *aborted, 1)
    quiet.connection.execute("update tickets.import_streams set lease_expires_at = now()")
    agree(quiet, "reseed", is_on=True)
    assert logged(quiet, "Reseed", '"ExecutionAborted"')

    desk.follow("reseed", but={"make reseed PLAN=$PLAN ALLOW_MISSING=yes"})

    agree(quiet, "reseed", is_on=False)
    assert reseeds.settled() == [file.stamp for file in stream]


@pytest.mark.parametrize(
    ("name", "metric", "values"),
    [("throttles", "Throttles", (3, 0)), ("duration", "Duration", (14_000, 100))],
)
def test_what_localstack_does_not_measure(
    quiet: Application, desk: Desk, name: str, metric: str, values: tuple[float, float]
) -> None:
    """Lambda's metrics, published by hand: in two periods of 5 minutes (10 s here)."""
    of_ingest = ("AWS/Lambda", metric, ("FunctionName", quiet.function("Ingest")))
    for _ in range(2):
        publish_of_aws(quiet, *of_ingest, values[0])
        time.sleep(9)
    publish_of_aws(quiet, *of_ingest, values[0])
    await_state(quiet, [name], "ALARM")

    desk.follow(name, but={"make deploy"})
    publish_of_aws(quiet, *of_ingest, values[1])

    await_state(quiet, [name], "OK")
