"""Connections: one per process, opened on first use, with time limits set at start-up."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
from psycopg import errors as pg

from fleettickets.errors import DatabaseUnavailableError, LockTimeoutError

type Connection = psycopg.Connection[tuple[object, ...]]

CONNECT_TIMEOUT_SECONDS = 5
# A server that lost its client without a word finds out after a minute, and gives up its locks.
KEEPALIVES = "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
MEMORY = "-c work_mem=64MB -c temp_buffers=64MB"  # for some 40,000 staged rows; more go to disk
# A random page costs what the next one does, as on an SSD: a few rows are looked up, whatever the
# table's size.
PLANNING = "-c random_page_cost=1.1 -c jit=off"


def connect(
    database_url: str,
    *,
    application_name: str,
    lock_timeout: timedelta = timedelta(minutes=10),
    statement_timeout: timedelta = timedelta(0),
    idle_timeout: timedelta = timedelta(minutes=10),
) -> Connection:
    """Open a connection in autocommit mode, so that every transaction is written out in the code.

    `application_name` appears in pg_stat_activity. A timeout of zero means no limit; that for an
    idle session counts inside of a transaction. The limits are start-up options, not `set`
    statements, which would pin a connection of a proxy.

    Raises:
        DatabaseUnavailableError: no connection within 5 seconds; the text never shows the URL.
    """
    options = (
        f"-c lock_timeout={_milliseconds(lock_timeout)}"
        f" -c statement_timeout={_milliseconds(statement_timeout)}"
        f" -c idle_in_transaction_session_timeout={_milliseconds(idle_timeout)}"
        f" {KEEPALIVES} {MEMORY} {PLANNING} -c client_min_messages=warning"
    )
    try:
        return psycopg.connect(
            database_url,
            autocommit=True,
            application_name=application_name,
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            options=options,
            keepalives_idle=30,
        )
    except psycopg.OperationalError as error:
        raise DatabaseUnavailableError(f"the database cannot be reached: {error}") from error


# InternalError_ is what a file that cannot grow, or a damaged page, comes out as.
REFUSALS = (
    pg.ReadOnlySqlTransaction,
    pg.QueryCanceled,
    pg.IdleInTransactionSessionTimeout,
    pg.InternalError_,
)


@contextmanager
def translated_errors() -> Generator[None]:
    """Raise our errors for the driver's that pass by themselves; let all others through.

    Raises:
        LockTimeoutError: a lock was not granted in time, or two sessions waited for each other.
        DatabaseUnavailableError: the server went away, is read-only, out of room, failed inside, or
            cancelled us.
    """
    try:
        yield
    except (pg.LockNotAvailable, pg.DeadlockDetected, pg.SerializationFailure) as error:
        raise LockTimeoutError(
            "another session holds the dataset's lock; it is tried again later"
        ) from error
    except REFUSALS as error:
        raise DatabaseUnavailableError(f"the database refused the work: {error}") from error
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise DatabaseUnavailableError(f"the database went away: {error}") from error


class ConnectionKeeper:
    """Keeps one connection while the process lives, and replaces it when it has broken.

    `on_recovery` is called with the first connection after a time in which the database refused
    connections, so that attempts which that outage ended are not taken for deaths.
    """

    def __init__(
        self, open_connection: Callable[[], Connection], on_recovery: Callable[[Connection], None]
    ) -> None:
        """Remember how to connect; nothing is opened yet."""
        self._open_connection = open_connection
        self._on_recovery = on_recovery
        self._connection: Connection | None = None
        self._was_refused = False

    def get(self) -> Connection:
        """Return the live connection; one that the server ended meanwhile is replaced.

        Raises:
            DatabaseUnavailableError: the database refuses connections.
        """
        if self._connection is not None and not _is_alive(self._connection):
            self.discard()
        if self._connection is None:
            self._connection = self._reopen()
        return self._connection

    def discard(self) -> None:
        """Close the connection, because its last use ended in an error; the next `get` reopens."""
        if self._connection is not None:
            self._was_refused = self._was_refused or self._connection.broken
            self._connection.close()
            self._connection = None

    def _reopen(self) -> Connection:
        try:
            connection = self._open_connection()
        except DatabaseUnavailableError:
            self._was_refused = True
            raise
        if self._was_refused:
            with translated_errors():
                self._on_recovery(connection)
            self._was_refused = False
        return connection


def _is_alive(connection: Connection) -> bool:
    """Ask the server: a session that it ended between two runs looks open until then."""
    try:
        connection.execute("")
    except psycopg.Error:
        return False
    return True


def _milliseconds(duration: timedelta) -> int:
    return int(duration / timedelta(milliseconds=1))
