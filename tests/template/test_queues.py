"""The rule and the queues: that a doorbell arrives as ingest reads it, and none is lost unseen."""

import json
import re
from typing import Any

import pytest

from fleettickets.core.doorbells import parse_doorbells
from fleettickets.core.keys import Prefix
from tests.support.stages import read_stage
from tests.support.templates import Template, as_list

QUEUE = "AWS::SQS::Queue"
STAGES = ("localstack", "staging", "production")
KEY = "automations/inc/changes/2026-06-15T17-00-00.csv"
# As EventBridge delivers it; the parts that nobody reads are left out.
PUT_EVENT = {
    "source": "aws.s3",
    "detail-type": "Object Created",
    "detail": {
        "bucket": {"name": "tickets"},
        "object": {"key": KEY, "etag": "9a0364b9e99bb480dd25e1f0284c8555", "sequencer": "0066"},
    },
}


def queues() -> dict[str, dict[str, Any]]:
    """Return the queues' properties by logical name."""
    return {name: each["Properties"] for name, each in Template().resources(QUEUE).items()}


def rule() -> dict[str, Any]:
    """Return the doorbell rule's properties."""
    return Template().resources()["DoorbellRule"]["Properties"]


def path(event: dict[str, Any], expression: str) -> str:
    """Return what a JSONPath without filters means."""
    for name in expression.removeprefix("$.").split("."):
        event = event[name]
    return str(event)


def test_rule_rings_for_objects_in_the_changes_folder_only() -> None:
    """What is archived is put into this bucket too, and must not ring."""
    pattern = rule()["EventPattern"]

    assert pattern["source"] == [PUT_EVENT["source"]]
    assert pattern["detail-type"] == [PUT_EVENT["detail-type"]]
    assert pattern["detail"]["bucket"] == {"name": ["tickets"]}
    assert pattern["detail"]["object"] == {"key": [{"prefix": Prefix().changes}]}


def test_doorbell_is_what_ingest_understands() -> None:
    """The rule's transformation of a recorded event is read back whole, schema included."""
    (target,) = rule()["Targets"]
    transformer = target["InputTransformer"]
    values = {name: path(PUT_EVENT, at) for name, at in transformer["InputPathsMap"].items()}

    body = re.sub(r"<(\w+)>", lambda found: values[found[1]], transformer["InputTemplate"])

    (doorbell,) = parse_doorbells(body, Prefix())
    assert (doorbell.bucket, doorbell.key) == ("tickets", KEY)
    assert (doorbell.etag, doorbell.sequencer) == ("9a0364b9e99bb480dd25e1f0284c8555", "0066")
    assert json.loads(body)["schema"] == 1


def test_the_whole_stream_is_one_group_and_repetitions_are_told_by_content() -> None:
    """Doorbells are answered one at a time; a rule cannot name a deduplication id itself."""
    (target,) = rule()["Targets"]

    assert target["SqsParameters"] == {"MessageGroupId": "inc"}
    assert target["Arn"] == "DoorbellQueue.Arn"
    assert queues()["DoorbellQueue"]["ContentBasedDeduplication"] is True


def test_ingest_answers_one_doorbell_at_a_time() -> None:
    """The second place of the reserved ones is for a person's call."""
    ingest = Template().functions()["ingest"]

    (mapping,) = ingest["Events"].values()
    assert mapping["Properties"] == {"Queue": "DoorbellQueue.Arn", "BatchSize": 1}
    assert ingest["ReservedConcurrentExecutions"] == 2


@pytest.mark.parametrize("stage", [None, *STAGES])
def test_doorbell_is_invisible_for_six_times_the_longest_run(stage: str | None) -> None:
    """Else it would be delivered again while its first run still works; AWS asks for six times."""
    parameters = read_stage(stage)[1] if stage else {}
    template = Template(parameters)

    visibility = template.resources(QUEUE)["DoorbellQueue"]["Properties"]["VisibilityTimeout"]

    assert visibility >= 6 * template.functions()["ingest"]["Timeout"]


def test_each_queue_has_its_dead_letter_queue() -> None:
    """A FIFO queue takes a FIFO one; dead letters wait for a person as long as SQS allows."""
    redriven = {
        name: each["RedrivePolicy"]["deadLetterTargetArn"].removesuffix(".Arn")
        for name, each in queues().items()
        if "RedrivePolicy" in each
    }

    last = set(queues()) - set(redriven)
    assert set(redriven.values()) <= last == {"DoorbellDeadLetterQueue", "DeadLetterQueue"}
    for name, dead_letters in redriven.items():
        assert queues()[name].get("FifoQueue") == queues()[dead_letters].get("FifoQueue")
    assert {queues()[name]["MessageRetentionPeriod"] for name in last} == {14 * 24 * 3600}


def test_doorbell_is_given_up_after_ten_receipts() -> None:
    """A throttled delivery counts as a receipt too, so AWS asks for five at least."""
    assert queues()["DoorbellQueue"]["RedrivePolicy"]["maxReceiveCount"] == 10


def test_what_a_rule_cannot_deliver_goes_to_a_standard_queue() -> None:
    """EventBridge refuses a FIFO queue for its dead letters."""
    (target,) = rule()["Targets"]

    assert target["DeadLetterConfig"] == {"Arn": "DeadLetterQueue.Arn"}
    assert "FifoQueue" not in queues()["DeadLetterQueue"]
    assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] == 24 * 3600


def test_every_queue_is_encrypted() -> None:
    """With keys of SQS itself, which EventBridge need not be admitted to."""
    assert all(each["SqsManagedSseEnabled"] is True for each in queues().values())


def test_names_of_fifo_queues_end_as_sqs_demands() -> None:
    """And all names begin with the stack's, so that two stacks live side by side."""
    for each in queues().values():
        assert each["QueueName"].endswith(".fifo") == each.get("FifoQueue", False)
        assert each["QueueName"].startswith("fleet-")


@pytest.mark.parametrize("queue", sorted(queues()))
def test_queue_is_used_over_tls_only(queue: str) -> None:
    """Its policy refuses everything else, to everybody."""
    (refusal,) = [each for each in policy_of(queue) if each["Effect"] == "Deny"]

    assert refusal["Principal"] == "*"
    assert refusal["Action"] == "sqs:*"
    assert refusal["Resource"] == f"{queue}.Arn"
    assert refusal["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize("queue", sorted(queues()))
def test_service_may_send_to_a_queue_only_for_our_rules(queue: str) -> None:
    """Otherwise any account's rule could ring here."""
    for statement in policy_of(queue):
        if statement["Effect"] == "Allow":
            assert statement["Principal"] == {"Service": "events.amazonaws.com"}
            assert statement["Action"] == "sqs:SendMessage"
            ((operator, keys),) = statement["Condition"].items()
            assert operator in {"ArnEquals", "ArnLike"}
            (sources,) = (as_list(value) for value in keys.values())
            assert list(keys) == ["aws:SourceArn"]
            assert all(
                re.fullmatch(r"DoorbellRule\.Arn|.*:rule/fleet-\*", each) for each in sources
            )


def policy_of(queue: str) -> list[dict[str, Any]]:
    """Return the statements of the one policy that a queue has."""
    policies = Template().resources("AWS::SQS::QueuePolicy").values()
    (found,) = [each["Properties"] for each in policies if queue in each["Properties"]["Queues"]]
    return found["PolicyDocument"]["Statement"]
