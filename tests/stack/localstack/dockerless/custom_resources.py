"""Custom resources of CloudFormation: LocalStack's community edition only pretends to make them.

The function gets the event that CloudFormation sends, and puts its answer into a bucket, by a URL
that came with the event. Its reason for a failure is the stack's.
"""

# pyright: reportMissingImports=false, reportUntypedBaseClass=false

import json
import time
from typing import Any, ClassVar
from uuid import uuid4

from localstack.config import internal_service_url
from localstack.services.cloudformation.resource_provider import (
    CloudFormationResourceProviderPlugin,
    OperationStatus,
    ProgressEvent,
    ResourceProvider,
)

_BUCKET = "cloudformation-custom-resource-response"
_TIMEOUT_SECONDS = 120.0  # unless the resource has a ServiceTimeout that is shorter
_POLL_SECONDS = 0.1

type Model = dict[str, Any]


class CustomResource(ResourceProvider):
    """`Custom::…`, whose ServiceToken is the ARN of a function."""

    SCHEMA: ClassVar[Model] = {"primaryIdentifier": ["/properties/PhysicalResourceId"]}

    def create(self, request: Any) -> Any:
        """Ask for the resource."""
        return _progress(request, _ask(request, "Create", request.desired_state))

    def update(self, request: Any) -> Any:
        """Ask for the change, naming the resource as it was answered when it was made."""
        former = request.previous_state or {}
        model = {**request.desired_state, "PhysicalResourceId": former.get("PhysicalResourceId")}
        return _progress(request, _ask(request, "Update", model))

    def delete(self, request: Any) -> Any:
        """Tell the function; a stack is deleted here whatever it answers."""
        _ask(request, "Delete", request.desired_state)
        return ProgressEvent(status=OperationStatus.SUCCESS, resource_model=request.desired_state)


def _ask(request: Any, request_type: str, model: Model) -> Model:
    """Invoke the function and return its answer."""
    clients, key = request.aws_client_factory, str(uuid4())
    clients.s3.create_bucket(Bucket=_BUCKET)  # in us-east-1 no error if it exists
    event = {
        "RequestType": request_type,
        "ResponseURL": f"{internal_service_url()}/{_BUCKET}/{key}",
        "StackId": request.stack_id,
        "RequestId": key,
        "ResourceType": request.resource_type,
        "LogicalResourceId": request.logical_resource_id,
        "ResourceProperties": {name: str(value) for name, value in model.items()},
    }
    if physical_id := model.get("PhysicalResourceId"):
        event["PhysicalResourceId"] = physical_id
    token, payload = model["ServiceToken"], json.dumps(event)
    clients.lambda_.invoke(FunctionName=token, InvocationType="Event", Payload=payload)
    return _await_answer(clients.s3, key, float(model.get("ServiceTimeout") or _TIMEOUT_SECONDS))


def _await_answer(s3: Any, key: str, timeout_seconds: float) -> Model:
    deadline = time.monotonic() + min(timeout_seconds, _TIMEOUT_SECONDS)
    while time.monotonic() < deadline:
        if s3.list_objects_v2(Bucket=_BUCKET, Prefix=key).get("KeyCount"):
            return json.loads(s3.get_object(Bucket=_BUCKET, Key=key)["Body"].read())
        time.sleep(_POLL_SECONDS)
    return {"Status": "FAILED", "Reason": "the function did not answer in time"}


def _progress(request: Any, answer: Model) -> Any:
    if answer["Status"] != "SUCCESS":
        return ProgressEvent(
            status=OperationStatus.FAILED,
            resource_model=request.desired_state,
            message=answer.get("Reason", ""),
        )
    model = {
        **request.desired_state,
        **answer.get("Data", {}),
        "PhysicalResourceId": answer["PhysicalResourceId"],
    }
    return ProgressEvent(status=OperationStatus.SUCCESS, resource_model=model)


class CustomResourcePlugin(CloudFormationResourceProviderPlugin):
    """Registers CustomResource."""

    name = "AWS::CloudFormation::CustomResource"

    def __init__(self) -> None:
        self.factory: type[CustomResource] | None = None

    def load(self) -> None:
        """Hand the provider out."""
        self.factory = CustomResource
