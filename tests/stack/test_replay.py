"""The real stream of a month, put into the deployed bucket in random order."""

import random
from pathlib import Path

from tests.support.applications import Application
from tests.support.replays import final_state, unpack_replay


def test_real_stream_in_random_order(application: Application, tmp_path: Path) -> None:
    """It ends with the expected state of each ticket, applied by the deployed functions."""
    replay = unpack_replay(tmp_path)
    for file in random.Random(3).sample(replay.files, len(replay.files)):
        application.put(file.stem, file.read_bytes())

    application.await_settled([file.stem for file in replay.files])

    assert final_state(application.connection) == replay.expected
    assert application.names("changes") == []
    assert application.dead_doorbells() == 0
