"""Event source mappings: a queue that was empty is looked at again soon, as by AWS's long polls."""

# pyright: reportMissingImports=false

from typing import Any

from localstack.services.lambda_.event_source_mapping import esm_worker


def poll_eagerly() -> None:
    """Let the first pause after the last message be no longer than the longest that is set."""
    stock = esm_worker.ExponentialBackoff

    def capped(*, initial_interval: float, max_interval: float, **kwargs: Any) -> Any:
        return stock(
            initial_interval=min(initial_interval, max_interval),
            max_interval=max_interval,
            **kwargs,
        )

    esm_worker.ExponentialBackoff = capped
