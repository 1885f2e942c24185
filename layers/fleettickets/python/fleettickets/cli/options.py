"""Options that several commands share."""

import logging
from typing import Annotated

import typer

from fleettickets.cli.consoles import LogHandler

Apply = Annotated[
    bool,
    typer.Option(
        "--apply", help="Do it. Without this the command is a dry run and changes nothing."
    ),
]
AsJson = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON object for machines, and no progress."),
]
Verbose = Annotated[
    bool,
    typer.Option("--verbose", "-v", help="Show the log on standard error, a line an event."),
]


def log_to_standard_error(*, verbose: bool) -> None:
    """Show the jobs' log lines, or keep them quiet: the summary tells what people need."""
    logger = logging.getLogger("fleettickets")
    logger.handlers = [LogHandler() if verbose else logging.NullHandler()]
    logger.setLevel(logging.INFO)
    logger.propagate = False
