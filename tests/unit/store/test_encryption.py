"""Encryption of the connection: demanded everywhere but on this machine."""

import ssl
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from fleettickets.errors import SettingError
from fleettickets.store import encryption
from fleettickets.store.encryption import with_verified_encryption

REMOTE = "postgresql://u:s3cret@db.example.com/d"


@pytest.fixture
def bundle(tmp_path: Path) -> str:
    """Return the path of a bundle of authorities."""
    path = tmp_path / "bundle.pem"
    path.write_text("-----BEGIN CERTIFICATE-----\n")
    return str(path)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql:///d",
        "postgresql://u:p@localhost/d",
        "postgresql://u:p@127.0.0.1:5433/d",
        "postgresql://u:p@127.8.9.10/d",
        "postgresql://u:p@[::1]/d",
        "postgresql:///d?host=/var/run/postgresql",
        "postgresql://u:p@localhost,127.0.0.1/d",
        "postgresql://u:p@host.docker.internal/d",
        "postgresql://u:p@db.example.com/d?hostaddr=127.0.0.1",
    ],
)
def test_this_machine_needs_no_encryption(url: str) -> None:
    """What it says about encryption itself stays."""
    assert with_verified_encryption(url) == url


@pytest.mark.parametrize(
    "url",
    [
        REMOTE,
        f"{REMOTE}?sslmode=disable",
        f"{REMOTE}?sslmode=require",
        "postgresql://u:p@10.0.0.7/d",
        "postgresql://u:p@localhost,db.example.com/d",
        "postgresql://u:p@localhost.example.com/d",
        "postgresql://u:p@localhost/d?hostaddr=10.0.0.7",
        "postgresql://u:p@[fd00::1]/d",
        "host=db.example.com dbname=d",
    ],
)
def test_any_other_host_has_to_prove_itself(url: str, bundle: str) -> None:
    """Whatever the URL asks for: an unverified server would be given the password."""
    parts = conninfo_to_dict(with_verified_encryption(url, bundle))

    assert parts["sslmode"] == "verify-full"
    assert parts["sslrootcert"] == bundle
    assert parts["dbname"] == "d"


def test_authorities_of_the_url(bundle: str) -> None:
    """A URL may name its own; the setting goes before it."""
    url = f"{REMOTE}?sslrootcert={bundle}"

    assert conninfo_to_dict(with_verified_encryption(url))["sslrootcert"] == bundle
    other = f"{REMOTE}?sslrootcert=/opt/other.pem"
    assert conninfo_to_dict(with_verified_encryption(other, bundle))["sslrootcert"] == bundle


def test_authorities_in_the_layer(monkeypatch: pytest.MonkeyPatch, bundle: str) -> None:
    """Without a setting, the bundle that was packaged is used."""
    monkeypatch.setattr(encryption, "PACKAGED_BUNDLE", Path(bundle))

    assert conninfo_to_dict(with_verified_encryption(REMOTE))["sslrootcert"] == bundle


def test_authorities_of_the_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without a bundle, those that the system trusts: enough for a proxy of RDS."""
    monkeypatch.setattr(encryption, "PACKAGED_BUNDLE", tmp_path / "none.pem")

    parts = conninfo_to_dict(with_verified_encryption(REMOTE))

    assert parts["sslrootcert"] == (ssl.get_default_verify_paths().cafile or "system")


def test_bundle_that_is_not_there_is_named() -> None:
    """Or nothing could be verified, and libpq would say so in its own words."""
    with pytest.raises(SettingError, match=r"DATABASE_CA_BUNDLE: .*/opt/none\.pem"):
        with_verified_encryption(REMOTE, "/opt/none.pem")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:pa%ss@db.example.com/d",
        "postgresql://u:pa@ss@db.example.com/d",
        "postgresql://u:12/pa@db.example.com/d",
        "postgresql://u:pa/ss@db.example.com/d",
        "postgresql://u:p@db.example.com/d?pa=ss",
    ],
)
def test_malformed_url_is_refused_without_showing_it(url: str) -> None:
    """P10: a piece of an unencoded password would be taken for a host, and printed as one."""
    with pytest.raises(SettingError, match="percent-encode") as raised:
        with_verified_encryption(url)

    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__ or raised.value.__context__ is None
    assert "pa" not in str(raised.value).replace("password", "").replace("percent", "")
