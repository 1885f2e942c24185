#!/usr/bin/env python3
"""Lists the migrations that a deployed stack's database lacks, or applies them with --apply.

The stack's own function does it, from where the database can be reached.
"""

import argparse
import json
import sys
from typing import Any

import boto3
from botocore.config import Config

READ_TIMEOUT_SECONDS = 910  # a little longer than the function may run


def main(arguments: list[str] | None = None) -> str:
    """Do what the command line says, and return what to tell the person.

    Raises:
        SystemExit: the function failed; its reason is the text.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stack")
    parser.add_argument("--region")
    parser.add_argument("--apply", action="store_true", help="apply them")
    given = parser.parse_args(arguments)
    answer = _invoke(_function_name(given.stack, given.region), given.region, apply=given.apply)
    verb = "applied" if given.apply else "pending; --apply applies"
    lines = [f"{given.stack}: {len(answer['migrations'])} migrations {verb}"]
    lines += [f"  {name}" for name in answer["migrations"]]
    lines += [f"notice: {notice}" for notice in answer["notices"]]
    return "\n".join(lines)


def _function_name(stack: str, region: str | None) -> str:
    client: Any = boto3.client("cloudformation", region_name=region)
    (found,) = client.describe_stacks(StackName=stack)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}
    return outputs["MigrateFunctionName"]


def _invoke(function: str, region: str | None, *, apply: bool) -> dict[str, list[str]]:
    # Never repeated by the client: a run that still works would only be waited for twice.
    config = Config(read_timeout=READ_TIMEOUT_SECONDS, retries={"total_max_attempts": 1})
    client: Any = boto3.client("lambda", region_name=region, config=config)
    response = client.invoke(FunctionName=function, Payload=json.dumps({"apply": apply}).encode())
    answer = json.loads(response["Payload"].read())
    if "FunctionError" in response:
        sys.exit(f"error: {function}: {answer.get('errorType')}: {answer.get('errorMessage')}")
    return answer


if __name__ == "__main__":
    sys.stdout.write(main() + "\n")
