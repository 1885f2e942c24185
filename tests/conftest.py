"""What holds for every test: how hard Hypothesis tries, and no settings of the developer's own."""

import os
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling, Scheduling

from tests.support.logs import log_as_before

SETTING_PREFIXES = ("AWS_", "DATABASE_", "TICKETS_", "RUSTFS_", "GEOCODER_", "GAZETTEER_")
SETTING_NAMES = (
    "STAGE",
    "MAX_FILE_BYTES",
    "DOORBELL_QUEUE_URL",
    "DOORBELL_DEAD_LETTER_QUEUE_URL",
    "DEAD_LETTER_QUEUE_URL",
    "LOST_AFTER_SECONDS",
    "LOCK_TIMEOUT_SECONDS",
    "STATEMENT_TIMEOUT_SECONDS",
    "IDLE_TIMEOUT_SECONDS",
    "MIGRATIONS_DIR",
)
HARMLESS_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}

_SLOW_IS_FINE = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.register_profile("quick", _SLOW_IS_FINE, max_examples=50)
# The same examples each time: a red CI is about the change at hand. `long` does the searching.
settings.register_profile("ci", _SLOW_IS_FINE, max_examples=200, derandomize=True)
settings.register_profile("long", _SLOW_IS_FINE, max_examples=3000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


class StackFileScheduling(LoadScopeScheduling):
    """Gives a file of stack tests to one worker, and the others one by one to whoever is free.

    Each worker that runs stack tests deploys a stack of its own, so they should be few.
    """

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("::")[0] if nodeid.startswith("tests/stack/") else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling | None:
    """Decide who runs what, unless `--dist` asks for something else than the default."""
    return StackFileScheduling(config, log) if config.getvalue("dist") == "load" else None


@pytest.fixture(scope="session", autouse=True)
def original_environment() -> Iterator[Mapping[str, str]]:
    """The environment that the run was started in; tests see one without any of our settings.

    So that no test that forgot to say where reaches a real bucket or the developer's database.
    """
    original = dict(os.environ)
    with pytest.MonkeyPatch.context() as patch:
        for name in original:
            if name in SETTING_NAMES or name.startswith(SETTING_PREFIXES):
                patch.delenv(name)
        for name, value in HARMLESS_CREDENTIALS.items():
            patch.setenv(name, value)
        yield original


@pytest.fixture(autouse=True)
def log_as_it_was() -> Iterator[None]:
    """The package's logger is after a test what it was before."""
    with log_as_before():
        yield


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests measured and recorded; with workers it has no other way out."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{name}: {value}")
