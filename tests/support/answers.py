"""The place that CloudFormation waits at for the answer of a custom resource."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

SIGNATURE = "X-Amz-Signature=5ecre7"


@dataclass(slots=True)
class AnswerBox:
    """A loopback server that takes PUTs; it refuses the first `refusals` of them."""

    url: str = ""
    refusals: int = 0
    answers: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    sizes: list[int] = field(default_factory=list[int])
    content_types: list[str | None] = field(default_factory=list[str | None])

    def event(self, kind: str, **overrides: object) -> dict[str, Any]:
        """Return what CloudFormation sends for a custom resource."""
        event: dict[str, Any] = {
            "RequestType": kind,
            "ResponseURL": self.url,
            "StackId": "arn:aws:cloudformation:eu-west-1:123456789012:stack/fleettickets/guid",
            "RequestId": "a0b1c2",
            "ResourceType": "Custom::Migrations",
            "LogicalResourceId": "Migrations",
            "ResourceProperties": {"ServiceToken": "arn", "Sha256": "…"},
        }
        return event | overrides


@contextmanager
def running_answer_box() -> Generator[AnswerBox]:
    """Wait for answers on a free loopback port."""
    box = AnswerBox()

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            box.sizes.append(len(body))
            box.content_types.append(self.headers.get("Content-Type"))
            if box.refusals:
                box.refusals -= 1
                self.send_error(503)
                return
            box.answers.append(json.loads(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as inherited
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    box.url = f"http://127.0.0.1:{server.server_port}/answer?{SIGNATURE}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield box
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
