"""The application deployed on LocalStack, once a run; each test finds it as it was at first."""

import os
import subprocess
from collections.abc import Generator, Mapping
from pathlib import Path

import pytest

from tests.support.applications import Application, an_application
from tests.support.localstack import ROOT, LocalStack, use_localstack
from tests.support.postgres import DatabaseServer, find_server_url


@pytest.fixture(scope="session")
def localstack(original_environment: Mapping[str, str]) -> Generator[LocalStack]:
    """LocalStack: that of AWS_ENDPOINT_URL, or the checkout's own."""
    endpoint_url = original_environment.get("AWS_ENDPOINT_URL")
    if not endpoint_url and not (ROOT / ".localstack" / "installed").exists():
        reason = "LocalStack is not installed: `make localstack` does that"
        if original_environment.get("CI"):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    with use_localstack(endpoint_url) as localstack:
        yield localstack


@pytest.fixture(scope="session")
def database_server(original_environment: Mapping[str, str]) -> Generator[DatabaseServer]:
    """The PostgreSQL that the stacks' databases are made on."""
    with DatabaseServer(find_server_url(original_environment)) as server:
        yield server


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template and the packages that it names, built from the code as it is now."""
    builds = tmp_path_factory.mktemp("builds")
    subprocess.run(
        [ROOT / "scripts" / "build.sh", "host"],
        env={**os.environ, "FLEETTICKETS_BUILDS": str(builds)},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return builds / "host" / "template.yaml"


@pytest.fixture(scope="session")
def deployed(
    localstack: LocalStack, database_server: DatabaseServer, template: Path
) -> Generator[Application]:
    """The application, deployed on an empty database."""
    with an_application(localstack, database_server, template) as application:
        yield application


@pytest.fixture
def application(deployed: Application, database_server: DatabaseServer) -> Application:
    """The deployed application without files, tickets or messages."""
    deployed.reset(database_server)
    return deployed
