"""LocalStack for tests: started when needed, with clients; and functions that can be killed."""

import os
import signal
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "localstack.sh"
SANDBOXES = ROOT / ".localstack" / "sandboxes"
REGION = "us-east-1"


class LocalStackError(Exception):
    """LocalStack did not start."""


@dataclass(frozen=True, slots=True)
class LocalStack:
    """A running LocalStack, with clients for its services."""

    endpoint_url: str
    cloudformation: "CloudFormationClient"
    cloudwatch: "CloudWatchClient"
    events: "EventBridgeClient"
    functions: "LambdaClient"
    logs: "CloudWatchLogsClient"
    queues: "SQSClient"
    s3: "S3Client"
    secrets: "SecretsManagerClient"
    state_machines: "SFNClient"


def connect(endpoint_url: str) -> LocalStack:
    """Return a LocalStack that runs at this address."""
    session = boto3.Session("test", "test", region_name=REGION)
    return LocalStack(
        endpoint_url=endpoint_url,
        cloudformation=session.client("cloudformation", endpoint_url=endpoint_url),
        cloudwatch=session.client("cloudwatch", endpoint_url=endpoint_url),
        events=session.client("events", endpoint_url=endpoint_url),
        functions=session.client("lambda", endpoint_url=endpoint_url),
        logs=session.client("logs", endpoint_url=endpoint_url),
        queues=session.client("sqs", endpoint_url=endpoint_url),
        s3=session.client("s3", endpoint_url=endpoint_url),
        secrets=session.client("secretsmanager", endpoint_url=endpoint_url),
        state_machines=session.client("stepfunctions", endpoint_url=endpoint_url),
    )


def scheduler(localstack: LocalStack) -> Any:  # noqa: ANN401 - there are no stubs for it
    """Return a client of EventBridge Scheduler."""
    return _client(localstack, "scheduler")


def notifier(localstack: LocalStack) -> Any:  # noqa: ANN401 - there are no stubs for it
    """Return a client of SNS."""
    return _client(localstack, "sns")


def _client(localstack: LocalStack, service: str) -> Any:  # noqa: ANN401
    create: Any = boto3.Session("test", "test", region_name=REGION).client
    return create(service, endpoint_url=localstack.endpoint_url)


@contextmanager
def use_localstack(endpoint_url: str | None = None) -> Generator[LocalStack]:
    """Yield the LocalStack at this address or at AWS_ENDPOINT_URL, or else the checkout's own.

    The checkout's own is started if it does not run, and is then stopped when the last of those who
    use it is done, other processes included.

    Raises:
        LocalStackError: it does not start.
    """
    if known := endpoint_url or os.environ.get("AWS_ENDPOINT_URL"):
        yield connect(known)
        return
    command = [str(SCRIPT), "run", "sh", "-c", 'echo "$AWS_ENDPOINT_URL"; exec cat']
    # Our end of its input closes with us, however we end: so LocalStack never outlives its users.
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as holder:
        assert holder.stdout
        own = holder.stdout.readline().strip()
        if not own:
            raise LocalStackError("LocalStack did not start: see .localstack/localstack.log")
        yield connect(own)


def running_pids(function_name: str) -> list[int]:
    """Return the processes that a function has now, warm ones that wait for work included."""
    files = (SANDBOXES / function_name).glob("*/pid")
    return [int(text) for file in files if (text := _read_if_there(file).strip())]


def kill_function(function_name: str) -> None:
    """Kill a function's processes in whatever they are doing, as the loss of a host would."""
    for pid in running_pids(function_name):
        os.killpg(pid, signal.SIGKILL)


def _read_if_there(file: Path) -> str:
    try:
        return file.read_text()
    except FileNotFoundError:
        return ""
