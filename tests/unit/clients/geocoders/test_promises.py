"""What holds for online geocoders however their providers fail: no lie, no delay, no key."""

import logging
import traceback
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import override

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fleettickets.clients.geocoders.online import OnlineGeocoder
from fleettickets.core.points import Point
from fleettickets.errors import (
    FleetticketsError,
    GeocoderBudgetError,
    GeocoderKeyError,
    GeocoderQueryError,
    GeocoderQuotaError,
    GeocoderUnavailableError,
)
from tests.support.geocoder_server import (
    FAILURES,
    KEY,
    QUICK_FAILURES,
    Failure,
    GeocoderServer,
    Provider,
    ServedPlace,
    a_geocoder_server,
)
from tests.unit.clients.geocoders.queries import a_location, all_day

PROVIDERS: tuple[Provider, ...] = ("locationiq", "opencage")
NAMES = ("Kileleshwa", "Lavington", "Yaya", "Nowhere")
TRUTH = {
    "Kileleshwa": [Point(36.782, -1.281)],
    "Lavington": [Point(36.769, -1.277)],
    "Yaya": [Point(36.787, -1.293), Point(36.9, -1.2)],
    "Nowhere": [],
}
scripts = st.lists(st.none() | st.sampled_from(QUICK_FAILURES), max_size=14)


@dataclass(slots=True)
class Listener(logging.Handler):
    """Hears every log line, of ours and of the libraries."""

    lines: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        """Hear everything."""
        logging.Handler.__init__(self, logging.DEBUG)

    __hash__ = logging.Handler.__hash__

    @override
    def emit(self, record: logging.LogRecord) -> None:
        text = logging.Formatter().format(record)
        self.lines.append(f"{text} {vars(record)}")


@contextmanager
def a_listener() -> Generator[Listener]:
    """Listen to all loggers, even to httpx's line a request, which is off by default."""
    listener, root = Listener(), logging.getLogger()
    levels = {name: logging.getLogger(name).level for name in ("", "httpx")}
    root.addHandler(listener)
    for name in levels:
        logging.getLogger(name).setLevel(logging.DEBUG)
    try:
        yield listener
    finally:
        root.removeHandler(listener)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


@dataclass(slots=True)
class Run:
    """What one run came to: the answers by name, and the errors in their order."""

    answers: dict[str, list[Point | None]] = field(default_factory=dict[str, list[Point | None]])
    errors: list[FleetticketsError] = field(default_factory=list[FleetticketsError])


def run(server: GeocoderServer, geocoder: OnlineGeocoder, seconds: float) -> Run:
    """Ask for all names within `seconds`, as the interface says: go on, or stop."""
    ends_at, done = server.clock.monotonic() + seconds, Run()
    for name in NAMES:
        try:
            found = geocoder.search(a_location(name), lambda: ends_at - server.clock.monotonic())
            done.answers[name] = [candidate.point for candidate in found]
        except (GeocoderUnavailableError, GeocoderQueryError) as error:
            done.errors.append(error)
        except (GeocoderQuotaError, GeocoderBudgetError, GeocoderKeyError) as error:
            done.errors.append(error)
            break
    return done


def stock(server: GeocoderServer) -> None:
    """Let the server know the truth."""
    for name, points in TRUTH.items():
        text = a_location(name).text
        server.places[text] = [ServedPlace(point.longitude, point.latitude) for point in points]


def everything_said(errors: Sequence[BaseException]) -> str:
    """Return all that the errors say, those that they hide included."""
    said = list[str]()
    for error in errors:
        link: BaseException | None = error
        while link is not None:
            said += [str(link), repr(link), str(vars(link)), *traceback.format_exception(link)]
            link = link.__cause__ or link.__context__
    return "\n".join(said)


@given(st.sampled_from(PROVIDERS), scripts, st.floats(0, 60) | st.floats(0, 400))
@example("opencage", ["hang_up"], 5.0)
@example("opencage", ["hang_up"] * 3, 21.0)
@example("locationiq", ["trickle"], 11.0)
@example("locationiq", ["minute"], 30.0)
def test_however_it_fails(provider: Provider, script: list[Failure | None], seconds: float) -> None:
    """No wrong answer, no run beyond its time, and all is answered once the provider is well."""
    with a_geocoder_server() as server:
        stock(server)
        server.fail(*script)
        geocoder = server.client(provider, patience_seconds=10)

        failed = run(server, geocoder, seconds)
        elapsed = server.clock.monotonic()
        server.failures.clear()
        server.clock.advance(86_400)
        recovered = run(server, geocoder, 3_600)

    assert all(TRUTH[name] == answer for name, answer in failed.answers.items())
    assert elapsed <= seconds
    assert len(failed.answers) + len(failed.errors) <= len(NAMES)
    assert recovered.answers == TRUTH
    assert recovered.errors == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_key_is_nowhere(provider: Provider) -> None:
    """P10: a run in which each kind of failure happens; every log line, error and `repr`."""
    errors = list[FleetticketsError]()
    with a_geocoder_server() as server:
        stock(server)
        geocoder = server.client(provider)
        with a_listener() as listener:
            for failure in FAILURES:
                server.failures.clear()
                server.fail(failure, failure, failure)
                errors += run(server, geocoder, 3_600).errors
                server.clock.advance(86_400)
        server.failures.clear()
        shown = f"{geocoder!r} {geocoder._connection!r} {geocoder._connection._client!r}"  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]

    assert {type(error) for error in errors} >= {
        GeocoderUnavailableError,
        GeocoderQueryError,
        GeocoderQuotaError,
        GeocoderKeyError,
    }
    assert any("HTTP Request: GET" in line for line in listener.lines)  # the ear is on the wire
    assert KEY not in "\n".join(listener.lines)
    assert KEY not in everything_said(errors)
    assert KEY not in shown


def test_address_is_not_logged() -> None:
    """What is asked for is somebody's address: the libraries' lines about calls are off."""
    listener = Listener()
    with a_geocoder_server() as server:
        stock(server)
        logging.getLogger().addHandler(listener)
        level = logging.getLogger().level
        logging.getLogger().setLevel(logging.DEBUG)
        try:
            server.client("opencage").search(a_location(), all_day)
        finally:
            logging.getLogger().removeHandler(listener)
            logging.getLogger().setLevel(level)

    assert "Kileleshwa" not in "\n".join(listener.lines)


def test_key_goes_over_the_wire() -> None:
    """And only there: the same client without it is refused."""
    with a_geocoder_server() as server:
        stock(server)

        assert server.client("opencage").search(a_location(), all_day)
        with pytest.raises(GeocoderKeyError):
            server.client("opencage", key="").search(a_location(), all_day)


def test_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key goes to the provider and to nobody between."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    with a_geocoder_server() as server:
        stock(server)

        assert server.client("locationiq").search(a_location(), all_day)


def test_redirect_is_not_followed() -> None:
    """Its target would be sent the query, and the next one the key."""
    with a_geocoder_server() as server:
        stock(server)
        server.fail("redirect")

        with pytest.raises(GeocoderUnavailableError, match="302"):
            server.client("locationiq").search(a_location(), all_day)

    assert [call.parameters.get("redirected") for call in server.calls] == [None]


def test_server_that_is_gone_is_unavailable() -> None:
    """A refused connection is no answer either."""
    with a_geocoder_server() as server:
        client = server.client("opencage")

    with pytest.raises(GeocoderUnavailableError, match="ConnectError"):
        client.search(a_location(), all_day)
    client.close()


def test_closed_client_opens_again() -> None:
    """Closing lets go of connections, no more."""
    with a_geocoder_server() as server:
        stock(server)
        client = server.client("opencage")
        client.search(a_location(), all_day)
        client.close()

        assert client.search(a_location(), all_day)
