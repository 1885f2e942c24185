#!/usr/bin/env bash
# Shows the whole way once: a database, its schema, a made-up change stream, the tickets.
#
# May be repeated: what was ingested is not ingested again. An emptied database gets a new stream.
# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

readonly FEED=$ROOT/.local/demo
readonly FILLED=$ROOT/.local/demo.database # remembers which DATABASE_URL a demo has filled
readonly FLEETTICKETS=$ROOT/.venv/bin/fleettickets

step() { printf '\n== %s\n' "$*"; }

ask() { "$ROOT/scripts/cluster.sh" psql -X -q -tA -c "$1"; }

# Somebody's own database is no place for made-up tickets: an empty one is, and one that a demo filled.
refuse_foreign_database() {
  local fingerprint
  fingerprint=$(printf '%s' "$1" | cksum)
  [ "$(cat "$FILLED" 2>/dev/null)" != "$fingerprint" ] || return 0
  [ -z "$(ask "select to_regclass('tickets.inc')")" ] ||
    fail "DATABASE_URL names a database that has tickets: the demo goes into an empty one (or unset DATABASE_URL)"
  mkdir -p "${FILLED%/*}"
  printf '%s' "$fingerprint" >"$FILLED"
}

cd "$ROOT"
step "Database"
scripts/cluster.sh start
override=$(overriding_url)
[ -z "$override" ] || refuse_foreign_database "$override"
DATABASE_URL=$(scripts/cluster.sh url)
export DATABASE_URL
"$FLEETTICKETS" migrate --apply
"$FLEETTICKETS" demo-points --apply

step "A made-up change stream"
if [ "$(ask 'select count(*) from tickets.import_files')" -eq 0 ]; then
  rm -rf "$FEED"
  "$FLEETTICKETS" sample-feed "$FEED" --tickets 2000 --days 21 --seed 1
elif [ ! -d "$FEED" ]; then
  fail "the database holds other files than the demo's: \`make db-destroy\` deletes them"
else
  say "is in .local/demo already (\`make db-destroy\` and \`make demo\` make a new one)"
fi

step "Ingest"
"$FLEETTICKETS" ingest --from-dir "$FEED" --apply

step "The tickets"
"$FLEETTICKETS" demo-report

step "Where to look next"
cat <<'EOF'
  make status    watermark, pending and held files, the last files with their counts
  make psql      select * from tickets.inc limit 5;  select reporting.fn_inc_dashboard();
  make test      all tests
EOF
[ -n "$override" ] || echo "  make db-stop   stop the database, which now runs in the background"
