"""Parameters: sane defaults, patterns that refuse what cannot work, and stages that fit them."""

import re
import tomllib
from typing import Any

import pytest

from fleettickets.core.keys import Prefix
from fleettickets.settings import Settings
from tests.support.localstack import ROOT
from tests.support.stages import read_stage
from tests.support.templates import REQUIRED, Template

PARAMETERS: dict[str, dict[str, Any]] = dict(Template().document["Parameters"])
STAGES = ("localstack", "staging", "production")
BLANK = "FILL-IN"


def is_accepted(name: str, value: str) -> bool:
    """Return whether CloudFormation would take the value."""
    declared = PARAMETERS[name]
    if "AllowedValues" in declared:
        return value in map(str, declared["AllowedValues"])
    if declared["Type"] == "Number":
        return declared["MinValue"] <= int(value) <= declared.get("MaxValue", float("inf"))
    return re.fullmatch(declared.get("AllowedPattern", ".*"), value) is not None


def test_only_the_bucket_and_the_database_have_to_be_given() -> None:
    """A stranger has two lines to fill in."""
    required = {name for name, declared in PARAMETERS.items() if "Default" not in declared}

    assert required == set(REQUIRED)


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_parameter_is_explained_and_takes_its_own_default(name: str) -> None:
    """CloudFormation refuses a template whose default does not fit, but only when it is used."""
    assert PARAMETERS[name]["Description"].endswith((".", ")"))
    assert is_accepted(name, Template().value(name))


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_parameter_is_in_a_group_of_the_console(name: str) -> None:
    """One that is in none is shown at the end, as a left-over."""
    interface = Template().document["Metadata"]["AWS::CloudFormation::Interface"]

    grouped = [each for group in interface["ParameterGroups"] for each in group["Parameters"]]

    assert grouped.count(name) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Stage", "Production"),
        ("Stage", "-x"),
        ("BucketName", "s3://tickets"),
        ("BucketName", BLANK),
        ("Prefix", "/automations/inc"),
        ("Prefix", "automations/inc/"),
        ("Prefix", "automations//inc"),
        ("Prefix", ""),
        ("DatabaseSecretArn", "fleettickets/database"),
        ("DatabaseSecretArn", "postgresql://user:password@host/name"),
        ("DatabaseSecretArn", BLANK),
        ("MigratorSecretArn", "postgresql://user:password@host/name"),
        ("PlanSecretArn", "postgresql://user:password@host/name"),
        ("AlarmEmail", "ops"),
        ("Architecture", "amd64"),
        ("SchedulerFires", "true"),
        ("LogRetentionDays", "8"),
        ("IngestTimeoutSeconds", "901"),
        ("VisibilityTimeoutSeconds", "43201"),
        ("MaxReceiveCount", "0"),
        ("ReseedChunkFiles", "0"),
    ],
)
def test_parameter_refuses_what_cannot_work(name: str, value: str) -> None:
    """Before anything is created, with a sentence that says what is wanted."""
    assert not is_accepted(name, value)


def test_prefix_takes_what_the_package_takes() -> None:
    """Nothing gets past the template that every run would then refuse."""
    for text in ("automations/inc", "inc", "a-b/c_d/e.f"):
        assert is_accepted("Prefix", text)
        assert Prefix(text).changes == f"{text}/changes/"


def test_defaults_are_the_package_s() -> None:
    """Who reads the documentation of a setting is right about the deployed one."""
    defaults = Settings.from_environment({})

    assert Template().value("Prefix") == defaults.prefix
    assert int(Template().value("MaxFileBytes")) == defaults.max_file_bytes
    assert int(Template().value("LostAfterSeconds")) == defaults.lost_after.total_seconds()


def test_there_are_the_four_stages() -> None:
    """`default` is for whoever calls SAM without one."""
    stages = tomllib.loads((ROOT / "samconfig.toml").read_text())

    assert set(stages) - {"version"} == {"default", *STAGES}


@pytest.mark.parametrize("stage", STAGES)
def test_stage_names_parameters_that_exist_with_values_that_fit(stage: str) -> None:
    """What has to be filled in is refused as it is."""
    _, overrides = read_stage(stage)

    for name, value in overrides.items():
        assert is_accepted(name, value) == (value != BLANK), f"{name}={value}"
    assert overrides["Stage"] == stage


def test_stages_have_stacks_of_their_own() -> None:
    """Two stages in one account do not meet."""
    names = [read_stage(stage)[0] for stage in STAGES]

    assert len(set(names)) == len(STAGES)


def test_outputs_name_what_an_operator_looks_for() -> None:
    """Each with a sentence."""
    outputs = Template().document["Outputs"]

    assert all(output["Description"] for output in outputs.values())
    assert set(outputs) >= {
        "Source",
        "DoorbellQueueUrl",
        "DoorbellDeadLetterQueueUrl",
        "DeadLetterQueueUrl",
        "IngestFunctionName",
        "EnrichFunctionName",
        "MigrateFunctionName",
        "IngestLogGroupName",
        "ReseedStateMachineArn",
        "AlarmTopicArn",
    }
