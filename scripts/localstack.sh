#!/usr/bin/env bash
# LocalStack of this checkout, without Docker: AWS's services on 127.0.0.1, for demo and tests.
#
#   localstack.sh start         install it if need be, start it; it then runs until `stop`
#   localstack.sh stop          stop it and the functions that run in it; what was deployed is gone
#   localstack.sh status        say whether and where it runs; fails when it does not
#   localstack.sh url           print its endpoint; fails when it does not run
#   localstack.sh run COMMAND…  run a command with AWS_ENDPOINT_URL and credentials set; a LocalStack
#                               that had to be started for it is stopped with the last such command
#   localstack.sh install       only install it
#
# Everything is in .localstack: two virtual environments (the server's, and one that stands for the
# Lambda runtime), what the server writes, its log, pid and port. Our plugin, which runs functions
# as child processes, is in tests/stack/localstack; docs/localstack.md says what differs from AWS.
# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=scripts/lib/uv.sh
. "$ROOT/scripts/lib/uv.sh"

readonly STATE=$ROOT/.localstack
# shellcheck source=scripts/lib/locks.sh
. "$ROOT/scripts/lib/locks.sh"

readonly PLUGIN=$ROOT/tests/stack/localstack
readonly SERVER_PYTHON=$STATE/server/bin/python
readonly FUNCTIONS_PYTHON=$STATE/functions/bin/python
readonly LOG=$STATE/localstack.log
readonly START_TIMEOUT_SECONDS=90
readonly STOP_TIMEOUT_SECONDS=20

# --- installation -------------------------------------------------------------------------------

# What the installation depends on; the place too, since virtual environments name it.
fingerprint() {
  { printf '%s\n' "$ROOT" && "$ROOT/.venv/bin/python" -VV &&
    cat "$PLUGIN/constraints.txt" "$PLUGIN/functions.txt" "$PLUGIN/pyproject.toml"; } | cksum
}

is_installed() {
  [ -x "$SERVER_PYTHON" ] && [ -x "$FUNCTIONS_PYTHON" ] &&
    [ "$(cat "$STATE/installed" 2>/dev/null)" = "$(fingerprint)" ]
}

install() {
  local uv
  [ -x "$ROOT/.venv/bin/python" ] || fail "the Python packages are not installed: run \`make setup\`"
  is_installed && return 0
  uv=$(find_uv) || fail "uv is not installed: run \`make setup\`"
  say "installing LocalStack into .localstack"
  stop_server # it would lose its files
  rm -rf "$STATE/installed" "$STATE/cache"
  unset VIRTUAL_ENV UV_PROJECT_ENVIRONMENT UV_PYTHON
  (
    cd "$PLUGIN"
    "$uv" venv --quiet --clear --python "$ROOT/.venv/bin/python" "$STATE/server"
    "$uv" venv --quiet --clear --python "$ROOT/.venv/bin/python" "$STATE/functions"
    "$uv" pip install --quiet --python "$FUNCTIONS_PYTHON" --requirements functions.txt
    "$uv" pip install --quiet --python "$SERVER_PYTHON" --constraints constraints.txt --editable .
  ) || fail "LocalStack could not be installed"
  fingerprint >"$STATE/installed"
}

# --- the server ---------------------------------------------------------------------------------

port() { cat "$STATE/port" 2>/dev/null; }

url() { printf 'http://127.0.0.1:%s' "$(port)"; }

# The pid of our server; fails when the file is missing or stale.
server_pid() {
  local pid arguments
  pid=$(cat "$STATE/pid" 2>/dev/null) && [ -n "$pid" ] || return 1
  arguments=$(command_line_of "$pid") || return 1
  case $arguments in
    *"$SERVER_PYTHON"*) printf '%s' "$pid" ;;
    *) return 1 ;;
  esac
}

answers() {
  local line
  {
    exec 3<>"/dev/tcp/127.0.0.1/$(port)" &&
      printf 'GET /_localstack/health HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' >&3 &&
      read -r -t 5 line <&3
  } 2>/dev/null || line=
  { exec 3>&-; } 2>/dev/null || true
  case $line in *' 200'*) ;; *) return 1 ;; esac
}

is_running() { server_pid >/dev/null && answers; }

port_is_taken() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Keeps the remembered port while it is free; the first one comes from the checkout's path.
choose_port() {
  local candidate
  candidate=$(port || echo $((24566 + $(printf '%s' "$ROOT" | cksum | cut -d ' ' -f 1) % 5000)))
  while port_is_taken "$candidate"; do candidate=$((candidate + 1)); done
  echo "$candidate" >"$STATE/port"
}

# The settings of LocalStack itself; https://docs.localstack.cloud/references/configuration has them.
set_environment() {
  local address
  address=127.0.0.1:$(port)
  unset AWS_PROFILE AWS_ENDPOINT_URL AWS_SESSION_TOKEN LOCALSTACK_AUTH_TOKEN
  export NO_PROXY="127.0.0.1,localhost${NO_PROXY:+,$NO_PROXY}"
  export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
  export DISABLE_EVENTS=1 SKIP_SSL_CERT_DOWNLOAD=1 DNS_ADDRESS=0 USE_SSL=0 # nothing leaves the machine
  export GATEWAY_LISTEN=$address LOCALSTACK_HOST=$address
  export FILESYSTEM_ROOT=$STATE/files XDG_CACHE_HOME=$STATE/cache TMPDIR=$STATE/tmp
  export SQS_ENDPOINT_STRATEGY=path # else queue URLs name a host that does not resolve
  export LAMBDA_RUNTIME_EXECUTOR=process
  export PROCESS_EXECUTOR_PYTHON=$FUNCTIONS_PYTHON PROCESS_EXECUTOR_DIRECTORY=$STATE/sandboxes
  export LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC=0.02 # stock: one batch a second
  export LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_EMPTY_POLL_SEC=0.2
  export SQS_CLOUDWATCH_METRICS_REPORT_INTERVAL=1 ALARM_MINUTE_SECONDS=2 # an alarm goes in seconds
  export LAMBDA_RETRY_BASE_DELAY=1 # of asynchronous invocations; AWS waits a minute
}

launch() {
  rm -rf "$STATE/files" "$STATE/tmp" "$STATE/sandboxes"
  mkdir -p "$STATE/files" "$STATE/tmp" "$STATE/sandboxes"
  choose_port
  (
    set_environment
    # In a session of its own, so that a Ctrl-C here does not end it.
    exec "$SERVER_PYTHON" -c 'import os, sys; os.setsid(); os.execv(sys.argv[1], sys.argv[1:])' \
      "$SERVER_PYTHON" -m localstack.runtime.main </dev/null >"$LOG" 2>&1
  ) &
  echo $! >"$STATE/pid"
}

await_health() {
  local deadline=$((SECONDS + START_TIMEOUT_SECONDS))
  until is_running; do
    is_alive "$(cat "$STATE/pid")" || return 1
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.1
  done
}

# Call with the lock held.
start_server() {
  install
  ! is_running || return 0
  stop_server
  launch
  await_health && return 0
  tail -n 20 "$LOG" >&2 || true
  stop_server
  fail "LocalStack did not start; its log is $LOG"
}

# Call with the lock held.
stop_server() {
  local pid
  rm -f "$STATE/transient"
  if pid=$(server_pid); then
    kill "$pid" 2>/dev/null || true
    await_end "$pid" || kill -9 "$pid" 2>/dev/null || true
    await_end "$pid" || fail "LocalStack (process $pid) does not end"
  fi
  kill_functions
  rm -f "$STATE/pid"
}

await_end() {
  local deadline=$((SECONDS + STOP_TIMEOUT_SECONDS))
  while server_pid >/dev/null; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.1
  done
}

# Ends functions that a killed server has left at their work.
kill_functions() {
  local file pid
  for file in "$STATE"/sandboxes/*/*/pid; do
    pid=$(cat "$file" 2>/dev/null) || continue
    case $(command_line_of "$pid" 2>/dev/null || true) in
      *"$FUNCTIONS_PYTHON"*) kill -9 -- "-$pid" 2>/dev/null || true ;;
    esac
  done
}

# --- commands -----------------------------------------------------------------------------------

command_start() {
  start_server
  rm -f "$STATE/transient"
}

command_stop() { stop_server; }

command_install() { install; }

command_status() {
  is_running || fail "LocalStack does not run: start it with \`make localstack\`"
  say "LocalStack runs at $(url), process $(server_pid), log $LOG"
}

command_url() {
  is_running || fail "LocalStack does not run: start it with \`make localstack\`"
  url
  echo
}

command_run() {
  lock
  begin_run
  trap leave EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  if ! is_running || ! is_installed; then
    start_server
    touch "$STATE/transient"
  fi
  unlock
  unset AWS_PROFILE AWS_SESSION_TOKEN
  AWS_ENDPOINT_URL=$(url)
  export AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1
  export NO_PROXY="127.0.0.1,localhost${NO_PROXY:+,$NO_PROXY}"
  "$@"
}

# The last of the commands that a server was started for stops it.
leave() {
  local status=$?
  [ "${LOCKED:-no}" = yes ] || lock
  if end_run && [ -f "$STATE/transient" ]; then stop_server; fi
  unlock
  return "$status"
}

main() {
  local verb=${1:-}
  [ $# -eq 0 ] || shift
  case $verb in
    start | stop | install) with_lock "command_$verb" ;;
    status | url) "command_$verb" ;;
    run)
      [ $# -gt 0 ] || fail "localstack.sh run: no command was given"
      command_run "$@"
      ;;
    *) fail "usage: localstack.sh start | stop | status | url | run COMMAND… | install" ;;
  esac
}

main "$@"
