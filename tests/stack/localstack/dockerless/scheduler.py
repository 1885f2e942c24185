"""EventBridge Scheduler: fires the schedules that community LocalStack only stores."""

# pyright: reportMissingImports=false

import logging
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from localstack.aws.connect import connect_to
from moto.scheduler.models import scheduler_backends

from .schedules import ScheduleError, fill_input, parse_schedule

_LOG = logging.getLogger(__name__)
_TICK_SECONDS = 1.0
_LATEST = timedelta(minutes=1)  # after a longer pause, what was missed in it stays missed


def start_scheduler() -> None:
    """Fire schedules from now on, in a thread of its own."""
    threading.Thread(target=_Scheduler().run, name="eventbridge-scheduler", daemon=True).start()


class _Scheduler:
    """Remembers when each schedule is due; one that was changed is looked at anew."""

    def __init__(self) -> None:
        self._due: dict[tuple[str, str, str], datetime | None] = {}

    def run(self) -> None:
        while True:
            time.sleep(_TICK_SECONDS)
            try:
                self._tick(datetime.now(UTC))
            except Exception:  # noqa: BLE001 - a bad schedule must not end the thread
                _LOG.exception("schedules were not fired")

    def _tick(self, now: datetime) -> None:
        due: dict[tuple[str, str, str], datetime | None] = {}
        for account, region, schedule in _enabled_schedules():
            expression, zone = schedule.schedule_expression, schedule.schedule_expression_timezone
            key = (schedule.arn, expression, zone)
            due[key] = self._due[key] if key in self._due else _next_after(now, expression, zone)
            if (due_at := due[key]) is not None and due_at <= now:
                due[key] = _next_after(max(due_at, now - _LATEST), expression, zone)
                threading.Thread(
                    target=_deliver, args=(account, region, schedule, due_at), daemon=True
                ).start()
        self._due = due


def _enabled_schedules() -> Iterator[tuple[str, str, Any]]:
    for account, regions in list(scheduler_backends.items()):
        for region, backend in list(regions.items()):
            groups: list[Any] = list(backend.schedule_groups.values())
            for schedule in [each for group in groups for each in group.schedules.values()]:
                if schedule.state == "ENABLED":
                    yield account, region, schedule


def _next_after(now: datetime, expression: str, zone: str) -> datetime | None:
    try:
        return parse_schedule(expression, zone).next_after(now)
    except ScheduleError as error:
        _LOG.warning("schedule does not fire: %s", error)
        return None


def _deliver(account: str, region: str, schedule: Any, due_at: datetime) -> None:
    clients = connect_to(aws_access_key_id=account, region_name=region)
    target = schedule.target
    arn, template = target["Arn"], target.get("Input") or "{}"
    body = fill_input(
        template, due_at=due_at, schedule_arn=schedule.arn, execution_id=str(uuid.uuid4())
    )
    try:
        _send(clients, arn, body, target.get("SqsParameters") or {})
    except Exception:  # noqa: BLE001 - whatever the service says
        _LOG.exception("schedule %s did not reach its target", schedule.arn)


def _send(clients: Any, arn: str, body: str, queue_parameters: dict[str, str]) -> None:
    service = arn.split(":")[2]
    if service == "lambda":
        clients.lambda_.invoke(FunctionName=arn, InvocationType="Event", Payload=body)
    elif service == "states":
        clients.stepfunctions.start_execution(stateMachineArn=arn, input=body)
    elif service == "sqs":
        url = clients.sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
        clients.sqs.send_message(QueueUrl=url, MessageBody=body, **queue_parameters)
    else:
        _LOG.warning("schedule target %s is not served here", arn)
