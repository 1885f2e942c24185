"""`make bench`: every benchmark, one after the other, into docs/performance.md; verdicts first.

Each part is a module of its own, run as its own process; what it prints is its section. A part that
fails keeps its section, with what it said last, and the others go on.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from tests.bench.reports import describe_server
from tests.support.postgres import ROOT, find_server_url

PAGE = ROOT / "docs" / "performance.md"
TIMEOUT_SECONDS = 7200
VERDICTS = ("GOAL ", "MUST ", "MISSED ", "NONE ", "PASS ", "FAIL ")


@dataclass(frozen=True, slots=True)
class Part:
    """One benchmark: its module in tests.bench, and its arguments for a quick try."""

    module: str
    title: str
    quick: tuple[str, ...] = ("--quick",)


PARTS = (
    Part("peers", "Ingest: against its limits and its peers"),
    Part(
        "ingest", "Ingest: against the batch worker, in detail", ("--rows", "2000", "--rounds", "1")
    ),
    Part("scale", "Scale: cost against work"),
    Part("cold_start", "Cold start"),
    Part("visible", "From PUT to visible, on the deployed stack"),
    Part("read", "Reading: payloads over a million tickets", ("--tickets", "20000")),
    Part("geocode", "Geocoding: ten thousand pending places", ("--tickets", "20000")),
    Part("reseed", "Reseed against the live path", ("--files", "50", "--live", "50")),
)


@dataclass(frozen=True, slots=True)
class Section:
    """What a part printed, and how long it took."""

    part: Part
    text: str
    seconds: float
    failed: bool = False

    @property
    def verdicts(self) -> list[str]:
        """Return the lines that say whether something wanted was found."""
        return [line for line in self.text.splitlines() if line.startswith(VERDICTS)]


def run_part(part: Part, arguments: Sequence[str] = ()) -> Section:
    """Run one part to its end; its progress goes to standard error as it comes."""
    started = time.monotonic()
    command = (sys.executable, "-m", f"tests.bench.{part.module}", *arguments)
    try:
        ended = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
        text, failed = ended.stdout, ended.returncode != 0
    except subprocess.TimeoutExpired:
        text, failed = f"not done after {TIMEOUT_SECONDS} s\n", True
    return Section(part, text.strip(), time.monotonic() - started, failed)


def describe_machine(url: str) -> str:
    """Return the processor, its cores, the memory, the system, and the versions of what is used."""
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "select default_version from pg_available_extensions where name = 'postgis'"
        ).fetchone()
    postgis = found[0] if found else "none"
    return (
        f"{_processor()}; {memory_gb:.0f} GB; {_system()}; PostGIS {postgis}; "
        f"{describe_server(url).strip()}"
    )


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else os.uname().machine


def _system() -> str:
    release = Path("/etc/os-release")
    lines = release.read_text().splitlines() if release.exists() else []
    names = [line.partition("=")[2].strip('"') for line in lines if line.startswith("PRETTY_NAME")]
    return names[0] if names else os.uname().sysname


HEAD = """# How fast it is

All of this page is written by `make bench`, from one run of everything on one machine. Ratios of
one run are worth more than its seconds. It is no test: nothing here fails the build. What the
figures mean and where the time goes is in [performance-ingest.md](performance-ingest.md) and
[performance-read.md](performance-read.md).
"""
LEGEND = """`GOAL`: what we want is there. `MUST`: between what must be and what we want. `MISSED`:
neither. `NONE`: not measured. `PASS`, `FAIL`: of one limit. Limits are must / goal; `x` is how many
times as fast.
"""


def page(machine: str, sections: Iterable[Section], day: datetime) -> str:
    """Return the page: the machine, all verdicts, then what each part printed."""
    sections = list(sections)
    verdicts = "\n".join(line for section in sections for line in section.verdicts)
    parts = "\n".join(_section(section) for section in sections)
    when = f"{day:%Y-%m-%d}: {machine}"
    return f"{HEAD}\n{when}\n\n## Ratios\n\n{LEGEND}\n{_block(verdicts)}\n{parts}"


def _section(section: Section) -> str:
    ended = " It failed." if section.failed else ""
    took = f"`python -m tests.bench.{section.part.module}`, {section.seconds:.0f} s.{ended}"
    return f"## {section.part.title}\n\n{took}\n\n{_block(section.text)}"


def _block(text: str) -> str:
    return f"```text\n{text}\n```\n"


def main() -> None:
    """Run the parts on DATABASE_URL, or the private cluster, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small: to try it, into --page")
    parser.add_argument("--only", nargs="*", default=[part.module for part in PARTS])
    parser.add_argument("--page", type=Path, default=PAGE)
    options = parser.parse_args()
    sections: list[Section] = []
    for part in PARTS:
        if part.module in options.only:
            sys.stderr.write(f"--- {part.module}\n")
            sections.append(run_part(part, part.quick if options.quick else ()))
            sys.stderr.write(f"--- {part.module}: {sections[-1].seconds:.0f} s\n")
    machine = describe_machine(find_server_url(os.environ))
    options.page.write_text(page(machine, sections, datetime.now(UTC)))
    sys.stderr.write(f"{options.page} is written\n")


if __name__ == "__main__":
    main()
