"""The runtime of a function: what it keeps while it is warm, made from its settings."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from fleettickets import __version__
from fleettickets.clients.buckets import Bucket
from fleettickets.clients.s3 import S3Bucket
from fleettickets.clients.secrets import DatabaseSecret
from fleettickets.core.keys import Prefix
from fleettickets.errors import (
    DatabaseUnavailableError,
    InputError,
    SecretUnavailableError,
    SettingError,
)
from fleettickets.jobs.context import IngestContext
from fleettickets.settings import Settings
from fleettickets.store.attempts import forgive_outage
from fleettickets.store.connections import Connection, ConnectionKeeper, connect
from fleettickets.store.encryption import with_verified_encryption

if TYPE_CHECKING:  # the rules of location names are compiled with it, and few functions geocode
    from fleettickets.clients.geocoders.interface import Geocoder

# Another worker's file takes seconds; a large one is waited for outside, by the message's delay.
LOCK_TIMEOUT = timedelta(seconds=30)
# As long as the longest run of a function, so that only what a dead one left behind is ended.
STATEMENT_TIMEOUT = timedelta(minutes=15)
# Longer than the slowest answer of the bucket, which a transaction may wait for.
IDLE_TIMEOUT = timedelta(minutes=10)


class Invocation(Protocol):
    """What Lambda says about the run, as far as it is used here."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until the run is killed."""
        ...


@dataclass(frozen=True, slots=True)
class Runtime:
    """The stream's bucket and the database, connected to on first use."""

    bucket_name: str
    prefix: Prefix
    max_file_bytes: int
    bucket: Bucket
    connections: ConnectionKeeper

    def ingest_context(self, invocation: Invocation) -> IngestContext:
        """Return what the ingest jobs need for one run.

        Raises:
            DatabaseUnavailableError, SecretUnavailableError: there is no connection for now.
        """
        return IngestContext(
            connection=self.connections.get(),
            bucket=self.bucket,
            prefix=self.prefix,
            worker="function",
            now=partial(datetime.now, UTC),
            max_file_bytes=self.max_file_bytes,
            time_left=time_left(invocation),
        )


def start_runtime(
    function: str,
    settings: Settings,
    *,
    lock_timeout: timedelta = LOCK_TIMEOUT,
    on_recovery: Callable[[Connection], None] = forgive_outage,
) -> Runtime:
    """Make the runtime of a `function` that works on the stream; nothing is connected to yet.

    `on_recovery` is for functions that may not write what others do when the database is back.

    Raises:
        SettingError: a setting is missing or wrong.
    """
    bucket_name = settings.require_bucket()
    return Runtime(
        bucket_name=bucket_name,
        prefix=Prefix(settings.prefix),
        max_file_bytes=settings.max_file_bytes,
        bucket=S3Bucket(
            bucket_name,
            settings.prefix,
            endpoint_url=settings.endpoint_url,
            access_key=settings.access_key,
            secret_key=settings.secret_key,
        ),
        connections=keep_connection(
            function, settings, lock_timeout=lock_timeout, on_recovery=on_recovery
        ),
    )


def open_settings_geocoder(settings: Settings) -> "Geocoder":
    """Return the geocoder that the settings name; it connects, or reads its file, when it is used.

    Raises:
        SettingError: a setting is missing or wrong.
        SecretUnavailableError: the key's secret could not be fetched for now.
    """
    from fleettickets.clients.geocoders.opening import (  # noqa: PLC0415 - httpx takes long to import
        GeocoderChoice,
        open_geocoder,
    )

    return open_geocoder(
        GeocoderChoice(
            settings.geocoder_provider,
            region=settings.geocoder_region,
            api_key=settings.geocoder_api_key,
            secret_arn=settings.geocoder_secret_arn,
            gazetteer_file=settings.gazetteer_file,
        )
    )


type Operation[Answer] = Callable[[Mapping[str, Any], IngestContext], Answer]


def run_operation[Answer](
    operations: Mapping[str, Operation[Answer]],
    event: Mapping[str, Any],
    runtime: Runtime,
    invocation: Invocation,
) -> Answer:
    """Run the operation that the event names; one that fails gives its connection up.

    Raises:
        InputError: there is no such operation; nothing was done.
    """
    operation = operations.get(str(event.get("operation")))
    if operation is None:
        raise InputError(f'the input needs "operation", one of: {", ".join(operations)}')
    try:
        return operation(event, runtime.ingest_context(invocation))
    except BaseException:
        runtime.connections.discard()
        raise


def keep_connection(
    function: str,
    settings: Settings,
    *,
    lock_timeout: timedelta,
    on_recovery: Callable[[Connection], None],
) -> ConnectionKeeper:
    """Return the keeper of a `function`'s connection; the settings' limits go before these.

    The address comes from the secret; on AWS there is no other way. Where functions run without
    one, as in tests, DATABASE_URL serves.

    Raises:
        SettingError: neither the database's secret nor its URL is set.
    """
    limits = settings.limits
    open_connection = partial(
        connect,
        application_name=f"fleettickets {function}/{__version__}",
        lock_timeout=limits.lock or lock_timeout,
        statement_timeout=limits.statement or STATEMENT_TIMEOUT,
        idle_timeout=limits.idle or IDLE_TIMEOUT,
    )
    encrypted = partial(with_verified_encryption, ca_bundle=settings.database_ca_bundle)
    if settings.database_secret_arn is None:
        url = settings.database_url
        if url is None:
            raise SettingError("DATABASE_SECRET_ARN", "not set; give the ARN of the secret")
        return ConnectionKeeper(lambda: open_connection(encrypted(url)), on_recovery)
    secret = DatabaseSecret(settings.database_secret_arn, settings.secret_defaults)
    return ConnectionKeeper(
        lambda: open_with_secret(secret, lambda url: open_connection(encrypted(url))), on_recovery
    )


def open_with_secret(
    secret: DatabaseSecret, open_connection: Callable[[str], Connection]
) -> Connection:
    """Connect with the kept secret, and once more with a fresh one if that was changed meanwhile.

    libpq gives no SQLSTATE for a connection that was refused, and texts are not compared: so any
    failure asks for the secret, but only one that a new secret can mend is tried again.

    Raises:
        DatabaseUnavailableError: the database refuses the secret's user, or everybody.
        SecretUnavailableError: the secret was never fetched, and cannot be now.
    """
    try:
        return open_connection(secret.url())
    except DatabaseUnavailableError:
        if not _was_changed(secret):
            raise
    return open_connection(secret.url())


def _was_changed(secret: DatabaseSecret) -> bool:
    with suppress(SecretUnavailableError):  # then the first error is the one to report
        return secret.renew()
    return False


def time_left(invocation: Invocation) -> Callable[[], float]:
    """Return a function that tells the seconds that the run has left."""
    return lambda: invocation.get_remaining_time_in_millis() / 1000


def milliseconds_since(started: float) -> int:
    """Return the whole milliseconds since a reading of `time.monotonic`."""
    return int((time.monotonic() - started) * 1000)
