#!/usr/bin/env bash
# Tools whose own dependencies do not fit the project's: each in a virtual environment of its own.
#
#   tools.sh run NAME COMMAND…   run a command of the environment NAME; installs it first if need be
#   tools.sh install [NAME…]     only install; all of them if none is named
#   tools.sh lock                write scripts/tools/NAME.txt anew from NAME.in, in today's versions
#
# NAME is sam (SAM, cfn-lint) or checkov. They go to .local/tools.
# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=scripts/lib/uv.sh
. "$ROOT/scripts/lib/uv.sh"

readonly LOCKS=$ROOT/scripts/tools
readonly TOOLS=$ROOT/.local/tools
readonly STATE=$TOOLS
# shellcheck source=scripts/lib/locks.sh
. "$ROOT/scripts/lib/locks.sh"

unset VIRTUAL_ENV UV_PROJECT_ENVIRONMENT UV_PYTHON
export SAM_CLI_TELEMETRY=0 # nobody is told of what is run here

run_uv() {
  local found
  found=$(find_uv) || fail "uv is not installed: run \`make setup\`"
  "$found" "$@"
}

# The place too, since virtual environments name it.
fingerprint() { { printf '%s\n' "$TOOLS" && cat "$LOCKS/$1.txt"; } | cksum; }

is_installed() { [ "$(cat "$TOOLS/$1/installed" 2>/dev/null)" = "$(fingerprint "$1")" ]; }

# Call with the lock held.
install() {
  ! is_installed "$1" || return 0
  [ -f "$LOCKS/$1.txt" ] || fail "no such tool: $1"
  say "installing $1 into .local/tools"
  {
    run_uv venv --quiet --clear --python "$ROOT/.venv/bin/python" "$TOOLS/$1" &&
      run_uv pip install --quiet --python "$TOOLS/$1/bin/python" --require-hashes --requirements "$LOCKS/$1.txt"
  } || fail "$1 could not be installed"
  fingerprint "$1" >"$TOOLS/$1/installed"
}

install_all() {
  local name
  for name in "$@"; do install "$name"; done
}

command_install() {
  # shellcheck disable=SC2046 # names without spaces
  [ $# -gt 0 ] || set -- $(tool_names)
  with_lock install_all "$@"
}

command_run() {
  local name=$1
  shift
  is_installed "$name" || ("$0" install "$name")
  PATH=$TOOLS/$name/bin:$PATH exec "$@"
}

command_lock() {
  local name
  for name in $(tool_names); do
    run_uv pip compile --quiet --universal --python-version 3.13 --generate-hashes --no-header --no-annotate \
      "$LOCKS/$name.in" --output-file "$LOCKS/$name.txt"
  done
}

tool_names() { for file in "$LOCKS"/*.in; do basename "$file" .in; done; }

case ${1:-} in
  run)
    [ $# -gt 2 ] || fail "tools.sh run: give the tool and a command"
    shift
    command_run "$@"
    ;;
  install | lock)
    verb=$1
    shift
    "command_$verb" "$@"
    ;;
  *) fail "usage: tools.sh run NAME COMMAND… | install [NAME…] | lock" ;;
esac
