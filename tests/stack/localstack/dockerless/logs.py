"""CloudWatch Logs: filter patterns that filter, retention that is kept, and chosen log groups."""

# pyright: reportMissingImports=false

from collections.abc import Callable
from typing import Any

from localstack.services.cloudformation.resource_provider import OperationStatus, ProgressEvent
from localstack.services.lambda_.invocation.execution_environment import ExecutionEnvironment
from localstack.services.logs import provider
from localstack.services.logs.resource_providers.aws_logs_loggroup import LogsLogGroupProvider

from .patterns import compile_pattern


def apply_filter_patterns() -> None:
    """Let filter_log_events, metric filters and subscription filters heed their patterns."""

    def matcher(pattern: str | None) -> Callable[[str, dict[str, Any]], bool]:
        matches = compile_pattern(pattern or "")
        return lambda _, event: matches(event["message"])

    provider.get_pattern_matcher = matcher


def keep_retention() -> None:
    """Let the stack's log groups have their retention, and let an update of it succeed."""
    stock_create = LogsLogGroupProvider.create

    def create(self: Any, request: Any) -> Any:
        progress = stock_create(self, request)
        _set_retention(request, progress.resource_model)
        return progress

    def update(_: Any, request: Any) -> Any:
        model = {**request.previous_state, **request.desired_state}
        _set_retention(request, model)
        return ProgressEvent(status=OperationStatus.SUCCESS, resource_model=model)

    LogsLogGroupProvider.create = create
    LogsLogGroupProvider.update = update


def _set_retention(request: Any, model: dict[str, Any]) -> None:
    if days := model.get("RetentionInDays"):
        request.aws_client_factory.logs.put_retention_policy(
            logGroupName=model["LogGroupName"], retentionInDays=int(days)
        )


def honour_log_groups() -> None:
    """Let a function log where its LoggingConfig says."""
    stock = ExecutionEnvironment.get_log_group_name

    def chosen(self: Any) -> str:
        return self.function_version.config.logging_config.get("LogGroup") or stock(self)

    ExecutionEnvironment.get_log_group_name = chosen
