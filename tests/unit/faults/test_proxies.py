"""The proxy before the store: it passes everything on, and in a bad time fails as it was told."""

from collections.abc import Generator

import boto3
import pytest
from botocore.client import Config
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from tests.faults.proxies import STORE_FAULTS, StoreFault, StoreProxy, running_proxy
from tests.support.scripted_stores import Answer, ScriptedStore, running_scripted_store

BODY = b"ticket_id\nINC1\n" * 100


@pytest.fixture
def store() -> Generator[ScriptedStore]:
    """A store that answers as it is told."""
    with running_scripted_store() as store:
        store.script(Answer.found(BODY, "e" * 32))
        yield store


def read_through(proxy: StoreProxy) -> bytes:
    """Read an object through the proxy, once."""
    client = boto3.client(
        "s3",
        endpoint_url=proxy.url,
        region_name="us-east-1",
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )
    try:
        return client.get_object(Bucket="tickets", Key="a")["Body"].read()
    finally:
        client.close()


def test_request_is_passed_on(store: ScriptedStore) -> None:
    """Without trouble the client notices nothing."""
    with running_proxy(store.endpoint_url) as proxy:
        assert read_through(proxy) == BODY
    assert (proxy.passed, proxy.met.total()) == (1, 0)


@pytest.mark.parametrize("fault", [fault for fault in STORE_FAULTS if fault != "slow store"])
def test_bad_time_is_felt_and_ends(store: ScriptedStore, fault: StoreFault) -> None:
    """The client sees an error, never a short body; healed, it reads as before."""
    with running_proxy(store.endpoint_url) as proxy:
        proxy.trouble(fault, 60.0, seed=2)
        while not proxy.met:
            try:
                seen = read_through(proxy)
            except (BotoCoreError, ClientError, HTTPError):
                seen = b""
            assert seen in {b"", BODY}
        reached = len(store.requests)
        proxy.heal()

        assert read_through(proxy) == BODY
    assert proxy.met == {fault: 1}
    assert len(store.requests) == reached + 1
    assert reached == proxy.passed - 1 + (fault != "store errors")
