"""Runs one command and notes what it took: seconds, its CPU, its peak of memory.

A process of its own, and a small one: on Linux a child inherits its parent's peak of memory, so
that of the benchmark, with its files in memory, would hide that of its children. Arguments: the
file for the figures, the file that the command reads as its standard input, and the command.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path


def main(figures: str, standard_input: str, *command: str) -> int:
    """Run the command, and return its status. Memory is in megabytes (Linux counts kilobytes)."""
    with Path(standard_input).open("rb") as source:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdin=source)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    taken = {
        "wall_ms": seconds * 1000,
        "client_cpu_ms": (used.ru_utime + used.ru_stime) * 1000,
        "peak_memory_mb": used.ru_maxrss / (1024 if sys.platform == "linux" else 1 << 20),
    }
    Path(figures).write_text(json.dumps(taken))
    return process.returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
