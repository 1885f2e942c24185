#!/usr/bin/env bash
# Runs pytest on all tests, with a worker a core, on the private cluster or on DATABASE_URL.
# Arguments go to pytest: test.sh -k late, test.sh tests/unit.
# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

cd "$ROOT"
exec scripts/cluster.sh --test run .venv/bin/python -m pytest --numprocesses=auto "$@"
