"""The program `fleettickets`: its commands, and what happens around all of them."""

import sys

import typer

from fleettickets.cli.demo import demo_report
from fleettickets.cli.exits import CommandGroup, report_bug
from fleettickets.cli.gazetteer import gazetteer
from fleettickets.cli.geocode import app as geocode
from fleettickets.cli.history import capture_history
from fleettickets.cli.ingest import ingest
from fleettickets.cli.migrate import migrate
from fleettickets.cli.preview import preview
from fleettickets.cli.repair import replay, skip
from fleettickets.cli.reseed import app as reseed
from fleettickets.cli.sample_feed import sample_feed
from fleettickets.cli.status import status

app = typer.Typer(
    name="fleettickets",
    cls=CommandGroup,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="""Ordered, loss-free ingest of field-ops incident tickets from a bucket into PostGIS.

Every command that changes the database or a bucket is a dry run without --apply. Settings come
from the environment and from .env, which never overrides it; see .env.example.

Exit status: 0 done, 1 failed, 2 wrong usage, 3 done but files were quarantined or are held.
""",
)


app.command("migrate")(migrate)
app.command("ingest")(ingest)
app.add_typer(reseed, name="reseed")
app.command("replay")(replay)
app.command("skip")(skip)
app.add_typer(geocode, name="geocode")
app.command("capture-history")(capture_history)
app.command("status")(status)
app.command("preview")(preview)
app.command("sample-feed")(sample_feed)
app.command("gazetteer")(gazetteer)
app.command("demo-report", hidden=True)(demo_report)


def main() -> None:
    """Run the program and end the process with its exit status."""
    try:
        app()
    except Exception as error:  # noqa: BLE001  the last place that can keep secrets out of the text
        sys.exit(report_bug(error))
