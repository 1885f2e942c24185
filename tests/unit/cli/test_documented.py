"""Each command that a document tells people to type is one that there is, with its options."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fleettickets.cli.main import app

ROOT = Path(__file__).resolve().parents[3]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def documented() -> Iterator[tuple[str, str]]:
    """Yield a page and a command line in it, for all of them: from blocks and from sentences."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        lines = {
            line.partition(" #")[0].strip()
            for line in [*re.findall(r"`(fleettickets [^`\n]+)`", text), *text.splitlines()]
        }
        for line in sorted(lines):
            if re.match(r"fleettickets [a-z]+[a-z -]*( |$)", line) and "…" not in line:
                yield page.name, line


@pytest.mark.parametrize(("page", "line"), sorted(set(documented())))
def test_command_is_understood(page: str, line: str) -> None:
    """With --help behind it nothing is run, but a command or an option that is not there fails."""
    answer = CliRunner().invoke(app, [*shlex.split(line)[1:], "--help"])

    assert answer.exit_code == 0, f"{page}: {answer.output}"
