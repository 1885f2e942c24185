"""Settings: read once from environment variables, checked, and never printed with a secret."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from fleettickets.errors import SettingError

DEFAULT_PREFIX = "automations/inc"
DEFAULT_MAX_FILE_BYTES = 2 * 1024**3
DEFAULT_LOST_AFTER_SECONDS = 120
DEFAULT_STAGE = "local"
DEFAULT_GEOCODER_PROVIDER = "gazetteer"


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a function's database session may wait; None leaves it to the function."""

    lock: timedelta | None = None
    statement: timedelta | None = None
    idle: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """What one process needs to know.

    None means "not set"; use `require` where a value is needed. Secrets are left out of `repr`.
    `secret_defaults` (host, port, dbname) fill in what the database's secret leaves out.
    """

    stage: str = DEFAULT_STAGE
    database_url: str | None = field(default=None, repr=False)
    database_secret_arn: str | None = None
    secret_defaults: Mapping[str, str] = field(default_factory=dict[str, str])
    database_ca_bundle: str | None = None
    limits: Limits = Limits()
    bucket: str | None = None
    prefix: str = DEFAULT_PREFIX
    endpoint_url: str | None = None
    access_key: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)
    max_file_bytes: int = DEFAULT_MAX_FILE_BYTES
    doorbell_queue_url: str | None = None
    lost_after: timedelta = timedelta(seconds=DEFAULT_LOST_AFTER_SECONDS)
    migrations_dir: str | None = None
    geocoder_provider: str = DEFAULT_GEOCODER_PROVIDER
    geocoder_region: str | None = None
    geocoder_api_key: str | None = field(default=None, repr=False)
    geocoder_secret_arn: str | None = None
    gazetteer_file: str | None = None
    dead_letter_queue_urls: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the variables of `.env.example`; an empty one counts as not set.

        Raises:
            SettingError: a number is not a positive integer.
        """
        return cls(
            stage=read_stage(environment),
            database_url=environment.get("DATABASE_URL") or None,
            database_secret_arn=environment.get("DATABASE_SECRET_ARN") or None,
            secret_defaults=_secret_defaults(environment),
            database_ca_bundle=environment.get("DATABASE_CA_BUNDLE") or None,
            limits=_limits(environment),
            bucket=environment.get("TICKETS_BUCKET") or None,
            prefix=environment.get("TICKETS_PREFIX") or DEFAULT_PREFIX,
            endpoint_url=environment.get("RUSTFS_ENDPOINT_URL") or None,
            access_key=environment.get("RUSTFS_ACCESS_KEY") or None,
            secret_key=environment.get("RUSTFS_SECRET_KEY") or None,
            max_file_bytes=_positive(environment, "MAX_FILE_BYTES") or DEFAULT_MAX_FILE_BYTES,
            doorbell_queue_url=environment.get("DOORBELL_QUEUE_URL") or None,
            lost_after=_seconds(environment, "LOST_AFTER_SECONDS")
            or timedelta(seconds=DEFAULT_LOST_AFTER_SECONDS),
            migrations_dir=environment.get("MIGRATIONS_DIR") or None,
            geocoder_provider=environment.get("GEOCODER_PROVIDER") or DEFAULT_GEOCODER_PROVIDER,
            geocoder_region=environment.get("GEOCODER_REGION") or None,
            geocoder_api_key=environment.get("GEOCODER_API_KEY") or None,
            geocoder_secret_arn=environment.get("GEOCODER_SECRET_ARN") or None,
            gazetteer_file=environment.get("GAZETTEER_FILE") or None,
            dead_letter_queue_urls=_dead_letter_queue_urls(environment),
        )

    def require_database_url(self) -> str:
        """Return the database's URL.

        Raises:
            SettingError: it is not set.
        """
        if self.database_url is None:
            raise SettingError(
                "DATABASE_URL",
                "not set; for example postgresql://user@host/name, or what `make db` prints",
            )
        return self.database_url

    def require_bucket(self) -> str:
        """Return the bucket's name.

        Raises:
            SettingError: it is not set.
        """
        if self.bucket is None:
            raise SettingError(
                "TICKETS_BUCKET",
                "not set; give the bucket's name (the command line also reads --from-dir DIR)",
            )
        return self.bucket

    def require_doorbell_queue_url(self) -> str:
        """Return the URL of the queue that the sweep rings.

        Raises:
            SettingError: it is not set.
        """
        if self.doorbell_queue_url is None:
            raise SettingError("DOORBELL_QUEUE_URL", "not set; give the FIFO queue's URL")
        return self.doorbell_queue_url


def read_stage(environment: Mapping[str, str]) -> str:
    """Return the stage, which is a dimension of every metric: `local` where none is set."""
    return environment.get("STAGE") or DEFAULT_STAGE


def _secret_defaults(environment: Mapping[str, str]) -> dict[str, str]:
    found = {
        "host": environment.get("DATABASE_HOST"),
        "port": environment.get("DATABASE_PORT"),
        "dbname": environment.get("DATABASE_NAME"),
    }
    return {name: value for name, value in found.items() if value}


def _dead_letter_queue_urls(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the queues whose messages the sweep counts, by the name of the count."""
    found = {
        "dead_letters": environment.get("DEAD_LETTER_QUEUE_URL"),
        "doorbell_dead_letters": environment.get("DOORBELL_DEAD_LETTER_QUEUE_URL"),
    }
    return {name: url for name, url in found.items() if url}


def _limits(environment: Mapping[str, str]) -> Limits:
    return Limits(
        lock=_seconds(environment, "LOCK_TIMEOUT_SECONDS"),
        statement=_seconds(environment, "STATEMENT_TIMEOUT_SECONDS"),
        idle=_seconds(environment, "IDLE_TIMEOUT_SECONDS"),
    )


def _seconds(environment: Mapping[str, str], name: str) -> timedelta | None:
    number = _positive(environment, name)
    return None if number is None else timedelta(seconds=number)


def _positive(environment: Mapping[str, str], name: str) -> int | None:
    text = environment.get(name)
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise SettingError(name, f"must be a positive whole number, not {text!r}")
    return int(text)
