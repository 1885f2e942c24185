"""Opening the geocoder that the settings name."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from fleettickets.clients.geocoders import locationiq, opencage
from fleettickets.clients.geocoders.clocks import Clock, SystemClock
from fleettickets.clients.geocoders.gazetteer import Gazetteer
from fleettickets.clients.geocoders.interface import Geocoder
from fleettickets.clients.geocoders.online import Dialect, OnlineGeocoder
from fleettickets.clients.geocoders.transports import Connection
from fleettickets.clients.secrets import Secret
from fleettickets.errors import SettingError

PROVIDER_SETTING: Final = "GEOCODER_PROVIDER"
KEY_SETTING: Final = "GEOCODER_API_KEY"
ARN_SETTING: Final = "GEOCODER_SECRET_ARN"
REGION_SETTING: Final = "GEOCODER_REGION"


@dataclass(frozen=True, slots=True)
class GeocoderChoice:
    """Which geocoder is wanted: what the settings of the same names say; None where not set."""

    provider: str
    region: str | None = None
    api_key: str | None = field(default=None, repr=False)
    secret_arn: str | None = None
    gazetteer_file: str | None = None


def open_geocoder(choice: GeocoderChoice, clock: Clock | None = None) -> Geocoder:
    """Return the geocoder; it connects, or reads its file, at the first search.

    Hosts come from an allow-list: no setting can send a key elsewhere.

    Raises:
        SettingError: a setting is missing or wrong.
        SecretUnavailableError: the key's secret could not be fetched for now.
    """
    if choice.provider not in OPENERS:
        known = ", ".join(OPENERS)
        raise SettingError(PROVIDER_SETTING, f"{choice.provider!r} is not known: {known} are")
    return OPENERS[choice.provider](choice, clock or SystemClock())


def _open_gazetteer(choice: GeocoderChoice, clock: Clock) -> Geocoder:  # noqa: ARG001 - it has no pace
    return Gazetteer([Path(choice.gazetteer_file)]) if choice.gazetteer_file else Gazetteer()


def _open_locationiq(choice: GeocoderChoice, clock: Clock) -> Geocoder:
    region = choice.region or locationiq.DEFAULT_REGION
    if region not in locationiq.HOSTS:
        known = ", ".join(locationiq.HOSTS)
        raise SettingError(REGION_SETTING, f"{region!r} is no region of LocationIQ: {known}")
    return _online(locationiq.LocationIq(), locationiq.HOSTS[region], choice, clock)


def _open_opencage(choice: GeocoderChoice, clock: Clock) -> Geocoder:
    if choice.region is not None:
        raise SettingError(REGION_SETTING, "OpenCage has one host for all regions; leave it out")
    return _online(opencage.OpenCage(), opencage.HOST, choice, clock)


def _online(dialect: Dialect, host: str, choice: GeocoderChoice, clock: Clock) -> Geocoder:
    return OnlineGeocoder(dialect, Connection(host, _key(choice), clock), clock)


def _key(choice: GeocoderChoice) -> str:
    """Return the key: from its secret, else from its setting."""
    if choice.secret_arn is not None:
        key, setting = (
            Secret(choice.secret_arn, ARN_SETTING, "geocoder's").fetch(),
            ARN_SETTING,
        )
    else:
        key, setting = choice.api_key or "", KEY_SETTING
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise SettingError(setting, f"{choice.provider} needs a key, as one word without quotes")
    return key


OPENERS: Final[dict[str, Callable[[GeocoderChoice, Clock], Geocoder]]] = {
    "gazetteer": _open_gazetteer,
    "locationiq": _open_locationiq,
    "opencage": _open_opencage,
}
