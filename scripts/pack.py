#!/usr/bin/env python3
"""Packs a folder into a zip file whose bytes depend on nothing but the names and the contents."""

import argparse
import zipfile
from pathlib import Path

EARLIEST = (1980, 1, 1, 0, 0, 0)  # the oldest time that a zip file can hold
REGULAR_FILE = 0o100000
EVERYONE_READS = 0o644
EVERYONE_RUNS = 0o755
LEVEL = 9


def pack(folder: Path, target: Path) -> None:
    """Write all files below the `folder` to the zip file `target`, sorted by name."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive:
        files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
        for name, file in sorted(files.items()):
            if file.is_file():
                archive.writestr(_entry(name, file), file.read_bytes())


def _entry(name: str, file: Path) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, EARLIEST)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3  # Unix, where modes count
    mode = EVERYONE_RUNS if file.stat().st_mode & 0o100 else EVERYONE_READS
    entry.external_attr = (REGULAR_FILE | mode) << 16
    return entry


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("target", type=Path)
    arguments = parser.parse_args()
    pack(arguments.folder, arguments.target)
