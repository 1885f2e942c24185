"""The function of a reseed's plan: what it makes of its input, and what the next step needs."""

from dataclasses import dataclass, field
from types import ModuleType

import pytest

from fleettickets.errors import DatabaseUnavailableError, InputError
from fleettickets.jobs.context import IngestContext
from fleettickets.jobs.reseed_plan import PlanProgress, PlanRun
from tests.support.functions import FakeConnection, FakeContext, load_handler

PLAN = "0123456789abcdef" * 4
EXECUTION = "arn:aws:states:eu-west-1:123456789012:execution:fleet-reseed:plan-1"


def an_event(operation: str, **more: object) -> dict[str, object]:
    """Return the input of a step, as the state machine makes it."""
    return {"operation": operation, "execution": EXECUTION, **more}


@dataclass
class FakePlan:
    """Stands for the plan's jobs: notes what they are asked, and answers or raises."""

    error: Exception | None = None
    calls: list[tuple[object, ...]] = field(default_factory=list[tuple[object, ...]])

    def open_plan(self, _: IngestContext) -> PlanRun:
        """Open."""
        self.calls.append(("open",))
        return PlanRun(
            run=7,
            plan_sha256=PLAN,
            generation=1,
            source="s3://isptickets/automations/inc",
            files=300,
            size_bytes=9,
            done=False,
        )

    def plan_chunk(self, _: IngestContext, run: int, *, max_files: int) -> PlanProgress:
        """Judge some files."""
        self.calls.append(("chunk", run, max_files))
        if self.error is not None:
            raise self.error
        return PlanProgress(run=run, files=300, judged=250, done=False)


@pytest.fixture
def plan() -> FakePlan:
    """Return the plan's jobs."""
    return FakePlan()


@pytest.fixture
def connections() -> list[FakeConnection]:
    """Return the connections that were opened, in order."""
    return []


@pytest.fixture
def handler(
    monkeypatch: pytest.MonkeyPatch, plan: FakePlan, connections: list[FakeConnection]
) -> ModuleType:
    """Return the function's module after a cold start, with its settings but without a database."""
    monkeypatch.setenv("TICKETS_BUCKET", "isptickets")
    monkeypatch.setenv("DATABASE_URL", "postgresql://planner:s3cret@localhost/tracksolid_db")
    module = load_handler("reseed_plan")

    def connect(_: str, **__: object) -> FakeConnection:
        connections.append(FakeConnection())
        return connections[-1]

    monkeypatch.setattr("fleettickets.runtime.connect", connect)
    monkeypatch.setattr(module, "open_plan", plan.open_plan)
    monkeypatch.setattr(module, "plan_chunk", plan.plan_chunk)
    return module


def test_opening_answers_what_the_chunks_need(handler: ModuleType) -> None:
    """The number of the plan, and whether there is anything to judge."""
    answer = handler.handle(an_event("open", request={}), FakeContext())

    assert (answer["run"], answer["files"], answer["done"]) == (7, 300, False)


def test_chunk_is_counted_by_the_state_machine(handler: ModuleType, plan: FakePlan) -> None:
    """Its number comes back as it was given, and its size is the state machine's to say."""
    answer = handler.handle(an_event("chunk", run=7, max_files=250, chunk=3), FakeContext())

    assert plan.calls == [("chunk", 7, 250)]
    assert answer == {"run": 7, "files": 300, "judged": 250, "done": False, "chunk": 3}


def test_request_with_a_mistake_opens_nothing(handler: ModuleType, plan: FakePlan) -> None:
    """It is better said before a plan of an hour than after it."""
    with pytest.raises(InputError, match="aply"):
        handler.handle(an_event("open", request={"aply": True}), FakeContext())

    assert plan.calls == []


@pytest.mark.parametrize("event", [{}, {"operation": "close"}])
def test_operation_that_there_is_not(
    handler: ModuleType, plan: FakePlan, event: dict[str, object]
) -> None:
    """It is refused with those that there are."""
    with pytest.raises(InputError, match="open, chunk, finish"):
        handler.handle(event, FakeContext())

    assert plan.calls == []


def test_step_that_failed_gives_its_connection_up(
    handler: ModuleType, plan: FakePlan, connections: list[FakeConnection]
) -> None:
    """The error is the state machine's to judge; the next step gets a connection of its own."""
    plan.error = DatabaseUnavailableError("the database went away")

    with pytest.raises(DatabaseUnavailableError):
        handler.handle(an_event("chunk", run=7, max_files=250, chunk=1), FakeContext())

    assert [connection.closed for connection in connections] == [True]
