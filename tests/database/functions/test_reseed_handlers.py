"""The functions of a reseed whole: step by step as the state machine takes them, on a database."""

import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import psycopg
import pytest

from fleettickets.errors import LeaseLostError
from tests.support.feeds import a_change_file, a_row
from tests.support.functions import FakeContext, FakeQueue, load_handler
from tests.support.s3 import PREFIX, S3Store, running_s3_store
from tests.support.scenes import STAMPS

EXECUTIONS = "arn:aws:states:eu-west-1:123456789012:execution:fleet-reseed:"
FIRST, SECOND = f"{EXECUTIONS}first", f"{EXECUTIONS}second"
LATE = "2026-06-20T17-00-00"


@dataclass(frozen=True, slots=True)
class Stack:
    """A bucket with archived files, its queue, and the functions around them and the database."""

    store: S3Store
    bucket_name: str
    queue: FakeQueue
    plan: ModuleType
    apply: ModuleType

    def put(self, key: str, ticket_id: str) -> None:
        """Put a file of one ticket."""
        content = a_change_file([a_row(ticket_id=ticket_id)])
        self.store.open_bucket(self.bucket_name).put_object(f"{PREFIX}/{key}.csv", [content])

    def take(self, module: ModuleType, operation: str, **event: object) -> dict[str, Any]:
        """Take a step, whose answer passes through the state machine as JSON."""
        event = {"operation": operation, "execution": FIRST} | event
        return json.loads(json.dumps(module.handle(event, FakeContext())))

    def run_plan(self) -> dict[str, Any]:
        """Take the steps of a plan, two files a chunk; return its summary."""
        progress, chunk = self.take(self.plan, "open", request={}), 0
        while not progress["done"]:
            chunk += 1
            progress = self.take(self.plan, "chunk", run=progress["run"], max_files=2, chunk=chunk)
        return self.take(self.plan, "finish", run=progress["run"])

    def open(self, plan_sha256: str, **event: object) -> dict[str, Any]:
        """Take the step that opens the generation."""
        request = {"apply": True, "plan_sha256": plan_sha256, "allow_missing": False}
        return self.take(self.apply, "open", **{"request": request, "over": None} | event)

    def take_chunk(self, progress: Mapping[str, Any]) -> dict[str, Any]:
        """Apply two files."""
        given = {name: progress[name] for name in ("generation", "token")}
        return self.take(self.apply, "chunk", max_files=2, chunk=progress["chunk"] + 1, **given)

    def finish(self, progress: Mapping[str, Any]) -> dict[str, Any]:
        """Apply the rest, and take the last step; return the summary."""
        while not progress["done"]:
            progress = self.take_chunk(progress)
        return self.take(self.apply, "finish", generation=progress["generation"])


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch, database_url: str) -> Generator[Stack]:
    """Run everything that the functions touch, with the settings that a stack would give them."""
    with running_s3_store() as store:
        name, queue = store.new_bucket(), FakeQueue()
        monkeypatch.setenv("DATABASE_URL", database_url)
        monkeypatch.setenv("DOORBELL_QUEUE_URL", queue.url)
        monkeypatch.setenv("TICKETS_BUCKET", name)
        monkeypatch.setenv("RUSTFS_ENDPOINT_URL", store.endpoint_url)
        monkeypatch.setenv("RUSTFS_ACCESS_KEY", "testing")
        monkeypatch.setenv("RUSTFS_SECRET_KEY", "testing")
        plan, apply = load_handler("reseed_plan"), load_handler("reseed_apply")
        stack = Stack(store, name, queue, plan, apply)
        for number, stamp in enumerate(STAMPS[:5]):
            stack.put(f"processed/{stamp}", f"INC{number}")
        yield stack
        for module in (plan, apply):
            module._runtime().connections.discard()  # noqa: SLF001


def test_plan_and_apply_step_by_step(stack: Stack, connection: psycopg.Connection) -> None:
    """The apply comes to what the plan has said, and the sweep rings for what came meanwhile."""
    planned = stack.run_plan()
    opened = stack.open(planned["plan_sha256"])
    stack.put(f"changes/{LATE}", "INC9")

    applied = stack.finish(opened["progress"])

    assert applied["counts"] == planned["counts"]
    assert applied["counts"]["files"]["applied"] == 5
    tickets = connection.execute("select ticket_id from tickets.inc order by 1").fetchall()
    assert tickets == [(f"INC{number}",) for number in range(5)]
    (record,) = stack.queue.receive()["Records"]
    assert LATE in str(record["body"])


def test_second_execution_is_told_who_is_at_work(stack: Stack) -> None:
    """And takes over when AWS has said that this one does not run any more."""
    plan = stack.run_plan()["plan_sha256"]
    first = stack.take_chunk(stack.open(plan)["progress"])

    held = stack.open(plan, execution=SECOND)
    taken = stack.open(plan, execution=SECOND, over=FIRST)

    assert held == {"held_by": FIRST, "progress": None}
    assert taken["progress"]["left"] == first["left"] == 3
    with pytest.raises(LeaseLostError, match="second"):
        stack.take_chunk(first)
    assert stack.finish(taken["progress"])["counts"]["files"]["applied"] == 5


def test_step_that_is_taken_twice(stack: Stack) -> None:
    """P2: the state machine repeats what it has no answer from; nothing is counted twice."""
    plan = stack.run_plan()["plan_sha256"]
    stack.open(plan)

    again = stack.open(plan)
    summary = stack.finish(again["progress"])

    assert again["held_by"] is None
    assert stack.take(stack.apply, "finish", generation=summary["generation"]) == summary
