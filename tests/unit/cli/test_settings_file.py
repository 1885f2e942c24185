"""`.env` is read, and never overrides the environment."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fleettickets.cli.sessions import read_settings

NAMES = ("DATABASE_URL", "TICKETS_BUCKET", "TICKETS_PREFIX")


@pytest.fixture(autouse=True)
def clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No settings, and whatever `.env` sets is taken back."""
    for name in NAMES:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    yield
    monkeypatch.undo()


def test_settings_come_from_the_file(tmp_path: Path) -> None:
    """A dollar sign is just that: passwords have them."""
    (tmp_path / ".env").write_text("TICKETS_BUCKET=ours\nDATABASE_URL=postgresql://u:a${B}c@h/d\n")

    settings = read_settings()

    assert settings.bucket == "ours"
    assert settings.database_url == "postgresql://u:a${B}c@h/d"


def test_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the caller set on purpose counts."""
    (tmp_path / ".env").write_text("TICKETS_BUCKET=ours\nTICKETS_PREFIX=a/b\n")
    monkeypatch.setenv("TICKETS_BUCKET", "theirs")

    settings = read_settings()

    assert settings.bucket == "theirs"
    assert settings.prefix == "a/b"


def test_file_of_a_parent_directory_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that commands work anywhere inside of a checkout."""
    (tmp_path / ".env").write_text("TICKETS_BUCKET=ours\n")
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")

    assert read_settings().bucket == "ours"


def test_no_file_is_fine() -> None:
    """Everything has a default or is asked for by name."""
    assert read_settings().bucket is None
