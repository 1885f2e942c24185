"""The alarms of a deployed stack, as they stand, and metrics that LocalStack does not publish."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime

from tests.support.applications import Application
from tests.support.waits import wait_until

ALARM_SECONDS = 60.0


def states(application: Application) -> Mapping[str, str]:
    """Return each alarm's state (OK, ALARM, INSUFFICIENT_DATA) by its name without the stack's."""
    prefix = f"{application.stack.name}-"
    found = application.localstack.cloudwatch.describe_alarms(AlarmNamePrefix=prefix)
    return {
        each.get("AlarmName", "").removeprefix(prefix): each.get("StateValue", "")
        for each in found["MetricAlarms"]
    }


def await_state(
    application: Application,
    names: Collection[str],
    state: str,
    *,
    timeout_seconds: float = ALARM_SECONDS,
) -> None:
    """Wait until all of these alarms are in that state."""

    def reached() -> bool:
        now = states(application)
        return all(now[name] == state for name in names)

    what = f"{state} of {', '.join(sorted(names))}"
    wait_until(reached, what, timeout_seconds=timeout_seconds)


def publish_of_aws(
    application: Application, namespace: str, name: str, dimension: tuple[str, str], value: float
) -> None:
    """Publish a metric that AWS publishes by itself, of one function or state machine."""
    application.localstack.cloudwatch.put_metric_data(
        Namespace=namespace,
        MetricData=[
            {
                "MetricName": name,
                "Dimensions": [{"Name": dimension[0], "Value": dimension[1]}],
                "Timestamp": datetime.now(UTC),
                "Value": value,
            }
        ],
    )
