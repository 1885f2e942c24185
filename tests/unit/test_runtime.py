"""The runtime of a function: how it gets its connection, and under which limits."""

from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
from moto import mock_aws

from fleettickets import __version__
from fleettickets.clients.secrets import DatabaseSecret
from fleettickets.errors import DatabaseUnavailableError, SecretUnavailableError, SettingError
from fleettickets.runtime import keep_connection, open_with_secret
from fleettickets.settings import Limits, Settings
from fleettickets.store.connections import Connection
from tests.support.functions import ROOT
from tests.support.secrets import StoredSecret

OLD = "postgresql://fleettickets:0ld@localhost/tracksolid_db"
NEW = "postgresql://fleettickets:n3w@localhost/tracksolid_db"
CONNECTION = cast("Connection", object())
WAIT = timedelta(seconds=30)


@dataclass(slots=True)
class Door:
    """A database that takes one URL only; it notes what was tried, and how."""

    takes: str
    tried: list[str] = field(default_factory=list[str])
    options: dict[str, object] = field(default_factory=dict[str, object])

    def open(self, url: str, **options: object) -> Connection:
        """Connect, or be refused."""
        self.tried.append(url)
        self.options = options
        if url != self.takes:
            raise DatabaseUnavailableError("the database cannot be reached")
        return CONNECTION


@pytest.fixture(autouse=True)
def _aws() -> Generator[None]:
    with mock_aws():
        yield


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Door:
    """Return a database that has the new password, in the place of the real connections."""
    door = Door(takes=NEW)
    monkeypatch.setattr("fleettickets.runtime.connect", door.open)
    return door


def test_kept_secret_that_still_works(door: Door) -> None:
    """A connection costs no call to Secrets Manager once the secret is known."""
    stored = StoredSecret(NEW)
    secret = DatabaseSecret(stored.arn)
    open_with_secret(secret, door.open)
    stored.client.delete_secret(SecretId=stored.arn, ForceDeleteWithoutRecovery=True)

    assert open_with_secret(secret, door.open) is CONNECTION
    assert door.tried == [NEW, NEW]


def test_rotated_secret_is_fetched_and_tried_once(door: Door) -> None:
    """A refused connection asks for the secret again, and the fresh one is let in."""
    stored = StoredSecret(OLD)
    secret = DatabaseSecret(stored.arn)
    secret.url()
    stored.change(NEW)

    assert open_with_secret(secret, door.open) is CONNECTION
    assert door.tried == [OLD, NEW]


def test_database_that_is_down(door: Door) -> None:
    """With an unchanged secret there is nothing to try again: that is the queue's business."""
    secret = DatabaseSecret(StoredSecret(OLD).arn)

    with pytest.raises(DatabaseUnavailableError):
        open_with_secret(secret, door.open)

    assert door.tried == [OLD]


def test_second_refusal_is_final(door: Door) -> None:
    """A rotation that is only half done is waited for outside."""
    stored = StoredSecret(OLD)
    secret = DatabaseSecret(stored.arn)
    secret.url()
    stored.change(OLD.replace("0ld", "0lder"))

    with pytest.raises(DatabaseUnavailableError):
        open_with_secret(secret, door.open)

    assert len(door.tried) == 2


def test_database_and_secrets_manager_are_down(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first trouble is reported: it is the database's outage that attempts are forgiven for."""
    secret = DatabaseSecret(StoredSecret(OLD).arn)
    secret.url()

    def fail() -> bool:
        raise SecretUnavailableError("the database's secret was not fetched")

    monkeypatch.setattr(secret, "renew", fail)

    with pytest.raises(DatabaseUnavailableError):
        open_with_secret(secret, door.open)


def test_connection_says_function_and_version(door: Door) -> None:
    """So that pg_stat_activity shows who holds a lock; every wait has an end."""
    settings = Settings(database_secret_arn=StoredSecret(NEW).arn)

    keep_connection("ingest", settings, lock_timeout=WAIT, on_recovery=lambda _: None).get()

    assert door.options == {
        "application_name": f"fleettickets ingest/{__version__}",
        "lock_timeout": WAIT,
        "statement_timeout": timedelta(minutes=15),
        "idle_timeout": timedelta(minutes=10),
    }


def test_limits_of_the_settings_go_first(door: Door) -> None:
    """A stack whose functions may run for a shorter time says so."""
    limits = Limits(timedelta(seconds=1), timedelta(seconds=2), timedelta(seconds=3))
    settings = Settings(database_secret_arn=StoredSecret(NEW).arn, limits=limits)

    keep_connection("ingest", settings, lock_timeout=WAIT, on_recovery=lambda _: None).get()

    names = ("lock_timeout", "statement_timeout", "idle_timeout")
    assert [door.options[name] for name in names] == [limits.lock, limits.statement, limits.idle]


def test_secret_goes_before_the_url(door: Door) -> None:
    """P10: a URL in the environment is not looked at where there is a secret."""
    settings = Settings(database_secret_arn=StoredSecret(NEW).arn, database_url=OLD)

    keep_connection("ingest", settings, lock_timeout=WAIT, on_recovery=lambda _: None).get()

    assert door.tried == [NEW]


def test_secret_of_a_remote_host_is_encrypted(door: Door, tmp_path: Path) -> None:
    """The address that is connected to demands a verified server."""
    remote = NEW.replace("localhost", "db.example.com")
    bundle = tmp_path / "bundle.pem"
    bundle.write_text("-----BEGIN CERTIFICATE-----\n")
    settings = Settings(
        database_secret_arn=StoredSecret(remote).arn, database_ca_bundle=str(bundle)
    )

    keeper = keep_connection("ingest", settings, lock_timeout=WAIT, on_recovery=lambda _: None)
    with pytest.raises(DatabaseUnavailableError):
        keeper.get()

    assert "sslmode=verify-full" in door.tried[0]


def test_function_without_a_database_is_refused() -> None:
    """On AWS the address is a secret, so that is the setting that is missing."""
    with pytest.raises(SettingError, match="DATABASE_SECRET_ARN"):
        keep_connection("ingest", Settings(), lock_timeout=WAIT, on_recovery=lambda _: None)


def test_version_is_the_projects() -> None:
    """The layer has no metadata to read it from, so it stands in the code too."""
    assert f'\nversion = "{__version__}"\n' in (ROOT / "pyproject.toml").read_text()
