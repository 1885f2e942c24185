"""A loopback HTTP server that answers as a test says: errors, cut bodies, resets, silence."""

import socket
import struct
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: after `cut_after` bytes of its body the server closes, resets or falls silent."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict[str, str])
    cut_after: int | None = None
    then: str = "close"

    @classmethod
    def error(cls, status: int, code: str) -> "Answer":
        """Answer as S3 does when it refuses; a `code` of "" leaves the body out."""
        xml = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>m</Message></Error>"
        return cls(status, xml.encode() if code else b"", {"Content-Type": "application/xml"})

    @classmethod
    def found(
        cls, body: bytes, etag: str, *, cut_after: int | None = None, then: str = "close"
    ) -> "Answer":
        """Answer with an object."""
        return cls(200, body, {"ETag": f'"{etag}"'}, cut_after, then)


@dataclass(slots=True)
class ScriptedStore:
    """The answers to come, the last of which repeats, and the requests that came."""

    endpoint_url: str
    answers: list[Answer] = field(default_factory=list[Answer])
    requests: list[str] = field(default_factory=list[str])
    conditions: list[str | None] = field(default_factory=list[str | None])
    released: Event = field(default_factory=Event)

    def script(self, *answers: Answer) -> None:
        """Set the answers to come."""
        self.answers[:] = answers

    def next_answer(self) -> Answer:
        """Return the next answer."""
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def running_scripted_store() -> Generator[ScriptedStore]:
    """Run a store on a free loopback port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = False
    store = _Handler.store = ScriptedStore(f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield store
    finally:
        store.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    store: ScriptedStore

    def do_request(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.store.requests.append(f"{self.command} {self.path}")
        self.store.conditions.append(self.headers.get("If-Match"))
        answer = self.store.next_answer()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        length = 0 if answer.status == 204 else len(answer.body)
        self.send_header("Content-Length", str(length))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body[: answer.cut_after])
        if answer.cut_after is not None:
            self._break_off(answer.then)

    def _break_off(self, how: str) -> None:
        self.wfile.flush()
        if how == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            self.connection.close()
        elif how == "silence":
            self.store.released.wait(10)

    do_GET = do_HEAD = do_PUT = do_DELETE = do_request  # noqa: N815 - the names are http.server's

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is inherited
        """Say nothing."""
