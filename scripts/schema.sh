#!/usr/bin/env bash
# Keeps sql/schema.sql equal to what the migrations build: `schema.sh write`, `schema.sh check`.
# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=scripts/lib/postgres.sh
. "$ROOT/scripts/lib/postgres.sh"

readonly RECORDED=$ROOT/sql/schema.sql
readonly REBUILT=$ROOT/.local/check/schema.sql
readonly RECORDED_WITH=15 # pg_dump of another major version words some things differently

# Migrates a database of its own and writes its schema to the file given.
dump() {
  scripts/cluster.sh --test run .venv/bin/python - "$1" <<'EOF'
import os, subprocess, sys
from tests.support.postgres import DatabaseServer

with DatabaseServer(os.environ["DATABASE_URL"]) as server, server.migrated_database() as url:
    subprocess.run(["scripts/dump_schema.sh", url, sys.argv[1]], check=True)
EOF
}

check() {
  mkdir -p "${REBUILT%/*}"
  dump "$REBUILT"
  if diff -u "$RECORDED" "$REBUILT" >&2; then return 0; fi
  local installed
  installed=$(postgres_major "$(find_postgres '')")
  [ "$installed" = "$RECORDED_WITH" ] ||
    say "sql/schema.sql was written with PostgreSQL $RECORDED_WITH, and this is $installed: it may be only wording"
  fail "sql/schema.sql is not what the migrations build: run \`make schema\`"
}

cd "$ROOT"
case ${1:-} in
  write) dump "$RECORDED" ;;
  check) check ;;
  *) fail "usage: schema.sh write | check" ;;
esac
