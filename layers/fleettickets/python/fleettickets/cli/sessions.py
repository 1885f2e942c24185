"""What a command needs from outside: settings, a database connection, a bucket, the time."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from dotenv import find_dotenv, load_dotenv

from fleettickets.clients.buckets import Bucket
from fleettickets.core.keys import Prefix
from fleettickets.settings import Settings
from fleettickets.store.connections import Connection, connect


def read_settings() -> Settings:
    """Read the settings from the environment and, for what is not set there, from `.env`.

    The nearest `.env` of the working directory or above it counts; it never overrides.
    """
    load_dotenv(find_dotenv(usecwd=True), override=False, interpolate=False)
    return Settings.from_environment(os.environ)


@contextmanager
def open_database(settings: Settings, command: str) -> Generator[Connection]:
    """Connect for the time of one command, under a name that pg_stat_activity shows."""
    url = settings.require_database_url()
    with connect(url, application_name=f"fleettickets {command}") as connection:
        yield connection


def open_s3_bucket(settings: Settings) -> Bucket:
    """Return the bucket of the settings; nothing is connected to yet."""
    from fleettickets.clients.s3 import S3Bucket  # noqa: PLC0415  boto3 takes half a second

    return S3Bucket(
        settings.require_bucket(),
        settings.prefix,
        endpoint_url=settings.endpoint_url,
        access_key=settings.access_key,
        secret_key=settings.secret_key,
    )


def open_directory_bucket(directory: Path, settings: Settings) -> Bucket:
    """Return the bucket that `directory` serves as.

    Raises:
        UsageError: it holds no change files where a bucket's root or a prefix has them.
    """
    from fleettickets.clients.directories import open_directory  # noqa: PLC0415

    return open_directory(directory, prefix_of(settings).text)


def prefix_of(settings: Settings) -> Prefix:
    """Return the checked prefix of the stream."""
    return Prefix(settings.prefix)


def now() -> datetime:
    """Return the current time, aware."""
    return datetime.now(UTC)
