"""`make chaos`: rounds of seeded trouble on the deployed stack, ten minutes of them.

Each round's seed is printed before it begins. When one fails it says how to play it again: the same
seed gives the same puts and the same troubles at the same times.
"""

import argparse
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from tests.faults.rounds import Round
from tests.faults.servers import a_server_for_faults
from tests.faults.stages import Stage, a_stage
from tests.support.localstack import ROOT, use_localstack

BOUND_SECONDS = 600.0
ROUND_SECONDS = 60.0
REST_SECONDS = 60.0  # what a round takes after its plan, about


def main() -> int:
    """Play rounds until the time is over; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, help="play this seed's round alone")
    parser.add_argument("--first", type=int, help="the first of the seeds (default: a random one)")
    parser.add_argument("--seconds", type=float, default=BOUND_SECONDS, help="stop after these")
    parser.add_argument("--round", type=float, default=ROUND_SECONDS, help="of a round's plan")
    given = parser.parse_args()
    started = time.monotonic()
    with (
        a_server_for_faults() as server_url,
        use_localstack() as localstack,
        a_stage(localstack, server_url, build()) as stage,
    ):
        if given.seed is not None:
            return _play_all(stage, [given.seed], given.round, started + given.seconds)
        first = random.SystemRandom().randrange(10**6) if given.first is None else given.first
        return _play_all(stage, range(first, first + 1000), given.round, started + given.seconds)


def build() -> Path:
    """Build the template for this machine and return it."""
    subprocess.run([ROOT / "scripts" / "build.sh", "host"], stdout=subprocess.DEVNULL, check=True)
    return ROOT / ".aws-sam" / "host" / "template.yaml"


def _play_all(stage: Stage, seeds: list[int] | range, seconds: float, deadline: float) -> int:
    totals, played = Counter[str](), list[int]()
    for seed in seeds:
        if played and time.monotonic() + seconds + REST_SECONDS > deadline:
            break
        started = time.monotonic()
        sys.stdout.write(f"seed {seed} … ")
        sys.stdout.flush()
        try:
            round_played = stage.play(seed, seconds)
        except BaseException as error:
            _write(f"FAILED: {error}")
            _write(f'play it again: make chaos ARGS="--seed {seed} --round {seconds:g}"')
            raise
        _write(f"{describe(round_played)}, {time.monotonic() - started:.0f} s, nothing lost")
        totals += round_played.happened
        played.append(seed)
    _write("")
    for name, number in sorted(totals.items()):
        _write(f"{name:50} {number:7,}")
    _write(f"\nseeds {played[0]} to {played[-1]}: {len(played)} rounds, 0 losses")
    return 0


def describe(played: Round) -> str:
    """Say in one line what a round was."""
    puts = len(played.plan.puts)
    return f"{puts} puts, {sum(played.happened.values()) - puts} other events"


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
