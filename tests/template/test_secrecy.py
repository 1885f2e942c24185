"""Secrets and encryption in the template: known by ARN only, and nothing in the clear."""

import json
import re
from typing import Any

import pytest

from fleettickets.settings import Settings
from tests.support.localstack import ROOT
from tests.support.templates import TEMPLATE, Template

STORES = {
    "AWS::S3::Bucket": "BucketEncryption",
    "AWS::SQS::Queue": "SqsManagedSseEnabled",
}
# Encrypted by the service itself, with reasons in .checkov.yaml for why no key of ours is used.
ENCRYPTED_BY_AWS = {"AWS::Logs::LogGroup", "AWS::SNS::Topic"}
NARROW = re.compile(
    r"/(changes|processed|quarantine|reports)/\*$|^Bucket\.Arn/\*$|:execution:fleet-reseed:\*$"
)
CHECKOV = (ROOT / ".checkov.yaml").read_text()


def resources() -> dict[str, dict[str, Any]]:
    """Return all resources, the bucket's included."""
    return Template({"CreateBucket": "yes", "AlarmEmail": "ops@example.com"}).resources()


def test_no_secret_is_a_parameter_or_is_resolved_into_the_template() -> None:
    """A parameter is to be read in the console, and a dynamic reference in what it is put into."""
    text = TEMPLATE.read_text()

    assert "resolve:" not in text
    assert "NoEcho" not in text
    assert not re.search(r"(?i)password|api.?key|postgresql://[^\"]*:", _without_descriptions())


def _without_descriptions() -> str:
    document = json.loads(json.dumps(Template().document, default=str))
    for parameter in document["Parameters"].values():
        parameter.pop("Description", None)
    return json.dumps(document)


@pytest.mark.parametrize("function", sorted(Template().functions()))
def test_environment_has_no_secret(function: str) -> None:
    """Each setting that is one is known by the ARN of what holds it."""
    variables = Template().environment(function)
    settings = Settings.from_environment(variables)

    assert settings.database_url is settings.access_key is settings.secret_key is None
    for name, value in variables.items():
        assert not re.search(r"KEY|PASSWORD|TOKEN", name), name
        if "SECRET" in name:
            assert name.endswith("_ARN")
            assert value == "" or value.startswith("arn:")


def test_everything_that_is_kept_is_encrypted() -> None:
    """And a kind of store that is new here has to be thought about."""
    for name, resource in resources().items():
        kind, properties = resource["Type"], resource.get("Properties", {})
        if kind in STORES:
            assert properties[STORES[kind]], name
        assert not re.match(r"AWS::(DynamoDB|RDS|Kinesis|EFS|Redshift|Backup)", kind), name

    for check in ("CKV_AWS_158", "CKV_AWS_26"):
        assert re.search(rf"#[^\n]+\n  - {check}", CHECKOV)


def test_every_check_that_is_left_out_has_its_reason() -> None:
    """Written above it."""
    assert not re.search(r"\n  - CKV\w+\n  - CKV", CHECKOV)


def test_wildcards_in_resources_have_a_reason_written_beside_them() -> None:
    """Folders of the stream and executions of our state machine; all else says why, on its line."""
    reasons = {
        line.partition('"*"')[2].strip().lstrip("# ")
        for line in TEMPLATE.read_text().splitlines()
        if 'Resource: "*"' in line
    }
    assert all(len(reason) > 20 for reason in reasons), reasons
    for name, resource in resources().items():
        for found in re.findall(r'"Resource": (\[[^\]]*\]|"[^"]*")', json.dumps(resource)):
            for wide in re.findall(r'"([^"]*\*[^"]*)"', found):
                assert NARROW.search(wide) or (wide == "*" and reasons), f"{name}: {wide}"


def test_definition_of_a_state_machine_has_no_secret() -> None:
    """Its payloads are kept for 90 days, for all who may read executions."""
    for definition in ROOT.glob("functions/*/*.asl.*"):
        text = definition.read_text().replace("SecretUnavailableError", "")
        assert not re.search(r"(?i)password|secret|database_url|postgresql:", text)
