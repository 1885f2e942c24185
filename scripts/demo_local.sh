#!/usr/bin/env bash
# Shows the ingest without AWS: a database, its schema, a made-up change stream in a directory, the
# tickets that the command line makes of it.
#
# May be repeated: what was ingested is not ingested again. An emptied database gets a new stream.
# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=scripts/lib/demo.sh
. "$ROOT/scripts/lib/demo.sh"

cd "$ROOT"
step "Database"
use_demo_database
fleettickets migrate --apply

step "A made-up change stream"
make_stream

step "Ingest"
fleettickets ingest --from-dir "$FEED" --apply

step "Places, from the gazetteer"
fleettickets geocode --clusters --apply
fleettickets geocode --locations --apply

step "The tickets"
fleettickets demo-report

step "The page"
write_page

step "Where to look next"
cat <<'LOOK'
  make status    watermark, pending and held files, the last files with their counts
  make psql      select * from tickets.inc limit 5;  select reporting.fn_inc_dashboard();
  make test      all tests
  make db-stop   stop the database, which now runs in the background
LOOK
