"""Migrations: files of SQL, applied in order of name, each in a transaction of its own."""

import hashlib
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import errors as pg

from fleettickets.errors import MigrationError
from fleettickets.store.connections import Connection, translated_errors

type Notify = Callable[[str], None]

# What another session, not the file, is the cause of.
PASSING_ERRORS = (
    pg.LockNotAvailable,
    pg.DeadlockDetected,
    pg.QueryCanceled,
    pg.ReadOnlySqlTransaction,
)


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: its name, the SHA-256 of its bytes in hexadecimal, and its text."""

    filename: str
    sha256: str
    sql: str


def read_migrations(directory: Path) -> list[Migration]:
    """Read all migrations of the `directory`, in order.

    Raises:
        MigrationError: there are none, which is never meant.
    """
    migrations = [_read(path) for path in sorted(directory.glob("[0-9][0-9]*_*.sql"))]
    if not migrations:
        raise MigrationError(str(directory), "holds no migration (NN_what.sql)")
    return migrations


def plan_migrations(
    connection: Connection, directory: Path, on_notice: Notify | None = None
) -> list[Migration]:
    """Return what `apply_migrations` would apply now, in order; nothing is written.

    A file that the ledger has and the `directory` lacks is only reported, to `on_notice`.

    Raises:
        MigrationError: a file changed after it was applied, or the ledger is not one.
        DatabaseUnavailableError: the database went away.
    """
    migrations = read_migrations(directory)
    with translated_errors():
        ledger = _read_ledger(connection)
    for filename in sorted(ledger.keys() - {migration.filename for migration in migrations}):
        (on_notice or _ignore)(f"{filename} was applied once, but is not in {directory}")
    return [migration for migration in migrations if _is_pending(migration, ledger)]


def apply_migrations(
    connection: Connection, directory: Path, on_notice: Notify | None = None
) -> list[Migration]:
    """Apply what is pending, in order, and return what this call applied.

    Each file commits with its ledger row, under a lock that is held to the transaction's end and
    under which the ledger is read again: any number of runs at once, through a pooler too, give one
    result, and a run that died is finished by the next. What the SQL reports goes to `on_notice`.

    Raises:
        MigrationError: a file failed, of which nothing is kept, or changed after it was applied.
        LockTimeoutError: a table stayed locked by somebody for longer than the lock timeout.
        DatabaseUnavailableError: the database went away.
    """
    applied: list[Migration] = []
    with _notices(connection, on_notice or _ignore):
        for migration in plan_migrations(connection, directory, on_notice):
            with translated_errors(), connection.transaction():
                if _apply(connection, migration):
                    applied.append(migration)
    return applied


PREPARE_TRANSACTION = """
select
    pg_advisory_xact_lock(1718382708, hashtext('schema_migrations')),
    set_config('search_path', 'public', true),
    set_config('client_min_messages', 'notice', true)
"""

# An older system's ledger may lack our columns, and demand values for columns that we do not know.
PREPARE_LEDGER = """
create schema if not exists tickets;

create table if not exists tickets.schema_migrations (
    filename text not null,
    sha256 text,
    applied_at timestamptz not null default now(),
    constraint schema_migrations_pkey primary key (filename)
);

alter table tickets.schema_migrations
add column if not exists sha256 text,
add column if not exists applied_at timestamptz;

alter table tickets.schema_migrations alter column applied_at set default now();

do $$
declare
    v_column name;
begin
    for v_column in
        select attname
        from pg_attribute
        where
            attrelid = 'tickets.schema_migrations'::regclass and attnum > 0
            and attnotnull and not atthasdef and not attisdropped and attidentity = ''
            and attname <> 'filename'
            and not exists (
                select from pg_index
                where
                    indrelid = attrelid and indisprimary and attnum = any (indkey)
            )
    loop
        execute format(
            'alter table tickets.schema_migrations alter column %I drop not null', v_column
        );
    end loop;
end
$$
"""

RECORD_MIGRATION = "insert into tickets.schema_migrations (filename, sha256) values (%s, %s)"


def _apply(connection: Connection, migration: Migration) -> bool:
    """Apply one file inside the caller's transaction; False if another run just did."""
    connection.execute(PREPARE_TRANSACTION)
    if not _is_pending(migration, _read_ledger(connection)):
        return False
    try:
        connection.execute(PREPARE_LEDGER)
        connection.execute(RECORD_MIGRATION, [migration.filename, migration.sha256])
        connection.execute(migration.sql.encode())
    except psycopg.Error as error:
        if connection.broken or isinstance(error, PASSING_ERRORS):
            raise
        raise MigrationError(
            migration.filename, f"failed, and nothing of it was kept: {_explain(error)}"
        ) from error
    return True


# Not by to_regclass: it trusts the session's caches, which the wait for the lock leaves stale.
HAS_LEDGER = """
select exists (
    select from pg_class
    inner join pg_namespace on relnamespace = pg_namespace.oid
    where nspname = 'tickets' and relname = 'schema_migrations'
)
"""

# As jsonb, because an older system's ledger may have no column sha256.
READ_LEDGER = """
select to_jsonb(migrated) ->> 'filename', to_jsonb(migrated) ->> 'sha256'
from tickets.schema_migrations as migrated
"""


def _read_ledger(connection: Connection) -> Mapping[str, str | None]:
    """Return the SHA-256 by file name of what was applied; None where an older system did it."""
    has_ledger = connection.execute(HAS_LEDGER).fetchone()
    if has_ledger is None or not has_ledger[0]:
        return {}
    try:
        rows = connection.execute(READ_LEDGER).fetchall()
    except psycopg.ProgrammingError as error:
        raise MigrationError(
            "tickets.schema_migrations", f"cannot be read: {_explain(error)}"
        ) from error
    if any(filename is None for filename, _ in rows):
        raise MigrationError("tickets.schema_migrations", "has no column filename, or a null in it")
    return {str(filename): None if sha256 is None else str(sha256) for filename, sha256 in rows}


def _is_pending(migration: Migration, ledger: Mapping[str, str | None]) -> bool:
    if migration.filename not in ledger:
        return True
    if ledger[migration.filename] not in {None, migration.sha256}:
        raise MigrationError(
            migration.filename,
            "changed after it was applied; restore it and put the change into a new migration",
        )
    return False


def _read(path: Path) -> Migration:
    content = path.read_bytes()
    return Migration(path.name, hashlib.sha256(content).hexdigest(), content.decode())


@contextmanager
def _notices(connection: Connection, on_notice: Notify) -> Generator[None]:
    """Pass on what the SQL raises for people, not the server's own remarks on `if not exists`."""

    def pass_on(diagnostic: pg.Diagnostic) -> None:
        is_remark = diagnostic.severity_nonlocalized == "NOTICE" and diagnostic.sqlstate != "00000"
        if diagnostic.message_primary and not is_remark:
            on_notice(diagnostic.message_primary)

    connection.add_notice_handler(pass_on)
    try:
        yield
    finally:
        connection.remove_notice_handler(pass_on)


def _explain(error: psycopg.Error) -> str:
    """Say what happened, without the server's detail where that may quote a row."""
    has_names = isinstance(error, pg.DependentObjectsStillExist)
    detail = error.diag.message_detail if has_names else None
    parts = (error.diag.message_primary, detail, error.diag.message_hint)
    return "; ".join(part for part in parts if part) or str(error)


def _ignore(_message: str) -> None:
    """Drop a notice that nobody asked for."""
