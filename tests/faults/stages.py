"""The stage for trouble: the deployed stack, whose functions reach the store through the proxy."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.faults.checks import End, assert_nothing_lost
from tests.faults.plans import make_plan
from tests.faults.proxies import StoreProxy, running_proxy
from tests.faults.rounds import Round, count_deaths
from tests.faults.servers import Server
from tests.support.applications import Application, an_application
from tests.support.digests import CleanIngest
from tests.support.localstack import LocalStack
from tests.support.postgres import DatabaseServer

FUNCTIONS = ("Ingest", "Enrich", "ReseedPlan", "ReseedApply")
# Shorter than faults last, so that they are felt.
LIMITS = {"LOCK_TIMEOUT_SECONDS": "2", "GEOCODER_PROVIDER": "none"}


@dataclass(frozen=True, slots=True)
class Stage:
    """All that a round needs; one round after the other can be played on it."""

    application: Application
    databases: DatabaseServer
    server: Server
    proxy: StoreProxy
    reference_url: str  # of a database for the clean ingest to compare with

    def play(self, seed: int, seconds: float) -> Round:
        """Play a seed's round to its end.

        Raises:
            AssertionError: something was lost, is in two places, or differs.
        """
        self.application.reset(self.databases)
        self.proxy.met.clear()
        played = Round(make_plan(seed, seconds), self.application, self.server, self.proxy)
        played.run()
        end = End.of(played.plan, self.application, played.replayed)
        with psycopg.connect(self.reference_url, autocommit=True) as reference:
            clean = CleanIngest(reference, self.databases.truncate_all)
            assert_nothing_lost(end, self.application, clean)
        played.happened["deaths over a file"] = count_deaths(self.application.connection)
        played.happened["rows in the ledger"] = len(end.ledger)
        return played


@contextmanager
def a_stage(localstack: LocalStack, server_url: str, template: Path) -> Generator[Stage]:
    """Deploy the application on the server for faults, and put the proxy in front of its store."""
    with ExitStack() as stack:
        databases = stack.enter_context(DatabaseServer(server_url))
        proxy = stack.enter_context(running_proxy(localstack.endpoint_url))
        application = stack.enter_context(an_application(localstack, databases, template))
        for function in FUNCTIONS:
            _set_environment(application, function, LIMITS | {"AWS_ENDPOINT_URL_S3": proxy.url})
        url = stack.enter_context(databases.migrated_database())
        database = application.database
        server = Server(database.url, (database.role, database.planner))
        yield Stage(application, databases, server, proxy, url)


def _set_environment(application: Application, function: str, more: dict[str, str]) -> None:
    functions, name = application.localstack.functions, application.function(function)
    known = functions.get_function_configuration(FunctionName=name)
    variables = known.get("Environment", {}).get("Variables", {})
    functions.update_function_configuration(
        FunctionName=name, Environment={"Variables": {**variables, **more}}
    )
    functions.get_waiter("function_updated_v2").wait(FunctionName=name)
