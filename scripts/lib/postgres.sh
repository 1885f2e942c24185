# shellcheck shell=bash
# Finds a PostgreSQL (15 or later, with PostGIS) among what the machine has installed.

readonly OLDEST_POSTGRES=15

# Directories that may hold the programs, one a line; a pattern that matches nothing is passed over.
postgres_bin_candidates() {
  local directory
  for directory in \
    /usr/lib/postgresql/*/bin \
    /usr/pgsql-*/bin \
    /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin \
    /opt/homebrew/opt/postgresql/bin /usr/local/opt/postgresql/bin \
    /Applications/Postgres.app/Contents/Versions/*/bin; do
    [ -x "$directory/initdb" ] && printf '%s\n' "$directory"
  done
  if command -v pg_config >/dev/null 2>&1; then
    directory=$(pg_config --bindir 2>/dev/null || true)
    [ -n "$directory" ] && [ -x "$directory/initdb" ] && printf '%s\n' "$directory"
  fi
  return 0
}

postgres_major() { "$1/postgres" --version 2>/dev/null | sed -n -E 's/^[^0-9]*([0-9]+).*/\1/p'; }

has_postgis() {
  local major=$1 directory=$2 shared
  shared=$("$directory/pg_config" --sharedir 2>/dev/null || true)
  [ -f "${shared:-/usr/share/postgresql/$major}/extension/postgis.control" ]
}

# Prints "<major> <directory>" of each usable installation, the newest first.
usable_postgres() {
  local directory major
  postgres_bin_candidates | while IFS= read -r directory; do
    major=$(postgres_major "$directory")
    [ "${major:-0}" -ge "$OLDEST_POSTGRES" ] || continue
    has_postgis "$major" "$directory" && printf '%s %s\n' "$major" "$directory"
  done | sort -rn
}

# Prints the directory of the newest usable installation, or of the given major version.
find_postgres() {
  local wanted=${1:-} found
  found=$(usable_postgres | { [ -z "$wanted" ] && cat || grep "^$wanted " || true; } | head -n 1)
  [ -n "$found" ] || return 1
  printf '%s' "${found#* }"
}
