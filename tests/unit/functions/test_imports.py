"""What a function imports when it starts: only what it uses, so that a cold start stays short."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

# With what each of them brings along.
BOTOCORE = {"botocore", "certifi", "dateutil", "jmespath", "six", "urllib3"}
POWERTOOLS = {"aws_lambda_powertools"}
PSYCOPG = {"psycopg", "psycopg_binary", "typing_extensions"}

# What a function may not import of ours, since it does not use it.
UNUSED: Mapping[str, set[str]] = {
    "ingest": {"clients.geocoders", "core.locations", "jobs.reseed_apply", "jobs.sweep"},
    "enrich": {"clients.geocoders.opening", "clients.geocoders.online", "jobs.ingest"},
    "migrate": {"clients.geocoders", "clients.queues", "jobs.settling", "store.staging"},
    "reseed_plan": {"clients.geocoders", "clients.queues", "core.locations", "jobs.ingest"},
    "reseed_apply": {"clients.geocoders", "core.locations", "jobs.geocode"},
}

LIST_MODULES = """
import sys, json
import handler
from importlib.metadata import packages_distributions
print(json.dumps([sorted(sys.modules), sorted(packages_distributions())]))
"""


@cache
def _imported(function: str) -> tuple[set[str], set[str]]:
    """Return all modules that a handler imports in a process of its own, and those from packages.

    The latter are the top-level names that installed distributions provide, without our own.
    """
    done = subprocess.run(
        [sys.executable, "-c", LIST_MODULES],
        env=os.environ | {"PYTHONPATH": str(ROOT / "functions" / function)},
        stdout=subprocess.PIPE,
        check=True,
    )
    modules, provided = json.loads(done.stdout)
    packages = {name.partition(".")[0] for name in modules} & set(provided)
    return set(modules), packages - {"fleettickets"}


def test_every_function_is_looked_at() -> None:
    """A new function has to say what it may not import."""
    assert {path.parent.name for path in ROOT.glob("functions/*/handler.py")} == set(UNUSED)


@pytest.mark.parametrize("function", UNUSED)
def test_function_starts_with_these_packages_and_no_others(function: str) -> None:
    """No httpx, since few runs geocode or answer CloudFormation; no part of the command line.

    boto3 itself comes with the first client, so that a run that needs none is spared it.
    """
    _, packages = _imported(function)

    assert packages == BOTOCORE | POWERTOOLS | PSYCOPG


@pytest.mark.parametrize("function", UNUSED)
def test_function_leaves_out_what_it_does_not_use(function: str) -> None:
    """Each of these costs time at every start and would only lie there."""
    modules, _ = _imported(function)

    assert {name for name in UNUSED[function] if f"fleettickets.{name}" in modules} == set()


@pytest.mark.parametrize("function", UNUSED)
def test_what_a_function_leaves_out_exists(function: str) -> None:
    """A module that was renamed must not be looked for in vain."""
    package = ROOT / "layers" / "fleettickets" / "python" / "fleettickets"

    for name in UNUSED[function]:
        place = package.joinpath(*name.split("."))
        assert place.is_dir() or place.with_suffix(".py").is_file()
