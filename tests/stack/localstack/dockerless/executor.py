"""LocalStack's Lambda executor "process": Python functions from zip packages, without Docker.

Chosen with LAMBDA_RUNTIME_EXECUTOR=process. PROCESS_EXECUTOR_PYTHON names the interpreter of the
functions, which has awslambdaric and what else Lambda's runtime brings (boto3);
PROCESS_EXECUTOR_DIRECTORY is where running functions have their folders.
"""

# pyright: reportMissingImports=false, reportUntypedBaseClass=false, reportIncompatibleMethodOverride=false

import os
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from localstack.aws.connect import connect_to
from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor
from plux import Plugin

from .metrics import read_metrics
from .runtime_api import Answer, Invocation
from .sandboxes import Program, Sandbox


class ProcessExecutor(RuntimeExecutor):
    """An execution environment: a sandbox, replaced by a fresh one when it has died."""

    def __init__(self, id: str, function_version: Any) -> None:  # noqa: A002 - LocalStack's name
        super().__init__(id, function_version)
        self._config = function_version.config
        self._program: Program | None = None
        self._sandbox: Sandbox | None = None
        self._init_ms: float | None = None  # of a start that no report has told yet
        self._stopped = False
        self._lock = threading.Lock()

    def start(self, env_vars: dict[str, Any]) -> None:
        """Start the function's process."""
        self._program = _program_of(self.function_version, env_vars)
        self._ready_sandbox()

    def stop(self) -> None:
        """End it, whatever it is doing."""
        with self._lock:
            self._stopped = True
            if self._sandbox:
                self._sandbox.stop()

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        """Run the function once and return its result with the lines it logged."""
        sandbox = self._ready_sandbox()
        timeout_seconds = float(self._config.timeout)
        request_id = payload["invoke-id"]
        invocation = Invocation(
            request_id=request_id,
            function_arn=payload["invoked-function-arn"],
            trace_id=payload["trace-id"],
            payload=payload["payload"].encode(),
            deadline_ms=int((time.time() + timeout_seconds) * 1000),
        )
        started = time.monotonic()
        answer = sandbox.invoke(invocation, timeout_seconds)
        duration_ms = (time.monotonic() - started) * 1000
        report = self._report(request_id, duration_ms, sandbox.peak_memory_mb, answer)
        output = sandbox.read_output()
        if not sandbox.is_usable:
            sandbox.stop()
        self._publish_metrics(output)
        logs = self._logs(request_id, output + answer.notice, report)
        return InvocationResult(request_id, answer.body, is_error=answer.is_error, logs=logs)

    def _ready_sandbox(self) -> Sandbox:
        with self._lock:
            if self._stopped or not self._program:
                raise RuntimeError("the execution environment has been stopped")
            # A handler that failed to load answers the invocation that it was started for.
            if self._sandbox is None or (self._init_ms is None and not self._sandbox.is_usable):
                self._sandbox = Sandbox(self._program, _directory())
                self._init_ms = self._sandbox.init_ms
            return self._sandbox

    def _report(
        self, request_id: str, duration_ms: float, peak_memory_mb: int, answer: Answer
    ) -> str:
        fields = [
            f"REPORT RequestId: {request_id}",
            f"Duration: {duration_ms:.2f} ms",
            f"Billed Duration: {int(duration_ms) + 1} ms",
            f"Memory Size: {self._config.memory_size} MB",
            f"Max Memory Used: {peak_memory_mb} MB",
        ]
        if self._init_ms is not None:
            fields.append(f"Init Duration: {self._init_ms:.2f} ms")
            self._init_ms = None
        if answer.is_error:
            timed_out = b"Sandbox.Timedout" in answer.body
            fields.append(f"Status: {'timeout' if timed_out else 'error'}")
        return "\t".join(fields)

    def _logs(self, request_id: str, output: str, report: str) -> str:
        version = self.function_version.id.qualifier
        start = f"START RequestId: {request_id} Version: {version}"
        lines = [start, output.rstrip("\n"), f"END RequestId: {request_id}", report, ""]
        return "\n".join(lines)

    def _publish_metrics(self, output: str) -> None:
        metrics = [metric for line in output.splitlines() for metric in read_metrics(line)]
        if metrics:
            threading.Thread(target=self._put_metrics, args=(metrics,), daemon=True).start()

    def _put_metrics(self, metrics: list[tuple[str, dict[str, Any]]]) -> None:
        function = self.function_version.id
        clients = connect_to(aws_access_key_id=function.account, region_name=function.region)
        for namespace, datum in metrics:
            clients.cloudwatch.put_metric_data(Namespace=namespace, MetricData=[datum])

    def get_logs(self) -> str:
        """Return what a process that did not start has printed."""
        return self._sandbox.read_output() if self._sandbox else ""

    def get_address(self) -> str:
        """Return the host that the function is on."""
        return "127.0.0.1"

    def get_endpoint_from_executor(self) -> str:
        """Return the host on which the function finds LocalStack."""
        return "127.0.0.1"

    def get_runtime_endpoint(self) -> str:
        """Return nothing of use: our processes speak the Runtime API only."""
        return "http://127.0.0.1/unused"

    @classmethod
    def prepare_version(cls, function_version: Any) -> None:
        """Unpack the function and its layers."""
        config = function_version.config
        if not config.code or not str(config.runtime).startswith("python"):
            raise NotImplementedError("only Python functions in zip packages run without Docker")
        for code in (config.code, *(layer.code for layer in config.layers if layer.code)):
            code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version: Any) -> None:
        """Leave what was unpacked: it is deleted with LocalStack's directory."""


def _program_of(function_version: Any, env_vars: dict[str, Any]) -> Program:
    config = function_version.config
    return Program(
        function_name=function_version.id.function_name,
        handler=config.handler,
        interpreter=os.environ["PROCESS_EXECUTOR_PYTHON"],
        code=str(config.code.get_unzipped_code_location()),
        layers=tuple(
            str(layer.code.get_unzipped_code_location()) for layer in config.layers if layer.code
        ),
        runtime_version=str(config.runtime).removeprefix("python"),
        variables={name: str(value) for name, value in env_vars.items()},
    )


def _directory() -> Path:
    return Path(os.environ.get("PROCESS_EXECUTOR_DIRECTORY") or tempfile.gettempdir())


class ProcessExecutorPlugin(Plugin):
    """What LocalStack finds by the entry point."""

    namespace = "localstack.lambda.runtime_executor"
    name = "process"

    def load(self, *_: object, **__: object) -> type[ProcessExecutor]:
        """Return the executor's class."""
        return ProcessExecutor
