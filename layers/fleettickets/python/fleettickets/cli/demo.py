"""`fleettickets demo-report`: the end of `make demo`, hidden from the help."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fleettickets.cli.consoles import facts, number, plural, print_json, standard_output
from fleettickets.cli.options import AsJson
from fleettickets.cli.sessions import open_database, read_settings
from fleettickets.cli.status import when
from fleettickets.jobs.status import Report, read_report

_SLA_COLUMNS = {
    "open": "open",
    "within": "within",
    "at_risk": "at risk",
    "breached": "breached",
    "hours_open_mean": "hours open, mean",
    "hours_open_longest": "longest",
    "on_map": "on the map",
}
CLUSTERS_SHOWN = 15
LAG_NOTE = (
    "Hours count to now, and the feed's content trails file time by about two days: what it still "
    "shows as open is at least that old, so nearly everything open counts as breached."
)


def demo_report(*, as_json: AsJson = False) -> None:
    """Show what the map is served, and how the open tickets of each cluster are doing."""
    with open_database(read_settings(), "demo-report") as connection:
        report = read_report(connection)
    if as_json:
        print_json(asdict(report))
        return
    print_report(standard_output(), report)


def print_report(console: Console, report: Report) -> None:
    """Print the map payload's size and summary, then the SLA table by cluster."""
    console.print(Text("What the Tickets map gets", style="bold underline"))
    console.print("select reporting.fn_tickets_for_map();", style="dim")
    console.print(facts(_map_facts(report)))
    console.print(Text("\nSLA of the open tickets, by cluster", style="bold underline"))
    console.print("select * from tickets.inc_open_sla;", style="dim")
    console.print(sla_table(report.clusters))
    console.print(Text(LAG_NOTE, style="dim"))


def _map_facts(report: Report) -> list[tuple[str, str | Text]]:
    summary = report.map_payload["summary"]
    freshness = summary["freshness"]
    missing = summary["without_coordinate"]
    return [
        ("payload", f"{report.map_bytes / 1024:,.0f} KiB of JSON, a GeoJSON FeatureCollection"),
        ("features", number(len(report.map_payload["features"]))),
        ("left out", f"{plural(missing, 'open ticket')} without a coordinate"),
        ("with closed ones", f"placed by {_tiers(report)}"),
        ("by status", _counts(summary["by_status"])),
        ("by cluster", _counts(summary["by_cluster"], most=6)),
        ("watermark", freshness["watermark"] or "nothing applied yet"),
        ("content as of", when(freshness["content_as_of"])),
    ]


def _tiers(report: Report) -> str:
    return ", ".join(f"{tier} {count:,}" for tier, count in report.tiers.items())


def _counts(counts: Mapping[str, int], *, most: int | None = None) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    text = ", ".join(f"{name} {count:,}" for name, count in ordered[:most])
    more = 0 if most is None else len(ordered[most:])
    return f"{text} and {more:,} more" if more else text or "-"


def sla_table(clusters: Sequence[Mapping[str, Any]]) -> Table:
    """Return the service levels by cluster, those with most breaches first, and their totals."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", show_footer=True)
    table.add_column("cluster", footer=f"all {len(clusters)}", footer_style="bold")
    for column, title in _SLA_COLUMNS.items():
        footer = "" if column.startswith("hours") else number(_total(clusters, column))
        table.add_column(title, justify="right", footer=footer, footer_style="bold")
    for row in clusters[:CLUSTERS_SHOWN]:
        cells = [_cell(row, column) for column in _SLA_COLUMNS]
        table.add_row(row["cluster"], *cells)
    if (more := len(clusters) - CLUSTERS_SHOWN) > 0:
        table.add_row(Text(f"… {more:,} more", style="dim"))
    return table


def _total(clusters: Sequence[Mapping[str, Any]], column: str) -> int:
    return sum(row[column] for row in clusters)


def _cell(row: Mapping[str, Any], column: str) -> Text:
    style = {"breached": "red", "at_risk": "yellow"}.get(column, "") if row[column] else "dim"
    return Text(number(row[column]), style=style)
