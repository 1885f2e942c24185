"""The database's secret: its two forms, its cache, and what never shows."""

from collections.abc import Generator

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws
from psycopg.conninfo import conninfo_to_dict

from fleettickets.clients.secrets import DatabaseSecret, Secret, database_url
from fleettickets.errors import SecretUnavailableError, SettingError
from tests.support.secrets import StoredSecret, an_rds_secret

URL = "postgresql://fleettickets:s3cret@db.example.com/tracksolid_db"
AWKWARD = "p@ss/w:rd?#%+&= ä'\\"


@pytest.fixture(autouse=True)
def _aws() -> Generator[None]:
    with mock_aws():
        yield


def test_url_is_taken_as_it_is() -> None:
    """A secret may be the database's URL."""
    secret = DatabaseSecret(StoredSecret(f"{URL}\n").arn)

    assert secret.url() == URL


def test_rds_json_becomes_a_url() -> None:
    """Each part lands where libpq looks for it."""
    secret = DatabaseSecret(StoredSecret(an_rds_secret()).arn)

    assert conninfo_to_dict(secret.url()) == {
        "host": "db.cluster-abc.eu-west-1.rds.amazonaws.com",
        "port": "5432",
        "user": "fleettickets",
        "password": "s3cret",
        "dbname": "tracksolid_db",
    }


def test_every_character_of_a_password_survives() -> None:
    """RDS generates passwords with characters that mean something in a URL."""
    url = database_url(an_rds_secret(password=AWKWARD, username="a b"), {})

    parts = conninfo_to_dict(url)
    assert (parts["password"], parts["user"]) == (AWKWARD, "a b")


def test_what_the_secret_leaves_out_is_filled_in() -> None:
    """RDS writes only user and password into the secrets that it manages itself."""
    managed = an_rds_secret(engine=None, host=None, port=None, dbname=None)

    url = database_url(managed, {"host": "db.internal", "port": "6432", "dbname": "tracksolid_db"})

    parts = conninfo_to_dict(url)
    assert (parts["host"], parts["port"], parts["dbname"]) == (
        "db.internal",
        "6432",
        "tracksolid_db",
    )


def test_secret_goes_before_the_defaults() -> None:
    """Only what is missing is filled in; the port has a default of its own."""
    url = database_url(an_rds_secret(port=None), {"host": "elsewhere"})

    parts = conninfo_to_dict(url)
    assert str(parts["host"]).startswith("db.cluster-abc")
    assert parts["port"] == "5432"


def test_missing_part_is_named() -> None:
    """The message says what is missing and where else it can be given, and shows nothing else."""
    with pytest.raises(SettingError, match=r"lacks dbname; .*DATABASE_NAME") as raised:
        database_url(an_rds_secret(dbname=None), {})

    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize(
    "text", ["", "s3cret", "{", '["s3cret"]', '"s3cret"', "mysql://u:s3cret@h/d"]
)
def test_secret_of_another_form_is_refused(text: str) -> None:
    """The message says which forms there are, and shows nothing of it."""
    with pytest.raises(SettingError, match="neither") as raised:
        database_url(text, {})

    assert raised.value.setting == "DATABASE_SECRET_ARN"
    assert "s3cret" not in repr(raised.value)


def test_secret_of_another_engine_is_refused() -> None:
    """A mixed-up ARN shows at once."""
    with pytest.raises(SettingError, match="not PostgreSQL"):
        database_url(an_rds_secret(engine="mysql"), {})


def test_secret_is_fetched_once() -> None:
    """What was fetched is kept: a change is not seen until somebody asks for it."""
    stored = StoredSecret(URL)
    secret = DatabaseSecret(stored.arn)
    first = secret.url()

    stored.change(URL.replace("s3cret", "n3w"))

    assert secret.url() == first == URL


def test_renewed_secret_is_kept() -> None:
    """A fresh one replaces the former, and the caller learns whether it is worth another try."""
    stored = StoredSecret(URL)
    secret = DatabaseSecret(stored.arn)
    secret.url()
    unchanged = secret.renew()
    stored.change(URL.replace("s3cret", "n3w"))

    changed = secret.renew()

    assert (unchanged, changed) == (False, True)
    assert secret.url() == URL.replace("s3cret", "n3w")


def test_missing_secret_is_a_wrong_setting() -> None:
    """Waiting does not help; the message says what AWS answered."""
    secret = DatabaseSecret("arn:aws:secretsmanager:eu-west-1:123456789012:secret:none-abcdef")

    with pytest.raises(SettingError, match=r"DATABASE_SECRET_ARN: .*ResourceNotFoundException"):
        secret.url()


@pytest.mark.parametrize(
    "error",
    [
        ClientError(
            {"Error": {"Code": "InternalServiceError"}, "ResponseMetadata": {}},  # type: ignore[typeddict-item]
            "GetSecretValue",
        ),
        ClientError(
            {"Error": {"Code": "Unknown"}, "ResponseMetadata": {"HTTPStatusCode": 503}},  # type: ignore[typeddict-item]
            "GetSecretValue",
        ),
        ClientError(
            {"Error": {"Code": "ThrottlingException"}, "ResponseMetadata": {}},  # type: ignore[typeddict-item]
            "GetSecretValue",
        ),
        EndpointConnectionError(endpoint_url="https://secretsmanager"),
    ],
)
def test_trouble_of_secrets_manager_passes(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """The function tries again later."""
    secret = Secret(StoredSecret(URL).arn, "DATABASE_SECRET_ARN", "database's")
    monkeypatch.setattr(secret, "_client", _FailingClient(error))

    with pytest.raises(SecretUnavailableError, match="the database's secret"):
        secret.fetch()


def test_secret_without_text_is_refused() -> None:
    """A binary secret is of neither form."""
    stored = StoredSecret(URL)
    stored.client.put_secret_value(SecretId=stored.arn, SecretBinary=b"\x00")

    with pytest.raises(SettingError, match="neither"):
        DatabaseSecret(stored.arn).url()


def test_secret_does_not_show() -> None:
    """P10: what is kept is in no repr."""
    secret = DatabaseSecret(StoredSecret(URL).arn)
    secret.url()

    assert "s3cret" not in f"{secret!r} {secret}"
    assert "secret:fleettickets" in repr(secret)


class _FailingClient:
    def __init__(self, error: Exception) -> None:
        self._error = error

    def get_secret_value(self, **_: str) -> None:
        """Fail."""
        raise self._error
