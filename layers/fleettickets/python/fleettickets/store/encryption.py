"""Encryption of the connection: verified for every host but this machine."""

import ipaddress
import ssl
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from fleettickets.errors import SettingError

# Where the build of the layer puts the authorities of RDS.
PACKAGED_BUNDLE = Path(__file__).parents[1] / "certificates" / "rds-global-bundle.pem"
# The last is what a container calls the machine that it runs on.
LOCAL_NAMES = frozenset({"", "localhost", "host.docker.internal"})


def with_verified_encryption(database_url: str, ca_bundle: str | None = None) -> str:
    """Return the address with `sslmode=verify-full`, unless each of its hosts is this machine.

    The server's certificate has to name the host and come from an authority of, in this order:
    `ca_bundle`; the URL's own `sslrootcert`; the bundle of RDS in the layer; the system.

    Raises:
        SettingError: the bundle is not there, or the URL is malformed; the text does not show it.
    """
    try:
        given = conninfo_to_dict(database_url)
    except psycopg.ProgrammingError:
        # The driver's message quotes what it stumbled over, which may be a piece of the password.
        raise _malformed() from None
    parts = {name: "" if value is None else str(value) for name, value in given.items()}
    _check(parts)
    if _is_this_machine(parts):
        return database_url
    authorities = ca_bundle or parts.get("sslrootcert") or _authorities()
    if authorities != "system" and not Path(authorities).is_file():
        raise SettingError("DATABASE_CA_BUNDLE", f"there is no file {authorities}")
    return make_conninfo(database_url, sslmode="verify-full", sslrootcert=authorities)


def _malformed() -> SettingError:
    return SettingError(
        "DATABASE_SECRET_ARN",
        "the database's URL is malformed: in user and password, percent-encode all but letters "
        "and digits",
    )


def _check(parts: dict[str, str]) -> None:
    """Refuse an address that a password with an unencoded character was cut to pieces for."""
    places = (parts.get("host", ""), parts.get("hostaddr", ""), parts.get("dbname", ""))
    ports = parts.get("port", "").split(",")
    if any("@" in place for place in places) or any(port and not port.isdigit() for port in ports):
        raise _malformed()


def _is_this_machine(parts: dict[str, str]) -> bool:
    """Tell whether all hosts are; a numeric address, if there is one, is what is connected to."""
    hosts = parts.get("hostaddr") or parts.get("host", "")
    return all(_is_local(host.strip()) for host in hosts.split(","))


def _is_local(host: str) -> bool:
    if host in LOCAL_NAMES or host.startswith("/"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _authorities() -> str:
    if PACKAGED_BUNDLE.is_file():
        return str(PACKAGED_BUNDLE)
    # By path, since the libpq of the wheel looks for the system's authorities where it was built.
    return ssl.get_default_verify_paths().cafile or "system"
