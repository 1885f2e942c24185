"""Acting with the rights of one of the group roles."""

from collections.abc import Generator
from contextlib import contextmanager

import psycopg
from psycopg import sql


@contextmanager
def acting_as(connection: psycopg.Connection, role: str) -> Generator[None]:
    """Run the block's statements with a role's rights; the connection is in autocommit mode."""
    connection.execute(sql.SQL("set role {}").format(sql.Identifier(role)))
    try:
        yield
    finally:
        connection.execute("reset role")
