"""`fleettickets capture-history`: the daily snapshot and the closures, once."""

from dataclasses import asdict

from rich.text import Text

from fleettickets.cli.consoles import facts, plural, print_json, standard_output
from fleettickets.cli.options import Apply, AsJson
from fleettickets.cli.sessions import open_database, read_settings
from fleettickets.cli.summaries import DRY_RUN_NOTE
from fleettickets.store import history
from fleettickets.store.connections import translated_errors
from fleettickets.store.history import Capture
from fleettickets.store.history_gaps import plan_capture


def capture_history(*, apply: Apply = False, as_json: AsJson = False) -> None:
    """Write today's snapshot and the closures that the history lacks.

    A run of `ingest --apply` ends with this, and the schedule does it too, so it is rarely needed
    by hand. It can be run at any time: a snapshot of today is brought up to date, one of a day that
    is over stays. During a reseed it does nothing and says so.

    For example:

        fleettickets capture-history --apply
    """
    capture = history.capture_history if apply else plan_capture
    with open_database(read_settings(), "capture-history") as connection, translated_errors():
        result = capture(connection)
    if as_json:
        print_json({"command": "capture-history", "dry_run": not apply} | asdict(result))
        return
    console = standard_output()
    console.print(Text("capture-history" if apply else "capture-history (dry run)", style="bold"))
    console.print(facts([("history", Text(history_text(result)))]))
    if not apply:
        console.print(DRY_RUN_NOTE)


def history_text(result: Capture) -> str:
    """Describe what a capture did, or would do."""
    if not result.captured:
        return f"not captured: {result.reason}"
    closures = plural(result.closures_added, "closure")
    return f"snapshot of {result.snapshot_date} {result.snapshot}, {closures} added"
