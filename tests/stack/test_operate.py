"""What an operator runs against a deployed stack, beside the command line."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.applications import SMALL, Application
from tests.support.feeds import a_change_file, a_row
from tests.support.localstack import REGION, ROOT, LocalStack
from tests.support.stack import StackError, delete_stack, deploy, free_name
from tests.support.streams import a_stream, some_stamps

NO_SECRET = f"arn:aws:secretsmanager:{REGION}:000000000000:secret:nothing-AbCdEf"


def run_script(
    localstack: LocalStack, name: str, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run a Python script of `scripts/` with LocalStack for AWS."""
    environment = {
        "AWS_ENDPOINT_URL": localstack.endpoint_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
    }
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts" / name), *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


# --- make migrate STAGE=… ---


def test_deployment_has_applied_all_migrations(application: Application) -> None:
    """So there is nothing left to apply, however often one asks."""
    name, localstack = application.stack.name, application.localstack

    listed = run_script(localstack, "remote_migrate.py", name)
    applied = run_script(localstack, "remote_migrate.py", name, "--apply")

    assert "0 migrations pending" in listed.stdout, listed.stderr
    assert "0 migrations applied" in applied.stdout, applied.stderr


def test_migration_that_fails_is_told_with_its_reason(application: Application) -> None:
    """A file that changed after it was applied is named, and the command fails."""
    ledger = "update tickets.schema_migrations set sha256 = "
    application.connection.execute(f"{ledger} 'x' where filename like '05%'")
    try:
        failed = run_script(
            application.localstack, "remote_migrate.py", application.stack.name, "--apply"
        )
    finally:
        application.connection.execute(f"{ledger} null where sha256 = 'x'")  # "not known"

    assert failed.returncode == 1
    assert "MigrationError: 05_inc_geography.sql: changed after it was applied" in failed.stderr


# --- make reseed STAGE=… (docs/runbook.md has it succeed) ---


def test_reseed_that_is_refused_is_told_with_its_reason(application: Application) -> None:
    """The command fails, and names the execution, the error and what to do."""
    name, localstack = application.stack.name, application.localstack

    failed = run_script(localstack, "reseed.py", name, "--plan", "0" * 64)

    assert failed.returncode == 1
    assert f":{name}-reseed:apply-000000000000-" in failed.stderr
    assert "failed: PlanChangedError: plan 000000000000 does not hold any more" in failed.stderr
    assert "make a new plan" in failed.stderr


# --- make demo, make logs ---


def test_demo_feeds_the_stage_and_runs_its_schedule(
    application: Application, tmp_path: Path
) -> None:
    """It returns when all files are settled and history is captured, and says what was done."""
    stream = a_stream(3)
    for file in stream:
        (tmp_path / f"{file.stamp}.csv").write_bytes(file.content)

    run = run_script(
        application.localstack, "demo_stream.py", application.stack.name, str(tmp_path)
    )

    assert " s: 3\n" in run.stdout, run.stderr
    assert "history   outcome captured" in run.stdout
    settled = application.settled([file.stamp for file in stream])
    assert settled == [(file.stamp, 1, "applied") for file in stream]


def test_logs_show_a_line_a_file_and_trouble_alone_when_asked(application: Application) -> None:
    """A line says when, which function, how grave, what, and the facts."""
    good, bad = some_stamps(2)
    application.put(good, a_change_file([a_row()]))
    application.put(bad, b"no,ticket\n1,2\n")
    application.await_settled([good, bad])
    application.await_logged("Ingest", f'{{ $.stamp = "{bad}" }}')

    name, localstack = application.stack.name, application.localstack
    log = run_script(localstack, "show_logs.py", name).stdout
    trouble = run_script(localstack, "show_logs.py", name, "--filter", "trouble").stdout

    (line,) = [line for line in log.splitlines() if f"stamp={good} " in line]
    assert " ingest  INFO    file was settled  key=" in line
    assert f"stamp={bad} " in trouble
    assert f"stamp={good} " not in trouble


# --- make deploy STAGE=… ---


def test_deployment_that_cannot_migrate_fails_with_the_reason(
    localstack: LocalStack, template: Path
) -> None:
    """Nothing is ingested into a database whose schema is not there."""
    name = free_name("fleet")
    parameters = {
        **SMALL,
        "BucketName": name,
        "CreateBucket": "yes",
        "DatabaseSecretArn": NO_SECRET,
    }

    with pytest.raises(StackError, match="DATABASE_SECRET_ARN: the secret cannot be read"):
        deploy(localstack, template, name, parameters)

    functions = localstack.functions.list_functions()["Functions"]
    assert f"{name}-ingest" not in {each.get("FunctionName") for each in functions}
    delete_stack(localstack, name)


# --- make bucket-events ---


@pytest.fixture
def their_bucket(localstack: LocalStack) -> str:
    """A bucket whose owners hear of removed objects by a queue."""
    name = free_name("theirs")
    queue = localstack.queues.create_queue(QueueName=name)["QueueUrl"]
    attributes = localstack.queues.get_queue_attributes(
        QueueUrl=queue, AttributeNames=["QueueArn"]
    )["Attributes"]
    localstack.s3.create_bucket(Bucket=name)
    localstack.s3.put_bucket_notification_configuration(
        Bucket=name,
        NotificationConfiguration={
            "QueueConfigurations": [
                {"QueueArn": attributes["QueueArn"], "Events": ["s3:ObjectRemoved:*"]}
            ]
        },
    )
    return name


def notifications(localstack: LocalStack, bucket: str) -> dict[str, Any]:
    """Return a bucket's notifications."""
    found: dict[str, Any] = {**localstack.s3.get_bucket_notification_configuration(Bucket=bucket)}
    del found["ResponseMetadata"]
    return found


def test_events_of_a_bucket_of_others_are_left_off_in_a_dry_run(
    localstack: LocalStack, their_bucket: str
) -> None:
    """It says what it would do, and how many notifications of others there are."""
    before = notifications(localstack, their_bucket)

    run = run_script(localstack, "bucket_events.py", their_bucket)

    assert "would switch them on, and keep 1 others" in run.stdout, run.stderr
    assert notifications(localstack, their_bucket) == before


def test_events_of_a_bucket_of_others_are_switched_on_beside_theirs(
    localstack: LocalStack, their_bucket: str
) -> None:
    """S3 replaces the whole configuration, so theirs is in what is written; twice is once."""
    before = notifications(localstack, their_bucket)

    first = run_script(localstack, "bucket_events.py", their_bucket, "--apply")
    second = run_script(localstack, "bucket_events.py", their_bucket, "--apply")

    assert "switched them on, and kept 1 others" in first.stdout, first.stderr
    assert "nothing to do" in second.stdout, second.stderr
    after = notifications(localstack, their_bucket)
    assert after == {**before, "EventBridgeConfiguration": {}}
