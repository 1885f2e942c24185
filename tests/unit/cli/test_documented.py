"""Each command that a document tells people to type is one that there is, with its options."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from typer.main import get_command

from fleettickets.cli.main import app

ROOT = Path(__file__).resolve().parents[3]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
VALUES = {"FILE": "2024-06-15T17-00-00.csv", "KEY": "2024-06-15T17-00-00", "HASH": "0" * 64}


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
    """It is parsed to its last word; nothing is run."""
    del page
    words = [VALUES.get(word, word) for word in shlex.split(line)[1:]]
    command: click.Command = get_command(app)
    context = click.Context(command)

    while isinstance(command, click.Group):
        name, found, words = command.resolve_command(context, words)
        assert found is not None
        context = click.Context(found, info_name=name, parent=context)
        command = found
        if isinstance(command, click.Group) and not words:
            return

    command.parse_args(context, words)
