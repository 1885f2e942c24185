"""Lambda's Runtime API: the HTTP server from which one function process fetches its work.

See "Using the Lambda runtime API for custom runtimes" in the AWS Lambda developer guide.
"""

import dataclasses
import json
import queue
import threading
from concurrent.futures import Future
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_PREFIX = "/2018-06-01/runtime"
_POLL_SECONDS = 0.05  # how soon the server notices that it shall end


@dataclasses.dataclass(frozen=True, slots=True)
class Invocation:
    """What a function is asked to do."""

    request_id: str
    function_arn: str
    trace_id: str
    payload: bytes
    deadline_ms: int  # since the epoch

    @property
    def headers(self) -> dict[str, str]:
        """The headers with which the Runtime API hands an invocation out."""
        return {
            "Lambda-Runtime-Aws-Request-Id": self.request_id,
            "Lambda-Runtime-Deadline-Ms": str(self.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": self.function_arn,
            "Lambda-Runtime-Trace-Id": self.trace_id,
        }


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What came of it: the function's result, or the JSON object that describes its error."""

    body: bytes
    is_error: bool = False
    notice: str = ""  # what Lambda itself adds to the function's log


def error_answer(kind: str, message: str, request_id: str | None = None) -> Answer:
    """Return an error as Lambda words it."""
    if request_id:
        message = f"RequestId: {request_id} Error: {message}"
    body = json.dumps({"errorType": kind, "errorMessage": message}).encode()
    return Answer(body, is_error=True, notice=f"{message}\n{kind}\n")


class RuntimeApi:
    """The Runtime API of one process, which it serves until `close`.

    `started` is set as soon as the process has asked for work, or has failed before it could.
    """

    def __init__(self) -> None:
        self.started = threading.Event()
        self._work: queue.SimpleQueue[Invocation | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._pending: tuple[str, Future[Answer]] | None = None
        self._failure: tuple[str, str] | Answer | None = None
        self._server = _Server(self)
        threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), daemon=True
        ).start()

    @property
    def address(self) -> str:
        """Host and port, for AWS_LAMBDA_RUNTIME_API."""
        return "{}:{}".format(*self._server.server_address)

    @property
    def has_failed(self) -> bool:
        """Whether the process can do no (more) work."""
        return self._failure is not None

    def offer(self, invocation: Invocation) -> Future[Answer]:
        """Give the process one thing to do; one that has failed answers at once."""
        with self._lock:
            future: Future[Answer] = Future()
            self._pending = (invocation.request_id, future)
            if self._failure is None:
                self._work.put(invocation)
            else:
                self._settle_failed()
        return future

    def fail(self, kind: str, message: str) -> None:
        """Say that the process is gone, and why: that is the answer to what it was doing."""
        with self._lock:
            self._failure = self._failure or (kind, message)
            self._settle_failed()
        self.started.set()

    def close(self) -> None:
        """End the server."""
        self._work.put(None)
        self._server.shutdown()
        self._server.server_close()

    # --- what the process says ------------------------------------------------------------------

    def next_invocation(self) -> Invocation | None:
        """Wait for work; None when the process shall end."""
        self.started.set()
        return self._work.get()

    def accept_init_error(self, body: bytes) -> None:
        """The process could not load its handler."""
        with self._lock:
            self._failure = Answer(body, is_error=True)
            self._settle_failed()
        self.started.set()

    def accept_answer(self, request_id: str, answer: Answer) -> None:
        """The process has done its work; an answer that nobody waits for any more is dropped."""
        with self._lock:
            if self._pending and self._pending[0] == request_id:
                self._settle(answer)

    def _settle_failed(self) -> None:
        if self._pending and self._failure:
            failure = self._failure
            self._settle(
                failure
                if isinstance(failure, Answer)
                else error_answer(*failure, request_id=self._pending[0])
            )

    def _settle(self, answer: Answer) -> None:
        if self._pending:
            _, future = self._pending
            self._pending = None
            future.set_result(answer)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, api: RuntimeApi) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.api = api

    def handle_error(self, request: object, client_address: object) -> None:
        """A process that is killed leaves a broken connection behind: nothing to report."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536  # header and body in one write: apart they cost 40 ms (Nagle, delayed ACK)

    @property
    def _api(self) -> RuntimeApi:
        assert isinstance(self.server, _Server)
        return self.server.api

    def do_GET(self) -> None:
        if self.path != f"{_PREFIX}/invocation/next":
            self._reply(404)
            return
        invocation = self._api.next_invocation()
        if invocation is None:
            self.close_connection = True
            self._reply(500)
        else:
            self._reply(200, invocation.payload, invocation.headers)

    def do_POST(self) -> None:
        body = self._read_body()
        if self.path == f"{_PREFIX}/init/error":
            self._api.accept_init_error(body)
        elif self.path.startswith(f"{_PREFIX}/invocation/"):
            _, request_id, verb = self.path.rsplit("/", 2)
            self._api.accept_answer(request_id, Answer(body, is_error=verb == "error"))
        self._reply(202, b'{"status":"OK"}')

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's signature
        """Keep quiet."""

    def _reply(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body
