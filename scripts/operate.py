#!/usr/bin/env python3
"""What an operator does to a deployed stack; docs/runbook.md says when.

operate.py STACK run COMMAND…       run a command with the stack's bucket and database as settings
operate.py STACK pause | resume     stop answering doorbells, which wait in their queue; go on
operate.py STACK redrive            give the doorbells that were given up another chance
operate.py STACK dead-letters       show what was not delivered; --discard deletes it then
operate.py STACK rotate             give the functions' database role another password
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from secrets import token_urlsafe
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import boto3
import psycopg
from psycopg import sql

from fleettickets.clients.secrets import database_url
from fleettickets.errors import FleetticketsError
from fleettickets.store.encryption import with_verified_encryption

WAIT_SECONDS = 120
POLL_SECONDS = 0.5
MESSAGES_A_CALL = 10


@dataclass(frozen=True)
class Stack:
    """A deployed stack: what it was given, and what it says of itself."""

    name: str
    region: str | None

    def client(self, service: str) -> Any:  # noqa: ANN401 - the stubs are not for scripts
        """Return a client of a service in the stack's region."""
        create: Any = boto3.client
        return create(service, region_name=self.region)

    @cached_property
    def _described(self) -> Mapping[str, Any]:
        (found,) = self.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"]
        return found

    @cached_property
    def outputs(self) -> Mapping[str, str]:
        """The outputs' values by name."""
        return {each["OutputKey"]: each["OutputValue"] for each in self._described["Outputs"]}

    @cached_property
    def parameters(self) -> Mapping[str, str]:
        """The parameters' values by name."""
        return {
            each["ParameterKey"]: each["ParameterValue"] for each in self._described["Parameters"]
        }

    @property
    def secret_arn(self) -> str:
        """The secret of the functions' database role."""
        return self.parameters["DatabaseSecretArn"]

    def secret(self) -> str:
        """Return what that secret says."""
        answer = self.client("secretsmanager").get_secret_value(SecretId=self.secret_arn)
        return answer["SecretString"]

    def url(self, secret: str) -> str:
        """Return the address that a secret means, as the functions use it: encrypted, verified."""
        given = {"host": "DatabaseHost", "port": "DatabasePort", "dbname": "DatabaseName"}
        defaults = {part: self.parameters.get(name, "") for part, name in given.items()}
        return with_verified_encryption(database_url(secret, defaults), ca_bundle=None)


# --- run ---


def run(stack: Stack, command: list[str]) -> int:
    """Run a command with the stack's settings in its environment; return its exit status."""
    settings = {
        "DATABASE_URL": stack.url(stack.secret()),
        "TICKETS_BUCKET": stack.parameters["BucketName"],
        "TICKETS_PREFIX": stack.parameters["Prefix"],
        "MAX_FILE_BYTES": stack.parameters["MaxFileBytes"],
    }
    if stack.region:
        settings["AWS_DEFAULT_REGION"] = stack.region
    return subprocess.run(command, env=dict(os.environ) | settings, check=False).returncode  # noqa: S603


# --- pause, resume ---


def switch(stack: Stack, *, enabled: bool) -> str:
    """Stop, or go on, feeding ingest from its queue; return when that is so."""
    client, function = stack.client("lambda"), stack.outputs["IngestFunctionName"]
    (mapping,) = client.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
    wanted = "Enabled" if enabled else "Disabled"
    if mapping["State"] != wanted:
        client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=enabled)
        _wait_until(
            lambda: client.get_event_source_mapping(UUID=mapping["UUID"])["State"] == wanted
        )
    if enabled:
        return "doorbells are answered"
    return "doorbells wait in their queue, for up to 14 days; a deployment may resume them"


# --- dead letters ---


def redrive(stack: Stack) -> str:
    """Move the doorbells that were given up back to their queue; return when that is done."""
    client = stack.client("sqs")
    source = _queue_arn(client, stack.outputs["DoorbellDeadLetterQueueUrl"])
    before = _count(client, stack.outputs["DoorbellDeadLetterQueueUrl"])
    if not before:
        return "there are no dead doorbells"
    client.start_message_move_task(SourceArn=source)
    _wait_until(lambda: _count(client, stack.outputs["DoorbellDeadLetterQueueUrl"]) == 0)
    return f"{before} doorbells were rung again"


def dead_letters(stack: Stack, *, discard: bool) -> str:
    """Show what EventBridge could not deliver and which scheduled runs failed; or delete it too."""
    client, url = stack.client("sqs"), stack.outputs["DeadLetterQueueUrl"]
    lines: list[str] = []
    while messages := client.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=MESSAGES_A_CALL,
        VisibilityTimeout=WAIT_SECONDS if discard else 2,
        MessageSystemAttributeNames=["SentTimestamp"],
    ).get("Messages"):
        lines += [_describe(message) for message in messages]
        if not discard:
            break
        for message in messages:
            client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    left = _count(client, url)
    return "\n".join([*lines, "discarded" if discard else f"{left or len(lines)} dead letters"])


def _describe(message: Mapping[str, Any]) -> str:
    sent_at = time.gmtime(int(message["Attributes"]["SentTimestamp"]) / 1000)
    body = json.loads(message["Body"])
    answer = body.get("responsePayload") or {}
    what = body.get("requestPayload") or {"input": body}
    why = f"{answer.get('errorType', '')} {answer.get('errorMessage', '')}".strip()
    return f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', sent_at)} {json.dumps(what)} {why}"


def _queue_arn(client: Any, url: str) -> str:  # noqa: ANN401
    answer = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return answer["Attributes"]["QueueArn"]


def _count(client: Any, url: str) -> int:  # noqa: ANN401
    name = "ApproximateNumberOfMessages"
    answer = client.get_queue_attributes(QueueUrl=url, AttributeNames=[name])
    return int(answer["Attributes"][name])


# --- rotate ---


def rotate(stack: Stack) -> str:
    """Give the functions' role a new password, in the database and then in its secret.

    Functions that hold the old one ask for the secret again when they are refused. If the secret
    cannot be written the old password is set again.
    """
    former = stack.secret()
    password = token_urlsafe(24)
    changed = _with_password(former, password)
    with psycopg.connect(stack.url(former), autocommit=True) as connection:
        role = connection.info.user
        _set_password(connection, role, password)
        try:
            psycopg.connect(stack.url(changed)).close()
            stack.client("secretsmanager").put_secret_value(
                SecretId=stack.secret_arn, SecretString=changed
            )
        except Exception:
            _set_password(connection, role, connection.info.password)
            raise
    return f"role {role} has a new password, and the secret says it"


def _with_password(secret: str, password: str) -> str:
    if not secret.lstrip().startswith("{"):
        parts = urlsplit(secret.strip())
        user, place = (
            parts.netloc.rpartition("@")[0].partition(":")[0],
            parts.netloc.rpartition("@")[2],
        )
        return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{place}"))
    return json.dumps({**json.loads(secret), "password": password})


def _set_password(connection: psycopg.Connection, role: str, password: str) -> None:
    """Set it as a verifier, so that no log of statements has the password in it."""
    verifier = connection.pgconn.encrypt_password(
        password.encode(), role.encode(), b"scram-sha-256"
    )
    statement = sql.SQL("alter role {} password {}")
    connection.execute(statement.format(sql.Identifier(role), sql.Literal(verifier.decode())))


# --- the command line ---


def _wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            sys.exit(f"error: it is not so after {WAIT_SECONDS} s; look again later")
        time.sleep(POLL_SECONDS)


VERBS: Mapping[str, Callable[[Stack, list[str]], str | int]] = {
    "run": run,
    "pause": lambda stack, _: switch(stack, enabled=False),
    "resume": lambda stack, _: switch(stack, enabled=True),
    "redrive": lambda stack, _: redrive(stack),
    "dead-letters": lambda stack, rest: dead_letters(stack, discard="--discard" in rest),
    "rotate": lambda stack, _: rotate(stack),
}


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("stack")
    parser.add_argument("--region")
    parser.add_argument("verb", choices=VERBS)
    given, rest = parser.parse_known_args()
    try:
        done = VERBS[given.verb](Stack(given.stack, given.region), rest)
    except FleetticketsError as error:
        sys.exit(f"error: {error}")
    except psycopg.Error as error:
        sys.exit(f"error: the database: {type(error).__name__}; can this machine reach it?")
    if isinstance(done, int):
        sys.exit(done)
    sys.stdout.write(f"{done}\n")


if __name__ == "__main__":
    main()
