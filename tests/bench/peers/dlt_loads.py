"""Loads change files with dlt, from a directory into PostgreSQL, merged by ticket_id.

Runs under the Python of the peers (scripts/tools.sh), so it imports nothing of ours, and dlt only
when it runs, as the benchmark asks this module for the names of SETTINGS. Arguments: a
database URL, one of SETTINGS, a directory for dlt's state, and the files, oldest first. Prints the
seconds that each file took, as JSON.
"""

# pyright: reportMissingImports=false

import json
import sys
import time
from pathlib import Path
from typing import Any

SETTINGS: dict[str, dict[str, Any]] = {
    "default": {"arrow": False, "strategy": "delete-insert", "loader_file_format": None},
    "csv, upsert": {"arrow": False, "strategy": "upsert", "loader_file_format": "csv"},
    "arrow, csv, upsert": {"arrow": True, "strategy": "upsert", "loader_file_format": "csv"},
}
"""By arrow, DuckDB reads the file and no row becomes an object of Python."""


def _reader(*, arrow: bool) -> Any:  # noqa: ANN401
    from dlt.sources.filesystem import read_csv, read_csv_duckdb  # noqa: PLC0415

    if arrow:
        return read_csv_duckdb(use_pyarrow=True, all_varchar=True)
    return read_csv(dtype=str, keep_default_na=False)


def load(
    pipeline: Any,  # noqa: ANN401
    file: Path,
    *,
    arrow: bool,
    strategy: str,
    loader_file_format: str | None,
) -> None:
    """Load one file. All cells are text, as for the other peers: nothing is guessed of them."""
    from dlt.sources.filesystem import filesystem  # noqa: PLC0415

    with file.open() as lines:
        names = lines.readline().strip().split(",")
    rows = filesystem(bucket_url=file.parent.as_uri(), file_glob=file.name) | _reader(arrow=arrow)
    rows.apply_hints(
        table_name="inc",
        primary_key="ticket_id",
        write_disposition={"disposition": "merge", "strategy": strategy},
        columns={name: {"data_type": "text"} for name in names},
    )
    pipeline.run(rows, loader_file_format=loader_file_format).raise_on_failed_jobs()


def main(url: str, settings: str, directory: str, *files: str) -> None:
    """Load the files one after the other, in one process."""
    import dlt  # noqa: PLC0415
    from dlt.destinations import postgres  # noqa: PLC0415

    pipeline = dlt.pipeline(
        "peer", pipelines_dir=directory, destination=postgres(url), dataset_name="peer"
    )
    seconds: list[float] = []
    for file in files:
        started = time.perf_counter()
        load(pipeline, Path(file), **SETTINGS[settings])
        seconds.append(time.perf_counter() - started)
    json.dump(seconds, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
