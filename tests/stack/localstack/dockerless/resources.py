"""CloudFormation types that community LocalStack lacks, put together from the services' APIs."""

# pyright: reportMissingImports=false, reportUntypedBaseClass=false

import logging
from typing import Any, ClassVar

from localstack.services.cloudformation.resource_provider import (
    CloudFormationResourceProviderPlugin,
    OperationStatus,
    ProgressEvent,
    ResourceProvider,
)

_LOG = logging.getLogger(__name__)

type Model = dict[str, Any]


class _Put(ResourceProvider):
    """A resource that one idempotent call creates or changes, and another one deletes."""

    NAME: ClassVar[str]  # the property that identifies it; made up where the template has none

    def put(self, clients: Any, model: Model) -> None:
        raise NotImplementedError

    def drop(self, clients: Any, model: Model) -> None:
        raise NotImplementedError

    def create(self, request: Any) -> Any:
        model = request.desired_state
        model.setdefault(self.NAME, f"{request.stack_name}-{request.logical_resource_id}")
        self.put(request.aws_client_factory, model)
        return _done(model)

    def update(self, request: Any) -> Any:
        model = {**request.previous_state, **request.desired_state}
        self.put(request.aws_client_factory, model)
        return _done(model)

    def delete(self, request: Any) -> Any:
        try:
            self.drop(request.aws_client_factory, request.desired_state)
        except Exception as error:  # noqa: BLE001 - its log group may be gone already
            _LOG.info("%s was not deleted: %s", request.logical_resource_id, error)
        return _done(request.desired_state)


def _done(model: Model) -> Any:
    return ProgressEvent(status=OperationStatus.SUCCESS, resource_model=model)


class MetricFilter(_Put):
    """AWS::Logs::MetricFilter; its dimensions are left out, which the log service here lacks."""

    NAME = "FilterName"
    SCHEMA: ClassVar[Model] = {
        "primaryIdentifier": ["/properties/LogGroupName", "/properties/FilterName"]
    }

    def put(self, clients: Any, model: Model) -> None:
        """Create or change the filter."""
        clients.logs.put_metric_filter(
            logGroupName=model["LogGroupName"],
            filterName=model["FilterName"],
            filterPattern=model.get("FilterPattern", ""),
            metricTransformations=[
                _transformation(item) for item in model["MetricTransformations"]
            ],
        )

    def drop(self, clients: Any, model: Model) -> None:
        """Delete the filter."""
        clients.logs.delete_metric_filter(
            logGroupName=model["LogGroupName"], filterName=model["FilterName"]
        )


def _transformation(properties: Model) -> Model:
    transformation = {
        "metricNamespace": properties["MetricNamespace"],
        "metricName": properties["MetricName"],
        "metricValue": str(properties["MetricValue"]),
    }
    if "DefaultValue" in properties:
        transformation["defaultValue"] = float(properties["DefaultValue"])
    return transformation


class Dashboard(_Put):
    """AWS::CloudWatch::Dashboard."""

    NAME = "DashboardName"
    SCHEMA: ClassVar[Model] = {"primaryIdentifier": ["/properties/DashboardName"]}

    def put(self, clients: Any, model: Model) -> None:
        """Create or change the dashboard."""
        clients.cloudwatch.put_dashboard(
            DashboardName=model["DashboardName"], DashboardBody=model["DashboardBody"]
        )

    def drop(self, clients: Any, model: Model) -> None:
        """Delete the dashboard."""
        clients.cloudwatch.delete_dashboards(DashboardNames=[model["DashboardName"]])


class QueryDefinition(_Put):
    """AWS::Logs::QueryDefinition, in name only: Logs Insights is not there to run it."""

    NAME = "QueryDefinitionId"
    SCHEMA: ClassVar[Model] = {"primaryIdentifier": ["/properties/QueryDefinitionId"]}

    def put(self, clients: Any, model: Model) -> None:
        """Accept it."""

    def drop(self, clients: Any, model: Model) -> None:
        """Forget it."""


class _Plugin(CloudFormationResourceProviderPlugin):
    provider: ClassVar[type[_Put]]

    def __init__(self) -> None:
        self.factory: type[_Put] | None = None

    def load(self) -> None:
        self.factory = self.provider


class MetricFilterPlugin(_Plugin):
    """Registers MetricFilter."""

    name = "AWS::Logs::MetricFilter"
    provider = MetricFilter


class DashboardPlugin(_Plugin):
    """Registers Dashboard."""

    name = "AWS::CloudWatch::Dashboard"
    provider = Dashboard


class QueryDefinitionPlugin(_Plugin):
    """Registers QueryDefinition."""

    name = "AWS::Logs::QueryDefinition"
    provider = QueryDefinition
