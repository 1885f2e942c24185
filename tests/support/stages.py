"""The stage `localstack` of samconfig.toml: the template, deployed on this machine."""

import os
import sys
import tomllib
from pathlib import Path

from botocore.exceptions import ClientError

from tests.support.localstack import ROOT, LocalStack, use_localstack
from tests.support.stack import ARCHITECTURE, Stack, delete_stack, deploy

STAGE = "localstack"
SAMCONFIG = ROOT / "samconfig.toml"
TEMPLATE = ROOT / ".aws-sam" / "host" / "template.yaml"  # as `scripts/build.sh host` leaves it


def read_stage(name: str, samconfig: Path = SAMCONFIG) -> tuple[str, dict[str, str]]:
    """Return a stage's stack name and its parameters."""
    settings = tomllib.loads(samconfig.read_text())[name]["deploy"]["parameters"]
    overrides = settings.get("parameter_overrides", [])
    return settings["stack_name"], dict(override.split("=", 1) for override in overrides)


def deploy_stage(localstack: LocalStack, database_url: str, samconfig: Path = SAMCONFIG) -> Stack:
    """Create or update the stage's stack, which migrates its database.

    That is the one of `database_url`, unless the stage names a secret.

    Raises:
        StackError: it could not be created or changed.
    """
    name, parameters = read_stage(STAGE, samconfig)
    if "DatabaseSecretArn" not in parameters:
        parameters["DatabaseSecretArn"] = put_secret(localstack, name, database_url)
    if _is_stillborn(localstack, name):
        delete_stack(localstack, name)  # as on AWS, it cannot be updated
    return deploy(localstack, TEMPLATE, name, parameters | {"Architecture": ARCHITECTURE})


def put_secret(localstack: LocalStack, name: str, text: str) -> str:
    """Create or change a secret, and return its ARN."""
    try:
        return localstack.secrets.create_secret(Name=name, SecretString=text)["ARN"]
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "ResourceExistsException":
            raise
        return localstack.secrets.put_secret_value(SecretId=name, SecretString=text)["ARN"]


def _is_stillborn(localstack: LocalStack, name: str) -> bool:
    pages = localstack.cloudformation.get_paginator("list_stacks").paginate(
        StackStatusFilter=["CREATE_FAILED", "ROLLBACK_COMPLETE"]
    )
    return any(stack["StackName"] == name for page in pages for stack in page["StackSummaries"])


def main() -> None:
    """Deploy the stage of SAMCONFIG on the database of DATABASE_URL; print the stack's outputs."""
    with use_localstack() as localstack:
        samconfig = Path(os.environ.get("SAMCONFIG", SAMCONFIG))
        stack = deploy_stage(localstack, os.environ["DATABASE_URL"], samconfig)
    for name, value in sorted(stack.outputs.items()):
        sys.stdout.write(f"{name:28} {value}\n")


if __name__ == "__main__":
    main()
