"""Input stays data: no code that unpacks, evaluates or follows what comes from outside."""

import ast
from pathlib import Path

import pytest

from fleettickets.core.keys import Prefix
from tests.support.feeds import a_change_file, a_row
from tests.support.localstack import ROOT
from tests.unit.core.readings import read

PACKAGE = ROOT / "layers" / "fleettickets" / "python" / "fleettickets"
MODULES = sorted([*PACKAGE.rglob("*.py"), *(ROOT / "functions").rglob("*.py")])
# Bombs, entity expansion, code: none of the feed's business.
FORBIDDEN = {
    *("zipfile", "gzip", "bz2", "lzma", "tarfile", "zlib", "shutil", "xml", "lxml"),
    *("pickle", "marshal", "shelve", "yaml", "subprocess", "ctypes"),
}
# The page packs its payloads; it unpacks nothing.
ALLOWED = {PACKAGE / "preview" / "pages.py": {"gzip"}}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_unpacks_or_evaluates(path: Path) -> None:
    """Neither an archive, nor XML, nor anything that becomes code, a file name or a command."""
    tree = ast.parse(path.read_text())
    forbidden = FORBIDDEN - ALLOWED.get(path, set())

    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            assert not {alias.name.partition(".")[0] for alias in node.names} & forbidden
        if isinstance(node, ast.ImportFrom):
            assert str(node.module).partition(".")[0] not in forbidden
        if isinstance(node, ast.Attribute):
            assert node.attr not in {"decompress", "GzipFile"}
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"eval", "exec", "__import__"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_redirect_is_followed(path: object) -> None:
    """A host that is not ours could lead to one inside of the network."""
    for node in ast.walk(ast.parse(ROOT.joinpath(str(path)).read_text())):
        if isinstance(node, ast.keyword) and node.arg == "follow_redirects":
            assert isinstance(node.value, ast.Constant)
            assert node.value.value is False


@pytest.mark.parametrize(
    "key",
    [
        "automations/inc/changes/../../secrets/2026-06-15T17-00-00.csv",
        "automations/inc/changes/..%2F2026-06-15T17-00-00.csv",
        "automations/inc/changes//2026-06-15T17-00-00.csv",
        "/automations/inc/changes/2026-06-15T17-00-00.csv",
        "automations/inc/changes/sub/2026-06-15T17-00-00.csv",
        "automations/other/changes/2026-06-15T17-00-00.csv",
        "automations/inc/changes/2026-06-15T17-00-00.csv\n",
        "automations/inc/changes/2026-06-15T17-00-00.csv\0.csv",
        "file:///automations/inc/changes/2026-06-15T17-00-00.csv",
    ],
)
def test_key_that_leads_elsewhere_is_no_key_of_ours(key: str) -> None:
    """One grammar says what a key is; all others are left where they are."""
    assert Prefix().parse(key) is None


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "@SUM(1+1)", "-2+3", "'; drop table x; --"])
def test_text_that_means_something_elsewhere_is_text(text: str) -> None:
    """A formula, or SQL, passes as the source wrote it: whoever exports it has to quote it."""
    (raw,) = read(a_change_file([a_row(owner=text)])).raws

    assert raw["owner"] == text
