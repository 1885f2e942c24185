"""`fleettickets sample-feed`: write a made-up change stream into a directory."""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import typer

from fleettickets.cli.consoles import facts, number, plural, print_json, standard_output
from fleettickets.cli.options import AsJson
from fleettickets.cli.sessions import now, prefix_of, read_settings
from fleettickets.core.keys import EAT, Prefix
from fleettickets.errors import UsageError
from fleettickets.samples.streams import SampleFile, sample_stream

MAX_TICKETS = 200_000
MAX_DAYS = 3_650

Directory = Annotated[
    Path,
    typer.Argument(
        metavar="DIR", file_okay=False, help="Where to write; it is made if it is missing."
    ),
]
Tickets = Annotated[
    int, typer.Option(min=1, max=MAX_TICKETS, help="How many tickets the whole stream has.")
]
Days = Annotated[int, typer.Option(min=1, max=MAX_DAYS, help="How many days the stream covers.")]
Seed = Annotated[int, typer.Option(help="Another seed gives another stream.")]
End = Annotated[
    datetime | None,
    typer.Option(
        metavar="TIME",
        formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        help="The latest time of an export, EAT. Default: now.",
    ),
]


def sample_feed(
    directory: Directory,
    tickets: Tickets = 1000,
    days: Days = 30,
    seed: Seed = 1,
    end: End = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Write a realistic, made-up stream of change files to try things with.

    The files go to DIR/automations/inc/changes/ (or below TICKETS_PREFIX), six a day from 06:00 to
    21:00 EAT, none later than --end. The first file and one a week hold the full state, the others
    what changed. Content trails file time by about two days, as in the real feed.

    The same options with the same --end give the same bytes. A directory that already holds another
    stream is refused.

    For example:

        fleettickets sample-feed /tmp/demo --tickets 500 --days 14 --seed 7
        fleettickets ingest --from-dir /tmp/demo --apply
    """
    prefix = prefix_of(read_settings())
    stream = sample_stream(tickets, days, seed, now() if end is None else end.replace(tzinfo=EAT))
    folder = directory.joinpath(*prefix.text.split("/"))
    written = _write(folder, prefix, stream)
    if as_json:
        print_json(written | {"directory": str(directory), "tickets": tickets, "seed": seed})
        return
    console = standard_output()
    console.print(
        facts(
            [
                ("stream", f"{plural(written['files'], 'change file')} in {folder / 'changes'}"),
                ("covers", f"{written['first_stamp']} to {written['last_stamp']} EAT"),
                ("rows", f"{number(written['rows'])} of {plural(tickets, 'ticket')}"),
                ("size", f"{written['bytes'] / 1e6:.1f} MB"),
            ]
        )
    )
    console.print(f'Next: fleettickets ingest --from-dir "{directory}"', soft_wrap=True)


def _write(folder: Path, prefix: Prefix, stream: Iterator[SampleFile]) -> dict[str, Any]:
    from fleettickets.clients.directories import DirectoryBucket  # noqa: PLC0415

    first = next(stream)
    _refuse_other_streams(folder, first)
    folder.joinpath("changes").mkdir(parents=True, exist_ok=True)
    bucket = DirectoryBucket(folder, prefix.text)
    stamps, rows, size_bytes = list[str](), 0, 0
    for file in chain([first], stream):
        content = file.text.encode()
        bucket.put_object(prefix.change_key(file.stamp), [content], size_bytes=len(content))
        stamps.append(file.stamp)
        rows, size_bytes = rows + file.rows, size_bytes + len(content)
    return {
        "files": len(stamps),
        "first_stamp": stamps[0],
        "last_stamp": stamps[-1],
        "rows": rows,
        "bytes": size_bytes,
    }


def _refuse_other_streams(folder: Path, first: SampleFile) -> None:
    """Two streams in one directory would be applied as one; the same one again does no harm.

    The first file holds the full state, so it is another one in every other stream.

    Raises:
        UsageError: the directory holds change files, and not this stream's first one.
    """
    places = [folder / name for name in ("changes", "processed", "quarantine")]
    found = sorted(path for place in places for path in place.glob("*.csv"))
    content = first.text.encode()
    same = any(path.stem == first.stamp and path.read_bytes() == content for path in found)
    if found and not same:
        raise UsageError(
            f"{found[0]} belongs to another stream: name another directory, or delete {folder}"
        )
