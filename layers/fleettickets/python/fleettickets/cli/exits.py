"""Exit statuses, and the one place where an error becomes a message and a status."""

import json
import os
import re
import traceback
from collections.abc import Mapping
from typing import Any, override
from urllib.parse import unquote

import psycopg
import typer
from psycopg import errors as pg
from rich.console import Console
from rich.text import Text
from typer._click.core import Context
from typer.core import TyperGroup

from fleettickets.cli.advice import HelpWanted, WrongUsage, advice_for
from fleettickets.errors import FleetticketsError, RetryableError, UsageError

DONE = 0
FAILED = 1
USAGE = 2
LEFT_ASIDE = 3
"""Everything was done, but files were quarantined or are held."""
INTERRUPTED = 130

_SECRET_SETTINGS = ("DATABASE_URL", "RUSTFS_ACCESS_KEY", "RUSTFS_SECRET_KEY", "GEOCODER_API_KEY")
_PASSWORD_IN_URL = re.compile(r"(?<=://)([^\s:/@]*:)([^\s@]*)(?=@)")
_PASSWORD_PARAMETER = re.compile(r"(?i)\b((?:ssl)?password\s*=\s*)('[^']*'|[^\s&]+)")
_SHORTEST_SECRET = 4
_MIGRATE_ADVICE = "the database lacks fleettickets' schema: run `fleettickets migrate --apply`"


class CommandGroup(TyperGroup):
    """The commands, with errors reported as one message and an exit status, never a traceback.

    With `--json` the message also goes to standard output, as an object with one key, `error`.
    """

    @override
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Remember whether the caller is a machine, before a command takes its options."""
        ctx.meta["as_json"] = "--json" in args
        try:
            return super().parse_args(ctx, args)
        except HelpWanted:
            raise
        except WrongUsage as error:
            raise _wrong_usage(error, ctx) from None

    @override
    def invoke(self, ctx: Any) -> Any:
        """Run the command; every error ends as `typer.Exit`."""
        as_json = bool(ctx.meta.get("as_json"))
        try:
            return super().invoke(ctx)
        except HelpWanted:
            raise
        except WrongUsage as error:
            raise _wrong_usage(error, ctx) from None
        except FleetticketsError as error:
            status = USAGE if isinstance(error, UsageError) else FAILED
            raise _exit(status, error, _advice(error), as_json=as_json) from None
        except psycopg.Error as error:
            raise _exit(FAILED, error, _database_message(error), as_json=as_json) from None
        except KeyboardInterrupt as error:
            message = "stopped; what was settled stays settled, the same command goes on from there"
            raise _exit(INTERRUPTED, error, message, as_json=as_json) from None
        except OSError as error:
            raise _exit(FAILED, error, str(error), as_json=as_json) from None


def redact(text: str, environment: Mapping[str, str] | None = None) -> str:
    """Replace whatever is secret in `text`: the secret settings' values, and passwords in URLs."""
    values = os.environ if environment is None else environment
    for secret in sorted(_secrets(values), key=len, reverse=True):
        text = text.replace(secret, "***")
    for pattern in (_PASSWORD_IN_URL, _PASSWORD_PARAMETER):
        text = pattern.sub(r"\1***", text)
    return text


def _secrets(environment: Mapping[str, str]) -> set[str]:
    """Return the secret settings' values, and the passwords inside of the database's URL."""
    url = environment.get("DATABASE_URL", "")
    found = [*_PASSWORD_IN_URL.findall(url), *_PASSWORD_PARAMETER.findall(url)]
    passwords = [password.strip("'") for _, password in found]
    values = [environment.get(name, "") for name in _SECRET_SETTINGS]
    decoded = [unquote(password) for password in passwords]
    return {secret for secret in values + passwords + decoded if len(secret) >= _SHORTEST_SECRET}


def _exit(status: int, error: BaseException, message: str, *, as_json: bool) -> typer.Exit:
    """Report the error and return what ends the process with `status`."""
    text = redact(message)
    console = Console(stderr=True, soft_wrap=True)
    console.print(Text.assemble(("error: ", "bold red"), text))
    if as_json:
        print(json.dumps({"error": {"kind": type(error).__name__, "message": text}}))  # noqa: T201
    return typer.Exit(status)


def _wrong_usage(error: WrongUsage, context: Context) -> typer.Exit:
    """Report what was typed wrong, and what could be typed instead."""
    as_json = bool(context.meta.get("as_json"))
    return _exit(USAGE, error, advice_for(error, context), as_json=as_json)


def _advice(error: FleetticketsError) -> str:
    if isinstance(error, RetryableError):
        return f"{error}; nothing was lost, run the same command again"
    return str(error)


def _database_message(error: psycopg.Error) -> str:
    if isinstance(error, (pg.UndefinedTable, pg.UndefinedFunction, pg.InvalidSchemaName)):
        return _MIGRATE_ADVICE
    if isinstance(error, pg.InsufficientPrivilege):
        return f"the database role lacks a right: {_first_line(error)}; see the roles in the README"
    if error.sqlstate is None:
        return f"DATABASE_URL: {_first_line(error)}"
    return f"the database answered {error.sqlstate}: {_first_line(error)}"


def _first_line(error: psycopg.Error) -> str:
    return str(error).partition("\n")[0]


def report_bug(error: Exception) -> int:
    """Print an unexpected error with its traceback, secrets left out; return the exit status."""
    text = "".join(traceback.format_exception(error))
    console = Console(stderr=True, soft_wrap=True)
    console.print(Text(redact(text)))
    console.print(Text.assemble(("error: ", "bold red"), "this is a bug in fleettickets"))
    return FAILED
