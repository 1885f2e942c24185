"""The database's secret against a server that asks for passwords."""

import logging
import secrets as random
from collections.abc import Generator
from dataclasses import dataclass
from datetime import timedelta
from types import ModuleType

import psycopg
import pytest
from moto import mock_aws
from psycopg import sql

from fleettickets.errors import DatabaseUnavailableError
from fleettickets.runtime import keep_connection
from fleettickets.settings import Settings
from tests.support.functions import FakeContext, load_handler
from tests.support.secrets import StoredSecret, an_rds_secret


@dataclass(slots=True)
class Account:
    """A role of its own, that may log in to one database with a password."""

    connection: psycopg.Connection
    role: str
    password: str

    def secret(self, password: str | None = None) -> str:
        """Return the secret that RDS would write about it."""
        info = self.connection.info
        return an_rds_secret(
            host=info.host,
            port=info.port,
            dbname=info.dbname,
            username=self.role,
            password=password or self.password,
        )

    def change_password(self) -> str:
        """Give it another password and return that one; sessions go on."""
        self.password = f"n3w p@ss/{random.token_hex(4)}"
        self.connection.execute(
            sql.SQL("alter role {} password {}").format(
                sql.Identifier(self.role), sql.Literal(self.password)
            )
        )
        return self.password

    def end_sessions(self) -> None:
        """End its sessions, as a failover does."""
        self.connection.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = %s",
            [self.role],
        )


@pytest.fixture
def account(connection: psycopg.Connection) -> Generator[Account]:
    """Create a role, and drop it with its sessions; skip where the server asks for no password."""
    account = Account(connection, f"fleettickets_test_{random.token_hex(4)}", "")
    name = sql.Identifier(account.role)
    connection.execute(sql.SQL("create role {} login superuser").format(name))
    account.change_password()
    try:
        if _is_let_in(account, "wrong"):
            pytest.skip("this server lets everybody in without a password")
        yield account
    finally:
        account.end_sessions()
        connection.execute(sql.SQL("drop role {}").format(name))


@pytest.fixture(autouse=True)
def _aws() -> Generator[None]:
    with mock_aws():
        yield


def _is_let_in(account: Account, password: str) -> bool:
    info = account.connection.info
    parts = {"host": info.host, "port": info.port, "dbname": info.dbname}
    try:
        psycopg.connect("", user=account.role, password=password, **parts).close()  # type: ignore[arg-type]
    except psycopg.OperationalError:
        return False
    return True


def test_function_connects_with_its_secret(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nothing in the environment but the secret's ARN."""
    monkeypatch.setenv("DATABASE_SECRET_ARN", StoredSecret(account.secret()).arn)

    answer = load_handler("migrate").handle({}, FakeContext())

    assert answer["migrations"] == []


def test_secret_rotated_under_a_warm_function(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next connection is refused with the kept secret, and made with the fresh one."""
    stored = StoredSecret(account.secret())
    monkeypatch.setenv("TICKETS_BUCKET", "isptickets")
    monkeypatch.setenv("DATABASE_SECRET_ARN", stored.arn)
    handler = load_handler("enrich")
    handler.handle({"steps": ["history"]}, FakeContext())
    account.change_password()
    stored.change(account.secret())
    account.end_sessions()

    run_after_the_rotation = _runs_until_it_succeeds(handler)

    assert run_after_the_rotation <= 2  # the first one may find that its session is gone
    handler._runtime().connections.discard()  # noqa: SLF001


def _runs_until_it_succeeds(handler: ModuleType) -> int:
    for run in (1, 2, 3):
        try:
            handler.handle({"steps": ["history"]}, FakeContext())
        except Exception:  # noqa: BLE001, S112 - counted
            continue
        return run
    return 4


def test_wrong_password_shows_nothing(account: Account, caplog: pytest.LogCaptureFixture) -> None:
    """P10: neither the refused password nor the URL is in the error, its causes or the log."""
    caplog.set_level(logging.DEBUG, logger="fleettickets")
    stored = StoredSecret(account.secret("wr0ng-s3cret"))
    settings = Settings(database_secret_arn=stored.arn)
    keeper = keep_connection(
        "ingest", settings, lock_timeout=timedelta(seconds=1), on_recovery=lambda _: None
    )

    with pytest.raises(DatabaseUnavailableError) as raised:
        keeper.get()

    shown = f"{raised.value!r} {raised.value.__cause__!r} {settings!r} {caplog.text}"
    assert "wr0ng-s3cret" not in shown
    assert "postgresql://" not in shown
