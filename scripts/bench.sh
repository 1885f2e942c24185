#!/usr/bin/env bash
# What `make bench` needs beyond `make setup`: the peers that it measures.
#
#   bench.sh setup          install it; a peer that cannot be installed is left out of the race
#   bench.sh run COMMAND…   install it, then run a command with both servers: PostgreSQL, LocalStack
# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi; }

install_pgloader() {
  say "installing pgloader from the system's packages"
  if command -v apt-get >/dev/null 2>&1; then
    { as_root apt-get update -qq && as_root apt-get install -y -qq --no-install-recommends pgloader; } >"$ROOT/.local/apt.log" 2>&1 || true
  elif command -v brew >/dev/null 2>&1; then
    brew install --quiet pgloader || true
  fi
  command -v pgloader >/dev/null 2>&1 || say "pgloader could not be installed: it is left out (Debian, Ubuntu: apt-get install pgloader)"
}

# Neither uv nor a Python that is told not to write it leaves bytecode; without it most of a short
# process would be the compiling of its imports, of the product's and of the peers' alike.
compile_bytecode() {
  local python
  for python in "$ROOT/.venv/bin/python" "$ROOT/.local/tools/peers/bin/python"; do
    # What a package has that is no Python (templates, tests of syntax) fails, and is never imported.
    [ ! -x "$python" ] || "$python" -W ignore -m compileall -qq -j 0 "$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" || true
  done
  "$ROOT/.venv/bin/python" -m compileall -qq "$ROOT/layers/fleettickets/python" "$ROOT/tests/bench"
}

command_setup() {
  "$ROOT/scripts/tools.sh" install peers || say "the peers could not be installed: they are left out"
  command -v pgloader >/dev/null 2>&1 || install_pgloader
  compile_bytecode
}

command_run() {
  command_setup
  exec "$ROOT/scripts/localstack.sh" run "$ROOT/scripts/cluster.sh" run "$@"
}

case ${1:-} in
  setup) command_setup ;;
  run)
    shift
    command_run "$@"
    ;;
  *) fail "usage: bench.sh setup | run COMMAND…" ;;
esac
