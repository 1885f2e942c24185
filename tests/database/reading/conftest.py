"""A database for the module's tests, emptied before each."""

from collections.abc import Callable

import psycopg
import pytest


@pytest.fixture
def connection(
    module_connection: psycopg.Connection, truncate_all: Callable[[psycopg.Connection], None]
) -> psycopg.Connection:
    """A connection to the module's database, as it was right after its migration."""
    truncate_all(module_connection)
    return module_connection
