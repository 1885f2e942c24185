"""Online geocoders over loopback: what their providers' answers come to."""

from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from fleettickets.core.candidates import choose
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
    KEY,
    Failure,
    GeocoderServer,
    Provider,
    ServedPlace,
    a_geocoder_server,
)
from tests.unit.clients.geocoders.queries import (
    KILELESHWA,
    a_cluster,
    a_location,
    all_day,
)

PROVIDERS: tuple[Provider, ...] = ("locationiq", "opencage")
HERE = ServedPlace(36.782, -1.281)
MIDNIGHT = datetime(2026, 6, 16, tzinfo=UTC)


@pytest.fixture
def server() -> Generator[GeocoderServer]:
    """A server that knows Kileleshwa."""
    with a_geocoder_server() as server:
        server.places[KILELESHWA] = [HERE]
        yield server


@pytest.mark.parametrize("provider", PROVIDERS)
def test_place_is_found(server: GeocoderServer, provider: Provider) -> None:
    """LocationIQ writes its numbers as text, OpenCage as numbers: both become a point."""
    candidates = server.client(provider).search(a_location(), all_day)

    assert [candidate.point for candidate in candidates] == [Point(36.782, -1.281)]
    assert candidates[0].country_code == "ke"
    assert candidates[0].confidence == {"locationiq": 0.4, "opencage": 0.9}[provider]
    assert not candidates[0].is_coarse


def test_terms_of_the_provider() -> None:
    """LocationIQ's free plan lets answers be kept for 48 hours, OpenCage for ever."""
    with a_geocoder_server() as server:
        lifetimes = [server.client(provider).cache_lifetime for provider in PROVIDERS]
        names = [server.client(provider).name for provider in PROVIDERS]

    assert lifetimes == [timedelta(hours=48), None]
    assert names == list(PROVIDERS)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_no_match_is_an_answer(server: GeocoderServer, provider: Provider) -> None:
    """A 404 of its own text at LocationIQ, an empty list at OpenCage; one call each."""
    candidates = server.client(provider).search(a_location("Nowhere"), all_day)

    assert list(candidates) == []
    assert len(server.calls) == 1


def test_location_is_looked_for_around_its_cluster(server: GeocoderServer) -> None:
    """LocationIQ gets a box of 25 km each way, and is told to keep to it."""
    server.client("locationiq").search(a_location(), all_day)

    sent = server.calls[0].parameters
    west, south, east, north = (float(edge) for edge in sent["viewbox"].split(","))
    assert sent["q"] == KILELESHWA
    assert sent["bounded"] == "1"
    assert sent["countrycodes"] == "ke"
    assert sent["format"] == "json"
    assert (north - south) / 2 == pytest.approx(0.2261, abs=1e-4)
    assert (east - west) / 2 == pytest.approx(0.2246, abs=1e-4)
    assert (north + south) / 2 == pytest.approx(-1.290, abs=1e-6)
    assert (east + west) / 2 == pytest.approx(36.785, abs=1e-6)


def test_bounds_and_proximity_have_their_own_orders(server: GeocoderServer) -> None:
    """OpenCage wants bounds longitude first and proximity latitude first."""
    server.client("opencage").search(a_location(), all_day)

    sent = server.calls[0].parameters
    west, south, _, _ = (float(edge) for edge in sent["bounds"].split(","))
    assert (west > 36, south < 0) == (True, True)
    assert sent["proximity"] == "-1.290000,36.785000"
    assert sent["countrycode"] == "ke"
    assert sent["no_annotations"] == "1"
    assert sent["no_record"] == "1"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_cluster_is_looked_for_in_the_country(server: GeocoderServer, provider: Provider) -> None:
    """Without a box: where it is, is the question."""
    server.client(provider).search(a_cluster(), all_day)

    sent = server.calls[0].parameters
    assert sent["q"] == "Kilimani, Kenya"
    assert not {"viewbox", "bounded", "bounds", "proximity"} & sent.keys()


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("level", ["county", "state", "country"])
def test_county_is_no_place(server: GeocoderServer, provider: Provider, level: str) -> None:
    """Nairobi County lies within 25 km of every cluster in Nairobi: it is rejected all the same."""
    server.places[KILELESHWA] = [ServedPlace(36.8, -1.3, level=level), HERE]

    finding = choose(a_location(), server.client(provider).search(a_location(), all_day))

    assert finding.outcome == "found"
    assert finding.point == Point(36.782, -1.281)


def test_wide_boundary_is_no_place_for_a_location(server: GeocoderServer) -> None:
    """LocationIQ calls the whole of Nairobi a city: a point for a cluster, none for a location."""
    nairobi = ServedPlace(36.82, -1.29, level="city", boundary=(-1.44, -1.16, 36.66, 37.10))
    server.places[KILELESHWA] = server.places["Nairobi, Kenya"] = [nairobi]
    client = server.client("locationiq")

    location = choose(a_location(), client.search(a_location(), all_day))
    cluster = choose(a_cluster("Nairobi"), client.search(a_cluster("Nairobi"), all_day))

    assert (location.outcome, location.reason) == ("rejected", "too_coarse")
    assert (cluster.outcome, cluster.point) == ("found", Point(36.82, -1.29))


def test_low_confidence_is_no_place_for_a_location(server: GeocoderServer) -> None:
    """OpenCage gives towns 1 to 3, which will do for a cluster, and 5 to what is below 10 km."""
    client = server.client("opencage")
    outcomes = dict[int, tuple[str, str]]()
    for confidence in (0, 1, 4, 5, 10):
        place = ServedPlace(36.82, -1.29, level="city", confidence=confidence)
        server.places[KILELESHWA] = server.places["Kilimani, Kenya"] = [place]
        outcomes[confidence] = (
            choose(a_location(), client.search(a_location(), all_day)).outcome,
            choose(a_cluster(), client.search(a_cluster(), all_day)).outcome,
        )

    assert outcomes == {
        0: ("rejected", "found"),
        1: ("rejected", "found"),
        4: ("rejected", "found"),
        5: ("found", "found"),
        10: ("found", "found"),
    }


@pytest.mark.parametrize("provider", PROVIDERS)
def test_place_abroad_is_rejected(server: GeocoderServer, provider: Provider) -> None:
    """Busia lies on both sides of the border, and a search box does too."""
    server.places[KILELESHWA] = [ServedPlace(36.782, -1.281, country_code="UG")]

    finding = choose(a_location(), server.client(provider).search(a_location(), all_day))

    assert (finding.outcome, finding.reason) == ("rejected", "outside_country")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_null_island_is_rejected(server: GeocoderServer, provider: Provider) -> None:
    """(0, 0) and what is out of range are results without a coordinate, and no answer to keep."""
    server.places[KILELESHWA] = [ServedPlace(0, 0), ServedPlace(36.8, 95), HERE]

    candidates = server.client(provider).search(a_location(), all_day)

    assert [candidate.point for candidate in candidates] == [None, None, Point(36.782, -1.281)]


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    "failure",
    [
        "second",
        "server_error",
        "unavailable",
        "slow",
        "hang_up",
        "trickle",
        "garbage",
        "nonsense",
        "xml_error",
        "huge",
        "cut",
    ],
)
def test_what_passes_is_tried_again(
    server: GeocoderServer, provider: Provider, failure: Failure
) -> None:
    """Two failures of the same kind, and the third try's answer is the answer."""
    server.fail(failure, failure)

    candidates = server.client(provider).search(a_location(), all_day)

    assert [candidate.point for candidate in candidates] == [Point(36.782, -1.281)]
    assert len(server.calls) == 3
    assert server.calls[1].at - server.calls[0].at >= 1


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("failure", ["second", "server_error", "garbage", "cut", "huge"])
def test_what_does_not_pass_is_no_answer(
    server: GeocoderServer, provider: Provider, failure: Failure
) -> None:
    """After three tries the query is left as it was."""
    server.fail(failure, failure, failure)

    with pytest.raises(GeocoderUnavailableError):
        server.client(provider).search(a_location(), all_day)

    assert len(server.calls) == 3


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("failure", "error"),
    [
        ("key", GeocoderKeyError),
        ("forbidden", GeocoderKeyError),
        ("payment", GeocoderQuotaError),
        ("bad_request", GeocoderQueryError),
        ("gone", GeocoderQueryError),
        ("missing", GeocoderUnavailableError),
        ("redirect", GeocoderUnavailableError),
    ],
)
def test_what_no_other_try_mends_is_not_tried_again(
    server: GeocoderServer, provider: Provider, failure: Failure, error: type[FleetticketsError]
) -> None:
    """Neither is a redirect followed, nor is the 404 of a wrong endpoint taken for no match."""
    server.fail(failure)

    with pytest.raises(error):
        server.client(provider).search(a_location(), all_day)

    assert len(server.calls) == 1


def test_key_that_is_wrong_is_refused(server: GeocoderServer) -> None:
    """The message says which setting to mend."""
    with pytest.raises(GeocoderKeyError, match="GEOCODER_API_KEY"):
        server.client("locationiq", key="pk.wrong").search(a_location(), all_day)


def test_used_up_day_ends_at_midnight(server: GeocoderServer) -> None:
    """LocationIQ says so once; until 00:00 UTC no call is made, and from then on all are."""
    client = server.client("locationiq")
    server.fail("day")

    for _ in range(3):
        with pytest.raises(GeocoderQuotaError) as raised:
            client.search(a_location(), all_day)
        assert raised.value.resume_at == MIDNIGHT
    calls_today = len(server.calls)
    server.clock.advance((MIDNIGHT - server.clock.now()).total_seconds())
    candidates = client.search(a_location(), all_day)

    assert calls_today == 1
    assert len(candidates) == 1


@pytest.mark.parametrize(
    ("reset_in", "expected"),
    [
        (timedelta(hours=3), timedelta(hours=3)),
        (None, timedelta(hours=15)),
        (timedelta(hours=-1), timedelta(hours=15)),
        (timedelta(days=400), timedelta(hours=15)),
    ],
)
def test_quota_says_when_it_is_reset(
    server: GeocoderServer, reset_in: timedelta | None, expected: timedelta
) -> None:
    """OpenCage's `rate.reset` is believed where it is credible; else it is 00:00 UTC."""
    now = server.clock.now()
    server.quota_reset = None if reset_in is None else (now + reset_in).timestamp()
    server.fail("payment")

    with pytest.raises(GeocoderQuotaError) as raised:
        server.client("opencage").search(a_location(), all_day)

    assert raised.value.resume_at == now + expected


@pytest.mark.parametrize("failure", ["minute", "other_limit"])
def test_used_up_minute_is_waited_out(server: GeocoderServer, failure: Failure) -> None:
    """To the next minute of the wall clock: a shorter back-off could not win."""
    server.clock.advance(20)
    server.fail(failure)

    candidates = server.client("locationiq").search(a_location(), all_day)

    assert len(candidates) == 1
    assert server.calls[1].at == 60.5


def test_minute_that_the_run_cannot_wait_for_ends_it(server: GeocoderServer) -> None:
    """The rest stays pending, and the caller learns until when."""
    server.fail("minute")

    with pytest.raises(GeocoderQuotaError) as raised:
        server.client("locationiq").search(a_location(), lambda: 45.0)

    assert raised.value.resume_at == datetime(2026, 6, 15, 9, 1, tzinfo=UTC)
    assert server.clock.slept == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_no_call_is_begun_that_could_outlast_the_run(
    server: GeocoderServer, provider: Provider
) -> None:
    """A call takes up to 20 s with all its timeouts."""
    with pytest.raises(GeocoderBudgetError):
        server.client(provider).search(a_location(), lambda: 19.9)

    assert server.calls == []


def test_failure_outlives_the_time_for_another_try(server: GeocoderServer) -> None:
    """What is reported is the trouble, not the time that was too short to mend it."""
    server.fail("server_error")

    with pytest.raises(GeocoderUnavailableError, match="500"):
        server.client("opencage").search(a_location(), lambda: 21.0)


def test_free_plan_of_locationiq_is_never_exceeded(server: GeocoderServer) -> None:
    """Two hundred calls in a row, from the middle of a minute on: none is refused."""
    server.keeps_limits = True
    server.clock.advance(30)
    client = server.client("locationiq")

    for _ in range(200):
        client.search(a_location(), all_day)

    spacing = [after.at - before.at for before, after in pairwise(server.calls)]
    assert len(server.calls) == 200
    assert min(spacing) > 1.0499
    assert max(spacing) < 1.06


def test_minute_that_another_process_used_is_waited_out(server: GeocoderServer) -> None:
    """The 61st call of a minute is refused, whoever made the others, and so are those after it."""
    server.keeps_limits = True
    server.clock.advance(1)
    for _ in range(58):
        server.next_failure("locationiq", KEY)
        server.clock.advance(0.5)
    client = server.client("locationiq")

    found = [client.search(a_location(), all_day) for _ in range(5)]

    assert all(found)
    assert [call.at for call in server.calls] == pytest.approx(
        [30, 31.05, 32.1, 60.5, 61.55, 62.6], abs=1e-6
    )
