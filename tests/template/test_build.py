"""The build: the same bytes each time, small, and all that the functions need."""

import hashlib
import importlib.util
import json
import shutil
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from tests.support.localstack import ROOT
from tests.support.templates import Template
from tests.template.conftest import Build

ELF_MACHINES = {"arm64": 183, "x86_64": 62}  # as the third field of an ELF header says it
LARGEST_INGEST_BYTES = 12 * 1024**2
# What Lambda's runtime brings: boto3 and what it needs.
RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3")


@pytest.fixture(scope="module")
def arm64(build: Build) -> Path:
    """The packages for AWS."""
    return build("arm64", "first")


@pytest.fixture(scope="module")
def host(build: Build) -> Path:
    """The packages for this machine."""
    return build("host", "first")


def hashes(packages: Path) -> dict[str, str]:
    """Return the SHA-256 of each file by its name."""
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in packages.iterdir()}


def names(package: Path) -> list[str]:
    """Return the names in a zip file, in its order."""
    with zipfile.ZipFile(package) as archive:
        return archive.namelist()


def test_building_twice_gives_the_same_bytes(arm64: Path, build: Build) -> None:
    """So a deployment changes what changed, and anybody can check what is deployed."""
    again = build("arm64", "second")

    assert hashes(again) == hashes(arm64)
    assert len(hashes(arm64)) == 9


def test_the_template_names_what_was_built(arm64: Path) -> None:
    """It is the one in the repository but for the places of code."""
    original, built = ((place / "template.yaml").read_text() for place in (ROOT, arm64))

    changed = [
        line
        for line, former in zip(built.splitlines(), original.splitlines(), strict=True)
        if line != former
    ]

    packages = {line.split("Uri: ")[1] for line in changed}
    assert packages == {file.name for file in arm64.iterdir() if file.name != "template.yaml"}
    assert len(packages) == len(changed)


def test_ingest_fits_into_12_megabytes(arm64: Path) -> None:
    """Its code and its layers, as they are uploaded."""
    code = Template().functions()["ingest"]["CodeUri"].split("/")[1]

    sizes = [
        (arm64 / f"{name}.zip").stat().st_size for name in (code, "dependencies", "fleettickets")
    ]

    assert sum(sizes) < LARGEST_INGEST_BYTES


def test_definition_of_the_state_machine_says_the_same_in_json(arm64: Path) -> None:
    """Neither AWS nor LocalStack is asked to understand references within YAML."""
    written = yaml.safe_load((ROOT / "functions" / "reseed" / "state_machine.asl.yaml").read_text())

    assert json.loads((arm64 / "reseed.asl.json").read_text()) == written


def test_functions_hold_nothing_but_their_handler(arm64: Path) -> None:
    """Whatever two functions share is in a layer."""
    for function in Template().functions():
        assert names(arm64 / f"{function}.zip") == ["handler.py"]


def test_package_comes_with_migrations_and_without_what_lambda_has_no_use_for(arm64: Path) -> None:
    """No command line, no made-up data, no caches."""
    packed = names(arm64 / "fleettickets.zip")

    folders = {name.split("/")[2] for name in packed if name.count("/") > 2}
    migrations = {file.name for file in (ROOT / "sql" / "migrations").glob("*.sql")}
    assert {"clients", "core", "jobs", "sql", "store"} <= folders
    assert not folders & {"cli", "samples", "__pycache__"}
    assert {Path(name).name for name in packed if "/sql/migrations/" in name} == migrations
    assert all(name.endswith((".py", ".sql", ".pem", ".csv")) for name in packed)


def test_dependencies_are_of_the_architecture_and_name_no_place_of_this_machine(
    arm64: Path,
) -> None:
    """Compiled modules for another processor fail at the first import only."""
    with zipfile.ZipFile(arm64 / "dependencies.zip") as archive:
        modules = [name for name in archive.namelist() if ".so" in Path(name).suffixes]
        machines = {struct.unpack_from("<H", archive.read(name), 18)[0] for name in modules}
        texts = [archive.read(name) for name in archive.namelist() if name not in modules]

    assert modules
    assert machines == {ELF_MACHINES["arm64"]}
    assert not [text for text in texts if str(ROOT).encode() in text]


def test_entries_are_sorted_and_have_no_time_of_their_own(arm64: Path) -> None:
    """Nor an owner or a mode that depends on who built it."""
    for package in arm64.glob("*.zip"):
        with zipfile.ZipFile(package) as archive:
            entries = archive.infolist()
        assert [entry.filename for entry in entries] == sorted(each.filename for each in entries)
        assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.external_attr >> 16 for entry in entries} <= {0o100644, 0o100755}


@pytest.mark.parametrize("function", sorted(Template().functions()))
def test_handler_loads_from_its_packages_alone(function: str, host: Path, tmp_path: Path) -> None:
    """With its layers, and beside them only what the runtime of Lambda brings."""
    for package in (function, "dependencies", "fleettickets"):
        shutil.unpack_archive(host / f"{package}.zip", tmp_path / package)
    for name in RUNTIME:
        found = importlib.util.find_spec(name)
        assert found
        assert found.origin
        place = Path(found.origin)
        place = place.parent if place.name == "__init__.py" else place
        (tmp_path / "runtime").mkdir(exist_ok=True)
        (tmp_path / "runtime" / place.name).symlink_to(place)
    folders = [function, "dependencies/python", "fleettickets/python", "runtime"]
    paths = [str(tmp_path / folder) for folder in folders]
    program = f"import sys; sys.path += {paths}; import handler; print(handler.handle)"

    # -I and -S: nothing of this environment, nor of its site-packages.
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program],
        env=Template().environment(function),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


def test_requirements_are_the_lock_s() -> None:
    """What is deployed is what is tested, down to the hashes."""
    subprocess.run([ROOT / "scripts" / "build.sh", "lock-check"], check=True)
