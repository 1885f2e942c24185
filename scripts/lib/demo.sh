# shellcheck shell=bash
# What both demos share: whose database they may fill, and the stream that they fill it with.

# A test has its own of both, and a shorter stream.
readonly KEPT=${DEMO_DIRECTORY:-$ROOT/.local}
readonly STREAM=${DEMO_STREAM:---tickets 2000 --days 21}
readonly FEED=$KEPT/demo
readonly PAGE=$KEPT/page
readonly FILLED=$KEPT/demo.database # remembers which DATABASE_URL a demo has filled

step() { printf '\n== %s\n' "$*"; }

ask() { "$ROOT/scripts/cluster.sh" psql -X -q -tA -c "$1"; }

fleettickets() { "$ROOT/scripts/cluster.sh" run "$ROOT/.venv/bin/fleettickets" "$@"; }

use_demo_database() {
  local override
  "$ROOT/scripts/cluster.sh" start
  override=$(overriding_url)
  [ -z "$override" ] || refuse_foreign_database "$override"
}

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

# A migrated database that is empty gets a new stream, a filled one keeps the one it is filled with.
make_stream() {
  if [ "$(ask 'select count(*) from tickets.import_files')" -eq 0 ]; then
    rm -rf "$FEED"
    # shellcheck disable=SC2086 # a list of words
    fleettickets sample-feed "$FEED" $STREAM --seed 1 | sed '/^Next:/d'
  elif [ ! -d "$FEED" ]; then
    fail "the database holds other files than the demo's: \`make db-destroy\` deletes them"
  else
    say "is in .local/demo already (\`make db-destroy\` and \`make demo\` make a new one)"
  fi
}

# One file to open in a browser: no server, no network.
write_page() { fleettickets preview --out "$PAGE"; }
