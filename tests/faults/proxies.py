"""A proxy on loopback between boto3 and the object store, which fails as stores and networks do."""

import random
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Literal, override
from urllib.parse import urlsplit

type StoreFault = Literal["store errors", "slow store", "cut bodies", "lost answers"]

STORE_FAULTS: tuple[StoreFault, ...] = ("store errors", "slow store", "cut bodies", "lost answers")
SHARE = 0.7  # of the requests of a bad time; the client tries each four times
SLOW_SECONDS = (0.2, 1.5)
TIMEOUT_SECONDS = 30.0
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "expect"}
ERROR = b"<?xml version='1.0'?><Error><Code>InternalError</Code><Message>chaos</Message></Error>"


@dataclass(slots=True)
class StoreProxy:
    """Passes requests on to `target`; in a bad time most of them meet its fault.

    `met` counts the requests that met each fault, `passed` those that met none.
    """

    target: str
    url: str = ""
    passed: int = 0
    met: Counter[str] = field(default_factory=Counter[str])
    _fault: StoreFault | None = None
    _until: float = 0.0
    _chosen: random.Random = field(default_factory=random.Random)
    _lock: Lock = field(default_factory=Lock)

    def trouble(self, fault: StoreFault, seconds: float, seed: int) -> None:
        """Let a bad time begin; `seed` decides which of its requests are hit."""
        with self._lock:
            self._fault, self._until = fault, time.monotonic() + seconds
            self._chosen = random.Random(seed)

    def heal(self) -> None:
        """End a bad time."""
        self._until = 0.0

    def next_fault(self) -> StoreFault | None:
        """Return what shall happen to the next request, and count it."""
        with self._lock:
            is_bad = self._fault is not None and time.monotonic() < self._until
            fault = self._fault if is_bad and self._chosen.random() < SHARE else None
            if fault is None:
                self.passed += 1
            else:
                self.met[fault] += 1
            return fault


@contextmanager
def running_proxy(target: str) -> Generator[StoreProxy]:
    """Yield a proxy in front of the store at this URL, without faults at first."""
    proxy = StoreProxy(target)
    server = _Server(proxy)
    proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, proxy: StoreProxy) -> None:
        super().__init__(("127.0.0.1", 0), _Passage)
        self.proxy = proxy

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients are killed here on purpose."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: HTTPMessage
    body: bytes


class _Passage(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _pass_on(self) -> None:
        assert isinstance(self.server, _Server)
        proxy = self.server.proxy
        body = self._read_body()
        fault = proxy.next_fault()
        if fault == "store errors":
            self._send(500, {"Content-Type": "application/xml"}, ERROR)
            return
        if fault == "slow store":
            time.sleep(random.uniform(*SLOW_SECONDS))
        try:
            answer = self._ask(proxy.target, body)
        except (OSError, HTTPException):
            self.close_connection = True
            return
        if fault == "lost answers":
            self.close_connection = True  # done, but nobody hears of it
            return
        headers = {k: v for k, v in answer.headers.items() if k.lower() not in HOP_BY_HOP}
        self._send(answer.status, headers, answer.body, is_cut=fault == "cut bodies")

    do_GET = _pass_on  # noqa: N815 - as http.server looks them up
    do_HEAD = _pass_on  # noqa: N815
    do_PUT = _pass_on  # noqa: N815
    do_POST = _pass_on  # noqa: N815
    do_DELETE = _pass_on  # noqa: N815

    def _read_body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _ask(self, target: str, body: bytes) -> _Answer:
        place = urlsplit(target)
        connection = HTTPConnection(str(place.hostname), place.port, timeout=TIMEOUT_SECONDS)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP}
        headers["Content-Length"] = str(len(body))
        try:
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            return _Answer(answer.status, answer.msg, answer.read())
        finally:
            connection.close()

    def _send(
        self, status: int, headers: dict[str, str], body: bytes, *, is_cut: bool = False
    ) -> None:
        self.send_response_only(status)
        length = headers.pop("Content-Length", headers.pop("content-length", None))
        for name, value in headers.items():
            self.send_header(name, value)
        is_bare = self.command == "HEAD" or status in {204, 304}
        self.send_header("Content-Length", str(length or 0) if is_bare else str(len(body)))
        self.end_headers()
        if not is_bare:
            with suppress(OSError):
                self.wfile.write(body[: len(body) // 2] if is_cut else body)
        self.close_connection = self.close_connection or is_cut

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
