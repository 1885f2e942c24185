"""Running the command line as a person would, in this process."""

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from fleettickets.cli.main import app
from tests.support.logs import log_as_before


@dataclass(frozen=True, slots=True)
class Answer:
    """What one command left: its exit status and its two outputs."""

    status: int
    output: str
    errors: str

    @property
    def document(self) -> dict[str, Any]:
        """The JSON object on standard output."""
        return json.loads(self.output)


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A shell in `directory` (with no `.env` unless the test writes one) and its settings."""

    directory: Path
    settings: Mapping[str, str] = field(default_factory=dict[str, str])

    def run(self, *arguments: str | Path) -> Answer:
        """Run `fleettickets` with `arguments`; an error that is a bug is raised."""
        runner = CliRunner(env={"COLUMNS": "100"} | dict(self.settings))
        # The log too: a fixture that outlives its test calls this as well.
        with contextlib.chdir(self.directory), log_as_before():
            result = runner.invoke(app, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Answer(result.exit_code, result.stdout, result.stderr)
