"""Where the migrations are looked for."""

from pathlib import Path

import pytest

from fleettickets.errors import SettingError
from fleettickets.store import migration_files
from fleettickets.store.migration_files import find_migrations
from tests.support.functions import ROOT


def test_checkout_is_found() -> None:
    """Nothing has to be set on a laptop."""
    assert find_migrations() == ROOT / "sql" / "migrations"


def test_layer_goes_before_the_checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In a function there is only what was packaged."""
    monkeypatch.setattr(migration_files, "PLACES", (tmp_path, ROOT / "sql" / "migrations"))

    assert find_migrations() == tmp_path


def test_named_directory_goes_first(tmp_path: Path) -> None:
    """The setting says where."""
    assert find_migrations(str(tmp_path)) == tmp_path


def test_directory_that_is_not_there(tmp_path: Path) -> None:
    """No other one is taken in its place."""
    with pytest.raises(SettingError, match=r"MIGRATIONS_DIR: .*none"):
        find_migrations(str(tmp_path / "none"))
