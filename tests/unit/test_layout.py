"""The shape of the code: who imports whom, how long things are, what .env.example lists."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "layers" / "fleettickets" / "python" / "fleettickets"
MODULES = sorted([*PACKAGE.rglob("*.py"), *(ROOT / "functions").rglob("*.py")])

MODULE_CAP = 400  # lines
CAP = 40  # lines of a function
EVERYONE = {"errors", ""}  # "" is the package itself
MAY_IMPORT = {
    "core": {"core"},
    "store": {"store", "core"},
    "clients": {"clients", "core"},
    "jobs": {"jobs", "core", "store", "clients"},
    "samples": {"samples", "core"},
    "preview": {"preview", "jobs"},
}


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def _part(module: str) -> str:
    return module.partition(".")[2].partition(".")[0]


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_a_part_imports_only_what_lies_below_it(part: str) -> None:
    """Functions and the command line use jobs, jobs use the rest, core uses nothing of ours."""
    allowed = MAY_IMPORT[part] | EVERYONE

    wrong = [
        f"{_name(path)} imports {module}"
        for path in sorted(PACKAGE.joinpath(part).rglob("*.py"))
        for module in _imports(path)
        if module.startswith("fleettickets") and _part(module) not in allowed
    ]

    assert wrong == []


def test_core_imports_nothing_but_the_standard_library() -> None:
    """So core runs anywhere, fast, and the same input gives the same output."""
    known = sys.stdlib_module_names | {"fleettickets"}

    wrong = [
        f"{_name(path)} imports {module}"
        for path in sorted(PACKAGE.joinpath("core").rglob("*.py"))
        for module in _imports(path)
        if module.partition(".")[0] not in known
    ]

    assert wrong == []


@pytest.mark.parametrize("library", ["psycopg", "boto3", "httpx"])
def test_a_library_for_input_and_output_is_imported_in_its_own_part(library: str) -> None:
    """SQL is spoken in store, other services in clients; jobs get both as arguments."""
    homes = {"psycopg": {"store"}, "boto3": {"clients"}, "httpx": {"clients"}}[library]

    wrong = [
        _name(path)
        for part in ("core", "store", "clients")
        for path in sorted(PACKAGE.joinpath(part).rglob("*.py"))
        if part not in homes and any(m.partition(".")[0] == library for m in _imports(path))
    ]

    assert wrong == []


def _body_lines(function: ast.FunctionDef) -> int:
    """Count the lines below the docstring: that one may be as long as it is useful."""
    has_docstring = ast.get_docstring(function) is not None
    body = function.body[has_docstring:]
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_modules_and_functions_stay_short(path: Path) -> None:
    """A module over 400 lines, or a function over 40, is two."""
    text = path.read_text(encoding="utf-8")

    functions = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef)]
    long_functions = {f.name: lines for f in functions if (lines := _body_lines(f)) > CAP}

    assert len(text.splitlines()) <= MODULE_CAP
    assert long_functions == {}


def test_every_setting_is_in_the_example_file() -> None:
    """Whoever copies .env.example to .env sees all that can be set."""
    settings = ast.parse((PACKAGE / "settings.py").read_text(encoding="utf-8"))
    example = (ROOT / ".env.example").read_text(encoding="utf-8")

    read = {
        node.value
        for node in ast.walk(settings)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.isupper()
        and "_" in node.value
    }

    assert read
    assert {name for name in read if f"{name}=" not in example} == set()
