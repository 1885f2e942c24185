"""The runbook as tests read it: its sections, their commands, and a desk to run these at."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.applications import Application
from tests.support.localstack import REGION, ROOT, LocalStack

STAGE = "localstack"
RUNBOOK = ROOT / "docs" / "runbook.md"
ON_AWS = "# AWS"
_FENCE = re.compile(r"^ *```sh\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#{1,3} (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Command:
    """A line of a section; one that `is_for_aws` can only be run there."""

    text: str
    is_for_aws: bool


def sections(text: str | None = None) -> Mapping[str, str]:
    """Return the sections' texts by their anchors, as in docs/runbook.md#anchor."""
    document = RUNBOOK.read_text() if text is None else text
    heads = list(_HEADING.finditer(document))
    ends = [head.start() for head in heads[1:]] + [len(document)]
    return {
        anchor(head[1]): document[head.end() : end].strip()
        for head, end in zip(heads, ends, strict=True)
    }


def anchor(heading: str) -> str:
    """Return the anchor that a heading gets on GitHub."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def commands(section: str) -> list[Command]:
    """Return the commands of a section, in order."""
    return [*_commands(sections()[section])]


def _commands(text: str) -> Iterator[Command]:
    for block in _FENCE.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            if shlex.split(line, comments=True):
                yield Command(line.strip(), ON_AWS in line)


@dataclass(frozen=True, slots=True)
class Done:
    """A command that was run: what it said, and whether it ended well."""

    command: str
    output: str
    is_well: bool


@dataclass(slots=True)
class Desk:
    """An operator's desk: a file of stages, a shell, and the stack that they are about.

    `parameters` are those that the stage gives to the stack; `variables` are set in the shell.
    """

    localstack: LocalStack
    samconfig: Path
    name: str
    parameters: dict[str, str]
    variables: dict[str, str] = field(default_factory=dict[str, str])

    def run(self, command: str) -> Done:
        """Run a command in the checkout; it must end well, but for a `--check`, which may not.

        A plan's hash that it prints is PLAN for those that come after it, as the page says.
        """
        self._write_stage()
        run = subprocess.run(
            ["bash", "-c", command],
            env=self._environment(),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        done = Done(command, run.stdout + run.stderr, run.returncode == 0)
        assert done.is_well or "--check" in command, f"{command}\n{done.output}"
        for plan in re.findall("PLAN=([0-9a-f]{64})$", done.output, re.MULTILINE):
            self.variables["PLAN"] = plan
        return done

    def follow(
        self,
        section: str,
        replaced: Mapping[str, str] | None = None,
        *,
        but: Collection[str] = (),
    ) -> Mapping[str, Done]:
        """Run the commands of a section that not only AWS can run, in order, all `but` these.

        Texts are `replaced` in them: the keys and places of the examples by those of the test.
        Return what each did, by its text in the page.
        """
        done: dict[str, Done] = {}
        for command in commands(section):
            if command.is_for_aws or command.text in but:
                continue
            text = command.text
            for old, new in (replaced or {}).items():
                text = text.replace(old, new)
            done[command.text] = self.run(text)
        return done

    def _write_stage(self) -> None:
        overrides = ",".join(f'"{name}={value}"' for name, value in self.parameters.items())
        self.samconfig.write_text(
            f'version = 0.1\n[{STAGE}.global.parameters]\nregion = "{REGION}"\n'
            f'[{STAGE}.deploy.parameters]\nstack_name = "{self.name}"\n'
            f"parameter_overrides = [{overrides}]\n"
        )

    def _environment(self) -> dict[str, str]:
        others = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        return {
            **others,
            "STAGE": STAGE,
            "SAMCONFIG": str(self.samconfig),
            "AWS_ENDPOINT_URL": self.localstack.endpoint_url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "COLUMNS": "120",
            **self.variables,
        }


def a_desk(application: Application, folder: Path, **variables: str) -> Desk:
    """Return a desk for a stack that is deployed already; its file of stages goes into a folder."""
    return Desk(
        application.localstack,
        folder / "samconfig.toml",
        application.stack.name,
        {**application.parameters},
        {"DATABASE_URL": application.database.owner_url(application.localstack), **variables},
    )
