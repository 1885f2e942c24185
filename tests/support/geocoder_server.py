"""LocationIQ and OpenCage on loopback: their answers, their errors, their limits, and worse.

`a_geocoder_server()` gives one that answers from `places` and fails as the test says by `fail`.
Limits go by its clock, which is the client's too, so that no test waits for a real minute.
"""

import json
import threading
from collections import Counter, deque
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Literal, get_args, override
from urllib.parse import parse_qsl, urlsplit

from fleettickets.clients.geocoders.locationiq import LocationIq
from fleettickets.clients.geocoders.online import OnlineGeocoder
from fleettickets.clients.geocoders.opencage import OpenCage
from fleettickets.clients.geocoders.transports import Connection
from tests.support.clocks import FakeClock

KEY: Final = "pk.5ecre7-n3ver-shown"
PATIENCE_SECONDS: Final = 1.0
"""Of real time, until a client gives a slow call up; its own clock moves by 8 meanwhile."""
TRICKLE_SECONDS: Final = 0.025
HUGE_BYTES: Final = 10 * 1024 * 1024

Provider = Literal["locationiq", "opencage"]
Failure = Literal[
    "bad_request",
    "key",
    "payment",
    "forbidden",
    "missing",
    "gone",
    "second",
    "minute",
    "day",
    "other_limit",
    "server_error",
    "unavailable",
    "slow",
    "hang_up",
    "trickle",
    "garbage",
    "nonsense",
    "xml_error",
    "redirect",
    "huge",
    "cut",
]
FAILURES: Final[tuple[Failure, ...]] = get_args(Failure)
QUICK_FAILURES: Final = [failure for failure in FAILURES if failure != "slow"]
"""Without the one that takes a real second; `hang_up` takes as much time of the clock."""

# HTTP status, and what LocationIQ's and OpenCage's error body says.
_STATUSES: Final[Mapping[str, tuple[int, str, str]]] = {
    "bad_request": (400, "Invalid Request", "bad request"),
    "key": (401, "Invalid key", "invalid API key"),
    "payment": (402, "Payment Required", "quota exceeded"),
    "forbidden": (403, "Access restricted", "disabled"),
    "missing": (404, "Not Found", "not found"),
    "gone": (410, "Gone", "request too long"),
    "second": (429, "Rate Limited Second", "requesting too quickly"),
    "minute": (429, "Rate Limited Minute", "requesting too quickly"),
    "day": (429, "Rate Limited Day", "requesting too quickly"),
    "other_limit": (429, "Rate Limited", "requesting too quickly"),
    "server_error": (500, "Unknown error - Please try again after some time", "internal error"),
    "unavailable": (503, "Service Unavailable", "service unavailable"),
}


@dataclass(frozen=True, slots=True)
class ServedPlace:
    """A result: numbers are served in each provider's own form."""

    longitude: float
    latitude: float
    level: str = "neighbourhood"
    confidence: int = 9
    importance: float | None = 0.4
    boundary: tuple[float, float, float, float] | None = None
    """South, north, west, east of an administrative boundary; None for a place without one."""
    country_code: str = "ke"


@dataclass(frozen=True, slots=True)
class Call:
    """One call that came in: what was asked, and at which second of the clock."""

    provider: Provider
    parameters: Mapping[str, str]
    at: float


@dataclass(slots=True)
class GeocoderServer:
    """The state of a server: what it knows, how it fails next, and what it was asked."""

    clock: FakeClock
    url: str = ""
    places: dict[str, Sequence[ServedPlace]] = field(
        default_factory=dict[str, Sequence[ServedPlace]]
    )
    failures: deque[Failure | None] = field(default_factory=deque["Failure | None"])
    calls: list[Call] = field(default_factory=list[Call])
    keeps_limits: bool = False
    """Whether calls beyond LocationIQ's free plan are refused, windows being the wall clock's."""
    quota_reset: float | None = None
    """What OpenCage says in `rate.reset`."""
    released: threading.Event = field(default_factory=threading.Event)
    clients: list[OnlineGeocoder] = field(default_factory=list[OnlineGeocoder])
    _used: Counter[str] = field(default_factory=Counter[str])

    def fail(self, *failures: Failure | None) -> None:
        """Fail in these ways, one a call; None is a call that goes well."""
        self.failures.extend(failures)

    def client(
        self, provider: Provider, key: str = KEY, patience_seconds: float = PATIENCE_SECONDS
    ) -> OnlineGeocoder:
        """Return the real client, pointed at this server; it is closed with it."""
        connection = Connection(self.url, key, self.clock, read_timeout_seconds=patience_seconds)
        dialect = LocationIq() if provider == "locationiq" else OpenCage()
        client = OnlineGeocoder(dialect, connection, self.clock, jitter=lambda: 0.5)
        self.clients.append(client)
        return client

    def next_failure(self, provider: Provider, key: str) -> Failure | None:
        """Return how the call that just came in fails."""
        if key != KEY:
            return "key"
        scripted = self.failures.popleft() if self.failures else None
        limited = self._limited() if self.keeps_limits and provider == "locationiq" else None
        return scripted or limited

    def _limited(self) -> Failure | None:
        """Count a call in its windows; a refused one counts too, as users have measured."""
        now = self.clock.now()
        limits: tuple[tuple[str, int, Failure], ...] = (
            (f"{now:%Y-%m-%d}", 5_000, "day"),
            (f"{now:%Y-%m-%dT%H:%M}", 60, "minute"),
            (f"{now:%Y-%m-%dT%H:%M:%S}", 2, "second"),
        )
        self._used.update(window for window, _, _ in limits)
        broken: list[Failure] = [
            failure for window, most, failure in limits if self._used[window] > most
        ]
        return broken[0] if broken else None


@contextmanager
def a_geocoder_server(clock: FakeClock | None = None) -> Generator[GeocoderServer]:
    """Run a server on a free port of the loopback interface."""
    state = GeocoderServer(clock or FakeClock())
    handler = type("Handler", (_Handler,), {"state": state})
    with _Server(("127.0.0.1", 0), handler) as server:
        state.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield state
        finally:
            state.released.set()
            for client in state.clients:
                client.close()
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients are meant to hang up here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 5
    disable_nagle_algorithm = True  # else each answer waits 40 ms for an acknowledgement
    state: GeocoderServer

    def do_GET(self) -> None:
        """Answer one call, or fail."""
        url = urlsplit(self.path)
        parameters = dict(parse_qsl(url.query))
        key = parameters.pop("key", "")
        provider: Provider = "locationiq" if url.path == "/v1/search" else "opencage"
        if url.path not in {"/v1/search", "/geocode/v1/json"}:
            self._send(404, b"no such endpoint")
            return
        self.state.calls.append(Call(provider, parameters, self.state.clock.monotonic()))
        failure = self.state.next_failure(provider, key)
        if failure is None:
            places = self.state.places.get(parameters["q"], ())
            self._send(*_FOUND[provider](places))
        elif failure in _STATUSES:
            self._send(*self._error(provider, failure))
        else:
            getattr(self, f"_{failure}")()

    def _error(self, provider: Provider, failure: Failure) -> tuple[int, bytes]:
        status, locationiq, opencage = _STATUSES[failure]
        if provider == "locationiq":
            return status, json.dumps({"error": locationiq}).encode()
        envelope = _envelope(status, opencage, [])
        if failure == "payment":
            envelope["rate"] = {"limit": 2500, "remaining": 0, "reset": self.state.quota_reset}
        return status, json.dumps(envelope).encode()

    def _slow(self) -> None:
        self._hang_up()
        self.state.released.wait(10)

    def _hang_up(self) -> None:
        """Say nothing for 8 s, and then nothing more."""
        self.state.clock.advance(8)
        self.close_connection = True

    def _trickle(self) -> None:
        self._head(200, 1000)
        with suppress(OSError):
            for _ in range(8):
                self.state.clock.advance(4)
                self.wfile.write(b" ")
                self.wfile.flush()
                if self.state.released.wait(TRICKLE_SECONDS):
                    break
        self.close_connection = True

    def _garbage(self) -> None:
        self._send(200, b"<html><body>Welcome to the hotel's wireless network</body></html>")

    def _nonsense(self) -> None:
        self._send(200, json.dumps({"results": [{"geometry": "nowhere"}], "lat": []}).encode())

    def _xml_error(self) -> None:
        """Repeat the whole query string, key included, as XML error bodies do."""
        self._send(500, f"<error><querystring>{self.path}</querystring></error>".encode())

    def _redirect(self) -> None:
        self._head(302, 0, {"Location": f"{self.state.url}{self.path}&redirected=1"})

    def _huge(self) -> None:
        self._head(200, HUGE_BYTES)
        with suppress(OSError):
            self.wfile.write(b"[" + b" " * (HUGE_BYTES - 2) + b"]")

    def _cut(self) -> None:
        self._head(200, 1000)
        self.wfile.write(b'[{"lat": "')
        self.close_connection = True

    def _send(self, status: int, body: bytes) -> None:
        self._head(status, len(body))
        self.wfile.write(body)

    def _head(self, status: int, length: int, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(length))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def _found_locationiq(places: Sequence[ServedPlace]) -> tuple[int, bytes]:
    if not places:
        return 404, json.dumps({"error": "Unable to geocode"}).encode()
    return 200, json.dumps([_locationiq_result(place) for place in places]).encode()


def _locationiq_result(place: ServedPlace) -> dict[str, object]:
    south, north, west, east = place.boundary or (
        place.latitude - 0.01,
        place.latitude + 0.01,
        place.longitude - 0.01,
        place.longitude + 0.01,
    )
    result: dict[str, object] = {
        "place_id": "327011",
        "osm_id": "4481223",
        "licence": "https://locationiq.com/attribution",
        "lat": str(place.latitude),
        "lon": str(place.longitude),
        "boundingbox": [str(south), str(north), str(west), str(east)],
        "display_name": "somewhere, Kenya",
        "class": "place" if place.boundary is None else "boundary",
        "type": "suburb" if place.boundary is None else "administrative",
        "address": {"country": "Kenya", "country_code": place.country_code},
        "matchquality": {
            "matchcode": "exact",
            "matchtype": "centroid",
            "matchlevel": place.level,
        },
    }
    return result if place.importance is None else result | {"importance": place.importance}


def _found_opencage(places: Sequence[ServedPlace]) -> tuple[int, bytes]:
    results = [_opencage_result(place) for place in places]
    return 200, json.dumps(_envelope(200, "OK", results)).encode()


def _opencage_result(place: ServedPlace) -> dict[str, object]:
    return {
        "components": {
            "_type": place.level,
            "_category": "place",
            "country": "Kenya",
            "country_code": place.country_code,
        },
        "confidence": place.confidence,
        "formatted": "somewhere, Kenya",
        "geometry": {"lat": place.latitude, "lng": place.longitude},
    }


def _envelope(status: int, message: str, results: Sequence[object]) -> dict[str, object]:
    return {
        "documentation": "https://opencagedata.com/api",
        "licenses": [{"name": "see attribution guide", "url": "https://opencagedata.com/credits"}],
        "results": list(results),
        "status": {"code": status, "message": message},
        "thanks": "For using an OpenCage API",
        "total_results": len(results),
    }


_FOUND: Final[Mapping[Provider, Callable[[Sequence[ServedPlace]], tuple[int, bytes]]]] = {
    "locationiq": _found_locationiq,
    "opencage": _found_opencage,
}
