"""EventBridge rules: an update of a stack changes them, which stock LocalStack leaves undone."""

# pyright: reportMissingImports=false

from typing import Any

from localstack.services.events.resource_providers.aws_events_rule import (
    EventsRuleProvider,
    extract_rule_name,
)


def update_rules() -> None:
    """Put a changed rule, and its targets, over the former; targets that it lost stay."""

    def update(self: Any, request: Any) -> Any:
        request.desired_state["Name"] = extract_rule_name(request.previous_state["Id"])
        return self.create(request)

    EventsRuleProvider.update = update
