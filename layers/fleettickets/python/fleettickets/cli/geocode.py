"""`fleettickets geocode`: ask geocoders for points, review what they said, vouch for points."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from fleettickets.cli.consoles import facts, number, plural, print_json, standard_output
from fleettickets.cli.options import Apply, AsJson, Verbose, log_to_standard_error
from fleettickets.cli.sessions import now, open_database, read_settings
from fleettickets.cli.status import when
from fleettickets.cli.summaries import DRY_RUN_NOTE
from fleettickets.core.locations import Tier
from fleettickets.errors import UsageError
from fleettickets.jobs import verify as verifying
from fleettickets.jobs.geocode import (
    GeocodeContext,
    GeocodeSummary,
    Question,
    geocode,
    plan_geocode,
)
from fleettickets.settings import Settings
from fleettickets.store.connections import Connection, translated_errors
from fleettickets.store.enrich_marks import reconcile_geometry
from fleettickets.store.gazetteer import Place, unverified_places

Limit = Annotated[
    int | None,
    typer.Option("--limit", min=1, metavar="N", help="Ask, or list, at most N. Default: all."),
]
Key = Annotated[
    str,
    typer.Argument(metavar="KEY", help="A cluster, or CLUSTER/LOCATION NAME, as --review shows."),
]
At = Annotated[
    str | None,
    typer.Option("--at", metavar="LON,LAT", help="The point, in degrees. Default: the present."),
]
ALL_LISTED = 1_000_000

app = typer.Typer(
    invoke_without_command=True,
    subcommand_metavar="[verify KEY]",
    rich_markup_mode="markdown",
)


@app.callback()
def geocode_places(  # noqa: PLR0913 - one parameter an option
    context: typer.Context,
    *,
    clusters: Annotated[
        bool, typer.Option("--clusters", help="Ask for the clusters that have no point.")
    ] = False,
    locations: Annotated[
        bool, typer.Option("--locations", help="Ask for the locations of open tickets.")
    ] = False,
    review: Annotated[
        bool, typer.Option("--review", help="List unverified points, the farthest off first.")
    ] = False,
    limit: Limit = None,
    apply: Apply = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Ask the geocoder for places without a point, and look after the points there are.

    The provider is the one that GEOCODER_PROVIDER names. A dry run shows the queries that would be
    sent, and sends none. A location waits until its cluster has a point, and what was not found is
    asked for again later: the view tickets.geocode_backlog says what waits, and why.

    For example:

        fleettickets geocode --clusters --apply
        fleettickets geocode --locations --limit 100 --apply
        fleettickets geocode --review
        fleettickets geocode verify "Kilimani" --at 36.785,-1.290 --apply
    """
    if context.invoked_subcommand is not None:
        return
    if [clusters, locations, review].count(True) != 1:
        raise UsageError("geocode: give one of --clusters, --locations, --review, or `verify KEY`")
    log_to_standard_error(verbose=verbose)
    settings = read_settings()
    tier: Tier = "cluster" if clusters else "location"
    with open_database(settings, "geocode") as connection:
        if review:
            _show_review(connection, limit or ALL_LISTED, as_json=as_json)
        elif apply:
            _show_run(_run(connection, settings, tier, limit), as_json=as_json)
        else:
            _show_plan(plan_geocode(connection, tier, limit), as_json=as_json)


def _run(
    connection: Connection, settings: Settings, tier: Tier, limit: int | None
) -> GeocodeSummary:
    from fleettickets.runtime import open_settings_geocoder  # noqa: PLC0415 - it loads botocore

    open_geocoder = cache(lambda: open_settings_geocoder(settings))
    with translated_errors():
        reconcile_geometry(connection)
    try:
        return geocode(GeocodeContext(connection, open_geocoder, now), tier, limit)
    finally:
        if open_geocoder.cache_info().currsize:
            open_geocoder().close()


def _show_run(summary: GeocodeSummary, *, as_json: bool) -> None:
    if as_json:
        print_json({"command": "geocode", "dry_run": False} | asdict(summary))
        return
    console = standard_output()
    console.print(Text(f"geocode, {summary.tier}s", style="bold"))
    console.print(facts(_run_facts(summary)))


def _run_facts(summary: GeocodeSummary) -> list[tuple[str, str]]:
    outcome = summary.outcome
    if summary.resume_at is not None:
        outcome = f"{outcome}: the provider takes more from {when(summary.resume_at)}"
    names = ("found", "not_found", "rejected", "refused", "reused")
    told = [
        f"{count:,} {name.replace('_', ' ')}" for name in names if (count := getattr(summary, name))
    ]
    return [
        ("outcome", outcome),
        ("queries", f"{summary.asked:,} answered, {summary.failed:,} failed"),
        ("left", number(summary.left)),
        ("names", ", ".join(told) or "none"),
    ]


def _show_plan(questions: Sequence[Question], *, as_json: bool) -> None:
    asked = [question for question in questions if question.query is not None]
    if as_json:
        print_json(
            {
                "command": "geocode",
                "dry_run": True,
                "queries": [_question_document(question) for question in asked],
            }
        )
        return
    console = standard_output()
    console.print(Text("geocode (dry run)", style="bold"))
    table = _table("query", "cluster", "names", "tickets")
    for question in asked:
        text, cluster = question.key
        table.add_row(text, cluster, number(len(question.places)), number(question.tickets))
    console.print(table)
    nameless = sum(len(question.places) for question in questions if question.query is None)
    if nameless:
        console.print(
            f"{plural(nameless, 'name')} without a place: their cluster's point has to do"
        )
    console.print(f"{number(len(asked))} {'query' if len(asked) == 1 else 'queries'} to be sent.")
    console.print(DRY_RUN_NOTE)


def _question_document(question: Question) -> dict[str, Any]:
    text, cluster = question.key
    names = [place.name for place in question.places]
    return {"query": text, "cluster": cluster, "names": names, "tickets": question.tickets}


def _show_review(connection: Connection, limit: int, *, as_json: bool) -> None:
    with translated_errors():
        places = unverified_places(connection, limit)
    if as_json:
        print_json({"command": "geocode", "places": [asdict(place) for place in places]})
        return
    table = _table("key", "km off", "found as", "source", "longitude", "latitude")
    for place in places:
        table.add_row(*_review_cells(place))
    standard_output().print(table)


def _review_cells(place: Place) -> list[str]:
    distance = place.distance_metres
    return [
        place.key,
        "-" if distance is None else f"{distance / 1000:.1f}",
        place.query or "-",
        place.source or "-",
        f"{place.longitude:.5f}",
        f"{place.latitude:.5f}",
    ]


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        is_text = column in {"query", "cluster", "key", "found as", "source"}
        table.add_column(column, justify="left" if is_text else "right", overflow="fold")
    return table


@app.command("verify")
def verify(key: Key, at: At = None, *, apply: Apply = False, as_json: AsJson = False) -> None:
    """Vouch for a point, or give a better one: no machine changes it after that.

    The tickets concerned move with it, in the same transaction.

    For example:

        fleettickets geocode verify "Kilimani" --apply
        fleettickets geocode verify "Kilimani/NW_Kileleshwa_FDT12" --at 36.777,-1.279 --apply
    """
    given = None if at is None else _degrees(at)
    with open_database(read_settings(), "geocode verify") as connection:
        place = verifying.choose_place(connection, key)
        point = verifying.choose_point(place, given)
        if apply:
            verifying.verify(connection, place, point)
    if as_json:
        document = {"command": "geocode verify", "dry_run": not apply, "key": key}
        print_json(document | {"before": asdict(place), "after": asdict(point)})
        return
    console = standard_output()
    console.print(Text("geocode verify" if apply else "geocode verify (dry run)", style="bold"))
    rows = [("key", place.key), ("point", f"{point.longitude:.6f}, {point.latitude:.6f}")]
    console.print(facts([*rows, ("before", _before(place))]))
    if not apply:
        console.print(DRY_RUN_NOTE)


def _before(place: Place) -> str:
    if place.longitude is None or place.latitude is None:
        return "no point"
    state = (
        "verified" if place.verified else f"unverified, from {place.source or 'an unknown source'}"
    )
    return f"{place.longitude:.6f}, {place.latitude:.6f} ({state})"


def _degrees(text: str) -> tuple[float, float]:
    longitude, _, latitude = text.partition(",")
    try:
        return float(longitude), float(latitude)
    except ValueError:
        raise UsageError(f"--at {text}: give LON,LAT in degrees, such as 36.785,-1.290") from None
