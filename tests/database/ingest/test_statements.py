"""Every SQL constant of the package is understood by the migrated database."""

import importlib
import pkgutil
import re
from collections.abc import Iterator

import pytest

import fleettickets.store
from fleettickets.store import plans, staging
from fleettickets.store.connections import Connection

_STATEMENT = re.compile(
    r"\s*(?:--.*\n)*\s*(?:select|insert|update|delete|with|copy|create|truncate|set|lock)\b"
)
_PLACEHOLDER = re.compile(r"%(?:\((\w+)\))?s")


def _statements() -> Iterator[tuple[str, str]]:
    for module in pkgutil.iter_modules(fleettickets.store.__path__, "fleettickets.store."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if name.isupper() and isinstance(value, str) and _STATEMENT.match(value):
                yield f"{module.name.rpartition('.')[2]}.{name}", value


STATEMENTS = dict(_statements())


def _numbered(statement: str) -> bytes:
    """Return the statement with `$n` for psycopg's placeholders, equal names as one parameter."""
    numbers: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        name = found[1] or f"position {found.start()}"
        return f"${numbers.setdefault(name, len(numbers) + 1)}"

    return _PLACEHOLDER.sub(number, statement).replace("%%", "%").encode()


def test_statements_are_found() -> None:
    """This module is not quietly empty: the statements that matter most are among them."""
    assert {"staging.APPLY_ROWS", "ledger.SETTLE", "attempts.BEGIN_ATTEMPT"} <= STATEMENTS.keys()
    assert len(STATEMENTS) > 30


@pytest.mark.parametrize("name", sorted(STATEMENTS))
def test_statement_prepares(connection: Connection, name: str) -> None:
    """Tables, columns, functions and the types of parameters are as the statement expects."""
    staging.create_stage(connection)
    plans.create_plan(connection)

    statement = _numbered(STATEMENTS[name])
    if b";" in statement:  # a script: it cannot be prepared, so it is run for nothing
        result = connection.pgconn.exec_(b"begin;" + statement + b";rollback")
    else:
        result = connection.pgconn.prepare(b"", statement)

    assert result.error_message == b"", result.error_message.decode()
