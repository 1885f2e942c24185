"""Our application deployed on LocalStack, as a producer and an operator meet it."""

import base64
import json
import os
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
import pytest

from fleettickets.core.doorbells import write_doorbell
from fleettickets.core.keys import Prefix
from tests.support.localstack import LocalStack, kill_function
from tests.support.postgres import DatabaseServer
from tests.support.stack import ARCHITECTURE, Stack, delete_stack, deploy, free_name
from tests.support.stack_databases import Database, a_database
from tests.support.waits import wait_until

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef, ObjectIdentifierTypeDef

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"  # `make test-long`
only_in_long = pytest.mark.skipif(not LONG, reason="too long for CI: `make test-long` runs it")
GROUP = "inc"
SETTLE_SECONDS = 90.0
# Small, so that the tests wait for little; the ratio of 6 is demanded of the template's defaults.
SMALL: Mapping[str, str] = {
    "IngestTimeoutSeconds": "15",
    "VisibilityTimeoutSeconds": "18",
    "LostAfterSeconds": "1",
    "ReseedChunkFiles": "50",
    "Architecture": ARCHITECTURE,
}

FILES: LiteralString = """
select stamp, revision, status from tickets.import_files
where stamp = any (%s) order by stamp, revision
"""


@dataclass(frozen=True, slots=True)
class Application:
    """A deployed stack with its bucket and its database."""

    stack: Stack
    parameters: Mapping[str, str]
    database: Database

    @property
    def bucket(self) -> str:
        """The bucket of the change files."""
        return self.parameters["BucketName"]

    @property
    def prefix(self) -> Prefix:
        """The prefix of the stream in its bucket."""
        return Prefix(self.parameters.get("Prefix", Prefix().text))

    @property
    def localstack(self) -> LocalStack:
        """Where it is deployed."""
        return self.stack.localstack

    @property
    def connection(self) -> psycopg.Connection:
        """A superuser's connection to the database, in autocommit mode."""
        return self.database.connection

    def function(self, name: str) -> str:
        """Return the full name of a function: Ingest, Enrich, ReseedPlan, ReseedApply, Migrate."""
        return self.stack.outputs[f"{name}FunctionName"]

    # --- what a producer does ---

    def put(self, stamp: str, content: bytes) -> str:
        """Put a change file; return its key."""
        return self.put_key(self.prefix.change_key(stamp), content)

    def put_archived(self, stamp: str, content: bytes) -> str:
        """Put a file where settled ones lie, as another stack has left it; return its key."""
        return self.put_key(f"{self.prefix.processed}{stamp}.csv", content)

    def put_key(self, key: str, content: bytes) -> str:
        """Put any object; return its key."""
        self.localstack.s3.put_object(Bucket=self.bucket, Key=key, Body=content)
        return key

    def put_in_parts(self, stamp: str, parts: Sequence[bytes]) -> str:
        """Put a change file by a multipart upload; return its key."""
        s3, key = self.localstack.s3, self.prefix.change_key(stamp)
        upload = s3.create_multipart_upload(Bucket=self.bucket, Key=key)["UploadId"]
        done: list[CompletedPartTypeDef] = []
        for number, part in enumerate(parts, start=1):
            answer = s3.upload_part(
                Bucket=self.bucket, Key=key, UploadId=upload, PartNumber=number, Body=part
            )
            done.append({"PartNumber": number, "ETag": answer["ETag"]})
        s3.complete_multipart_upload(
            Bucket=self.bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": done}
        )
        return key

    # --- what an operator does ---

    def delete(self, key: str) -> None:
        """Delete an object."""
        self.localstack.s3.delete_object(Bucket=self.bucket, Key=key)

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder of the stream: changes, processed, quarantine."""
        prefix = f"{self.prefix.text}/{folder}/"
        pages = self.localstack.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=prefix
        )
        keys = [item.get("Key", "") for page in pages for item in page.get("Contents", [])]
        return [key.removeprefix(prefix) for key in keys]

    def content(self, folder: str, name: str) -> bytes:
        """Return the bytes of a file in a folder of the stream."""
        key = f"{self.prefix.text}/{folder}/{name}"
        return self.localstack.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def etag(self, folder: str, name: str) -> str:
        """Return the etag of a file in a folder of the stream, without its quotes."""
        key = f"{self.prefix.text}/{folder}/{name}"
        return self.localstack.s3.head_object(Bucket=self.bucket, Key=key)["ETag"].strip('"')

    def modified_at(self, stamp: str) -> datetime:
        """Return when the bucket took a change file in, to the second."""
        key = self.prefix.change_key(stamp)
        return self.localstack.s3.head_object(Bucket=self.bucket, Key=key)["LastModified"]

    def password(self) -> str:
        """Return the password that the functions' secret has now."""
        return self.database.secret(self.localstack)["password"]

    def doorbells(self) -> int:
        """Count the messages in the doorbell queue, those in flight included."""
        return self.stack.messages_in(self.stack.outputs["DoorbellQueueUrl"])

    def dead_doorbells(self) -> int:
        """Count the doorbells that were given up."""
        return self.stack.messages_in(self.stack.outputs["DoorbellDeadLetterQueueUrl"])

    def queue_arn(self, output: str) -> str:
        """Return the ARN of a queue whose URL is an output of the stack."""
        answer = self.localstack.queues.get_queue_attributes(
            QueueUrl=self.stack.outputs[output], AttributeNames=["QueueArn"]
        )
        return answer["Attributes"]["QueueArn"]

    def restart(self, function: str) -> None:
        """Let a function start anew at its next run, as any change of its settings does."""
        self.configure(function, Description=f"started anew {token_hex(4)}")

    def configure(self, function: str, **settings: str) -> None:
        """Change a function's settings by hand."""
        functions, name = self.localstack.functions, self.function(function)
        functions.update_function_configuration(FunctionName=name, **settings)  # type: ignore[arg-type]
        functions.get_waiter("function_updated_v2").wait(FunctionName=name)

    def redeploy(self, template: Path, **parameters: str) -> "Application":
        """Deploy again with some parameters changed; return the application as it is then."""
        chosen = {**self.parameters, **parameters}
        stack = deploy(self.localstack, template, self.stack.name, chosen)
        return Application(stack, chosen, self.database)

    def ring(self, key: str, etag: str | None = None) -> None:
        """Send a doorbell by hand."""
        self.localstack.queues.send_message(
            QueueUrl=self.stack.outputs["DoorbellQueueUrl"],
            MessageBody=write_doorbell(self.bucket, key, etag or "0" * 32),
            MessageGroupId=GROUP,
            MessageDeduplicationId=token_hex(16),
        )

    def pause(self) -> None:
        """Let doorbells wait in the queue."""
        self.stack.pause_mapping(self.function("Ingest"))

    def resume(self) -> None:
        """Let doorbells be answered again."""
        self.stack.resume_mapping(self.function("Ingest"))

    def logged(self, function: str, pattern: str) -> list[dict[str, Any]]:
        """Return the lines of a function's log that match a filter pattern."""
        lines = self.stack.logged(self.stack.outputs[f"{function}LogGroupName"], pattern)
        return [json.loads(line) for line in lines]

    def await_logged(self, function: str, pattern: str) -> dict[str, Any]:
        """Wait for a line in a function's log, and return the first such."""
        return wait_until(lambda: self.logged(function, pattern), f"a log line {pattern}")[0]

    def metric(self, name: str) -> float:
        """Return the sum of a metric of this stack, over the last hour."""
        now = datetime.now(UTC)
        points = self.localstack.cloudwatch.get_metric_statistics(
            Namespace="fleettickets",
            MetricName=name,
            Dimensions=[
                {"Name": "service", "Value": "fleettickets"},
                {"Name": "stage", "Value": self.stack.name},
            ],
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(minutes=1),
            Period=3600,
            Statistics=["Sum"],
        )["Datapoints"]
        return sum(point.get("Sum", 0.0) for point in points)

    def run(self, function: str, event: Mapping[str, object]) -> "Run":
        """Run a function with an input and wait for its end, which must be a good one."""
        answer = self.localstack.functions.invoke(
            FunctionName=self.function(function),
            Payload=json.dumps(event).encode(),
            LogType="Tail",
        )
        payload = json.load(answer["Payload"])
        log = base64.b64decode(answer.get("LogResult", "")).decode()
        assert "FunctionError" not in answer, f"{payload}\n{log}"
        lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
        return Run(payload, lines)

    def sweep(self) -> dict[str, Any]:
        """Run the sweep, and return the line in which it says what it found and did."""
        run = self.run("Enrich", {"steps": ["sweep"]})
        (line,) = [line for line in run.lines if line.get("step") == "sweep"]
        return line

    # --- what shows in the end ---

    def settled(self, stamps: Sequence[str]) -> list[tuple[str, int, str]]:
        """Return (stamp, revision, status) of these stamps' rows in the ledger, in order."""
        return list(self.connection.execute(FILES, [list(stamps)]))

    def await_settled(
        self, stamps: Sequence[str], *, timeout_seconds: float = SETTLE_SECONDS
    ) -> None:
        """Wait until each of these stamps is settled, archived, and no doorbell is left."""
        wait_until(
            lambda: {stamp for stamp, _, _ in self.settled(stamps)} >= set(stamps),
            f"the end of {len(stamps)} files",
            timeout_seconds=timeout_seconds,
        )
        self.await_quiet()

    def await_quiet(self) -> None:
        """Wait until all doorbells are answered."""
        wait_until(
            lambda: self.doorbells() == 0, "the end of doorbells", timeout_seconds=SETTLE_SECONDS
        )

    def await_answers(self, key: str, number: int) -> list[dict[str, Any]]:
        """Wait until so many doorbells for a key were answered; return their lines in the log."""
        pattern = f'{{ $.message = "doorbell was answered" && $.key = "{key}" }}'

        def answers() -> list[dict[str, Any]] | None:
            lines = self.logged("Ingest", pattern)
            return lines if len(lines) >= number else None

        lines = wait_until(answers, f"{number} answered doorbells for {key}")
        assert lines
        self.await_quiet()
        return lines

    def reset(self, server: DatabaseServer) -> None:
        """Bring it back to the state after its deployment: no files, no tickets, no messages."""
        self._stop_executions()
        if self.doorbells():
            self.pause()
            self.localstack.queues.purge_queue(QueueUrl=self.stack.outputs["DoorbellQueueUrl"])
        self.database.network.mend()
        empty_bucket(self.localstack, self.bucket, self.prefix.text)
        server.truncate_all(self.connection)
        self.resume()

    def _stop_executions(self) -> None:
        """Stop what a failed test has left running, and the functions that work for it."""
        client = self.localstack.state_machines
        running = client.list_executions(
            stateMachineArn=self.stack.outputs["ReseedStateMachineArn"], statusFilter="RUNNING"
        )["executions"]
        for execution in running:
            client.stop_execution(executionArn=execution["executionArn"])
        if running:
            kill_function(self.function("ReseedPlan"))
            kill_function(self.function("ReseedApply"))
            self.database.end_sessions()


@dataclass(frozen=True, slots=True)
class Run:
    """What a function answered, and the last lines that it logged."""

    answer: Any
    lines: list[dict[str, Any]]


@contextmanager
def an_application(
    localstack: LocalStack, server: DatabaseServer, template: Path, **parameters: str
) -> Generator[Application]:
    """Deploy the template with a database of its own; delete the stack afterwards.

    The stack creates its bucket unless the parameter BucketName says which one to take.
    """
    name = free_name("fleet")
    with ExitStack() as stack:
        database = stack.enter_context(a_database(localstack, server, name))
        chosen = {
            **SMALL,
            "Stage": name,
            "BucketName": name,
            "CreateBucket": "no" if "BucketName" in parameters else "yes",
            "DatabaseSecretArn": database.secret_arn,
            "PlanSecretArn": database.plan_secret_arn,
            "MigratorSecretArn": database.owner_secret_arn,
            **parameters,
        }
        deployed = deploy(localstack, template, name, chosen)
        stack.callback(delete_stack, localstack, name)
        database.admit_roles()
        yield Application(deployed, chosen, database)


def make_bucket(localstack: LocalStack) -> str:
    """Make a bucket that tells EventBridge of its objects, as its owner does; return its name."""
    name = free_name("tickets")
    localstack.s3.create_bucket(Bucket=name)
    localstack.s3.put_bucket_notification_configuration(
        Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    return name


def empty_bucket(localstack: LocalStack, bucket: str, prefix: str) -> None:
    """Delete all versions of all objects below a prefix."""
    pages = localstack.s3.get_paginator("list_object_versions").paginate(
        Bucket=bucket, Prefix=prefix
    )
    for page in pages:
        doomed: list[ObjectIdentifierTypeDef] = [
            {"Key": item.get("Key", ""), "VersionId": item.get("VersionId", "")}
            for item in (*page.get("Versions", []), *page.get("DeleteMarkers", []))
        ]
        if doomed:
            localstack.s3.delete_objects(Bucket=bucket, Delete={"Objects": doomed})
