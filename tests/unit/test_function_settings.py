"""The settings that a stack gives its functions."""

from datetime import timedelta

import pytest

from fleettickets.errors import SettingError
from fleettickets.settings import Limits, Settings

ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:fleettickets-a1b2c3"
QUEUE_URL = "https://sqs.eu-west-1.amazonaws.com/111122223333/doorbells.fifo"


def test_every_variable_is_read() -> None:
    """Each lands in its own field."""
    settings = Settings.from_environment(
        {
            "STAGE": "staging",
            "DATABASE_SECRET_ARN": ARN,
            "DATABASE_HOST": "db.internal",
            "DATABASE_PORT": "6432",
            "DATABASE_NAME": "tracksolid_db",
            "DATABASE_CA_BUNDLE": "/opt/bundle.pem",
            "DOORBELL_QUEUE_URL": QUEUE_URL,
            "LOST_AFTER_SECONDS": "5",
            "LOCK_TIMEOUT_SECONDS": "6",
            "STATEMENT_TIMEOUT_SECONDS": "7",
            "IDLE_TIMEOUT_SECONDS": "8",
            "MIGRATIONS_DIR": "/opt/migrations",
            "GEOCODER_SECRET_ARN": ARN,
        }
    )

    assert settings == Settings(
        stage="staging",
        database_secret_arn=ARN,
        secret_defaults={"host": "db.internal", "port": "6432", "dbname": "tracksolid_db"},
        database_ca_bundle="/opt/bundle.pem",
        doorbell_queue_url=QUEUE_URL,
        lost_after=timedelta(seconds=5),
        limits=Limits(timedelta(seconds=6), timedelta(seconds=7), timedelta(seconds=8)),
        migrations_dir="/opt/migrations",
        geocoder_secret_arn=ARN,
    )


def test_defaults_leave_the_limits_to_the_function() -> None:
    """A notification counts as lost after two minutes, and a laptop's stage is `local`."""
    settings = Settings.from_environment({})

    assert settings.limits == Limits(lock=None, statement=None, idle=None)
    assert settings.lost_after == timedelta(minutes=2)
    assert settings.stage == "local"


@pytest.mark.parametrize(
    "name", ["LOST_AFTER_SECONDS", "LOCK_TIMEOUT_SECONDS", "STATEMENT_TIMEOUT_SECONDS"]
)
def test_time_that_is_no_positive_integer_is_refused_by_name(name: str) -> None:
    """The message names the variable."""
    with pytest.raises(SettingError) as refusal:
        Settings.from_environment({name: "2m"})

    assert refusal.value.setting == name


def test_missing_queue_is_named() -> None:
    """So that the reader knows which variable to set."""
    with pytest.raises(SettingError, match="DOORBELL_QUEUE_URL"):
        Settings().require_doorbell_queue_url()


def test_set_queue_is_returned() -> None:
    """What is there is given out."""
    assert Settings(doorbell_queue_url=QUEUE_URL).require_doorbell_queue_url() == QUEUE_URL
