"""A piece of network that tests can cut: a TCP forwarder on loopback in front of a server."""

import select
import socket
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Lock, Thread
from typing import override

CHUNK_BYTES = 1 << 16
TICK_SECONDS = 0.05  # how soon a listener notices that it shall end


@dataclass(slots=True)
class Forwarder:
    """Passes connections on to `target`; while it is cut there are none, and none are made."""

    target: tuple[str, int]
    port: int = 0
    _listener: "_Listener | None" = field(init=False, default=None)

    def mend(self) -> None:
        """Listen, at the same port as ever."""
        if self._listener is None:
            self._listener = _Listener(self.port, self.target)
            self.port = self._listener.server_address[1]
            Thread(target=self._listener.serve_forever, args=(TICK_SECONDS,), daemon=True).start()

    def cut(self) -> None:
        """Refuse new connections and break those that there are."""
        if self._listener is not None:
            self._listener.end()
            self._listener = None


@contextmanager
def forwarding(host: str, port: int) -> Generator[Forwarder]:
    """Yield a forwarder to a server, not cut at first."""
    forwarder = Forwarder((host, port))
    forwarder.mend()
    try:
        yield forwarder
    finally:
        forwarder.cut()


class _Listener(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int, target: tuple[str, int]) -> None:
        super().__init__(("127.0.0.1", port), _Passage)
        self.target = target
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        self._ended = False

    def remember(self, *sockets: socket.socket) -> None:
        with self._lock:
            self._open.update(sockets)
            if self._ended:
                _break(sockets)

    def forget(self, *sockets: socket.socket) -> None:
        with self._lock:
            self._open.difference_update(sockets)

    def end(self) -> None:
        self.shutdown()
        self.server_close()
        with self._lock:
            self._ended = True
            _break(tuple(self._open))

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: connections break here on purpose."""


class _Passage(BaseRequestHandler):
    @override
    def handle(self) -> None:
        client: socket.socket = self.request
        assert isinstance(self.server, _Listener)
        with socket.create_connection(self.server.target) as server:
            self.server.remember(client, server)
            try:
                _pass_on(client, server)
            finally:
                self.server.forget(client, server)


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways until either side ends."""
    ways = {one: other, other: one}
    while True:
        readable, _, _ = select.select(list(ways), [], [])
        for source in readable:
            chunk = source.recv(CHUNK_BYTES)
            if not chunk:
                return
            ways[source].sendall(chunk)


def _break(sockets: tuple[socket.socket, ...]) -> None:
    for each in sockets:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
