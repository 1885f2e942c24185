"""An error is one message with advice and an exit status; no secret is ever in it."""

import json
from collections.abc import Callable
from io import StringIO

import psycopg
import pytest
import typer
from psycopg import errors as pg
from rich.console import Console
from typer.testing import CliRunner

from fleettickets.cli import exits, main
from fleettickets.cli.exits import CommandGroup, redact, report_bug
from fleettickets.errors import BucketUnavailableError, SettingError, UsageError
from tests.support.commands import CommandLine

SECRETS = {
    "DATABASE_URL": "postgresql://ingest:hunter2@db.example/tickets?sslpassword=zebra9",
    "RUSTFS_ACCESS_KEY": "AKIAEXAMPLE",
    "RUSTFS_SECRET_KEY": "s3cr3t/key+value",
    "GEOCODER_API_KEY": "pk.0123456789",
}


def failing(error: BaseException) -> Callable[..., tuple[int, str, str]]:
    """A runner of an app whose only real command raises `error`."""
    app = typer.Typer(cls=CommandGroup)

    @app.command("fail")
    def fail() -> None:
        raise error

    @app.command("other")
    def other() -> None:
        """A second command, so that the first one has to be named."""

    def run() -> tuple[int, str, str]:
        result = CliRunner(env={"COLUMNS": "60"}).invoke(app, ["fail"])
        return result.exit_code, result.stdout, result.stderr

    return run


def test_our_errors_are_one_line_without_traceback() -> None:
    """However long, so that a log keeps it together; standard output stays empty."""
    status, output, errors = failing(SettingError("DATABASE_URL", "not set; " + "advice " * 30))()

    assert status == 1
    assert output == ""
    assert errors.startswith("error: DATABASE_URL: not set")
    assert errors.count("\n") == 1


def test_wrong_usage_has_its_own_status() -> None:
    """So that a script can tell its own mistake from trouble."""
    assert failing(UsageError("wrong"))()[0] == 2


def test_passing_trouble_says_that_it_may_be_tried_again() -> None:
    """A retryable error is a failure of this run only."""
    status, _, errors = failing(BucketUnavailableError("the bucket answered 503"))()

    assert status == 1
    assert "the bucket answered 503; nothing was lost, run the same command again" in errors


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (pg.UndefinedTable("relation does not exist"), "run `fleettickets migrate --apply`"),
        (pg.InvalidSchemaName("no schema"), "run `fleettickets migrate --apply`"),
        (pg.InsufficientPrivilege("denied for table inc\nmore"), "lacks a right: denied for"),
        (pg.DiskFull("no space left"), "the database answered 53100: no space left"),
        (psycopg.ProgrammingError('missing "=" after "x"'), "DATABASE_URL: missing"),
        (FileNotFoundError(2, "No such file", "gone.csv"), "gone.csv"),
    ],
)
def test_errors_of_others_are_explained(error: Exception, message: str) -> None:
    """The driver's and the system's errors end the same way, with what to do where we know it."""
    status, _, errors = failing(error)()

    assert status == 1
    assert message in errors
    assert errors.count("\n") == 1


def test_interruption_says_that_nothing_is_half_done() -> None:
    """Ctrl-C is no failure of the data; the status is the shell's for it."""
    status, _, errors = failing(KeyboardInterrupt())()

    assert status == 130
    assert "what was settled stays settled" in errors


def test_machines_get_the_error_as_an_object(shell: CommandLine) -> None:
    """With --json the message is on standard output too, under one key."""
    answer = shell.run("status", "--json")

    assert answer.status == 1
    assert json.loads(answer.output)["error"]["kind"] == "SettingError"
    assert answer.errors.startswith("error: DATABASE_URL")


@pytest.mark.parametrize("secret", ["hunter2", "zebra9", *list(SECRETS.values())[1:]])
def test_secrets_are_redacted_wherever_they_stand(secret: str) -> None:
    """Whole settings, and the passwords inside of URLs and parameter lists."""
    texts = [f"could not use {value}" for value in SECRETS.values()] + [
        "postgresql://ingest:hunter2@elsewhere/db",
        "host=x password=hunter2 sslpassword='zebra9'",
    ]

    assert not any(secret in redact(text, SECRETS) for text in texts)


def test_password_alone_is_redacted_too() -> None:
    """An error may quote the password without the URL around it."""
    assert redact('role "ingest" said hunter2', SECRETS) == 'role "ingest" said ***'


def test_redaction_leaves_other_text_alone() -> None:
    """A URL without a password, a key of a bucket, a time."""
    text = "s3://isptickets/automations/inc at 2026-06-15T17:00 postgresql://127.0.0.1:1/none"

    assert redact(text, SECRETS) == text


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ingest:hunter2@127.0.0.1:1/tickets",
        "postgres//ingest:hunter2@127.0.0.1/tickets",
        "host=127.0.0.1 port=1 password=hunter2",
        "postgresql://ingest:hunter2@127.0.0.1:port/tickets",
    ],
)
def test_database_that_cannot_be_reached_hides_its_password(shell: CommandLine, url: str) -> None:
    """An unreachable server and a mistyped URL alike: exit 1, one line, no password."""
    answer = CommandLine(shell.directory, {"DATABASE_URL": url}).run("status")

    assert answer.status == 1
    assert "hunter2" not in answer.errors + answer.output
    assert answer.errors.startswith("error: ")


def test_bug_is_reported_with_a_traceback_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody foresaw is shown in full, but for the settings that are secret."""
    screen = StringIO()
    monkeypatch.setenv("RUSTFS_SECRET_KEY", SECRETS["RUSTFS_SECRET_KEY"])
    monkeypatch.setattr(exits, "Console", lambda **_: Console(file=screen, width=200))

    status = report_bug(ZeroDivisionError(f"division by {SECRETS['RUSTFS_SECRET_KEY']}"))

    assert status == 1
    assert "ZeroDivisionError: division by ***" in screen.getvalue()
    assert "this is a bug" in screen.getvalue()


def test_program_ends_a_bug_with_status_1(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of no family of ours still ends the process in order."""

    def fail() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(main, "app", fail)

    with pytest.raises(SystemExit) as ended:
        main.main()

    assert ended.value.code == 1
