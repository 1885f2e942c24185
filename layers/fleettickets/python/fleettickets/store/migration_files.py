"""Where the migrations are: named, in the layer, or in the checkout."""

from pathlib import Path

from fleettickets.errors import SettingError

PACKAGE = Path(__file__).parents[1]
# The build of the layer copies sql/migrations of the checkout to the former.
PLACES = (PACKAGE / "sql" / "migrations", PACKAGE.parents[3] / "sql" / "migrations")


def find_migrations(named: str | None = None) -> Path:
    """Return the directory of the migrations; the one `named` by MIGRATIONS_DIR goes first.

    Raises:
        SettingError: there is none.
    """
    for place in (Path(named),) if named else PLACES:
        if place.is_dir():
            return place
    raise SettingError("MIGRATIONS_DIR", f"there is no directory {named or PLACES[0]}")
