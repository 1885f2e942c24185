"""The migrate function: its two callers, and the answer that one of them always gets."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import pytest

from fleettickets.errors import (
    DatabaseUnavailableError,
    InputError,
    LockTimeoutError,
    MigrationError,
    RetryableError,
)
from fleettickets.store.migration_files import PLACES
from fleettickets.store.migrations import Migration
from tests.support.answers import SIGNATURE, AnswerBox, running_answer_box
from tests.support.functions import FakeContext, load_handler

PENDING = [Migration("24_x.sql", "ab", "select 1"), Migration("25_y.sql", "cd", "select 2")]


@dataclass
class FakeConnection:
    """A connection that notes what is done to it."""

    closed: bool = False
    broken: bool = False
    cancelled: bool = False

    def close(self) -> None:
        """Close it."""
        self.closed = True

    def cancel_safe(self) -> None:
        """Cancel what runs."""
        self.cancelled = True


@dataclass
class FakeMigrations:
    """Stands for the runner: notes what it is asked, and answers or raises what the test says."""

    error: Exception | None = None
    calls: list[str] = field(default_factory=list[str])
    directories: list[Path] = field(default_factory=list[Path])
    meanwhile: Callable[[], None] = lambda: None

    def plan(self, _: object, directory: Path, on_notice: Callable[[str], None]) -> list[Migration]:
        """Plan."""
        return self._run("plan", directory, on_notice)

    def apply(
        self, _: object, directory: Path, on_notice: Callable[[str], None]
    ) -> list[Migration]:
        """Apply."""
        return self._run("apply", directory, on_notice)

    def _run(self, call: str, directory: Path, on_notice: Callable[[str], None]) -> list[Migration]:
        self.calls.append(call)
        self.directories.append(directory)
        self.meanwhile()
        if self.error is not None:
            raise self.error
        on_notice("revoke execute …")
        return PENDING


@pytest.fixture
def migrations() -> FakeMigrations:
    """Return a runner with two migrations to apply."""
    return FakeMigrations()


@pytest.fixture
def connections() -> list[FakeConnection]:
    """Return the connections that were opened, in order."""
    return []


@pytest.fixture
def handler(
    monkeypatch: pytest.MonkeyPatch,
    migrations: FakeMigrations,
    connections: list[FakeConnection],
) -> ModuleType:
    """Return the function's module after a cold start, without a database."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://migrator:s3cret@localhost/tracksolid_db")
    module = load_handler("migrate")

    def connect(_: str, **__: object) -> FakeConnection:
        connections.append(FakeConnection())
        return connections[-1]

    monkeypatch.setattr("fleettickets.runtime.connect", connect)
    monkeypatch.setattr(module, "plan_migrations", migrations.plan)
    monkeypatch.setattr(module, "apply_migrations", migrations.apply)
    return module


@pytest.fixture
def box() -> Generator[AnswerBox]:
    """Return the place where CloudFormation waits."""
    with running_answer_box() as box:
        yield box


@pytest.mark.parametrize("event", [{}, {"apply": False}])
def test_dry_run_is_the_default(
    handler: ModuleType, migrations: FakeMigrations, event: dict[str, object]
) -> None:
    """P7: without being told to apply, it answers what it would apply."""
    answer = handler.handle(event, FakeContext())

    assert migrations.calls == ["plan"]
    assert answer == {
        "dry_run": True,
        "migrations": ["24_x.sql", "25_y.sql"],
        "notices": ["revoke execute …"],
    }


def test_apply_on_demand(handler: ModuleType, migrations: FakeMigrations) -> None:
    """It answers what it applied."""
    answer = handler.handle({"apply": True}, FakeContext())

    assert migrations.calls == ["apply"]
    assert answer["dry_run"] is False


@pytest.mark.parametrize("apply", ["true", 1, None])
def test_apply_is_true_or_false(
    handler: ModuleType, migrations: FakeMigrations, apply: object
) -> None:
    """A quoted "false" must not apply anything."""
    with pytest.raises(InputError, match="true or false"):
        handler.handle({"apply": apply}, FakeContext())

    assert migrations.calls == []


def test_failure_on_demand_is_the_callers(
    handler: ModuleType, migrations: FakeMigrations, connections: list[FakeConnection]
) -> None:
    """The error names the file; the connection is not kept: the next run may be weeks away."""
    migrations.error = MigrationError("24_x.sql", "failed, and nothing of it was kept")

    with pytest.raises(MigrationError, match=r"24_x\.sql"):
        handler.handle({"apply": True}, FakeContext())

    assert [connection.closed for connection in connections] == [True]


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_deploy_applies_and_answers(
    handler: ModuleType, migrations: FakeMigrations, box: AnswerBox, kind: str
) -> None:
    """The stack goes on when the database has its schema."""
    assert handler.handle(box.event(kind), FakeContext()) is None

    assert migrations.calls == ["apply"]
    assert box.answers[0]["Status"] == "SUCCESS"
    assert box.answers[0]["Data"] == {"Applied": "2"}


def test_deleting_the_stack_leaves_the_database(
    handler: ModuleType, migrations: FakeMigrations, box: AnswerBox
) -> None:
    """It outlives us: nothing is even connected to."""
    event = box.event("Delete", PhysicalResourceId="fleettickets-migrations")

    handler.handle(event, FakeContext())

    assert migrations.calls == []
    assert box.answers[0]["Status"] == "SUCCESS"


def test_update_keeps_the_resource(handler: ModuleType, box: AnswerBox) -> None:
    """Each deploy answers the same id, or CloudFormation would delete the former resource."""
    handler.handle(box.event("Create"), FakeContext())
    created = box.answers[0]["PhysicalResourceId"]

    handler.handle(box.event("Update", PhysicalResourceId=created), FakeContext())

    assert box.answers[1]["PhysicalResourceId"] == created


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (MigrationError("24_x.sql", "failed"), "MigrationError: 24_x.sql: failed"),
        (LockTimeoutError("held"), "LockTimeoutError: held"),
        (DatabaseUnavailableError("down"), "DatabaseUnavailableError: down"),
        (ValueError("row (INC1, s3cret)"), "ValueError: see the log"),
    ],
)
def test_deploy_that_fails_is_answered_too(
    handler: ModuleType,
    migrations: FakeMigrations,
    box: AnswerBox,
    error: Exception,
    reason: str,
) -> None:
    """The stack rolls back at once, with the reason in its events; no foreign text is shown."""
    migrations.error = error

    handler.handle(box.event("Create"), FakeContext())

    assert (box.answers[0]["Status"], box.answers[0]["Reason"]) == ("FAILED", reason)


def test_missing_setting_is_answered(
    handler: ModuleType, monkeypatch: pytest.MonkeyPatch, box: AnswerBox
) -> None:
    """A stack without a secret is told so, and does not wait for an hour."""
    monkeypatch.delenv("DATABASE_URL")

    handler.handle(box.event("Create"), FakeContext())

    assert box.answers[0]["Status"] == "FAILED"
    assert "DATABASE_SECRET_ARN" in box.answers[0]["Reason"]


def test_answer_that_nobody_takes_fails_the_run(handler: ModuleType, box: AnswerBox) -> None:
    """Lambda then repeats the whole run, which finds nothing left to apply."""
    box.refusals = 9

    with pytest.raises(RetryableError):
        handler.handle(box.event("Create"), FakeContext())


def test_long_migration_is_cancelled_in_time(
    handler: ModuleType,
    migrations: FakeMigrations,
    connections: list[FakeConnection],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What would outlive the function is ended while there is time to answer; others are not."""
    timers: list[float] = []

    class FakeTimer:
        def __init__(self, seconds: float, call: Callable[[], None]) -> None:
            timers.append(seconds)
            self._call = call

        def start(self) -> None:
            migrations.meanwhile = self._call

        def cancel(self) -> None:
            timers.append(-1)

    monkeypatch.setattr(handler, "Timer", FakeTimer)

    handler.handle({"apply": True}, FakeContext(remaining_ms=300_000))
    handler.handle({"apply": True}, FakeContext(remaining_ms=30_000))

    assert timers == [255, -1, 20, -1]
    assert connections[0].cancelled


def test_migrations_are_found(
    handler: ModuleType,
    migrations: FakeMigrations,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Those of the checkout, or where the setting says."""
    handler.handle({}, FakeContext())
    monkeypatch.setenv("MIGRATIONS_DIR", str(tmp_path))
    handler._settings.cache_clear()  # noqa: SLF001

    handler.handle({}, FakeContext())

    assert migrations.directories == [PLACES[1], tmp_path]


def test_log_shows_no_secret(
    handler: ModuleType,
    migrations: FakeMigrations,
    box: AnswerBox,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """P10: neither the URL that is signed nor the database's."""
    caplog.set_level("DEBUG")
    migrations.error = ValueError("s3cret")

    handler.handle(box.event("Create"), FakeContext())

    shown = " ".join(str(record.__dict__) for record in caplog.records)
    assert "migrations failed" in shown
    assert "s3cret" not in shown
    assert SIGNATURE not in shown
