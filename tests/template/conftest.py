"""The packages, built once for the tests that look into them."""

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.support.localstack import ROOT

type Build = Callable[[str, str], Path]


@pytest.fixture(scope="session")
def build(
    original_environment: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Build:
    """Return a function that builds for an architecture and returns where the packages are.

    What is downloaded is kept by uv. On a machine that has not yet downloaded it, and cannot, the
    tests are skipped; in CI they fail.
    """

    def run(architecture: str, name: str) -> Path:
        builds = tmp_path_factory.getbasetemp() / name
        command = [ROOT / "scripts" / "build.sh", architecture]
        environment = dict(original_environment) | {"FLEETTICKETS_BUILDS": str(builds)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode and "could not be fetched" in done.stderr and "CI" not in os.environ:
            pytest.skip(done.stderr)
        assert done.returncode == 0, done.stderr
        return builds / architecture

    return run
