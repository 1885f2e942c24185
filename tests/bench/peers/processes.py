"""Whole processes, measured from outside: what they took, and what they wrote to the log."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from psycopg import Connection

from tests.bench.clocks import Span, read_wal, wal_written
from tests.bench.peers import launcher

TIMEOUT_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Command:
    """What is run: its words, what is added to the environment, and what it reads."""

    words: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    standard_input: Path = Path(os.devnull)


def run_process(command: Command, connection: Connection[Any]) -> tuple[Span, str]:
    """Run the command to its end; return its figures and what it printed.

    `connection` is only asked how much the server wrote to its log meanwhile.

    Raises:
        RuntimeError: it failed; what it said last is in the message.
    """
    with TemporaryDirectory() as directory:
        figures = Path(directory, "figures.json")
        words = (launcher.__file__, str(figures), str(command.standard_input), *command.words)
        before = read_wal(connection)
        ended = subprocess.run(
            (sys.executable, "-I", "-S", *words),
            env={**os.environ, **command.environment},
            cwd=directory,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
        written = wal_written(before, read_wal(connection))
        if ended.returncode:
            raise RuntimeError(
                f"{command.words[0]} failed: {(ended.stdout + ended.stderr)[-2000:]}"
            )
        return Span(**json.loads(figures.read_text()), wal_bytes=written), ended.stdout
