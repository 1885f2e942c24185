"""Functions: that each is there, finds its handler, and is given the settings that it needs."""

from collections.abc import Iterator, Mapping

import pytest

from fleettickets.settings import Settings
from tests.support.functions import load_handler
from tests.support.localstack import ROOT
from tests.support.templates import FUNCTION, Template

FUNCTIONS = ("enrich", "ingest", "migrate", "reseed_apply", "reseed_plan")
OF_THE_STREAM = ("enrich", "ingest", "reseed_apply", "reseed_plan")
THAT_RING = ("enrich", "reseed_apply")
# Each function knows how long these should be.
OPTIONAL = {"LOCK_TIMEOUT_SECONDS", "IDLE_TIMEOUT_SECONDS"}


class ReadNames(Mapping[str, str]):
    """An environment that remembers which variables were asked for."""

    def __init__(self) -> None:
        """Hold nothing."""
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        """Remember the name; no variable is set."""
        self.names.add(name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        """Return no names."""
        return iter(())

    def __len__(self) -> int:
        """Return how many variables there are."""
        return 0


def test_each_folder_is_a_function_of_the_template() -> None:
    """A handler that nothing deploys is dead code, and one that is missing fails a deployment."""
    folders = {handler.parent.name for handler in ROOT.glob("functions/*/handler.py")}

    assert set(Template().functions()) == folders == set(FUNCTIONS)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_handler_resolves_to_a_function(function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`Handler` names a module in the folder and something in it that can be called."""
    for name, value in Template().environment(function).items():
        monkeypatch.setenv(name, value)
    module, name = Template().functions()[function]["Handler"].split(".")

    handler = getattr(load_handler(function), name)

    assert module == "handler"
    assert callable(handler)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_variable_is_one_that_settings_read(function: str) -> None:
    """A name that was mistyped in the template would leave a setting at its default, silently."""
    read = ReadNames()

    Settings.from_environment(read)

    assert Template().environment(function).keys() <= read.names


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_function_knows_its_stage_and_its_database(function: str) -> None:
    """The database comes by a secret's ARN only; its URL would be in the console for all to see."""
    settings = Settings.from_environment(Template().environment(function))

    assert settings.stage == "staging"
    assert settings.database_secret_arn
    assert settings.database_url is None
    assert settings.limits.statement
    assert settings.secret_key is None


@pytest.mark.parametrize("function", OF_THE_STREAM)
def test_functions_of_the_stream_know_all_that_settings_can_say_of_it(function: str) -> None:
    """All read the same bucket below the same prefix, under the same limit."""
    template = Template({"Prefix": "feeds/inc", "MaxFileBytes": "1024"})

    settings = Settings.from_environment(template.environment(function))

    assert (settings.require_bucket(), settings.prefix) == ("tickets", "feeds/inc")
    assert settings.max_file_bytes == 1024


def test_enrich_knows_whom_to_ask_where_places_are() -> None:
    """The key itself comes by a secret's ARN only; no variable holds it."""
    chosen = {
        "GeocoderProvider": "locationiq",
        "GeocoderSecretArn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:key-AbCdEf",
        "GeocoderRegion": "eu1",
    }

    settings = Settings.from_environment(Template(chosen).environment("enrich"))

    assert settings.geocoder_provider == "locationiq"
    assert settings.geocoder_secret_arn == chosen["GeocoderSecretArn"]
    assert settings.geocoder_region == "eu1"
    assert settings.geocoder_api_key is None


@pytest.mark.parametrize("function", THAT_RING)
def test_function_that_sweeps_knows_the_queue_that_it_rings(function: str) -> None:
    """And the delay after which an unsettled file counts as a lost notification."""
    settings = Settings.from_environment(Template({"LostAfterSeconds": "7"}).environment(function))

    assert settings.require_doorbell_queue_url() == "DoorbellQueue"
    assert settings.lost_after.total_seconds() == 7


def test_no_setting_of_a_function_is_forgotten() -> None:
    """A new setting has to be given to some function, or be named here as one that is optional."""
    read = ReadNames()
    Settings.from_environment(read)

    given = {name for function in FUNCTIONS for name in Template().environment(function)}

    of_other_stores = {name for name in read.names if name.startswith("RUSTFS_")}
    in_checkouts = {"DATABASE_URL", "GAZETTEER_FILE", "GEOCODER_API_KEY", "MIGRATIONS_DIR"}
    assert read.names - given == OPTIONAL | of_other_stores | in_checkouts


def test_statement_timeout_is_the_function_s() -> None:
    """A statement that outlives its run would keep the dataset's lock from the next one."""
    for function, properties in Template({"IngestTimeoutSeconds": "33"}).functions().items():
        variables = properties["Environment"]["Variables"]

        assert variables["STATEMENT_TIMEOUT_SECONDS"] == properties["Timeout"], function


@pytest.mark.parametrize(
    ("parameter", "function"), [("MigratorSecretArn", "migrate"), ("PlanSecretArn", "reseed_plan")]
)
def test_function_with_rights_of_its_own_has_its_own_secret(parameter: str, function: str) -> None:
    """Who owns the schema, or may only read, is not the one that ingests."""
    arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:own-AbCdEf"

    apart, shared = Template({parameter: arn}), Template()

    having = {each for each in FUNCTIONS if apart.environment(each)["DATABASE_SECRET_ARN"] == arn}
    assert having == {function}
    database = shared.environment("ingest")["DATABASE_SECRET_ARN"]
    assert shared.environment(function)["DATABASE_SECRET_ARN"] == database


def test_functions_are_in_the_vpc_only_if_subnets_are_given() -> None:
    """Empty lists of subnets would be refused by Lambda, so they are left out."""
    inside = Template({"SubnetIds": "subnet-1,subnet-2", "SecurityGroupIds": "sg-1"})

    for properties in inside.functions().values():
        assert properties["VpcConfig"] == {
            "SubnetIds": ["subnet-1", "subnet-2"],
            "SecurityGroupIds": ["sg-1"],
        }
    assert not any("VpcConfig" in properties for properties in Template().functions().values())


def test_new_code_waits_for_the_migrations() -> None:
    """And the migrations run again whenever the package, which has them in it, is another one."""
    resources = Template().resources()

    waiting = {name for name, each in resources.items() if each.get("DependsOn") == "Migrations"}
    functions = {name for name, each in resources.items() if each["Type"] == FUNCTION}
    assert waiting == functions - {"MigrateFunction"}
    migrations = resources["Migrations"]["Properties"]
    assert migrations["ServiceToken"] == "MigrateFunction.Arn"
    assert migrations["Package"] == "FleetticketsLayer"
    assert migrations["ServiceTimeout"] > Template().functions()["migrate"]["Timeout"]


@pytest.mark.parametrize(("function", "repetitions"), [("enrich", 0), ("migrate", 2)])
def test_asynchronous_runs_that_fail_become_dead_letters(function: str, repetitions: int) -> None:
    """Lambda's own six hours of retries would start a run beside ones that came much later."""
    invocations = Template().functions()[function]["EventInvokeConfig"]

    assert invocations["MaximumRetryAttempts"] == repetitions
    assert invocations["MaximumEventAgeInSeconds"] <= 3600
    destination = invocations["DestinationConfig"]["OnFailure"]
    assert destination == {"Type": "SQS", "Destination": "DeadLetterQueue.Arn"}


def test_each_function_logs_to_its_own_group_with_an_end() -> None:
    """A group that Lambda makes by itself keeps its lines for ever."""
    resources = Template({"LogRetentionDays": "7"}).resources()

    for properties in Template().functions().values():
        group = resources[properties["LoggingConfig"]["LogGroup"]]
        assert group["Properties"]["LogGroupName"] == f"/aws/lambda/{properties['FunctionName']}"
        assert group["Properties"]["RetentionInDays"] == 7
        assert properties["LoggingConfig"]["LogFormat"] == "JSON"


def test_data_and_evidence_outlive_the_stack() -> None:
    """Change files, dead letters and logs are kept, but a first deployment that failed leaves none.

    Else the second attempt would find their names taken.
    """
    kept = Template({"CreateBucket": "yes"}).resources()

    names = {name for name, resource in kept.items() if "DeletionPolicy" in resource}

    assert names == {
        "Bucket",
        "DoorbellDeadLetterQueue",
        "DeadLetterQueue",
        *(name for name in kept if name.endswith("LogGroup")),
    }
    for name in names:
        assert kept[name]["DeletionPolicy"] == "RetainExceptOnCreate"
        assert kept[name]["UpdateReplacePolicy"] == "Retain"
