#!/usr/bin/env bash
# Everything that CI runs, a stage at a time; stops at the first that fails and names it.
#
#   check.sh              all stages
#   check.sh STAGE…       some: lock format ruff page types sqlfluff squawk shell template schema
#                         tests coverage newcomer
# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=scripts/lib/uv.sh
. "$ROOT/scripts/lib/uv.sh"

readonly ALL_STAGES="lock format ruff page types sqlfluff squawk shell template schema tests coverage newcomer"
readonly LOGS=$ROOT/.local/check
readonly BIN=$ROOT/.venv/bin

stage_lock() {
  local uv
  uv=$(find_uv) || fail "uv is not installed: run \`make setup\`"
  "$uv" lock --check --offline --quiet || fail "uv.lock does not fit pyproject.toml: run \`uv lock\`"
}
stage_format() { "$BIN/ruff" format --check . || fail "run \`make format\`"; }
stage_ruff() { "$BIN/ruff" check --quiet .; }
# The page's scripts as the browser gets them, as one: each may use what those before it define.
stage_page() {
  local script=$LOGS/page.js
  "$BIN/python" -c 'from fleettickets.preview.pages import page_script; print(page_script())' >"$script"
  "$BIN/oxlint" --config .oxlintrc.json --deny-warnings --no-ignore "$script" scripts/vendor/outline.mjs
}
stage_types() { "$BIN/pyright" --warnings; }
stage_sqlfluff() { "$BIN/sqlfluff" lint --processes 0 --disable-progress-bar sql; }
stage_squawk() { "$BIN/squawk" sql/migrations/*.sql; }
stage_shell() {
  if command -v shellcheck >/dev/null 2>&1; then
    shellcheck --external-sources --source-path="$ROOT" .ci/run scripts/*.sh scripts/lib/*.sh
  else
    local file
    for file in .ci/run scripts/*.sh scripts/lib/*.sh; do bash -n "$file"; done
    say "shellcheck is not installed: only the syntax was checked"
  fi
}
# First as SAM reads it, then what AWS makes of it, which says what the short form leaves to SAM.
stage_template() {
  local translated=$LOGS/template.json
  scripts/build.sh lock-check
  scripts/tools.sh run sam sam validate --lint --template template.yaml --region us-east-1
  AWS_DEFAULT_REGION=us-east-1 scripts/tools.sh run sam python scripts/translate.py template.yaml >"$translated"
  scripts/tools.sh run sam cfn-lint "$translated"
  scripts/tools.sh run checkov checkov --config-file .checkov.yaml --file "$translated"
}
stage_schema() { scripts/schema.sh check; }
stage_tests() {
  mkdir -p .local/coverage
  HYPOTHESIS_PROFILE=${HYPOTHESIS_PROFILE:-ci} scripts/test.sh \
    --cov --cov-report= --cov-fail-under=0 --durations=10 | tee "$LOGS/tests.log"
}
stage_coverage() {
  "$BIN/coverage" report --format=total --fail-under=0 | sed 's/^/all code, percent: /'
  "$BIN/coverage" report >"$LOGS/coverage.txt" || { cat "$LOGS/coverage.txt" && return 1; }
  say "core, where every branch must be covered:"
  "$BIN/coverage" report --include='*/fleettickets/core/*' --fail-under=100
}
# The README's commands in a copy of the checkout, from nothing to the demo's page and away again.
stage_newcomer() { scripts/newcomer.sh; }

TIMES=
run_stage() {
  local started=$SECONDS
  printf '\n--- %s\n' "$1"
  # In a shell of its own: inside an `if`, errexit would be off.
  set +e
  (
    set -e
    "stage_$1"
  )
  local status=$?
  set -e
  TIMES="$TIMES$(printf '%-10s %4d s' "$1" $((SECONDS - started)))"$'\n'
  [ "$status" -eq 0 ] || { summarise && fail "make check failed at stage: $1"; }
}

summarise() { printf '\n--- seconds per stage\n%s%-10s %4d s\n' "$TIMES" all "$SECONDS"; }

needs_database() { case " $* " in *" schema "* | *" tests "*) ;; *) return 1 ;; esac; }

main() {
  local stage
  cd "$ROOT"
  # One server for all stages that need one.
  if needs_database "$@" && [ -z "${CHECK_HAS_DATABASE:-}" ]; then
    CHECK_HAS_DATABASE=yes exec scripts/cluster.sh --test run scripts/check.sh "$@"
  fi
  mkdir -p "$LOGS"
  for stage in "$@"; do run_stage "$stage"; done
  summarise
  # Last, for whoever reads the end of a log: how pytest closed.
  case " $* " in *" tests "*) tail -n 1 "$LOGS/tests.log" ;; esac
}

# shellcheck disable=SC2086 # a list of words
[ $# -gt 0 ] || set -- $ALL_STAGES
main "$@"
