"""The runbook's commands, run on a deployed stack as an operator would run them.

The sections that the game day follows are not repeated here, and a command that several sections
have is run once.
"""

import subprocess
from collections.abc import Collection, Generator
from pathlib import Path

import psycopg
import pytest

from tests.stack.test_game_day import FOLLOWED
from tests.support.applications import SMALL, Application, empty_bucket, make_bucket
from tests.support.executions import Reseeds, assert_equals, freshness, on_top
from tests.support.feeds import a_change_file, a_row
from tests.support.localstack import LocalStack
from tests.support.postgres import DatabaseServer
from tests.support.runbooks import Desk, Done, a_desk, commands, sections
from tests.support.scenes import all_tables
from tests.support.stack import Stack, delete_stack, free_name
from tests.support.stack_databases import Database, a_database
from tests.support.streams import StreamFile, a_stream, replay, some_stamps
from tests.support.waits import wait_until

EXAMPLE = "2026-06-15T17-00-00"  # of the runbook
ADOPTED = Path(__file__).parents[1] / "database" / "fixtures" / "adopted.sql"
# Sections that are followed here as a whole.
WHOLE = {
    "the-feed-moves-to-another-bucket",
    "skip-a-file",
    "pause-and-resume",
    "rotate-secrets",
    "restore-the-database-and-catch-up",
    "run-as-plain-cron-without-aws",
    "adopt-an-existing-tracksolid_db",
}
# Sections of which those commands are run here that no other section has.
REST = {
    "runbook",
    "schedule",
    "held",
    "gone",
    "rejects",
    "errors",
    "throttles",
    "duration",
    "database",
    "reseed-needed",
    "replay-a-quarantined-file",
    "redrive-dead-letters",
    "roll-back-a-release",
}
RESEED = "reseed"  # is followed after the cutover
CHECK = "make status ARGS=--check"


@pytest.fixture
def desk(application: Application, tmp_path: Path) -> Desk:
    """The desk of an operator of the deployed stack."""
    return a_desk(application, tmp_path)


def texts(names: Collection[str]) -> set[str]:
    """Return the commands of sections, those that only AWS can run left out."""
    return {each.text for name in names for each in commands(name) if not each.is_for_aws}


def test_every_command_is_run_by_some_test() -> None:
    """One that nobody runs is one that does not work when it is needed."""
    found = {name for name in sections() if texts([name])}

    assert found == FOLLOWED | WHOLE | REST | {RESEED}


def test_what_is_looked_at(application: Application, desk: Desk) -> None:
    """The sections' looks: each shows the lines that it is about, and a replay mends the file."""
    good, bad = some_stamps(2)
    rows = [a_row(ticket_id=f"INC{number}") for number in range(90)]
    application.put(good, a_change_file([*rows, *[a_row(ticket_id="")] * 12]))
    application.put(bad, b"no,ticket\n1,2\n")
    held = application.put("2062-01-01T00-00-00", a_change_file([a_row()]))
    application.await_settled([good, bad])
    application.ring(application.prefix.change_key("2024-01-01T00-00-09"))
    application.sweep()
    wait_until(
        lambda: application.logged("Ingest", '{ $.outcome = "gone" }'), "the doorbell for nothing"
    )

    seen = texts(FOLLOWED | WHOLE | {RESEED}) - {CHECK}
    done: dict[str, Done] = {}
    for section in sorted(REST):
        if section == "held":
            application.delete(held)  # as its line for AWS moves it
        done |= desk.follow(section, {EXAMPLE: good}, but=seen)
        seen |= texts([section])

    shown = {command.removeprefix("make logs "): each.output for command, each in done.items()}
    assert f"stamp={good} " in shown["FILTER=files SINCE=6h"]
    assert f"stamp={good} " in shown["FILTER=rejected SINCE=6h"]
    assert f"stamp={bad} " not in shown["FILTER=rejected SINCE=6h"]
    assert "2062-01-01" in shown["FILTER='\"key was held\"' SINCE=6h"]
    assert "00-00-09" in shown["FILTER='{ $.outcome = \"gone\" }' SINCE=6h"]
    assert "held is 1" in done[CHECK].output
    assert not done[CHECK].is_well


def test_skip_a_file(application: Application, desk: Desk) -> None:
    """It is given up on the record, and no longer waits for a person."""
    (stamp,) = some_stamps(1)
    application.put(stamp, b"no,ticket\n1,2\n")
    application.await_settled([stamp])

    desk.follow("skip-a-file", {EXAMPLE: stamp})

    assert application.settled([stamp])[-1] == (stamp, 2, "skipped")


def test_pause_and_resume(application: Application, desk: Desk) -> None:
    """What comes meanwhile is applied afterwards."""
    (stamp,) = some_stamps(1)
    desk.follow("pause-and-resume", but={"make resume"})
    application.put(stamp, a_change_file([a_row()]))
    wait_until(lambda: application.doorbells() == 1, "a doorbell that waits")
    assert application.settled([stamp]) == []

    desk.follow("pause-and-resume", but={"make pause"})

    application.await_settled([stamp])


def test_rotate_secrets(application: Application, desk: Desk) -> None:
    """Functions come in with the new password, and nobody with the old one."""
    (stamp,) = some_stamps(1)
    before = application.password()

    desk.follow("rotate-secrets")
    application.database.end_sessions()
    application.put(stamp, a_change_file([a_row()]))
    application.await_settled([stamp])

    assert application.password() != before


def test_restore_the_database_and_catch_up(
    application: Application, desk: Desk, tmp_path: Path
) -> None:
    """After a restore of yesterday's backup the state is the one from before the loss."""
    old, new, during = some_stamps(3)
    backup = tmp_path / "backup.dump"
    application.put(old, a_change_file([a_row(ticket_id="INC1", owner="old")]))
    application.await_settled([old])
    names = ("tickets", "reporting", "scratch")
    subprocess.run(
        [
            *("pg_dump", "--format=custom", "--file", backup),
            *(f"--schema={name}" for name in names),
            *("--dbname", application.database.url),
        ],
        check=True,
    )
    application.put(new, a_change_file([a_row(ticket_id="INC1", owner="new")]))
    application.await_settled([new])
    before = content(application.connection)

    desk.variables["DATABASE_URL"] = application.database.url
    desk.follow("restore-the-database-and-catch-up", {"backup.dump": str(backup)})

    assert content(application.connection) == before
    application.put(during, a_change_file([a_row(ticket_id="INC2")]))
    application.await_settled([during])


def content(connection: psycopg.Connection) -> list[tuple[str, str]]:
    """Return each ticket with its owner."""
    return list(connection.execute("select ticket_id, owner from tickets.inc order by ticket_id"))


def test_run_as_plain_cron(desk: Desk, database_server: DatabaseServer, tmp_path: Path) -> None:
    """A directory, a database, and the command line: nothing of the stack is used."""
    changes = tmp_path / "automations" / "inc" / "changes"
    changes.mkdir(parents=True)
    row = a_row(ticket_id="INC1", owner="owner")
    changes.joinpath(f"{EXAMPLE}.csv").write_bytes(a_change_file([row]))
    with database_server.migrated_database() as url:
        desk.variables["DATABASE_URL"] = url
        done = desk.follow("run-as-plain-cron-without-aws", {"/srv/feed": str(tmp_path)})
        with psycopg.connect(url) as connection:
            assert content(connection) == [("INC1", "owner")]

    assert done["fleettickets status --check"].is_well


def test_adopt_an_existing_database(desk: Desk, database_server: DatabaseServer) -> None:
    """What the older system left is there, and what it lacked is added."""
    with database_server.empty_database() as url:
        with psycopg.connect(url) as connection:
            script = ADOPTED.read_text().replace("to dashboard", "to current_user")
            connection.execute(script.encode())

        desk.variables["DATABASE_URL"] = url
        done = desk.follow("adopt-an-existing-tracksolid_db")

        assert "would apply 11_" in done["fleettickets migrate"].output
        assert "watermark" in done["fleettickets status"].output


# --- the cutover, on a stack of its own ---


@pytest.fixture
def database(localstack: LocalStack, database_server: DatabaseServer) -> Generator[Database]:
    """An empty database for a stack that is deployed by the page's command."""
    with a_database(localstack, database_server, free_name("desk")) as database:
        yield database


@pytest.fixture
def new_desk(localstack: LocalStack, database: Database, tmp_path: Path) -> Generator[Desk]:
    """A desk whose stack is not deployed yet, and is deleted in the end."""
    name = free_name("fleet")
    parameters = {
        **SMALL,
        "Stage": name,
        "CreateBucket": "no",
        "DatabaseSecretArn": database.secret_arn,
        "PlanSecretArn": database.plan_secret_arn,
        "MigratorSecretArn": database.owner_secret_arn,
    }
    variables = {"DATABASE_URL": database.owner_url(localstack)}
    yield Desk(localstack, tmp_path / "samconfig.toml", name, parameters, variables)
    delete_stack(localstack, name)


def deployed_on(desk: Desk, database: Database, bucket: str) -> Application:
    """Return a desk's stack as it is deployed now."""
    (found,) = desk.localstack.cloudformation.describe_stacks(StackName=desk.name)["Stacks"]
    outputs = {
        output.get("OutputKey", ""): output.get("OutputValue", "")
        for output in found.get("Outputs", [])
    }
    stack = Stack(desk.localstack, desk.name, outputs)
    return Application(stack, {**desk.parameters, "BucketName": bucket}, database)


def test_the_feed_moves_to_another_bucket(
    localstack: LocalStack, database: Database, new_desk: Desk
) -> None:
    """A feed moves to a bucket whose first key is older than the watermark.

    Nothing of the new bucket is applied until the reseed. Then the state is that of a clean ingest
    of it on top of the old one, which is gone by then: it is neither read nor written. The next
    file flows.
    """
    desk, steps = new_desk, iter(commands("the-feed-moves-to-another-bucket"))
    older, of_a, newer, (live,) = (a_stream(number) for number in (4, 4, 4, 1))
    of_b = [*older, *newer]
    fed_from_a = deploy_and_feed(desk, database, make_bucket(localstack), of_a)
    bucket = desk.variables["BUCKET"] = free_name("tickets")
    localstack.s3.create_bucket(Bucket=bucket)
    put_all(deployed_on(desk, database, bucket), older)  # before anybody listens

    assert "switched them on" in desk.run(next(steps).text).output
    desk.parameters["BucketName"] = bucket
    desk.run(next(steps).text)
    remove_bucket(localstack, fed_from_a)
    moved = deployed_on(desk, database, bucket)
    put_all(moved, newer)
    assert_waits_for_reseed(moved, of_a)

    before = product_tables(moved)
    planned = desk.run(next(steps).text).output
    assert product_tables(moved) == before
    applied = desk.run(next(steps).text).output
    assert counts_of(applied) == counts_of(planned)
    assert_equals(moved, on_top(of_a, of_b))
    assert_is_live_after(moved, of_b)

    put_all(moved, [live])
    moved.await_settled([live.stamp])
    assert f"stamp={live.stamp} " in desk.run(next(steps).text).output
    assert [*steps] == []

    done = desk.follow(RESEED)  # it was applied already, so there is nothing to do or to miss
    again = done["make reseed PLAN=$PLAN ALLOW_MISSING=yes"].output
    assert counts_of(again) == counts_of(planned)
    assert_equals(moved, on_top(of_a, [*of_b, live]))


def assert_is_live_after(application: Application, stream: list[StreamFile]) -> None:
    """All of a stream is settled in its order, archived, and was the last to be applied."""
    assert Reseeds(application).settled() == [file.stamp for file in stream]
    assert application.names("changes") == []
    facts = freshness(application)
    last = application.prefix.change_key(stream[-1].stamp)
    assert (facts["mode"], facts["watermark"]) == ("live", last)


def deploy_and_feed(
    desk: Desk, database: Database, bucket: str, stream: list[StreamFile]
) -> Application:
    """Deploy the stack on a bucket and let a stream flow through it."""
    desk.parameters["BucketName"] = bucket
    desk.run("make deploy")
    database.admit_roles()
    application = deployed_on(desk, database, bucket)
    put_all(application, stream)
    application.await_settled([file.stamp for file in stream])
    assert_equals(application, replay(stream))
    return application


def put_all(application: Application, stream: list[StreamFile]) -> None:
    """Put a stream's files in their order."""
    for file in stream:
        application.put(file.stamp, file.content)


def remove_bucket(localstack: LocalStack, application: Application) -> None:
    """Delete an application's bucket with all that is in it."""
    empty_bucket(localstack, application.bucket, "")
    localstack.s3.delete_bucket(Bucket=application.bucket)


def assert_waits_for_reseed(application: Application, applied: list[StreamFile]) -> None:
    """Nothing but what was applied before is there, and everybody is told why."""
    wait_until(lambda: freshness(application)["mode"] == "reseed needed", "the mode reseed needed")
    application.await_quiet()
    assert_equals(application, replay(applied))


def product_tables(application: Application) -> dict[str, list[str]]:
    """Return the rows of every product table; a plan may write scratch tables and no others."""
    tables = all_tables(application.connection)
    return {name: rows for name, rows in tables.items() if not name.startswith("scratch.")}


def counts_of(output: str) -> dict[str, str]:
    """Return the counts that a plan or an apply has printed."""
    pairs = [line.split() for line in output.splitlines() if line.startswith("counts.")]
    return dict(pairs)
