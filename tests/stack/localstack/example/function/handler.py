"""The example's functions: they do what the object that woke them says."""

# pyright: reportMissingImports=false, reportMissingModuleSource=false

import json
import os
import time
from typing import Any

import boto3
from example_lib import count_applied, log


def consume(event: dict[str, Any], context: object) -> None:
    """Copy the object and its doorbell to `out/`, or take long, or fail, or be gone for ever."""
    (record,) = event["Records"]
    doorbell = json.loads(record["body"])
    bucket, key = os.environ["BUCKET"], doorbell["key"]
    s3 = boto3.client("s3")
    text = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    receives = int(record["attributes"]["ApproximateReceiveCount"])
    log("INFO", key=key, receives=receives)
    if "slow" in text and receives == 1:
        s3.put_object(Bucket=bucket, Key=key.replace("in/", "begun/", 1))
        time.sleep(60)
    if "fail" in text:
        log("ERROR", key=key)
        raise ValueError(text)
    count_applied(bucket)
    answer = json.dumps({**doorbell, "receives": receives, "at": time.time()})
    s3.put_object(Bucket=bucket, Key=key.replace("in/", "out/", 1), Body=answer.encode())


def run(event: dict[str, Any], context: object) -> None:
    """Log what the schedule or the operator passed."""
    log("INFO", ran=event)
    if event.get("fail"):
        raise RuntimeError("told to fail")
