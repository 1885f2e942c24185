"""Settings from the environment."""

import pytest

from fleettickets.errors import SettingError
from fleettickets.settings import DEFAULT_MAX_FILE_BYTES, DEFAULT_PREFIX, Settings

SECRETS = {
    "DATABASE_URL": "postgresql://fleet:hunter2@db/tickets",
    "RUSTFS_ACCESS_KEY": "AKIAEXAMPLE",
    "RUSTFS_SECRET_KEY": "wJalrXUtnFEMI",
    "GEOCODER_API_KEY": "pk.0123456789",
}


def test_empty_environment_gives_the_defaults() -> None:
    """Nothing is required until it is used."""
    assert Settings.from_environment({}) == Settings()
    assert Settings().prefix == DEFAULT_PREFIX == "automations/inc"
    assert Settings().max_file_bytes == DEFAULT_MAX_FILE_BYTES == 2 * 1024**3


def test_empty_variable_counts_as_not_set() -> None:
    """As a line of `.env` that was left blank."""
    names = ("DATABASE_URL", "TICKETS_BUCKET", "TICKETS_PREFIX", "RUSTFS_ENDPOINT_URL")

    settings = Settings.from_environment(dict.fromkeys((*names, "MAX_FILE_BYTES"), ""))

    assert settings == Settings()


def test_every_variable_is_read() -> None:
    """Each lands in its own field."""
    settings = Settings.from_environment(
        {
            **SECRETS,
            "TICKETS_BUCKET": "isptickets",
            "TICKETS_PREFIX": "automations/test",
            "RUSTFS_ENDPOINT_URL": "http://localhost:9000",
            "MAX_FILE_BYTES": "1048576",
            "GEOCODER_PROVIDER": "locationiq",
            "GEOCODER_REGION": "eu1",
            "GAZETTEER_FILE": "places.csv",
        }
    )

    assert settings == Settings(
        database_url=SECRETS["DATABASE_URL"],
        bucket="isptickets",
        prefix="automations/test",
        endpoint_url="http://localhost:9000",
        access_key=SECRETS["RUSTFS_ACCESS_KEY"],
        secret_key=SECRETS["RUSTFS_SECRET_KEY"],
        max_file_bytes=1_048_576,
        geocoder_provider="locationiq",
        geocoder_region="eu1",
        geocoder_api_key=SECRETS["GEOCODER_API_KEY"],
        gazetteer_file="places.csv",
    )


def test_no_secret_is_printed() -> None:
    """P10: neither the password in the URL nor a key shows in a log line or a traceback."""
    settings = Settings.from_environment(SECRETS)

    shown = f"{settings!r} {settings}"

    assert not any(secret in shown for secret in ("hunter2", *SECRETS.values()))


@pytest.mark.parametrize("text", ["0", "-1", "2 GiB", "1.5", "1e9", "\u0663"])
def test_size_that_is_no_positive_integer_is_refused_by_name(text: str) -> None:
    """The message names the variable and shows what it holds."""
    with pytest.raises(SettingError, match="MAX_FILE_BYTES") as refusal:
        Settings.from_environment({"MAX_FILE_BYTES": text})

    assert refusal.value.setting == "MAX_FILE_BYTES"


def test_missing_database_url_is_named() -> None:
    """With an example of what it looks like."""
    with pytest.raises(SettingError, match="postgresql://") as refusal:
        Settings().require_database_url()

    assert refusal.value.setting == "DATABASE_URL"


def test_missing_bucket_is_named() -> None:
    """So that the reader knows which variable to set."""
    with pytest.raises(SettingError, match="TICKETS_BUCKET"):
        Settings().require_bucket()


def test_set_values_are_returned() -> None:
    """What is there is given out."""
    settings = Settings(database_url="postgresql://db", bucket="isptickets")

    assert settings.require_database_url() == "postgresql://db"
    assert settings.require_bucket() == "isptickets"
