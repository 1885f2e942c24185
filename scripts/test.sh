#!/usr/bin/env bash
# Runs pytest on all tests, with a worker a core, on the private cluster or on DATABASE_URL, and on
# LocalStack, which is started with the first test that needs it.
# Arguments go to pytest: test.sh -k late, test.sh tests/unit.
# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

# Whether the tests of the deployed stack may be among those asked for: where no path says otherwise.
may_need_localstack() {
  local argument named=no
  for argument in "$@"; do
    [ -e "${argument%%::*}" ] || continue
    named=yes
    case $argument/ in tests/ | tests/stack/* | ./ | "$ROOT"/*) return 0 ;; esac
  done
  [ "$named" = no ]
}

cd "$ROOT"
if may_need_localstack "$@"; then scripts/localstack.sh install; fi
exec scripts/cluster.sh --test run .venv/bin/python -m pytest --numprocesses=auto "$@"
