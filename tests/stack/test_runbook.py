"""The runbook: its commands, as the page has them, run in their order on a stack of their own."""

import os
import re
import subprocess
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.applications import SMALL, Application, empty_bucket, make_bucket
from tests.support.executions import Reseeds, assert_equals, freshness, on_top
from tests.support.localstack import REGION, ROOT, LocalStack
from tests.support.postgres import DatabaseServer
from tests.support.scenes import all_tables
from tests.support.stack import Stack, delete_stack, free_name
from tests.support.stack_databases import Database, a_database
from tests.support.streams import StreamFile, a_stream, replay
from tests.support.waits import wait_until

STAGE = "localstack"
PAGE = ROOT / "docs" / "runbook.md"


@dataclass(slots=True)
class Desk:
    """An operator's desk: a file of stages, a shell, and the stack that they are about."""

    localstack: LocalStack
    database: Database
    samconfig: Path
    name: str = field(default_factory=lambda: free_name("fleet"))
    variables: dict[str, str] = field(default_factory=lambda: {"STAGE": STAGE})

    def choose_bucket(self, bucket: str) -> None:
        """Write the stage anew, with this bucket."""
        chosen = {**SMALL, "Stage": self.name, "BucketName": bucket, "CreateBucket": "no"}
        overrides = ",".join(f'"{name}={value}"' for name, value in chosen.items())
        self.samconfig.write_text(
            f'version = 0.1\n[{STAGE}.global.parameters]\nregion = "{REGION}"\n'
            f'[{STAGE}.deploy.parameters]\nstack_name = "{self.name}"\n'
            f"parameter_overrides = [{overrides}]\n"
        )

    def run(self, command: str) -> str:
        """Run a command in the checkout; return what it has printed."""
        secret = self.localstack.secrets.get_secret_value(SecretId=self.database.owner_secret_arn)
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
            **self.variables,
            "SAMCONFIG": str(self.samconfig),
            "DATABASE_URL": secret["SecretString"],
            "AWS_ENDPOINT_URL": self.localstack.endpoint_url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
        }
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def application(self, bucket: str) -> Application:
        """Return the stack as it is deployed now."""
        (found,) = self.localstack.cloudformation.describe_stacks(StackName=self.name)["Stacks"]
        outputs = {
            output.get("OutputKey", ""): output.get("OutputValue", "")
            for output in found.get("Outputs", [])
        }
        stack = Stack(self.localstack, self.name, outputs)
        return Application(stack, {"BucketName": bucket}, self.database)


@pytest.fixture
def desk(
    localstack: LocalStack, database_server: DatabaseServer, tmp_path: Path
) -> Generator[Desk]:
    """A desk with an empty database, whose stack is deleted in the end."""
    with a_database(localstack, database_server, free_name("desk")) as database:
        desk = Desk(localstack, database, tmp_path / "samconfig.toml")
        yield desk
        delete_stack(localstack, desk.name)


def commands(page: Path) -> Iterator[str]:
    """Return the lines of the blocks of a page that are to be typed into a shell, in order."""
    for block in re.findall(r"^ *```sh\n(.*?)^ *```$", page.read_text(), re.DOTALL | re.MULTILINE):
        yield from (line.strip() for line in block.splitlines())


def test_page_on_the_cutover(desk: Desk, localstack: LocalStack) -> None:
    """A feed moves to a bucket whose first key is older than the watermark.

    Nothing of the new bucket is applied until the reseed. Then the state is that of a clean ingest
    of it on top of the old one, which is gone by then: it is neither read nor written. The next
    file flows.
    """
    steps = commands(PAGE)
    older, of_a, newer, (live,) = (a_stream(number) for number in (4, 4, 4, 1))
    of_b = [*older, *newer]
    fed_from_a = deploy_and_feed(desk, make_bucket(localstack), of_a)
    bucket = desk.variables["BUCKET"] = free_name("tickets")
    localstack.s3.create_bucket(Bucket=bucket)
    put_all(desk.application(bucket), older)  # before anybody listens

    assert "switched them on" in desk.run(next(steps))
    desk.choose_bucket(bucket)
    desk.run(next(steps))
    remove_bucket(localstack, fed_from_a)
    moved = desk.application(bucket)
    put_all(moved, newer)
    assert_waits_for_reseed(moved, of_a)

    before = product_tables(moved)
    planned = desk.run(next(steps))
    assert product_tables(moved) == before
    desk.variables["PLAN"] = plan_of(planned)
    applied = desk.run(next(steps))
    assert counts_of(applied) == counts_of(planned)
    assert_equals(moved, on_top(of_a, of_b))
    assert_is_live_after(moved, of_b)

    put_all(moved, [live])
    moved.await_settled([live.stamp])
    assert f"stamp={live.stamp} " in desk.run(next(steps))
    again = desk.run(next(steps))  # it was applied already, so there is nothing to do or to miss
    assert counts_of(again) == counts_of(planned)
    assert_equals(moved, on_top(of_a, [*of_b, live]))
    assert [*steps] == []


def assert_is_live_after(application: Application, stream: list[StreamFile]) -> None:
    """All of a stream is settled in its order, archived, and was the last to be applied."""
    assert Reseeds(application).settled() == [file.stamp for file in stream]
    assert application.names("changes") == []
    facts = freshness(application)
    last = application.prefix.change_key(stream[-1].stamp)
    assert (facts["mode"], facts["watermark"]) == ("live", last)


def deploy_and_feed(desk: Desk, bucket: str, stream: list[StreamFile]) -> Application:
    """Deploy the stack on a bucket and let a stream flow through it."""
    desk.choose_bucket(bucket)
    desk.run("make deploy STAGE=$STAGE")
    application = desk.application(bucket)
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


def plan_of(output: str) -> str:
    """Return the hash in the command that a plan's output ends with."""
    (plan,) = re.findall("PLAN=([0-9a-f]{64})$", output, re.MULTILINE)
    return plan


def counts_of(output: str) -> dict[str, str]:
    """Return the counts that a plan or an apply has printed."""
    pairs = [line.split() for line in output.splitlines() if line.startswith("counts.")]
    return dict(pairs)
