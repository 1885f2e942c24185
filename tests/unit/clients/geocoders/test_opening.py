"""Opening a geocoder: the settings decide which, and can send a key nowhere else."""

from collections.abc import Generator
from pathlib import Path

import pytest
from moto import mock_aws

from fleettickets.clients.geocoders.locationiq import HOSTS
from fleettickets.clients.geocoders.opencage import HOST
from fleettickets.clients.geocoders.opening import GeocoderChoice, open_geocoder
from fleettickets.errors import SettingError
from fleettickets.runtime import open_settings_geocoder
from fleettickets.settings import Settings
from tests.support.secrets import StoredSecret
from tests.unit.clients.geocoders.queries import a_cluster, all_day


@pytest.fixture(autouse=True)
def _aws() -> Generator[None]:
    with mock_aws():
        yield


def host_of(choice: GeocoderChoice) -> tuple[str, str]:
    """Return where the opened geocoder sends its calls, and with which key."""
    geocoder = open_geocoder(choice)
    connection = geocoder._connection  # type: ignore[attr-defined]  # noqa: SLF001
    return connection._base_url, connection._key  # noqa: SLF001


def test_gazetteer_is_the_default() -> None:
    """Without any setting: Kenya's places of the package, and no key."""
    geocoder = open_settings_geocoder(Settings.from_environment({}))

    assert geocoder.name == "gazetteer"
    assert geocoder.cache_lifetime is None
    assert len(geocoder.search(a_cluster("Eldoret"), all_day)) == 1
    geocoder.close()


def test_named_file_takes_the_place_of_the_packaged_ones(tmp_path: Path) -> None:
    """GAZETTEER_FILE is for other countries, and for larger files."""
    file = tmp_path / "places.csv"
    file.write_text("name,latitude,longitude\nKilimani,-1.29,36.785\n")

    settings = Settings.from_environment({"GAZETTEER_FILE": str(file)})
    geocoder = open_settings_geocoder(settings)

    assert len(geocoder.search(a_cluster("Kilimani"), all_day)) == 1
    assert len(geocoder.search(a_cluster("Eldoret"), all_day)) == 0


def test_settings_reach_the_geocoder() -> None:
    """Provider, region and key."""
    settings = Settings.from_environment(
        {
            "GEOCODER_PROVIDER": "locationiq",
            "GEOCODER_API_KEY": "pk.1",
            "GEOCODER_REGION": "eu1",
        }
    )

    assert open_settings_geocoder(settings).name == "locationiq"
    assert settings.geocoder_region == "eu1"
    assert "pk.1" not in repr(settings)


@pytest.mark.parametrize(
    ("provider", "region", "host"),
    [
        ("locationiq", None, "https://us1.locationiq.com"),
        ("locationiq", "us1", "https://us1.locationiq.com"),
        ("locationiq", "eu1", "https://eu1.locationiq.com"),
        ("opencage", None, "https://api.opencagedata.com"),
    ],
)
def test_host_comes_from_the_list(provider: str, region: str | None, host: str) -> None:
    """Encrypted, all of them."""
    choice = GeocoderChoice(provider, region=region, api_key=" pk.1\n")

    assert host_of(choice) == (host, "pk.1")


@pytest.mark.parametrize(
    "region", ["eu2", "evil.example", "eu1.locationiq.com@evil.example", "EU1"]
)
def test_region_beyond_the_list_is_refused(region: str) -> None:
    """The message lists those that there are."""
    with pytest.raises(SettingError, match="us1, eu1") as raised:
        open_geocoder(GeocoderChoice("locationiq", region=region, api_key="pk.1"))

    assert raised.value.setting == "GEOCODER_REGION"


def test_opencage_has_no_regions() -> None:
    """A region that is set would not be what calls go to."""
    with pytest.raises(SettingError, match="GEOCODER_REGION"):
        open_geocoder(GeocoderChoice("opencage", region="eu1", api_key="k"))


def test_unknown_provider_is_refused() -> None:
    """The message lists those that there are."""
    with pytest.raises(SettingError, match="gazetteer, locationiq, opencage"):
        open_geocoder(GeocoderChoice("google"))


@pytest.mark.parametrize("key", [None, "", "  ", "two words", "pk.\u20ac", "pk.\n1"])
def test_key_is_one_word(key: str | None) -> None:
    """The message does not show it."""
    with pytest.raises(SettingError, match="GEOCODER_API_KEY") as raised:
        open_geocoder(GeocoderChoice("opencage", api_key=key))

    assert not key or key not in str(raised.value) or not key.strip()


def test_secret_goes_before_the_setting() -> None:
    """On AWS no key is in an environment variable."""
    stored = StoredSecret("pk.from-the-secret\n")

    choice = GeocoderChoice("locationiq", api_key="pk.setting", secret_arn=stored.arn)

    assert host_of(choice) == (HOSTS["us1"], "pk.from-the-secret")
    assert "pk." not in repr(choice)


def test_secret_that_is_no_key_is_a_wrong_setting() -> None:
    """Nothing of it is shown."""
    stored = StoredSecret('{"key": "pk.5ecret"}')

    with pytest.raises(SettingError, match="GEOCODER_SECRET_ARN") as raised:
        open_geocoder(GeocoderChoice("opencage", secret_arn=stored.arn))

    assert "5ecret" not in str(raised.value)


def test_missing_secret_is_a_wrong_setting() -> None:
    """The setting is named, and what AWS answered."""
    arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:none-abcdef"

    with pytest.raises(SettingError, match=r"GEOCODER_SECRET_ARN.*ResourceNotFoundException"):
        open_geocoder(GeocoderChoice("opencage", secret_arn=arn))


def test_hosts_are_encrypted() -> None:
    """A key never goes over a line that others can read."""
    assert all(host.startswith("https://") for host in (*HOSTS.values(), HOST))
