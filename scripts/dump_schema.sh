#!/usr/bin/env bash
# Writes the schema of a migrated database as text that only changes when the schema does.
#
#   dump_schema.sh DATABASE_URL FILE
# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

[ $# -eq 2 ] || fail "usage: dump_schema.sh DATABASE_URL FILE"

# Versions of server and client, and what a newer client adds, are not part of the schema.
without_versions() {
  sed -E \
    -e '/^-- Dumped (from|by) /d' \
    -e '/^\\(un)?restrict /d' \
    -e '/^SET transaction_timeout /d' \
    -e '/^--$/d' |
    cat -s
}

unfinished=$2.new
trap 'rm -f "$unfinished"' EXIT
{
  echo "-- Generated from sql/migrations by \`make schema\`: do not edit."
  pg_dump --schema-only --no-owner \
    --schema=tickets --schema=reporting --schema=scratch --dbname="$1" | without_versions
} >"$unfinished"
mv "$unfinished" "$2"
