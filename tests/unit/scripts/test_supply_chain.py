"""The bill of materials and the list of licences."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.localstack import ROOT

SCRIPT = ROOT / "scripts" / "supply_chain.sh"
REQUIREMENTS = ROOT / "layers" / "dependencies" / "requirements.txt"
# Whoever adds a package under another licence has to have thought about it.
ACCEPTED = {
    *("MIT", "MIT-0", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "PSF-2.0", "MPL-2.0"),
    *("LGPL-3.0-only", "Apache-2.0 OR BSD-3-Clause"),
}


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """The bill as `make sbom` writes it."""
    file = tmp_path_factory.mktemp("sbom") / "sbom.json"
    subprocess.run([SCRIPT, "sbom", file], check=True, capture_output=True)
    return json.loads(file.read_text())


def test_bill_lists_what_is_deployed(bill: dict[str, list[dict[str, str]]]) -> None:
    """Each package of the dependencies' layer in its version, with an address and a licence."""
    deployed = re.findall(r"^([a-z0-9-]+)==([^ ;]+)", REQUIREMENTS.read_text(), re.MULTILINE)

    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    listed = {(part["name"], part["version"]) for part in bill["components"]}
    assert {each for each in deployed if each[0] != "tzdata"} <= listed  # that is for Windows
    for part in bill["components"]:
        assert part["purl"] == f"pkg:pypi/{part['name']}@{part['version']}"
        assert part["licenses"]


def test_list_of_licences_is_that_of_the_lock() -> None:
    """A package that was added or changed is in the list."""
    subprocess.run([SCRIPT, "licences-check"], check=True)


def test_licences_are_accepted_ones() -> None:
    """None that would oblige whoever runs this to publish their own code."""
    rows = re.findall(
        r"^\| \S+ \| \S+ \| (.+) \|$", Path(ROOT, "docs/licences.md").read_text(), re.MULTILINE
    )

    assert len(rows) > 10
    assert set(rows) - {"licence"} <= ACCEPTED


def test_every_locked_package_has_its_hash() -> None:
    """What is downloaded is what was looked at: for the layer, the tools, and the lock itself."""
    for file in [REQUIREMENTS, *ROOT.glob("scripts/tools/*.txt")]:
        text = file.read_text()
        pins = re.findall(r"^[a-zA-Z0-9].*==", text, re.MULTILINE)
        assert pins, file
        assert text.count("==") >= len(pins)
        for block in re.split(r"\n(?=[a-zA-Z0-9])", text.partition("\n\n")[0] or text):
            if "==" in block:
                assert "--hash=sha256:" in block, block[:60]
    lock = (ROOT / "uv.lock").read_text()
    assert len(re.findall(r'hash = "sha256:', lock)) > 100
