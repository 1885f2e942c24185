"""`fleettickets preview`: write the page that shows what the pipeline made."""

import os
from pathlib import Path
from typing import Annotated

import typer

from fleettickets.cli.consoles import facts, number, plural, print_json, standard_output
from fleettickets.cli.options import AsJson
from fleettickets.cli.sessions import now, open_database, read_settings
from fleettickets.errors import UsageError
from fleettickets.jobs.preview import read_preview
from fleettickets.preview.pages import OPENSTREETMAP, Tiles, render_page

PAGE_NAME = "index.html"

Out = Annotated[
    Path,
    typer.Option(
        "--out",
        metavar="DIR",
        file_okay=False,
        help=f"Where {PAGE_NAME} goes; the directory is made if it is missing.",
    ),
]
TilesUrl = Annotated[
    str,
    typer.Option(
        "--tiles",
        metavar="URL",
        help="Street tiles that a reader may turn on, with {z}, {x} and {y}.",
    ),
]
Attribution = Annotated[
    str, typer.Option("--tiles-by", metavar="TEXT", help="Whose tiles they are; shown with them.")
]


def preview(
    out: Out,
    tiles: TilesUrl = OPENSTREETMAP.url,
    tiles_by: Attribution = OPENSTREETMAP.attribution,
    *,
    as_json: AsJson = False,
) -> None:
    """Write one HTML file that shows the tickets and the pipeline: a map, charts, how files fare.

    It holds what the functions of the schema `reporting` answered at that moment, and says how old
    it has become since. It needs no server and no network, and asks for nothing until its reader
    turns the street tiles on. It names places and people: share it as you would the tickets.

    An earlier page in DIR is replaced, in one step. The database is only read.

    For example:

        fleettickets preview --out /tmp/page
        fleettickets preview --out /srv/www/tickets --json
    """
    page_tiles = _checked(Tiles(tiles, tiles_by))
    with open_database(read_settings(), "preview") as connection:
        found = read_preview(connection, now)
    page = render_page(found, page_tiles)
    path = write_page(out, page)
    size = len(page.encode())
    if as_json:
        print_json({"page": str(path), "bytes": size})
        return
    standard_output().print(
        facts([("page", str(path)), ("size", f"{number(size // 1024)} KiB, {plural(1, 'file')}")])
    )
    standard_output().print(f"Next: open {path.as_uri()}", soft_wrap=True)


def _checked(tiles: Tiles) -> Tiles:
    """Return the `tiles` if a map can ask for them.

    Raises:
        UsageError: the URL is no web address with the three places for numbers.
    """
    is_web = tiles.url.startswith(("https://", "http://"))
    has_places = all(place in tiles.url for place in ("{z}", "{x}", "{y}"))
    if is_web and has_places and not set(tiles.origin) & set(" ;,'\""):
        return tiles
    raise UsageError(
        f"--tiles {tiles.url!r} is no address of tiles: give one like {OPENSTREETMAP.url}"
    )


def write_page(directory: Path, page: str) -> Path:
    """Write the `page` into the `directory` and return its path; readers see the old or the new."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory.resolve() / PAGE_NAME
    beside = path.with_name(f".{PAGE_NAME}.{os.getpid()}")
    try:
        beside.write_text(page, encoding="utf-8")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return path
