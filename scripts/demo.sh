#!/usr/bin/env bash
# Shows the whole way once, as it runs on AWS: the template deployed to LocalStack, a made-up change
# stream put into its bucket, and the tickets that the deployed functions made of it.
#
#   demo.sh start   may be repeated: what was ingested is not ingested again
#   demo.sh stop    stop what it left running
# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=scripts/lib/demo.sh
. "$ROOT/scripts/lib/demo.sh"

readonly STACK=fleettickets-localstack # of the stage `localstack` in samconfig.toml
readonly OUTPUTS=$ROOT/.local/demo.outputs

command_start() {
  step "Database"
  use_demo_database

  step "The application, deployed to LocalStack"
  scripts/deploy.sh deploy localstack >"$OUTPUTS" || { cat "$OUTPUTS" >&2 && return 1; }
  grep -E '^(Source|.*FunctionName) ' "$OUTPUTS"
  # A deployment migrates only for a new package, and the database may be newer than the stack.
  scripts/deploy.sh migrate localstack --apply >>"$OUTPUTS"

  step "A made-up change stream"
  make_stream

  step "The stream goes into the bucket"
  scripts/localstack.sh run .venv/bin/python scripts/demo_stream.py "$STACK" "$FEED"

  step "The tickets"
  fleettickets demo-report

  step "The page"
  write_page

  step "Where to look next"
  cat <<'LOOK'
  make logs        what the functions logged, a line a file
  make status      watermark, pending and held files, the last files with their counts
  make psql        select * from tickets.inc limit 5;  select reporting.fn_inc_dashboard();
  make demo-stop   stop LocalStack and the database, which now run in the background
LOOK
}

command_stop() {
  scripts/localstack.sh stop
  scripts/cluster.sh stop
}

cd "$ROOT"
case ${1:-} in
  start | stop) "command_$1" ;;
  *) fail "usage: demo.sh start | stop" ;;
esac
