#!/usr/bin/env bash
# Does what the README tells a newcomer to do, in a copy of this checkout in which nothing is installed
# yet: it disturbs neither this checkout's database and LocalStack nor tests that run beside it.
#
# Everything that it starts is stopped and deleted at the end, whatever that is.
# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

COPY=
LOG=
readonly QUESTION="select count(*) from tickets.inc"

# The files that are or would be committed, as they are now.
copy_checkout() {
  git -C "$ROOT" ls-files -z --cached --others --exclude-standard |
    (cd "$ROOT" && xargs -0 -r -n 1 sh -c '[ ! -e "$0" ] || printf "%s\0" "$0"') |
    tar -C "$ROOT" --null --files-from=- -cf - | tar -C "$COPY" -xf -
}

forget_other_servers() {
  unset DATABASE_URL AWS_ENDPOINT_URL CHECK_HAS_DATABASE DEMO_DIRECTORY SAMCONFIG FLEETTICKETS_BUILDS
  unset TICKETS_BUCKET TICKETS_PREFIX MAKEFLAGS MAKELEVEL MFLAGS
}

# Runs a command in the copy and says how long it took; what it printed is shown when it fails.
try() {
  local started=$SECONDS
  "$@" </dev/null >"$LOG" 2>&1 || {
    cat "$LOG" >&2
    fail "as a newcomer: $* failed"
  }
  printf '  %-60s %4d s\n' "$*" $((SECONDS - started))
}

# What the command before it printed has to have this.
expect() { grep -qF -- "$1" "$LOG" || { cat "$LOG" >&2 && fail "as a newcomer: \"$1\" was not printed"; }; }

leave() {
  local status=$?
  cd "$ROOT"
  make --no-print-directory -C "$COPY" clean >/dev/null 2>&1 || true
  rm -rf "$COPY" "$LOG"
  return "$status"
}

follow_readme() {
  try make
  expect "make demo "
  try make demo
  expect "What the Tickets map gets"
  expect "Next: open file://"
  try test -s .local/page/index.html
  try make status
  expect "watermark"
  try make status STAGE=localstack
  try make logs
  expect "$(newest_stamp)"
  try make logs-file KEY="$(newest_stamp)"
  try make run ARGS="status --files 1"
  try make migrate
  try make psql ARGS="-c '$QUESTION'"
  try make preview
  try make reseed STAGE=localstack
  expect "plan"
  try make db
  expect "postgresql://"
  try make schema
  try diff sql/schema.sql "$ROOT/sql/schema.sql"
  try make demo-local
  expect "Next: open file://"
  try make demo-stop
  try make db-stop
}

newest_stamp() {
  local files=(.local/demo/automations/inc/*/*.csv)
  basename "${files[-1]}" .csv
}

main() {
  forget_other_servers
  COPY=$(mktemp -d "${TMPDIR:-/tmp}/fleettickets-newcomer.XXXXXX")
  LOG=$(mktemp)
  trap leave EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  copy_checkout
  cd "$COPY"
  # Enough to see every state; a newcomer's own demo has ten times as many.
  export DEMO_STREAM="--tickets 200 --days 3"
  follow_readme
}

main
