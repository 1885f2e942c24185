"""Migrate: apply the migrations from inside the VPC, on deploy and on demand.

On deploy CloudFormation waits for an answer, so it gets one whatever happens. On demand the input
`{"apply": true}` applies them; without it they are only listed.
"""

import os
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from threading import Timer
from typing import Any, cast

from aws_lambda_powertools.utilities.typing import LambdaContext

from fleettickets.clients.cloudformation import ResourceEvent, answer_stack
from fleettickets.errors import InputError
from fleettickets.runtime import keep_connection, milliseconds_since
from fleettickets.settings import Settings
from fleettickets.store.connections import Connection, ConnectionKeeper
from fleettickets.store.migration_files import find_migrations
from fleettickets.store.migrations import apply_migrations, plan_migrations
from fleettickets.telemetry import (
    counted_outages,
    describe_error,
    function_logger,
    function_metrics,
    publish,
)

# While a migration waits for a table, all who come after it wait behind it.
LOCK_TIMEOUT = timedelta(seconds=60)
ANSWER_SECONDS = 45.0  # kept for the answer; a migration that is still at work then is cancelled
RESOURCE_ID = "fleettickets-migrations"

logger = function_logger("migrate", os.environ)
metrics = function_metrics(os.environ)


@logger.inject_lambda_context(correlation_id_path="RequestId")
@metrics.log_metrics
def handle(event: Mapping[str, Any], context: LambdaContext) -> dict[str, object] | None:
    """Migrate for CloudFormation, or answer what was, or would be, applied.

    Raises:
        InputError: "apply" is neither true nor false.
        FleetticketsError: on demand only: nothing of the migration that failed was kept.
        RetryableError: CloudFormation could not be answered; the run is then repeated.
    """
    publish(metrics, MigrationsApplied=0)  # unless some are: a run that failed shows too
    if "ResponseURL" in event:
        _answer_stack(cast("ResourceEvent", event), context)
        return None
    apply = event.get("apply", False)
    if not isinstance(apply, bool):
        raise InputError('"apply" must be true or false')
    return _migrate(context, apply=apply)


def _answer_stack(event: ResourceEvent, context: LambdaContext) -> None:
    """Apply the migrations and answer; deleting the resource leaves the database as it is."""
    failure, applied = None, 0
    try:
        if event["RequestType"] != "Delete":
            applied = len(cast("list[str]", _migrate(context, apply=True)["migrations"]))
    except Exception as error:  # noqa: BLE001 - without an answer the stack would wait for an hour
        described = describe_error(error)
        logger.error("migrations failed", extra=described)  # noqa: TRY400
        failure = f"{described['error']}: {described.get('reason', 'see the log')}"
    answer_stack(event, failure=failure, resource_id=RESOURCE_ID, data={"Applied": str(applied)})


def _migrate(context: LambdaContext, *, apply: bool) -> dict[str, object]:
    started, notices = time.monotonic(), list[str]()
    directory, connections = find_migrations(_settings().migrations_dir), _connections()
    run = apply_migrations if apply else plan_migrations
    try:
        with counted_outages(metrics):
            connection = connections.get()
            with _cancelled_in_time(connection, context):
                migrations = run(connection, directory, notices.append)
    finally:
        connections.discard()
    names = [migration.filename for migration in migrations]
    if apply:
        publish(metrics, MigrationsApplied=len(names))
    facts = {"outcome": "applied" if apply else "planned", "migrations": names}
    logger.info("migrations were run", extra=facts | {"duration_ms": milliseconds_since(started)})
    return {"dry_run": not apply, "migrations": names, "notices": notices}


@contextmanager
def _cancelled_in_time(connection: Connection, context: LambdaContext) -> Generator[None]:
    """Cancel what is still running when there is only just time left to answer."""
    left = context.get_remaining_time_in_millis() / 1000
    timer = Timer(left - min(ANSWER_SECONDS, left / 3), connection.cancel_safe)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@cache
def _settings() -> Settings:
    return Settings.from_environment(os.environ)


@cache
def _connections() -> ConnectionKeeper:
    return keep_connection(
        "migrate", _settings(), lock_timeout=LOCK_TIMEOUT, on_recovery=lambda _: None
    )
