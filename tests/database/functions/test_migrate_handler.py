"""The migrate function on real databases."""

from collections.abc import Callable, Generator
from pathlib import Path
from types import ModuleType

import psycopg
import pytest

from fleettickets.store.migrations import read_migrations
from tests.support.answers import AnswerBox, running_answer_box
from tests.support.functions import ROOT, FakeContext, load_handler

FILES = [migration.filename for migration in read_migrations(ROOT / "sql" / "migrations")]


@pytest.fixture
def cold_start(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Return a function that starts the migrate function on a database."""

    def start(url: str) -> ModuleType:
        monkeypatch.setenv("DATABASE_URL", url)
        return load_handler("migrate")

    return start


@pytest.fixture
def box() -> Generator[AnswerBox]:
    """Return the place where CloudFormation waits."""
    with running_answer_box() as box:
        yield box


def test_deploy_migrates_an_empty_database(
    cold_start: Callable[[str], ModuleType], empty_database_url: str, box: AnswerBox
) -> None:
    """All migrations are applied, and the stack learns how many."""
    handler = cold_start(empty_database_url)

    handler.handle(box.event("Create"), FakeContext())

    assert (box.answers[0]["Status"], box.answers[0]["Data"]) == (
        "SUCCESS",
        {"Applied": str(len(FILES))},
    )
    with psycopg.connect(empty_database_url) as connection:
        rows = connection.execute("select filename from tickets.schema_migrations order by 1")
        assert [filename for (filename,) in rows] == FILES


def test_second_deploy_finds_nothing_to_do(
    cold_start: Callable[[str], ModuleType], database_url: str, box: AnswerBox
) -> None:
    """P8: an update of the stack applies what is new, which may be nothing."""
    handler = cold_start(database_url)

    handler.handle(box.event("Update", PhysicalResourceId="fleettickets-migrations"), FakeContext())

    assert box.answers[0]["Data"] == {"Applied": "0"}


def test_dry_run_writes_nothing(
    cold_start: Callable[[str], ModuleType], empty_database_url: str
) -> None:
    """P7: it lists what is missing, and the database stays empty."""
    answer = cold_start(empty_database_url).handle({}, FakeContext())

    assert answer["migrations"] == FILES
    with psycopg.connect(empty_database_url) as connection:
        row = connection.execute("select to_regnamespace('tickets')").fetchone()
        assert row == (None,)


def test_broken_migration_is_answered_by_its_name(
    cold_start: Callable[[str], ModuleType],
    database_url: str,
    box: AnswerBox,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """The reason in the stack's events is what a person has to know."""
    (tmp_path / "99_broken.sql").write_text("select 1/0;")
    monkeypatch.setenv("MIGRATIONS_DIR", str(tmp_path))

    cold_start(database_url).handle(box.event("Update"), FakeContext())

    assert box.answers[0]["Status"] == "FAILED"
    assert box.answers[0]["Reason"].startswith("MigrationError: 99_broken.sql: failed")


def test_endless_migration_is_cancelled_and_answered(
    cold_start: Callable[[str], ModuleType],
    database_url: str,
    box: AnswerBox,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """A function that is about to be killed still answers, and keeps nothing of the file."""
    (tmp_path / "99_endless.sql").write_text("select pg_sleep(600);")
    monkeypatch.setenv("MIGRATIONS_DIR", str(tmp_path))

    cold_start(database_url).handle(box.event("Update"), FakeContext(remaining_ms=1_500))

    assert box.answers[0]["Status"] == "FAILED"
    assert box.answers[0]["Reason"].startswith("DatabaseUnavailableError")
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "select count(*) from tickets.schema_migrations where filename = '99_endless.sql'"
        ).fetchone()
        assert row == (0,)
