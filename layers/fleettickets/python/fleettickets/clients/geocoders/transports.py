"""HTTP to a geocoder: one GET at a time, bounded in time and size, its key in nothing but the wire.

Providers want the key in the query string. httpx logs the URL of each request and keeps it in its
errors and their `repr`, so the key is added below httpx's client, in the transport: nothing above
ever holds a URL with it.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import override

import httpx

from fleettickets.clients.geocoders.clocks import Clock
from fleettickets.errors import GeocoderUnavailableError

MAX_BODY_BYTES = 1024 * 1024
"""Ten results with all details are some 50 KB."""
CONNECT_TIMEOUT_SECONDS = 3.0
READ_TIMEOUT_SECONDS = 8.0
WHOLE_CALL_SECONDS = 10.0
"""A body that trickles in never meets the read timeout, but this one, looked at after each read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: its status, and its body as JSON; None where it is none."""

    status: int
    document: object


class KeyedTransport(httpx.BaseTransport):
    """Adds the key to each request on its way to the wire."""

    def __init__(self, key: str, wire: httpx.BaseTransport) -> None:
        """Take the `key`, sent as the parameter of that name, and what sends requests."""
        self._key = key
        self._wire = wire

    @override
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        keyed = httpx.Request(
            request.method,
            request.url.copy_add_param("key", self._key),
            headers=request.headers,
            extensions=request.extensions,
        )
        return self._wire.handle_request(keyed)

    @override
    def close(self) -> None:
        self._wire.close()


class Connection:
    """Connections to one provider, opened when they are needed and kept.

    No redirect is followed and no proxy of the environment is used: the key goes to this host only.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        clock: Clock,
        read_timeout_seconds: float = READ_TIMEOUT_SECONDS,
    ) -> None:
        """Name the host by its `base_url`, https but for tests; nothing is connected to yet."""
        for name in ("httpx", "httpcore"):
            # Their lines show what is asked for, which is somebody's address, and what comes back,
            # which may repeat the key.
            logging.getLogger(name).setLevel(logging.WARNING)
        self._base_url = base_url
        self._key = key
        self._clock = clock
        self._timeout = httpx.Timeout(read_timeout_seconds, connect=CONNECT_TIMEOUT_SECONDS)
        self._client: httpx.Client | None = None

    def get(self, path: str, parameters: Mapping[str, str]) -> Answer:
        """Send one GET and read its answer, whatever its status is.

        Raises:
            GeocoderUnavailableError: no answer, too late, or too long; its text names the kind of
                trouble only.
        """
        deadline = self._clock.monotonic() + WHOLE_CALL_SECONDS
        try:
            with self._open().stream("GET", path, params=parameters) as response:
                return Answer(response.status_code, _parsed(self._body(response, deadline)))
        except httpx.HTTPError as error:
            kind = type(error).__name__
        # Outside of the handler: the error of the library does not travel with ours.
        raise GeocoderUnavailableError(f"the geocoder did not answer ({kind})")

    def close(self) -> None:
        """Close what is open."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _open(self) -> httpx.Client:
        if self._client is None:
            self._client = httpx.Client(
                base_url=self._base_url,
                transport=KeyedTransport(self._key, httpx.HTTPTransport()),
                timeout=self._timeout,
                # Compressed bytes may become any number of others.
                headers={"Accept-Encoding": "identity", "Accept": "application/json"},
                follow_redirects=False,
                trust_env=False,
            )
        return self._client

    def _body(self, response: httpx.Response, deadline: float) -> bytes:
        body = bytearray()
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise GeocoderUnavailableError(
                    f"the geocoder's answer is longer than {MAX_BODY_BYTES:,} bytes"
                )
            if self._clock.monotonic() > deadline:
                raise GeocoderUnavailableError("the geocoder's answer trickled in too slowly")
        return bytes(body)


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
