"""The migration runner: one result, whoever runs it, however often and however many at once."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from fleettickets.errors import LockTimeoutError, MigrationError
from fleettickets.store.connections import connect
from fleettickets.store.migrations import apply_migrations, plan_migrations, read_migrations
from tests.support.postgres import MIGRATIONS, DatabaseServer
from tests.support.tickets import insert_ticket, value

DESIGNED = [
    "01_tickets_schema.sql",
    "02_import_meta.sql",
    "03_inc_columns.sql",
    "04_inc_latlng.sql",
    "05_inc_geography.sql",
    "06_inc_mttr_minutes.sql",
    "07_inc_drop_service_type.sql",
    "08_inc_open_sla_view.sql",
    "09_inc_dashboard_fn.sql",
    "10_inc_history_capture.sql",
]
ALL = [path.name for path in sorted(MIGRATIONS.glob("*.sql"))]


@pytest.fixture
def empty(empty_database_url: str) -> Iterator[psycopg.Connection]:
    """A connection to a database that nobody migrated."""
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def some_migrations(tmp_path: Path) -> Path:
    """A directory with two small migrations."""
    (tmp_path / "01_first.sql").write_text("create table tickets.first (a integer);")
    (tmp_path / "02_second.sql").write_text("create table tickets.second (a integer);")
    return tmp_path


def test_the_first_ten_bear_the_names_that_adopted_ledgers_hold() -> None:
    """A database of the older system skips 01-10, so their names must never change."""
    names = [migration.filename for migration in read_migrations(MIGRATIONS)]

    assert names[:10] == DESIGNED
    assert names == ALL


def test_an_empty_database_gets_every_file_in_order_once(empty: psycopg.Connection) -> None:
    """The ledger holds each file with its checksum; a second run does nothing."""
    first = apply_migrations(empty, MIGRATIONS)
    second = apply_migrations(empty, MIGRATIONS)

    assert [migration.filename for migration in first] == ALL
    assert second == []
    ledger = empty.execute(
        "select filename, sha256 from tickets.schema_migrations order by applied_at, filename"
    ).fetchall()
    assert ledger == [(migration.filename, migration.sha256) for migration in first]


def test_a_plan_writes_nothing(empty: psycopg.Connection) -> None:
    """A dry run lists all files and leaves not even the ledger behind."""
    planned = plan_migrations(empty, MIGRATIONS)

    assert [migration.filename for migration in planned] == ALL
    assert value(empty, "select to_regnamespace('tickets') is null")


def test_twenty_runs_at_once_give_one_result(empty_database_url: str) -> None:
    """Each file is applied by exactly one of them, and none fails."""

    def run(_number: int) -> list[str]:
        with connect(empty_database_url, application_name="test") as connection:
            return [migration.filename for migration in apply_migrations(connection, MIGRATIONS)]

    with ThreadPoolExecutor(20) as pool:
        applied = [name for names in pool.map(run, range(20)) for name in names]

    assert sorted(applied) == ALL


def test_two_databases_of_one_cluster_may_be_migrated_at_once(
    database_server: DatabaseServer,
) -> None:
    """Roles belong to both; whoever is slower finds them made."""

    def run(url: str) -> int:
        with connect(url, application_name="test") as connection:
            return len(apply_migrations(connection, MIGRATIONS))

    with (
        database_server.empty_database() as one,
        database_server.empty_database() as other,
        ThreadPoolExecutor(2) as pool,
    ):
        counts = list(pool.map(run, [one, other]))

    assert counts == [len(ALL), len(ALL)]


@pytest.mark.parametrize("count", [1, 5, 10, 15])
def test_a_half_migrated_database_gets_the_rest(
    empty: psycopg.Connection, tmp_path: Path, count: int
) -> None:
    """A run that stopped anywhere is finished by the next."""
    for name in ALL[:count]:
        shutil.copy(MIGRATIONS / name, tmp_path)
    apply_migrations(empty, tmp_path)

    rest = apply_migrations(empty, MIGRATIONS)

    assert [migration.filename for migration in rest] == ALL[count:]


def test_a_changed_applied_file_is_named(empty: psycopg.Connection, some_migrations: Path) -> None:
    """Neither a plan nor a run goes on when history was rewritten."""
    apply_migrations(empty, some_migrations)
    (some_migrations / "01_first.sql").write_text("select 1;")

    with pytest.raises(MigrationError, match=r"01_first\.sql: changed after it was applied"):
        plan_migrations(empty, some_migrations)
    with pytest.raises(MigrationError) as caught:
        apply_migrations(empty, some_migrations)

    assert caught.value.filename == "01_first.sql"


def test_a_file_that_is_missing_from_the_disk_is_only_reported(
    empty: psycopg.Connection, some_migrations: Path
) -> None:
    """An older checkout may meet a newer database."""
    apply_migrations(empty, some_migrations)
    (some_migrations / "02_second.sql").unlink()
    notices: list[str] = []

    applied = apply_migrations(empty, some_migrations, notices.append)

    assert applied == []
    assert [notice.split(" ")[0] for notice in notices] == ["02_second.sql"]


def test_a_failing_file_leaves_nothing_and_names_itself(
    empty: psycopg.Connection, some_migrations: Path
) -> None:
    """Files before it stay; its own statements, and its ledger row, are undone."""
    (some_migrations / "02_second.sql").write_text("create table tickets.second (); select 1 / 0;")

    with pytest.raises(MigrationError, match=r"02_second\.sql: failed.*division by zero"):
        apply_migrations(empty, some_migrations)

    assert value(empty, "select to_regclass('tickets.first') is not null")
    assert value(empty, "select to_regclass('tickets.second') is null")
    assert value(empty, "select array_agg(filename) from tickets.schema_migrations") == [
        "01_first.sql"
    ]


def test_an_error_quotes_no_row(empty: psycopg.Connection, some_migrations: Path) -> None:
    """The server's detail of a broken constraint holds cells of tickets."""
    (some_migrations / "02_second.sql").write_text(
        "insert into tickets.first values (4711); alter table tickets.first add check (a is null);"
        "create unique index on tickets.first (a); insert into tickets.first values (4711);"
    )

    with pytest.raises(MigrationError) as caught:
        apply_migrations(empty, some_migrations)

    assert "4711" not in str(caught.value)


def test_what_a_file_reports_reaches_the_caller(
    empty: psycopg.Connection, some_migrations: Path
) -> None:
    """Messages for people pass, the server's remarks on `if not exists` do not."""
    (some_migrations / "02_second.sql").write_text(
        "create schema if not exists tickets; do $$ begin raise notice 'mind the gap'; end $$;"
    )
    notices: list[str] = []

    apply_migrations(empty, some_migrations, notices.append)

    assert notices == ["mind the gap"]


def test_a_locked_table_is_trouble_that_passes(
    empty_database_url: str, empty: psycopg.Connection, some_migrations: Path
) -> None:
    """Somebody else's lock is no fault of the file."""
    apply_migrations(empty, some_migrations)
    (some_migrations / "03_third.sql").write_text("alter table tickets.first add b integer;")

    with psycopg.connect(empty_database_url) as other:
        other.execute("select * from tickets.first")
        empty.execute("set lock_timeout = '50ms'")
        with pytest.raises(LockTimeoutError):
            apply_migrations(empty, some_migrations)

    assert len(apply_migrations(empty, some_migrations)) == 1


def test_a_directory_without_migrations_is_an_error(tmp_path: Path) -> None:
    """A wrong directory must not look like nothing to do."""
    with pytest.raises(MigrationError, match="holds no migration"):
        read_migrations(tmp_path)


def test_a_table_that_is_no_ledger_is_an_error(empty: psycopg.Connection) -> None:
    """A ledger without file names cannot say what was applied."""
    empty.execute("create schema tickets")
    empty.execute("create table tickets.schema_migrations as select 1 as version")

    with pytest.raises(MigrationError, match=r"tickets\.schema_migrations: has no column filename"):
        plan_migrations(empty, MIGRATIONS)


def test_the_sixth_file_drops_what_the_third_made(
    empty: psycopg.Connection, tmp_path: Path
) -> None:
    """01-10 leave behind what the design says of each, not only of the last."""

    def columns_after(count: int) -> dict[str, str]:
        for name in ALL[:count]:
            shutil.copy(MIGRATIONS / name, tmp_path)
        apply_migrations(empty, tmp_path)
        return dict(
            empty.execute(
                "select attname, format_type(atttypid, atttypmod) from pg_attribute"
                " where attrelid = 'tickets.inc'::regclass and attnum > 0 and not attisdropped"
            ).fetchall()
        )

    third, fifth, sixth, seventh = (columns_after(count) for count in (3, 5, 6, 7))

    flags = {"is_alarm", "is_auto_created", "is_auto_closed"}
    assert flags < third.keys()
    assert third["mttr"] == "numeric"
    assert fifth.keys() - third.keys() == {"latitude", "longitude", "geog"}
    assert fifth.keys() - sixth.keys() == flags
    assert sixth["mttr"] == "integer"
    assert sixth.keys() - seventh.keys() == {"service_type"}


def test_the_first_ten_alone_are_a_working_database(
    empty: psycopg.Connection, tmp_path: Path
) -> None:
    """Map, dashboard and history answer there, and what they stored survives the rest."""
    for name in DESIGNED:
        shutil.copy(MIGRATIONS / name, tmp_path)
    apply_migrations(empty, tmp_path)
    insert_ticket(empty, longitude="36.8", latitude="-1.3", closed_at="2026-06-15 10:00")

    shown = value(empty, "select reporting.fn_tickets_for_map() -> 'features'")
    metrics = value(empty, "select reporting.fn_inc_dashboard() -> 'metrics'")
    captured = value(empty, "select tickets.capture_history()")
    apply_migrations(empty, MIGRATIONS)

    assert [feature["properties"]["ticket_id"] for feature in shown] == ["T1"]
    assert metrics["open"] == 1
    assert captured["closures_added"] == 1
    assert value(empty, "select tickets.capture_history() -> 'closures_added'") == 0
    assert value(empty, "select longitude from tickets.inc") == 36.8
