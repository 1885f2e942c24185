"""Permissions: each function may do what it does, below its prefix, and nothing else."""

from collections import defaultdict

import pytest

from tests.support.templates import Template, as_list

KEYS = {"KmsKeyArns": "arn:aws:kms:eu-west-1:123456789012:key/k1"}
STREAM = "arn:aws:s3:::tickets"
FOLDERS = ("changes", "processed", "quarantine")
ALL_FOLDERS = {f"{STREAM}/automations/inc/{folder}/*" for folder in FOLDERS}
REPORTS = {f"{STREAM}/automations/inc/reports/*"}
EXECUTIONS = "arn:aws:states:eu-west-1:123456789012:execution:fleet-reseed:*"
ARCHIVE = ALL_FOLDERS - {f"{STREAM}/automations/inc/changes/*"}
CHANGES = ALL_FOLDERS - ARCHIVE
TO_READ_AGAIN = ALL_FOLDERS - {f"{STREAM}/automations/inc/quarantine/*"}
SECRET = {Template().value("DatabaseSecretArn")}
GEOCODER_SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:geocoder-AbCdEf"
DOORBELLS, DEAD_LETTERS = {"DoorbellQueue.Arn"}, {"DeadLetterQueue.Arn"}
READ_AND_ARCHIVE = {
    "s3:ListBucket": {STREAM},
    "s3:ListBucketVersions": {STREAM},
    "s3:GetObject": ALL_FOLDERS,
    "s3:GetObjectVersion": ALL_FOLDERS,
    "s3:PutObject": ARCHIVE,
    "s3:DeleteObject": CHANGES,
    "s3:DeleteObjectVersion": CHANGES,
}
# What Step Functions needs to write its log; AWS has no resources to name for these.
DELIVER_LOG = (
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
)
# Role: action: the resources that it is allowed on. Whoever needs more adds it here, knowingly.
ALLOWED: dict[str, dict[str, set[str]]] = {
    "IngestRole": READ_AND_ARCHIVE
    | {
        "sqs:ReceiveMessage": DOORBELLS,
        "sqs:DeleteMessage": DOORBELLS,
        "sqs:ChangeMessageVisibility": DOORBELLS,
        "sqs:GetQueueAttributes": DOORBELLS,
        "sqs:GetQueueUrl": DOORBELLS,
        "sqs:SendMessage": DOORBELLS,
        "secretsmanager:GetSecretValue": SECRET,
        "logs:CreateLogStream": {"IngestLogGroup.Arn"},
        "logs:PutLogEvents": {"IngestLogGroup.Arn"},
    },
    "EnrichRole": READ_AND_ARCHIVE
    | {
        "sqs:GetQueueAttributes": DOORBELLS | DEAD_LETTERS | {"DoorbellDeadLetterQueue.Arn"},
        "sqs:SendMessage": DOORBELLS | DEAD_LETTERS,
        "secretsmanager:GetSecretValue": SECRET,
        "logs:CreateLogStream": {"EnrichLogGroup.Arn"},
        "logs:PutLogEvents": {"EnrichLogGroup.Arn"},
    },
    "MigrateRole": {
        "sqs:SendMessage": DEAD_LETTERS,
        "secretsmanager:GetSecretValue": SECRET,
        "logs:CreateLogStream": {"MigrateLogGroup.Arn"},
        "logs:PutLogEvents": {"MigrateLogGroup.Arn"},
    },
    "ReseedPlanRole": {
        "s3:ListBucket": {STREAM},
        "s3:ListBucketVersions": {STREAM},
        "s3:GetObject": TO_READ_AGAIN,
        "s3:GetObjectVersion": TO_READ_AGAIN,
        "s3:PutObject": REPORTS,
        "secretsmanager:GetSecretValue": SECRET,
        "logs:CreateLogStream": {"ReseedPlanLogGroup.Arn"},
        "logs:PutLogEvents": {"ReseedPlanLogGroup.Arn"},
    },
    "ReseedApplyRole": READ_AND_ARCHIVE
    | {
        "s3:GetObject": ALL_FOLDERS | REPORTS,
        "sqs:GetQueueAttributes": DOORBELLS,
        "sqs:SendMessage": DOORBELLS,
        "secretsmanager:GetSecretValue": SECRET,
        "logs:CreateLogStream": {"ReseedApplyLogGroup.Arn"},
        "logs:PutLogEvents": {"ReseedApplyLogGroup.Arn"},
    },
    "ReseedRole": {
        "lambda:InvokeFunction": {"ReseedPlanFunction.Arn", "ReseedApplyFunction.Arn"},
        "states:DescribeExecution": {EXECUTIONS},
        **{action: {"*"} for action in DELIVER_LOG},
    },
    "ScheduleRole": {
        "lambda:InvokeFunction": {"EnrichFunction.Arn"},
        "sqs:SendMessage": DEAD_LETTERS,
    },
}
# EC2 has no permissions for single network interfaces of a function; AWS maintains this one.
OF_AWS = "arn:aws:iam::aws:policy/service-role/AWSLambdaENIManagementAccess"


def allowed(role: str, template: Template) -> dict[str, set[str]]:
    """Return what a role may do: the resources by action."""
    found: dict[str, set[str]] = defaultdict(set)
    for statement in template.statements(role):
        assert statement["Effect"] == "Allow"
        for action in as_list(statement["Action"]):
            found[action].update(as_list(statement["Resource"]))
    return dict(found)


def test_there_are_no_other_roles() -> None:
    """Each function has its own, so SAM adds none with AWS's wide managed policies."""
    template = Template()

    roles = {each["Role"].removesuffix(".Arn") for each in template.functions().values()}

    assert (
        roles | {"ScheduleRole", "ReseedRole"}
        == set(template.resources("AWS::IAM::Role"))
        == set(ALLOWED)
    )


@pytest.mark.parametrize("role", sorted(ALLOWED))
def test_role_may_do_exactly_this(role: str) -> None:
    """By action and resource; the stream's below its prefix, and deleting only in changes/."""
    assert allowed(role, Template()) == ALLOWED[role]


@pytest.mark.parametrize("role", sorted(ALLOWED))
def test_nothing_is_allowed_by_wildcard(role: str) -> None:
    """No wildcard in an action, and none in a resource but for what is below a folder.

    The state machine's role may ask about all of its own executions, and deliver its log.
    """
    for action, resources in allowed(role, Template(KEYS)).items():
        assert "*" not in action
        for resource in resources - ({"*"} if action in DELIVER_LOG else {EXECUTIONS}):
            assert "*" not in resource.removesuffix("/*")
            assert not resource.endswith("/*") or resource in ALL_FOLDERS | REPORTS


def test_listing_is_for_the_three_folders() -> None:
    """Without "IfExists" S3 would answer 403 for a key that is not there, and not 404."""
    (listing,) = [
        each
        for each in Template().statements("IngestRole")
        if "s3:ListBucket" in as_list(each["Action"])
    ]

    assert listing["Condition"] == {
        "StringLikeIfExists": {"s3:prefix": [f"automations/inc/{folder}/*" for folder in FOLDERS]}
    }


def test_geocoders_key_is_for_enrich_alone() -> None:
    """And only that secret; without one there is nothing to read."""
    template = Template({"GeocoderProvider": "locationiq", "GeocoderSecretArn": GEOCODER_SECRET})

    readable = {
        role: allowed(role, template).get("secretsmanager:GetSecretValue", set())
        for role in ALLOWED
    }

    assert readable["EnrichRole"] == SECRET | {GEOCODER_SECRET}
    assert {role for role, secrets in readable.items() if GEOCODER_SECRET in secrets} == {
        "EnrichRole"
    }


def test_plan_lists_what_it_reads() -> None:
    """A dry run has no business in quarantine/."""
    (listing,) = [
        each
        for each in Template().statements("ReseedPlanRole")
        if "s3:ListBucket" in as_list(each["Action"])
    ]

    assert listing["Condition"] == {
        "StringLikeIfExists": {
            "s3:prefix": ["automations/inc/changes/*", "automations/inc/processed/*"]
        }
    }


@pytest.mark.parametrize(
    ("parameter", "role"),
    [("PlanSecretArn", "ReseedPlanRole"), ("MigratorSecretArn", "MigrateRole")],
)
def test_secret_of_its_own_is_the_only_one_that_a_function_may_read(
    parameter: str, role: str
) -> None:
    """A dry run that could fetch another login could write after all."""
    arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:own-AbCdEf"

    assert allowed(role, Template({parameter: arn}))["secretsmanager:GetSecretValue"] == {arn}


def test_permissions_follow_the_prefix() -> None:
    """A second stream in the same bucket is out of reach."""
    reachable = allowed("IngestRole", Template({"Prefix": "feeds/other"}))["s3:GetObject"]

    assert reachable == {f"{STREAM}/feeds/other/{folder}/*" for folder in FOLDERS}


def test_keys_are_used_through_the_services_only() -> None:
    """And only if there are any: S3 and Secrets Manager decrypt, the function itself may not."""
    statements = [*Template(KEYS).statements("IngestRole")]

    (use,) = [each for each in statements if "kms:Decrypt" in as_list(each["Action"])]

    assert use["Resource"] == KEYS["KmsKeyArns"].split(",")
    services = use["Condition"]["StringEquals"]["kms:ViaService"]
    assert services == ["s3.eu-west-1.amazonaws.com", "secretsmanager.eu-west-1.amazonaws.com"]
    assert not any(action.startswith("kms:") for action in allowed("IngestRole", Template()))


def test_policy_of_aws_is_only_taken_inside_a_vpc() -> None:
    """It is about network interfaces, which a function outside of one does not have."""
    inside = Template({"SubnetIds": "subnet-1", "SecurityGroupIds": "sg-1"})

    of_functions = {each["Role"].removesuffix(".Arn") for each in inside.functions().values()}
    assert managed_of_aws(inside) == of_functions
    assert managed_of_aws(Template()) == set()


def managed_of_aws(template: Template) -> set[str]:
    """Return the roles that have a managed policy of AWS; there is but one such."""
    found: set[str] = set()
    for name, role in template.resources("AWS::IAM::Role").items():
        policies = role["Properties"].get("ManagedPolicyArns", [])
        if foreign := [each for each in policies if each.startswith("arn:")]:
            assert foreign == [OF_AWS]
            found.add(name)
    return found


@pytest.mark.parametrize("role", sorted(ALLOWED))
def test_role_is_taken_on_by_its_service_only(role: str) -> None:
    """Services that come for others say for which account; so no other's can borrow the role."""
    properties = Template().resources()[role]["Properties"]

    (trust,) = properties["AssumeRolePolicyDocument"]["Statement"]

    service = {"ScheduleRole": "scheduler", "ReseedRole": "states"}.get(role, "lambda")
    assert trust["Principal"] == {"Service": f"{service}.amazonaws.com"}
    assert trust["Action"] == "sts:AssumeRole"
    if service != "lambda":
        assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


def test_a_bucket_of_the_stack_is_private_versioned_and_used_over_tls_only() -> None:
    """And tells EventBridge of its objects."""
    resources = Template({"CreateBucket": "yes"}).resources()

    bucket, policy = (resources[name]["Properties"] for name in ("Bucket", "BucketPolicy"))

    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    events = bucket["NotificationConfiguration"]["EventBridgeConfiguration"]
    assert events == {"EventBridgeEnabled": True}
    (refusal,) = policy["PolicyDocument"]["Statement"]
    assert (refusal["Effect"], refusal["Principal"]) == ("Deny", "*")
    assert refusal["Resource"] == ["Bucket.Arn", "Bucket.Arn/*"]
    assert refusal["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_a_bucket_of_others_is_left_alone() -> None:
    """A stack that set its notifications would replace those of its owner."""
    kinds = {each["Type"] for each in Template().resources().values()}

    assert not {kind for kind in kinds if kind.startswith("AWS::S3::")}
    assert "bucket-events" in Template().document["Outputs"]["BucketEvents"]["Value"]["Fn::Sub"]


def test_alarms_are_told_of_to_a_topic_that_only_our_alarms_reach() -> None:
    """Without an address nobody subscribes."""
    address = {"AlarmEmail": "ops@example.com"}

    statements = Template().resources()["AlarmTopicPolicy"]["Properties"]["PolicyDocument"]

    allow, deny = statements["Statement"]
    assert allow["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    source = allow["Condition"]["ArnLike"]["aws:SourceArn"]
    assert source == "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:fleet-*"
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert "AlarmSubscription" in Template(address).resources()
    assert "AlarmSubscription" not in Template().resources()
