"""What the README says to type can be typed, and does what it says."""

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.database.cli.conftest import Feed
from tests.support.commands import CommandLine
from tests.support.feeds import a_row

ROOT = Path(__file__).resolve().parents[3]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BAD_FILE = "2024-06-15T17-00-00"
PLACEHOLDERS = {"DIR": "feed", "KEY": BAD_FILE, "TEXT": "'given up'", "HASH": "0" * 64}
ELSEWHERE = (
    "--from-bucket",
    " reseed ",
)  # need a bucket: tests of ingest and of the stack run them

NEWCOMER = ROOT / "scripts" / "newcomer.sh"
RUN_BY = {
    "test": "scripts/check.sh",  # its stage tests
    "check": ".ci/run",  # all of it
    "deploy": "tests/stack/test_runbook.py",  # on LocalStack: AWS itself needs an account
    "bucket-events": "tests/stack/test_operate.py",
}


def blocks() -> Iterator[str]:
    """The lines of the README's code blocks, without their comments."""
    for block in re.findall(r"^```\w*\n(.*?)^```", README, re.DOTALL | re.MULTILINE):
        yield from (line.partition(" #")[0].strip() for line in block.splitlines())


OWN = [line for line in blocks() if line.startswith("fleettickets ")]
MAKE = sorted({line for line in blocks() if line.startswith("make ")})


def filled_in(line: str) -> list[str]:
    """The words of a command, with the file of this test where it leaves one open."""
    for name, value in PLACEHOLDERS.items():
        line = re.sub(rf"\b{name}\b", value, line)
    return shlex.split(line)[1:]


@pytest.mark.parametrize("line", [line for line in OWN if not any(e in line for e in ELSEWHERE)])
def test_commands_of_the_readme_work(shell: CommandLine, feed: Feed, line: str) -> None:
    """Each one ends as done, or as done with files left aside, in a place with a bad file."""
    feed.put(BAD_FILE, content=b"not;a;change;file\n")
    feed.put("2024-06-15T18-00-00", a_row())
    shell.run("ingest", "--from-dir", "feed", "--apply")
    words = filled_in(line)
    if words[0] in {"replay", "skip"}:
        words += ["--from-dir", "feed"]
    if words[0] == "sample-feed":
        words[1] = "another"

    answer = shell.run(*words)

    assert answer.status in {0, 3}, answer.errors


def make_calls(text: str) -> set[str]:
    """The targets that a text says to make, at the beginning of a line or of quoted code."""
    return set(re.findall(r"(?:^|`|^ *try )make ([a-z]+(?:-[a-z]+)*)", text, re.MULTILINE))


def test_every_target_of_the_readme_is_run() -> None:
    """By the newcomer of `make check`, or by what is named here; none is forgotten."""
    tried = make_calls(NEWCOMER.read_text(encoding="utf-8"))

    assert make_calls(README) - tried == set(RUN_BY)
    assert all((ROOT / place).exists() for place in RUN_BY.values())


@pytest.mark.parametrize("line", MAKE)
def test_targets_of_the_readme_are_there(line: str) -> None:
    """Make knows each of them, written as it is there."""
    command = [*shlex.split(line), "--dry-run", "--no-print-directory"]

    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of the documentation names a file that is there."""
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))

    inside = [link for link in links if "://" not in link]

    assert [link for link in inside if not page.parent.joinpath(link).exists()] == []


def test_the_demo_without_aws_ends_with_the_page(bare_database_url: str, tmp_path: Path) -> None:
    """`make demo-local` takes an empty database from its schema to the page."""
    own = {
        "DATABASE_URL": bare_database_url,
        "DEMO_DIRECTORY": str(tmp_path),
        "DEMO_STREAM": "--tickets 200 --days 3",
    }

    run = subprocess.run(
        [ROOT / "scripts" / "demo_local.sh"],
        env=os.environ | own,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    assert "of 200 tickets" in run.stdout
    assert tmp_path.joinpath("page", "index.html").exists()


def test_the_readme_is_short() -> None:
    """It is read to its end: 120 lines."""
    assert len(README.splitlines()) <= 120
