"""A shell for the commands' tests, without a database."""

from pathlib import Path

import pytest

from tests.support.commands import CommandLine


@pytest.fixture
def shell(tmp_path: Path) -> CommandLine:
    """A shell in a directory of its own."""
    return CommandLine(tmp_path)
