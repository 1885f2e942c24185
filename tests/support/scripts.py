"""The Python scripts of `scripts/` as a test runs them."""

import importlib.util
from types import ModuleType

from tests.support.localstack import ROOT


def load_script(name: str) -> ModuleType:
    """Import a script afresh without running it."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
