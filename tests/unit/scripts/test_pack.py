"""Packing a folder: names and contents decide the bytes, and nothing else does."""

import os
import zipfile
from pathlib import Path

from tests.support.scripts import load_script


def a_folder(place: Path, *, modified_at: int = 1_000_000_000, mode: int = 0o600) -> Path:
    """Make a folder whose listing, times and modes are of no matter."""
    for name in ("b.py", "a/c.py", "a-b.py"):
        file = place / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
        file.chmod(mode)
        os.utime(file, (modified_at, modified_at))
    return place


def test_times_and_modes_do_not_show(tmp_path: Path) -> None:
    """Two checkouts of one commit give one package."""
    pack = load_script("pack").pack

    pack(a_folder(tmp_path / "one"), tmp_path / "one.zip")
    pack(a_folder(tmp_path / "two", modified_at=1_700_000_000, mode=0o644), tmp_path / "two.zip")

    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_everybody_may_read_what_is_packed(tmp_path: Path) -> None:
    """Lambda runs the code as another user than the one who packed it."""
    load_script("pack").pack(a_folder(tmp_path / "one", mode=0o600), tmp_path / "one.zip")

    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        entries = archive.infolist()

    assert [entry.filename for entry in entries] == ["a-b.py", "a/c.py", "b.py"]
    assert {entry.external_attr >> 16 for entry in entries} == {0o100644}


def test_what_can_be_run_stays_so(tmp_path: Path) -> None:
    """A shared library's loader asks for no such mode, but a program would."""
    load_script("pack").pack(a_folder(tmp_path / "one", mode=0o700), tmp_path / "one.zip")

    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o100755}
