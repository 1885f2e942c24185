"""The database of a deployed application: its roles, its secrets, and a network that can be cut."""

import json
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from secrets import token_hex
from urllib.parse import quote, urlsplit

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from fleettickets.store.connections import ConnectionKeeper
from tests.support.forwarders import Forwarder, forwarding
from tests.support.localstack import LocalStack
from tests.support.postgres import DatabaseServer
from tests.support.waits import wait_until


@dataclass(frozen=True, slots=True)
class Database:
    """An application's database, as a superuser sees it, and what the stack is told of it.

    Functions come through the `network` only: as `role`, which has the rights of
    fleettickets_ingest and no others; the plan of a reseed as `planner`, which has those of
    fleettickets_plan; migrate as the database's owner, who is no superuser.
    """

    url: str
    sessions: ConnectionKeeper
    network: Forwarder
    owner: str
    role: str
    planner: str
    secret_arn: str
    owner_secret_arn: str
    plan_secret_arn: str

    @property
    def connection(self) -> psycopg.Connection:
        """A superuser's session in autocommit mode; a new one after the server's end."""
        return self.sessions.get()

    def admit_roles(self) -> None:
        """Give the functions' roles their rights, as is done once after the first migration."""
        for group, role in {
            "fleettickets_ingest": self.role,
            "fleettickets_plan": self.planner,
        }.items():
            statement = sql.SQL("grant {} to {}")
            self.connection.execute(statement.format(sql.Identifier(group), sql.Identifier(role)))

    def secret(self, localstack: LocalStack) -> dict[str, str]:
        """Return what the functions' secret says."""
        answer = localstack.secrets.get_secret_value(SecretId=self.secret_arn)
        return json.loads(answer["SecretString"])

    def owner_url(self, localstack: LocalStack) -> str:
        """Return the owner's address of the database, as its secret says it."""
        return localstack.secrets.get_secret_value(SecretId=self.owner_secret_arn)["SecretString"]

    def passwords(self, localstack: LocalStack) -> list[str]:
        """Return the passwords of all roles, as their secrets say them."""
        plan = localstack.secrets.get_secret_value(SecretId=self.plan_secret_arn)["SecretString"]
        owner = urlsplit(self.owner_url(localstack)).password
        return [self.secret(localstack)["password"], json.loads(plan)["password"], str(owner)]

    def change_password(self, localstack: LocalStack) -> None:
        """Rotate the secret: another password for the role, and the secret says it."""
        secret = {**self.secret(localstack), "password": token_hex(8)}
        _set_password(self.connection, self.role, secret["password"])
        localstack.secrets.put_secret_value(
            SecretId=self.secret_arn, SecretString=json.dumps(secret)
        )

    @contextmanager
    def moved(self, localstack: LocalStack, url: str) -> Generator[psycopg.Connection]:
        """Let the owner's secret name another database, which is then the owner's, for a block.

        Functions that are warm do not notice. Yields a superuser's connection to it.
        """
        there = self.owner_url(localstack)
        elsewhere = f"{there.rpartition('/')[0]}/{conninfo_to_dict(url)['dbname']}"
        localstack.secrets.put_secret_value(SecretId=self.owner_secret_arn, SecretString=elsewhere)
        try:
            with psycopg.connect(url, autocommit=True) as connection:
                _give(connection, self.owner)
                yield connection
        finally:
            localstack.secrets.put_secret_value(SecretId=self.owner_secret_arn, SecretString=there)

    @contextmanager
    def files_in_the_middle(self) -> Generator[None]:
        """Stop each file where its rows are staged, about to be written, until the block ends."""
        with psycopg.connect(self.url) as other:
            other.execute("lock table tickets.inc in exclusive mode")
            yield

    def await_middle(self) -> Sequence[int]:
        """Wait until a function is stopped there; return the process ids of such sessions."""
        return wait_until(self._sessions_that_wait, "the middle of a file")

    def _sessions_that_wait(self) -> Sequence[int]:
        found = self.connection.execute(
            "select pid from pg_stat_activity where usename = %s and wait_event_type = 'Lock'",
            [self.role],
        )
        return [pid for (pid,) in found]

    def end_sessions(self, pids: Sequence[int] | None = None) -> None:
        """End the functions' sessions, all as a restart or a failover does, or those of `pids`."""
        self.connection.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity "
            "where usename = any (%s) and pid = any (coalesce(%s::integer [], array[pid]))",
            [[self.role, self.planner], pids],
        )


@contextmanager
def a_database(localstack: LocalStack, server: DatabaseServer, name: str) -> Generator[Database]:
    """Make a database with PostGIS and nothing of ours, its roles and its secrets."""
    owner, role, planner = (f"{name}_{who}" for who in ("owner", "functions", "planner"))
    with ExitStack() as stack:
        roles = stack.enter_context(_roles(server, owner, role, planner))
        url = stack.enter_context(server.empty_database())
        sessions = ConnectionKeeper(partial(psycopg.connect, url, autocommit=True), _ignore)
        stack.callback(sessions.discard)
        _give(sessions.get(), owner)
        target = conninfo_to_dict(url)
        network = stack.enter_context(forwarding(str(target["host"]), int(str(target["port"]))))
        place = {"host": "127.0.0.1", "port": network.port, "dbname": str(target["dbname"])}
        login = {"engine": "postgres", **place}
        # One of each form that is understood: RDS's JSON, and a URL.
        address = f"postgresql://{quote(owner)}:{roles[owner]}@127.0.0.1:{network.port}"
        texts = {
            f"{name}/database": json.dumps({**login, "username": role, "password": roles[role]}),
            f"{name}/owner": f"{address}/{place['dbname']}",
            f"{name}/plan": json.dumps({**login, "username": planner, "password": roles[planner]}),
        }
        arns = [stack.enter_context(_secret(localstack, *item)) for item in texts.items()]
        yield Database(url, sessions, network, owner, role, planner, *arns)


@contextmanager
def _roles(server: DatabaseServer, *names: str) -> Generator[dict[str, str]]:
    """Make roles that may log in; yield their passwords."""
    passwords = {name: token_hex(8) for name in names}
    with psycopg.connect(server.url, autocommit=True) as connection:
        for name, password in passwords.items():
            # As docs/deploy.md says.
            statement = sql.SQL("create role {} login connection limit 10")
            connection.execute(statement.format(sql.Identifier(name)))
            _set_password(connection, name, password)
    yield passwords
    with psycopg.connect(server.url, autocommit=True) as connection:
        for name in names:
            connection.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))


def _ignore(connection: psycopg.Connection) -> None:
    """Do nothing with a connection to a server that is back."""


def _set_password(connection: psycopg.Connection, role: str, password: str) -> None:
    statement = sql.SQL("alter role {} password {}")
    connection.execute(statement.format(sql.Identifier(role), sql.Literal(password)))


def _give(connection: psycopg.Connection, owner: str) -> None:
    """Make the role the database's owner, who may make the group roles, too."""
    role, database = sql.Identifier(owner), sql.Identifier(connection.info.dbname)
    connection.execute(sql.SQL("alter role {} createrole").format(role))
    connection.execute(sql.SQL("alter database {} owner to {}").format(database, role))


@contextmanager
def _secret(localstack: LocalStack, name: str, text: str) -> Generator[str]:
    arn = localstack.secrets.create_secret(Name=name, SecretString=text)["ARN"]
    yield arn
    localstack.secrets.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
