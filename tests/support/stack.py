"""Stacks for tests: deploy a template on LocalStack, look into it, switch parts of it."""

import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

from botocore.exceptions import ClientError

from tests.support.localstack import LocalStack
from tests.support.packages import package_template
from tests.support.waits import wait_until

ARTIFACTS = "artifacts"  # the bucket that packages are uploaded to
DEPLOY_SECONDS = 240.0  # a second or two each resource on a machine with other work
# Of this machine, for which `scripts/build.sh host` builds.
ARCHITECTURE = "arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64"
COUNTS = "ApproximateNumberOfMessages"  # and …NotVisible, …Delayed
# LocalStack says CREATE_COMPLETE for types that it does not know, and this in the event.
FALLBACK = "deployed as a fallback"


class StackError(Exception):
    """A stack could not be created or changed."""


@dataclass(frozen=True, slots=True)
class Stack:
    """A deployed template."""

    localstack: LocalStack
    name: str
    outputs: Mapping[str, str]

    def messages_in(self, queue_url: str) -> int:
        """Count the messages in a queue: visible, in flight and delayed."""
        attributes = self.localstack.queues.get_queue_attributes(
            QueueUrl=queue_url, AttributeNames=["All"]
        )["Attributes"]
        counts = [value for name, value in attributes.items() if name.startswith(COUNTS)]
        return sum(map(int, counts))

    def logged(self, log_group: str, pattern: str = "") -> list[str]:
        """Return the lines of a log group that match a filter pattern, in order."""
        pages = self.localstack.logs.get_paginator("filter_log_events").paginate(
            logGroupName=log_group, filterPattern=pattern
        )
        events = [event for page in pages for event in page["events"]]
        return [event.get("message", "").rstrip("\n") for event in events]

    def pause_mapping(self, function_name: str) -> None:
        """Stop feeding a function from its queue; return when it is fed no more."""
        self._switch_mapping(function_name, enabled=False)

    def resume_mapping(self, function_name: str) -> None:
        """Feed a function from its queue again."""
        self._switch_mapping(function_name, enabled=True)

    def _switch_mapping(self, function_name: str, *, enabled: bool) -> None:
        client = self.localstack.functions
        mappings = client.list_event_source_mappings(FunctionName=function_name)
        ((uuid, state),) = (
            (mapping.get("UUID", ""), mapping.get("State"))
            for mapping in mappings["EventSourceMappings"]
        )
        wanted = "Enabled" if enabled else "Disabled"
        if state == wanted:
            return  # any update makes a new poller, and what the old one holds waits for long
        client.update_event_source_mapping(UUID=uuid, Enabled=enabled)
        wait_until(
            lambda: client.get_event_source_mapping(UUID=uuid)["State"] == wanted,
            f"the mapping of {function_name} to be {wanted}",
        )


def free_name(prefix: str) -> str:
    """Return a name that nothing has yet: stacks, buckets and secrets live side by side."""
    return f"{prefix}-{token_hex(3)}"


def deploy(
    localstack: LocalStack,
    template: Path,
    name: str,
    parameters: Mapping[str, str] | None = None,
) -> Stack:
    """Create the stack, or update it if it exists, and return it when it is complete.

    CodeUri, ContentUri and DefinitionUri in the template name folders or files next to it, as
    `sam build` leaves them; they are packed and uploaded, each content once.

    Raises:
        StackError: the stack failed, or has a type that LocalStack only pretends to create.
    """
    localstack.s3.create_bucket(Bucket=ARTIFACTS)  # in us-east-1 no error if it exists
    key = f"{name}.template"
    body = package_template(template, localstack.s3, ARTIFACTS)
    localstack.s3.put_object(Bucket=ARTIFACTS, Key=key, Body=body.encode())
    request: dict[str, Any] = {
        "StackName": name,
        "TemplateURL": f"{localstack.endpoint_url}/{ARTIFACTS}/{key}",
        "Capabilities": ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        "Parameters": [
            {"ParameterKey": parameter, "ParameterValue": value}
            for parameter, value in (parameters or {}).items()
        ],
    }
    client = localstack.cloudformation
    exists = _find_stack(localstack, name) is not None
    old_events = _events(localstack, name).keys() if exists else set[str]()
    change = client.update_stack if exists else client.create_stack
    change(**request)
    stack = _await_stack(localstack, name)
    events = _events(localstack, name)
    _raise_if_failed(stack, [events[key] for key in events if key not in old_events])
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
    return Stack(localstack, name, outputs)


def delete_stack(localstack: LocalStack, name: str) -> None:
    """Delete a stack and return when it is gone."""
    localstack.cloudformation.delete_stack(StackName=name)
    wait_until(
        lambda: _find_stack(localstack, name) is None,
        f"the end of stack {name}",
        timeout_seconds=DEPLOY_SECONDS,
    )


def _find_stack(localstack: LocalStack, name: str) -> Mapping[str, Any] | None:
    try:
        (stack,) = localstack.cloudformation.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") == "ValidationError":
            return None
        raise
    return None if stack["StackStatus"] == "DELETE_COMPLETE" else stack


def _await_stack(localstack: LocalStack, name: str) -> Mapping[str, Any]:
    def settled_stack() -> Mapping[str, Any] | None:
        stack = _find_stack(localstack, name)
        return stack if stack and not stack["StackStatus"].endswith("_IN_PROGRESS") else None

    stack = wait_until(settled_stack, f"stack {name}", timeout_seconds=DEPLOY_SECONDS)
    assert stack
    return stack


def _events(localstack: LocalStack, name: str) -> dict[str, Mapping[str, Any]]:
    pages = localstack.cloudformation.get_paginator("describe_stack_events").paginate(
        StackName=name
    )
    return {event["EventId"]: event for page in pages for event in page["StackEvents"]}


def _raise_if_failed(stack: Mapping[str, Any], events: Iterable[Mapping[str, Any]]) -> None:
    reasons = [
        f"{event.get('LogicalResourceId')} ({event.get('ResourceType')}): {reason}"
        for event in events
        if (reason := event.get("ResourceStatusReason", ""))
        and ("FAILED" in event.get("ResourceStatus", "") or FALLBACK in reason)
    ]
    if reasons or stack["StackStatus"] not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
        why = stack.get("StackStatusReason", "")
        title = f"stack {stack['StackName']} is {stack['StackStatus']} {why}"
        raise StackError("\n".join([title, *reasons]))
