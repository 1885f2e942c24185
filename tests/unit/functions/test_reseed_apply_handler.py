"""The function that applies a reseed: its leases, its counts, and the sweep at its end."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import pytest

from fleettickets.errors import InputError, ReseedRefusedError
from fleettickets.jobs.context import FileOutcome, IngestContext
from fleettickets.jobs.reseed_apply import ReseedLease, ReseedProgress
from fleettickets.jobs.settling import GONE_REASON
from fleettickets.store.ledger import RowCounts
from tests.support.functions import FakeConnection, FakeContext, load_handler

PLAN = "0123456789abcdef" * 4
REQUEST = {"apply": True, "plan_sha256": PLAN, "allow_missing": False}
EXECUTIONS = "arn:aws:states:eu-west-1:123456789012:execution:fleet-reseed:"
FIRST, SECOND = f"{EXECUTIONS}first", f"{EXECUTIONS}second"


def opening(**overrides: object) -> dict[str, object]:
    """Return the input of the step that opens."""
    event = {"operation": "open", "execution": SECOND, "request": REQUEST, "over": None}
    return event | overrides


def an_outcome(outcome: str, reason: str | None = None) -> FileOutcome:
    """Return what became of a file; one that was applied had a row."""
    counts = RowCounts(*[0] * 8) if outcome == "applied" else None
    return FileOutcome("key", "stamp", outcome, 1, 1, reason=reason, counts=counts)  # type: ignore[arg-type]


@dataclass
class FakeReseed:
    """Stands for the jobs: `holder` has the lease, and `outcomes` are those of a chunk."""

    holder: str | None = None
    outcomes: tuple[FileOutcome, ...] = ()
    error: Exception | None = None
    owners: list[str] = field(default_factory=list[str])

    def open_reseed(
        self,
        _: IngestContext,
        plan_sha256: str,
        *,
        owner: str,
        allow_missing: bool,
        is_running: Callable[[str], bool],
    ) -> ReseedLease:
        """Open."""
        assert not allow_missing
        if self.holder and is_running(self.holder):
            raise ReseedRefusedError(self.holder)
        self.owners.append(owner)
        return ReseedLease(
            generation=1,
            token=2,
            plan_sha256=plan_sha256,
            files=300,
            left=300,
            added=0,
            resumed=False,
            done=False,
        )

    def apply_chunk(
        self, job: IngestContext, *, generation: int, token: int, max_files: int
    ) -> ReseedProgress:
        """Apply some files."""
        assert max_files == 250
        for outcome in self.outcomes:
            job.on_outcome(outcome)
        if self.error is not None:
            raise self.error
        return ReseedProgress(
            generation=generation, token=token, files=300, left=50, settled=250, done=False
        )


@pytest.fixture
def reseed() -> FakeReseed:
    """Return the jobs."""
    return FakeReseed()


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch, reseed: FakeReseed) -> ModuleType:
    """Return the function's module after a cold start, with its settings but without a database."""
    monkeypatch.setenv("TICKETS_BUCKET", "isptickets")
    monkeypatch.setenv("DATABASE_URL", "postgresql://fleettickets:s3cret@localhost/tracksolid_db")
    module = load_handler("reseed_apply")
    monkeypatch.setattr("fleettickets.runtime.connect", lambda *_, **__: FakeConnection())
    monkeypatch.setattr(module, "open_reseed", reseed.open_reseed)
    monkeypatch.setattr(module, "apply_chunk", reseed.apply_chunk)
    return module


def test_opening_answers_what_the_chunks_need(handler: ModuleType, reseed: FakeReseed) -> None:
    """The owner is the execution, which is what others are told and ask AWS about."""
    answer = handler.handle(opening(), FakeContext())

    assert answer["held_by"] is None
    progress = answer["progress"]
    assert (progress["generation"], progress["token"], progress["chunk"]) == (1, 2, 0)
    assert reseed.owners == [SECOND]


def test_lease_of_another_is_answered_and_not_taken(
    handler: ModuleType, reseed: FakeReseed
) -> None:
    """The state machine asks AWS whether that one runs."""
    reseed.holder = FIRST

    answer = handler.handle(opening(), FakeContext())

    assert answer == {"held_by": FIRST, "progress": None}
    assert reseed.owners == []


def test_lease_is_taken_over_the_one_that_is_known_to_be_gone(
    handler: ModuleType, reseed: FakeReseed
) -> None:
    """And over nobody else, who may have come in between."""
    reseed.holder = FIRST
    assert handler.handle(opening(over=FIRST), FakeContext())["held_by"] is None

    reseed.holder = f"{EXECUTIONS}third"
    assert handler.handle(opening(over=FIRST), FakeContext())["held_by"] == reseed.holder

    assert reseed.owners == [SECOND]


def test_apply_without_a_plan_opens_nothing(handler: ModuleType, reseed: FakeReseed) -> None:
    """There is none to fall back on."""
    with pytest.raises(InputError, match="plan_sha256"):
        handler.handle(opening(request={"apply": True}), FakeContext())

    assert reseed.owners == []


def published(text: str) -> dict[str, Any]:
    """Return the one EMF line of an output, by the metrics that alarms watch."""
    (line,) = text.splitlines()
    found = json.loads(line)
    names = ("FilesApplied", "FilesQuarantined", "KeysGone")
    return {name: sum(found[name]) for name in names}


CHUNK = {"operation": "chunk", "execution": SECOND, "generation": 1, "token": 2}


@pytest.mark.parametrize("error", [None, ReseedRefusedError("no")])
def test_chunk_publishes_what_became_of_its_files(
    handler: ModuleType,
    reseed: FakeReseed,
    capsys: pytest.CaptureFixture[str],
    error: Exception | None,
) -> None:
    """A file that is gone or bad is worth an alarm, in a reseed as on the live path.

    What was settled before a failure counts too.
    """
    reseed.error = error
    reseed.outcomes = (
        an_outcome("applied"),
        an_outcome("applied"),
        an_outcome("quarantined", "broken quotes"),
        an_outcome("skipped", GONE_REASON),
        an_outcome("skipped", "given up"),
    )

    if error is None:
        answer = handler.handle(CHUNK | {"max_files": 250, "chunk": 4}, FakeContext())
        assert (answer["left"], answer["done"], answer["chunk"]) == (50, False, 4)
    else:
        with pytest.raises(ReseedRefusedError):
            handler.handle(CHUNK | {"max_files": 250, "chunk": 4}, FakeContext())

    assert published(capsys.readouterr().out) == {
        "FilesApplied": 2,
        "FilesQuarantined": 1,
        "KeysGone": 1,
    }
