"""Who is measured as a whole process: the product's command, and the peers, each in its best form.

The peers get an easier task: text columns in one table, with a key where they have one, and no
generated columns, geometry, versions, history or other indexes.
"""

import csv
import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from fleettickets.core.keys import Prefix
from tests.bench.peers import dlt_loads
from tests.bench.peers.processes import Command
from tests.support.postgres import ROOT

PEERS = ROOT / ".local" / "tools" / "peers" / "bin"
SCHEMA = "peer"


@dataclass(frozen=True, slots=True)
class Place:
    """A database and a directory of a contestant's own. The URL has the password in it."""

    url: str
    directory: Path


def _nothing(place: Place, header: bytes) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Contestant:
    """How one loader is called. Neither `prepare` nor making the command is in the figures."""

    name: str
    command: Callable[[Place, Path], Command]
    program: Path | None = None
    """What must be installed for it."""
    prepare: Callable[[Place, bytes], None] = _nothing
    migrated: bool = False
    """Whether it writes into the product's schema."""
    table: tuple[str, ...] = (SCHEMA, "inc")
    upserts: bool = True
    deltas: int = 5

    def missing(self) -> str | None:
        """Return why it cannot be measured here; None if it can."""
        if self.program is None or self.program.exists():
            return None
        return f"{self.name}: left out, {self.program.name} is not installed (make bench-setup)"


# --- the product, and the batch worker's way ------------------------------------------------------


def _ingest(place: Place, file: Path) -> Command:
    """The file is moved away by the command, so it gets a copy of its own."""
    changes = place.directory / Prefix().changes
    changes.mkdir(parents=True, exist_ok=True)
    shutil.copy(file, changes)
    words = ("ingest", "--from-dir", str(place.directory), "--apply")
    fleettickets = Path(sys.executable).with_name("fleettickets")
    return Command((str(fleettickets), *words), {"DATABASE_URL": place.url})


def _batch_worker(place: Place, file: Path) -> Command:
    words = (sys.executable, "-m", "tests.bench.batch_worker", place.url, str(file))
    return Command(words, {"PYTHONPATH": str(ROOT)})


def remove_marks(place: Place, header: bytes) -> None:
    """Let the batch worker off the triggers that tell the scheduled run of what others wrote."""
    with psycopg.connect(place.url) as connection:
        for trigger in ("inc_mark_content", "inc_mark_foreign"):
            statement = sql.SQL("alter table tickets.inc disable trigger {}")
            connection.execute(statement.format(sql.Identifier(trigger)))


# --- dlt ------------------------------------------------------------------------------------------


def dlt_command(settings: str, place: Place, *files: Path) -> Command:
    """Load the files one after the other in one process; it prints the seconds of each."""
    words = (dlt_loads.__file__, place.url, settings, str(place.directory / "dlt"))
    quiet = {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}
    return Command((str(PEERS / "python"), *words, *map(str, files)), quiet)


def _dlt(settings: str) -> Contestant:
    def command(place: Place, file: Path) -> Command:
        return dlt_command(settings, place, file)

    return Contestant(f"dlt, {settings}", command, program=PEERS / "dlt", deltas=3)


# --- pgloader, with an upsert in SQL --------------------------------------------------------------

PGLOADER_FILE = """
load csv from '{file}' into {url} target table {schema}.stage
with truncate, skip header = 1, fields terminated by ',', fields optionally enclosed by '"',
    fields escaped by double-quote
after load do $$ {upsert} $$;
"""


def _make_tables(place: Place, header: bytes) -> None:
    names = header.decode().split(",")
    columns = sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(name)) for name in names)
    with psycopg.connect(place.url) as connection:
        connection.execute(f"create schema {SCHEMA}")
        connection.execute(sql.SQL("create unlogged table peer.stage ({})").format(columns))
        connection.execute("create table peer.inc (like peer.stage, primary key (ticket_id))")


def _pgloader(place: Place, file: Path) -> Command:
    with file.open() as lines:
        names = lines.readline().strip().split(",")
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name != "ticket_id")
    upsert = (
        f"insert into {SCHEMA}.inc select * from {SCHEMA}.stage "
        f"on conflict (ticket_id) do update set {changes}"
    )
    load = place.directory / "pgloader.load"
    text = PGLOADER_FILE.format(file=file, url=place.url, schema=SCHEMA, upsert=upsert)
    load.write_text(text)
    words = ("--quiet", "--root-dir", str(place.directory / "pgloader"), "--on-error-stop")
    return Command(("pgloader", *words, str(load)))


def _pgloader_program() -> Path:
    return Path(shutil.which("pgloader") or "/nowhere/pgloader")


# --- csvkit and Singer ----------------------------------------------------------------------------


def _csvsql(place: Place, file: Path) -> Command:
    """No sniffing and no inference: the columns are text, and the table has no key."""
    words = ("--db", place.url, "--insert", "--create-if-not-exists", "--tables", "inc")
    faster = ("--no-inference", "--snifflimit", "0", "--no-constraints")
    return Command((str(PEERS / "csvsql"), *words, *faster, str(file)))


SINGER_SETTINGS = {
    "default_target_schema": SCHEMA,
    "load_method": "upsert",
    "use_copy": True,
    "validate_records": False,
    "add_record_metadata": False,
    "activate_version": False,
}


def _target_postgres(place: Place, file: Path) -> Command:
    """Its messages are written beforehand: the tap that would write them costs nothing here."""
    url = place.url.replace("postgresql://", "postgresql+psycopg://")
    settings = place.directory / "singer.json"
    settings.write_text(json.dumps({"sqlalchemy_url": url, **SINGER_SETTINGS}))
    messages = place.directory / "singer.jsonl"
    with file.open(newline="") as source, messages.open("w") as target:
        rows = csv.DictReader(source)
        properties = {name: {"type": ["string", "null"]} for name in rows.fieldnames or ()}
        schema = {"type": "object", "properties": properties}
        head = {"type": "SCHEMA", "stream": "inc", "schema": schema}
        target.write(json.dumps({**head, "key_properties": ["ticket_id"]}) + "\n")
        for row in rows:
            target.write(json.dumps({"type": "RECORD", "stream": "inc", "record": row}) + "\n")
    words = (str(PEERS / "target-postgres"), "--config", str(settings))
    return Command(words, standard_input=messages)


TICKETS = ("tickets", "inc")
PRODUCT = Contestant("fleettickets ingest --apply", _ingest, migrated=True, table=TICKETS)
DLT_SETTINGS = tuple(dlt_loads.SETTINGS)
CONTESTANTS = (
    PRODUCT,
    Contestant("batch worker", _batch_worker, migrated=True, table=TICKETS),
    Contestant(
        "batch worker, no marks", _batch_worker, prepare=remove_marks, migrated=True, table=TICKETS
    ),
    *map(_dlt, DLT_SETTINGS),
    Contestant("pgloader + upsert", _pgloader, _pgloader_program(), _make_tables),
    Contestant("csvsql --insert", _csvsql, PEERS / "csvsql", upserts=False, table=("inc",)),
    Contestant("target-postgres", _target_postgres, PEERS / "target-postgres", deltas=3),
)
