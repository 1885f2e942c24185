"""Secrets in AWS Secrets Manager; the database's is kept, and fetched again on demand."""

import json
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, cast
from urllib.parse import quote, urlencode

from botocore.exceptions import BotoCoreError, ClientError

from fleettickets.errors import SecretUnavailableError, SettingError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient

SETTING = "DATABASE_SECRET_ARN"
URL_SCHEMES = ("postgresql://", "postgres://")
# What RDS calls a part of the address, and what libpq calls it.
RDS_NAMES = {
    "host": "host",
    "port": "port",
    "dbname": "dbname",
    "username": "user",
    "password": "password",
}
PASSING_CODES = frozenset({"InternalServiceError", "ThrottlingException", "RequestTimeout"})
FIRST_SERVER_ERROR = 500
CONNECT_TIMEOUT_SECONDS = 5
READ_TIMEOUT_SECONDS = 10
ATTEMPTS = 3


class Secret:
    """One secret, known by its ARN; nothing of it is in any text but what `fetch` returns.

    Errors name it as the `owner`'s (such as "database's"), and the `setting` that has its ARN.
    """

    def __init__(self, arn: str, setting: str, owner: str) -> None:
        """Name the secret; nothing is fetched yet."""
        self._arn = arn
        self._setting = setting
        self._owner = owner

    def __repr__(self) -> str:
        """Show which secret it is, not what it says."""
        return f"Secret({self._arn!r})"

    def fetch(self) -> str:
        """Return the secret's text; empty if it has none.

        Raises:
            SecretUnavailableError: Secrets Manager did not answer.
            SettingError: there is no such secret, or it may not be read.
        """
        try:
            answer = self._client.get_secret_value(SecretId=self._arn)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "unknown error")
            if _passes(error, code):
                raise SecretUnavailableError(f"the {self._owner} secret: {code}") from error
            raise SettingError(self._setting, f"the secret cannot be read ({code})") from error
        except BotoCoreError as error:
            raise SecretUnavailableError(
                f"the {self._owner} secret was not fetched ({type(error).__name__})"
            ) from error
        return answer.get("SecretString", "")

    @cached_property
    def _client(self) -> "SecretsManagerClient":
        import boto3  # noqa: PLC0415 - a third of a second that the command line is spared
        from botocore.config import Config  # noqa: PLC0415

        config = Config(
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            read_timeout=READ_TIMEOUT_SECONDS,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        )
        # The stubs of the services that are not used are not installed.
        create = cast("Callable[..., SecretsManagerClient]", boto3.client)  # pyright: ignore[reportUnknownMemberType]
        region = self._arn.split(":")[3] if self._arn.startswith("arn:") else None
        return create("secretsmanager", region_name=region, config=config)


class DatabaseSecret:
    """One secret, known by its ARN: a database URL, or the JSON that RDS writes.

    `defaults` (host, port, dbname) fill in what that JSON leaves out: RDS writes only user and
    password into the secrets that it manages itself. Nothing of the secret is in any text but the
    URL that `url` returns.
    """

    def __init__(self, arn: str, defaults: Mapping[str, str] | None = None) -> None:
        """Name the secret; nothing is fetched yet."""
        self._secret = Secret(arn, SETTING, "database's")
        self._defaults = defaults or {}
        self._url: str | None = None

    def __repr__(self) -> str:
        """Show which secret it is, not what it says."""
        return f"DatabaseSecret({self._secret!r})"

    def url(self) -> str:
        """Return the database's URL, fetched at the first call only.

        Raises:
            SecretUnavailableError: Secrets Manager did not answer.
            SettingError: there is no such secret, it may not be read, or it is of another form.
        """
        if self._url is None:
            self._url = database_url(self._secret.fetch(), self._defaults)
        return self._url

    def renew(self) -> bool:
        """Fetch the secret again; return whether it differs from the one that was kept.

        Raises:
            SecretUnavailableError, SettingError: as `url`; the former one is kept then.
        """
        former, self._url = self._url, database_url(self._secret.fetch(), self._defaults)
        return self._url != former


def _passes(error: ClientError, code: str) -> bool:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return code in PASSING_CODES or status >= FIRST_SERVER_ERROR


def database_url(secret: str, defaults: Mapping[str, str]) -> str:
    """Return the database URL that the text of a secret means.

    Raises:
        SettingError: it is of neither form, or a part is missing; the text shows nothing of it.
    """
    if secret.strip().startswith(URL_SCHEMES):
        return secret.strip()
    try:
        parsed: object = json.loads(secret)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise SettingError(SETTING, "the secret is neither a postgresql:// URL nor a JSON object")
    parts = cast("dict[str, object]", parsed)
    if not str(parts.get("engine") or "postgres").startswith(("postgres", "aurora-postgres")):
        raise SettingError(SETTING, "the secret's engine is not PostgreSQL")
    # As parameters, where every character can be written; libpq takes `+` for itself, not a space.
    return f"postgresql:///?{urlencode(_connection_parts(parts, defaults), quote_via=quote)}"


def _connection_parts(parts: Mapping[str, object], defaults: Mapping[str, str]) -> dict[str, str]:
    chosen = {
        libpq: str(parts.get(rds) or defaults.get(rds) or "") for rds, libpq in RDS_NAMES.items()
    }
    chosen["port"] = chosen["port"] or "5432"
    missing = [rds for rds, libpq in RDS_NAMES.items() if not chosen[libpq]]
    if missing:
        raise SettingError(
            SETTING,
            f"the secret lacks {', '.join(missing)}; host, port and dbname may also be given as "
            "DATABASE_HOST, DATABASE_PORT and DATABASE_NAME",
        )
    return chosen
