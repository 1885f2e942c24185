# shellcheck shell=bash
# What every script here starts with: strict mode, the checkout's root, and how to speak.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
export ROOT

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "error: $*"
  exit 1
}

# A process is alive even if it belongs to someone whom we may not signal.
is_alive() { [ -d "/proc/$1" ] || kill -0 "$1" 2>/dev/null; }

command_line_of() {
  if [ -r "/proc/$1/cmdline" ]; then
    tr '\0' ' ' <"/proc/$1/cmdline"
  else
    ps -ww -o args= -p "$1" 2>/dev/null
  fi
}

# The database that the environment or .env names instead of the private cluster; nothing if neither.
overriding_url() {
  if [ -n "${DATABASE_URL:-}" ]; then
    printf '%s' "$DATABASE_URL"
  elif [ -f "$ROOT/.env" ]; then
    sed -n -E \
      -e 's/^[[:space:]]*(export[[:space:]]+)?DATABASE_URL[[:space:]]*=[[:space:]]*//' -e 't found' -e d \
      -e ':found' -e 's/[[:space:]]+$//' -e 's/^"(.*)"$/\1/' -e "s/^'(.*)'\$/\\1/" -e p \
      "$ROOT/.env" | tail -n 1
  fi
}
