"""Sandboxes: a function's process from its start to its end, under AWS's own runtime client."""

import dataclasses
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from concurrent.futures import TimeoutError as FutureTimeoutError
from pathlib import Path

from .runtime_api import Answer, Invocation, RuntimeApi, error_answer

_LONGEST_INIT_SECONDS = 10.0  # as on AWS; a slower start goes on in the first invocation


@dataclasses.dataclass(frozen=True, slots=True)
class Program:
    """What a sandbox runs."""

    function_name: str
    handler: str
    interpreter: str
    code: str  # the folder of the unpacked function
    layers: tuple[str, ...]  # the folders of the unpacked layers
    runtime_version: str  # such as 3.13
    variables: dict[str, str]

    def environment(self, temporary: str, runtime_api: str) -> dict[str, str]:
        """Return the process's whole environment: nothing is inherited but PATH."""
        site = f"python/lib/python{self.runtime_version}/site-packages"
        modules = [f"{layer}/{folder}" for layer in self.layers for folder in (site, "python")]
        return {
            "PATH": _joined(*(f"{layer}/bin" for layer in self.layers), os.environ["PATH"]),
            "LANG": "en_US.UTF-8",
            "TMPDIR": temporary,
            "PYTHONPATH": _joined(self.code, *modules),
            "LD_LIBRARY_PATH": _joined(
                *(f"{layer}/lib" for layer in self.layers), self.code, f"{self.code}/lib"
            ),
            **self.variables,
            "LAMBDA_TASK_ROOT": self.code,
            "LAMBDA_RUNTIME_DIR": temporary,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_python{self.runtime_version}",
            "AWS_LAMBDA_RUNTIME_API": runtime_api,
        }


def _joined(*paths: str) -> str:
    return os.pathsep.join(paths)


class Sandbox:
    """One process of a function; it is started at once, and is good until it dies.

    While it lives it has a folder `<directory>/<function name>/<any name>`, in which the file `pid`
    says what to look at, or to kill.
    """

    def __init__(self, program: Program, directory: Path) -> None:
        self._api = RuntimeApi()
        started = time.monotonic()
        parent = directory / program.function_name
        parent.mkdir(parents=True, exist_ok=True)
        self._home = Path(tempfile.mkdtemp(dir=parent))
        self._process = self._spawn(program)
        self._output = (self._home / "output").open("rb")
        (self._home / "pid").write_text(f"{self._process.pid}\n")
        threading.Thread(target=self._watch, daemon=True).start()
        self._api.started.wait(_LONGEST_INIT_SECONDS)
        self.init_ms = (time.monotonic() - started) * 1000

    def _spawn(self, program: Program) -> subprocess.Popen[bytes]:
        temporary = self._home / "tmp"
        temporary.mkdir()
        with (self._home / "output").open("ab") as output:
            return subprocess.Popen(
                [program.interpreter, "-m", "awslambdaric", program.handler],
                cwd=program.code,
                env=program.environment(str(temporary), self._api.address),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a group of its own, which can be killed whole
            )

    @property
    def is_usable(self) -> bool:
        """Whether it can take an invocation: its process lives and has loaded its handler."""
        return self._process.poll() is None and not self._api.has_failed

    @property
    def peak_memory_mb(self) -> int:
        """The most memory that the process has held; 0 where that cannot be told."""
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text()
        except OSError:
            return 0
        sizes = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(next(sizes, "0")) // 1024

    def invoke(self, invocation: Invocation, timeout_seconds: float) -> Answer:
        """Let the process do its work; it is killed when that takes longer than it may."""
        try:
            return self._api.offer(invocation).result(timeout_seconds)
        except FutureTimeoutError:
            self.stop()
            message = f"Task timed out after {timeout_seconds:.2f} seconds"
            return error_answer("Sandbox.Timedout", message, invocation.request_id)

    def read_output(self) -> str:
        """Return what the process has printed since it was last asked."""
        if self._output.closed:
            return ""
        ended = self._process.poll() is not None
        printed = self._output.read().decode("utf-8", "replace")
        if ended:
            self._output.close()
        return printed

    def stop(self) -> None:
        """Kill the process and what it has started; can be repeated."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self._process.wait()

    def _watch(self) -> None:
        code = self._process.wait()
        reason = f"signal: {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
        self._api.fail("Runtime.ExitError", f"Runtime exited with error: {reason}")
        self._api.close()
        shutil.rmtree(self._home, ignore_errors=True)
