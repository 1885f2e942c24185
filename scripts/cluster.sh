#!/usr/bin/env bash
# The private PostgreSQL of this checkout, for the demo, development and tests.
#
#   cluster.sh start         start it (and create it the first time); it then runs until `stop`
#   cluster.sh stop          stop it
#   cluster.sh url           print the database's URL; fails when the cluster does not run
#   cluster.sh run COMMAND…  run a command with DATABASE_URL set; a cluster that had to be started
#                            for it is stopped with the last such command
#   cluster.sh psql [ARG…]   open psql on it
#   cluster.sh destroy       stop it and delete its data
#
# There are three: the one for the demo, development and benchmarks, which writes as carefully as a
# production server; for `cluster.sh --test …`, one that never waits for the disk and may lose
# everything in a power cut; and for `cluster.sh --faults …`, one that is stopped, killed and filled
# on purpose (tests/faults), careful and with few connections.
#
# DATABASE_URL, in the environment or in .env, overrides it everywhere: then no cluster is started.
# But never that of faults: no other server may be treated so.
#
# .local/postgres (.local/postgres-test, -faults) holds the port, the password file and the server's directory. The server listens
# on 127.0.0.1 (password) and on a socket in its own directory. As root it is run by the owner of
# the checkout, else by `postgres`; where that user cannot reach the checkout, the server's directory
# is a link to one in /var/tmp.
# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=scripts/lib/postgres.sh
. "$ROOT/scripts/lib/postgres.sh"

KIND=
case ${1:-} in
  --test | --faults)
    KIND=${1#-}
    shift
    ;;
esac
readonly KIND
readonly STATE=$ROOT/.local/postgres$KIND
readonly SERVER=$STATE/server
readonly PASSWORD_FILE=$STATE/pgpass
readonly DATABASE=fleettickets
readonly LONGEST_SOCKET_PATH=107 # bytes, by the operating systems' sockaddr_un
readonly LOCK_TIMEOUT_SECONDS=120

CHECKSUM=$(printf '%s' "$ROOT" | cksum | cut -d ' ' -f 1)
readonly CHECKSUM
readonly ELSEWHERE=/var/tmp/fleettickets-$CHECKSUM$KIND

# --- who runs the server ------------------------------------------------------------------------

owner_of() { stat -c %U "$1" 2>/dev/null || stat -f %Su "$1"; }

server_user() {
  local user
  if [ "$(id -u)" -ne 0 ]; then
    id -un
    return 0
  fi
  for user in "$(owner_of "$ROOT")" postgres _postgres nobody; do
    if [ "$user" != root ] && id -u "$user" >/dev/null 2>&1; then
      printf '%s' "$user"
      return 0
    fi
  done
  fail "PostgreSQL does not run as root, and there is no other user: create one named postgres"
}

# Runs a command as the server's user, in a directory that this user can enter.
as_server_user() {
  if [ "$(id -u)" -ne 0 ]; then
    (cd / && "$@")
  elif [ -x /sbin/runuser ] || [ -x /usr/sbin/runuser ]; then
    (cd / && PATH="$PATH:/usr/sbin:/sbin" runuser -u "$SERVER_USER" -- "$@")
  else
    (cd / && sudo -n -u "$SERVER_USER" -- "$@")
  fi
}

write_as_server_user() {
  # shellcheck disable=SC2016 # the inner shell expands it
  as_server_user sh -c 'umask 077; cat >"$1"' sh "$1"
}

# --- one at a time ------------------------------------------------------------------------------

lock() {
  local holder waited_tenths=0
  while ! mkdir "$STATE/lock" 2>/dev/null; do
    holder=$(cat "$STATE/lock/pid" 2>/dev/null || true)
    if [ -n "$holder" ] && ! is_alive "$holder"; then
      break_lock "$holder"
      continue
    fi
    waited_tenths=$((waited_tenths + 1))
    [ "$waited_tenths" -lt $((LOCK_TIMEOUT_SECONDS * 10)) ] ||
      fail "another cluster.sh has been at work for $LOCK_TIMEOUT_SECONDS s; if none is, remove $STATE/lock"
    sleep 0.1
  done
  echo $$ >"$STATE/lock/pid"
  LOCKED=yes
}

unlock() {
  [ "${LOCKED:-no}" = no ] || rm -rf "$STATE/lock"
  LOCKED=no
}

# Takes a dead process's lock away; looks again after the rename, since another waiter may have been
# faster and the lock may be a living process's by now.
break_lock() {
  mv "$STATE/lock" "$STATE/lock.$$" 2>/dev/null || return 0
  if [ "$(cat "$STATE/lock.$$/pid" 2>/dev/null || true)" = "$1" ]; then
    rm -rf "$STATE/lock.$$"
  else
    mv "$STATE/lock.$$" "$STATE/lock"
  fi
}

# --- the server ---------------------------------------------------------------------------------

port() { cat "$STATE/port" 2>/dev/null; }

data_directory() { printf '%s/data' "$(cd "$SERVER" 2>/dev/null && pwd -P)"; }

# The pid of the server on our data directory; fails when postmaster.pid is missing or stale.
server_pid() {
  local pid arguments
  pid=$(head -n 1 "$SERVER/data/postmaster.pid" 2>/dev/null) || return 1
  arguments=$(command_line_of "${pid:-0}") || return 1
  case $arguments in
    *"$(data_directory)"*) printf '%s' "$pid" ;;
    *) return 1 ;;
  esac
}

is_running() {
  [ -s "$PASSWORD_FILE" ] && server_pid >/dev/null && "$PROGRAMS/pg_isready" -q -h 127.0.0.1 -p "$(port)"
}

# The directory of the programs that fit the data, or of the newest ones when there is no data yet.
find_programs() {
  # `return 0`, here as everywhere: in an exit trap a bare one returns the status before the trap.
  local major
  major=$(cat "$SERVER/data/PG_VERSION" 2>/dev/null || true)
  PROGRAMS=$(find_postgres "$major") && return 0
  [ -z "$major" ] || fail "the data is of PostgreSQL $major with PostGIS, which is not installed (any more): install it, or delete the data with \`scripts/cluster.sh destroy\`"
  fail "no PostgreSQL $OLDEST_POSTGRES or later with PostGIS was found: run \`make setup\`"
}

# Makes sure that the server's user has a directory of its own, in the checkout if it can be reached.
prepare_directory() {
  if [ -L "$SERVER" ] && [ "$(readlink "$SERVER")" != "$ELSEWHERE" ]; then
    rm "$SERVER" # this checkout is a copy of another one
  fi
  if [ ! -d "$SERVER" ]; then
    rm -f "$SERVER"
    own_directory "$SERVER"
    if ! as_server_user test -w "$SERVER" -a -x "$SERVER"; then
      rmdir "$SERVER"
      own_directory "$ELSEWHERE"
      ln -s "$ELSEWHERE" "$SERVER"
      say "the user $SERVER_USER cannot reach $STATE: the server's data is in $ELSEWHERE"
    fi
  fi
  [ "$(owner_of "$SERVER/.")" = "$SERVER_USER" ] ||
    fail "$SERVER belongs to $(owner_of "$SERVER/."), not to $SERVER_USER: work as the user who created it, or remove it"
}

# Creates a directory for the server's user. One that is there already is left as it is: in /var/tmp it
# may be anybody's, or a link to anywhere.
own_directory() {
  if mkdir -m 700 "$1" 2>/dev/null; then
    [ "$(id -u)" -ne 0 ] || chown "$SERVER_USER" "$1"
  else
    if [ ! -d "$1" ] || [ -L "$1" ]; then fail "cannot create $1"; fi
  fi
}

initialise() {
  local password
  say "creating the private database cluster"
  password=$(od -An -N 16 -t x1 /dev/urandom | tr -d ' \n')
  as_server_user rm -rf "$HOME_OF_SERVER/data.new"
  printf '%s\n' "$password" | write_as_server_user "$HOME_OF_SERVER/password"
  # Production collates by language, so tests do too: an order that needs bytes must say so.
  run_initdb --locale-provider=icu --icu-locale=en-US || run_initdb ||
    fail "initdb failed, see $SERVER/initdb.log"
  as_server_user rm "$HOME_OF_SERVER/password"
  # shellcheck disable=SC2016 # the inner shell expands it
  as_server_user sh -c 'echo "include_if_exists = '\''fleettickets.conf'\''" >>"$1/postgresql.conf"' sh "$HOME_OF_SERVER/data.new"
  (umask 077 && printf '*:*:*:postgres:%s\n' "$password" >"$PASSWORD_FILE")
  rm -f "$STATE/created"
  as_server_user mv "$HOME_OF_SERVER/data.new" "$HOME_OF_SERVER/data"
}

run_initdb() {
  as_server_user rm -rf "$HOME_OF_SERVER/data.new"
  # shellcheck disable=SC2016 # the inner shell expands it
  as_server_user sh -c 'log=$1; shift; exec "$@" >"$log" 2>&1' sh "$HOME_OF_SERVER/initdb.log" \
    "$PROGRAMS/initdb" --pgdata="$HOME_OF_SERVER/data.new" --username=postgres \
    --auth=scram-sha-256 --pwfile="$HOME_OF_SERVER/password" \
    --encoding=UTF8 --locale=C --no-sync "$@"
}

port_is_taken() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Keeps the remembered port while it is free; the first one comes from the checkout's path.
choose_port() {
  local candidate
  # Children of a killed server still listen for a moment; and it has to come back where it was.
  if [ "$KIND" = -faults ] && port >/dev/null; then return 0; fi
  candidate=$(port || echo $((15432 + CHECKSUM % 5000)))
  while port_is_taken "$candidate"; do candidate=$((candidate + 1)); done
  echo "$candidate" >"$STATE/port"
}

readonly CARELESS_SETTINGS="fsync = off
synchronous_commit = off
full_page_writes = off"
readonly FEW_CONNECTIONS="max_connections = 30"

settings_of_kind() {
  case $KIND in
    -test) printf '%s\n' "$CARELESS_SETTINGS" ;;
    -faults) printf '%s\n' "$FEW_CONNECTIONS" ;;
  esac
}

write_settings() {
  local socket_directory=$HOME_OF_SERVER
  [ $((${#HOME_OF_SERVER} + ${#CHECKSUM} + 10)) -le $((LONGEST_SOCKET_PATH - 10)) ] || socket_directory=
  write_as_server_user "$HOME_OF_SERVER/data/fleettickets.conf" <<EOF
# Written by scripts/cluster.sh at every start.
listen_addresses = '127.0.0.1'
port = $(port)
unix_socket_directories = '${socket_directory//\'/\'\'}'
max_connections = 200
shared_buffers = 512MB
max_wal_size = 4GB
checkpoint_timeout = 15min
timezone = 'UTC'
log_timezone = 'UTC'
$(settings_of_kind)
EOF
}

launch() {
  local attempt
  for attempt in 1 2 3 4 5; do
    server_pid >/dev/null || as_server_user rm -f "$HOME_OF_SERVER/data/postmaster.pid"
    choose_port
    write_settings
    # As a job of its own the server would keep our lock's and pipes' descriptors: give it none.
    if as_server_user "$PROGRAMS/pg_ctl" start --silent --wait --timeout=60 --pgdata="$HOME_OF_SERVER/data" \
      --log="$HOME_OF_SERVER/log" </dev/null >/dev/null 2>&1; then
      return 0
    fi
    # After a kill its children may live on for a moment, and a port may be taken in between.
    sleep "$attempt"
  done
  tail -n 20 "$SERVER/log" >&2 || true
  fail "the private database cluster did not start; its log is $SERVER/log"
}

create_database() {
  [ ! -f "$STATE/created" ] || return 0
  local maintenance
  maintenance=$(url_of postgres)
  "$PROGRAMS/psql" -X -q -tA "$maintenance" -c "select from pg_database where datname = '$DATABASE'" | grep -q . ||
    "$PROGRAMS/psql" -X -q "$maintenance" -c "create database $DATABASE"
  touch "$STATE/created"
}

# Call with the lock held.
start_server() {
  prepare_directory
  HOME_OF_SERVER=$(cd "$SERVER" && pwd -P)
  if [ ! -s "$PASSWORD_FILE" ]; then
    stop_server # an earlier checkout of this path left it, and nobody knows its password
    as_server_user rm -rf "$HOME_OF_SERVER/data"
  fi
  [ -d "$SERVER/data" ] || initialise
  launch
  create_database
}

# Call with the lock held.
stop_server() {
  rm -f "$STATE/transient"
  server_pid >/dev/null || return 0
  find_programs
  as_server_user "$PROGRAMS/pg_ctl" stop --silent --mode=fast --wait --timeout=60 \
    --pgdata="$(data_directory)" >/dev/null
}

# --- addresses ----------------------------------------------------------------------------------

percent_encoded() {
  local LC_ALL=C text=$1 encoded='' character index
  for ((index = 0; index < ${#text}; index++)); do
    character=${text:index:1}
    case $character in
      [A-Za-z0-9/._~-]) encoded+=$character ;;
      *) encoded+=$(printf '%%%02X' "'$character") ;;
    esac
  done
  printf '%s' "$encoded"
}

# The password stays in its file, so that no process list and no log shows it.
url_of() {
  printf 'postgresql://postgres@127.0.0.1:%s/%s?passfile=%s' "$(port)" "$1" "$(percent_encoded "$PASSWORD_FILE")"
}

# --- commands -----------------------------------------------------------------------------------

command_start() {
  is_running || start_server
  rm -f "$STATE/transient"
}

command_stop() { stop_server; }

command_url() {
  is_running || fail "the private database cluster does not run: start it with \`make db\`"
  url_of "$DATABASE"
  echo
}

command_destroy() {
  stop_server
  if [ -L "$SERVER" ] && [ "$(readlink "$SERVER")" = "$ELSEWHERE" ]; then rm -rf "$ELSEWHERE"; fi
  rm -rf "$SERVER" "$STATE/port" "$PASSWORD_FILE" "$STATE/created"
}

command_run() {
  mkdir -p "$STATE/runs"
  lock
  echo >"$STATE/runs/$$"
  trap leave EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  if ! is_running; then
    start_server
    touch "$STATE/transient"
  fi
  unlock
  DATABASE_URL=$(url_of "$DATABASE")
  PATH="$PROGRAMS:$PATH"
  export DATABASE_URL PATH
  "$@"
}

# The last of the commands that a server was started for stops it.
leave() {
  local status=$? run
  [ "${LOCKED:-no}" = yes ] || lock
  rm -f "$STATE/runs/$$"
  for run in "$STATE"/runs/*; do
    [ -e "$run" ] || continue
    is_alive "${run##*/}" || rm -f "$run"
  done
  if [ -f "$STATE/transient" ] && [ -z "$(ls "$STATE/runs")" ]; then stop_server; fi
  unlock
  return "$status"
}

with_lock() {
  mkdir -p "$STATE"
  lock
  trap unlock EXIT
  "$@"
}

run_on_override() {
  local newest
  DATABASE_URL=$1
  export DATABASE_URL
  shift
  if newest=$(find_postgres); then PATH="$newest:$PATH" && export PATH; fi
  exec "$@"
}

# shellcheck disable=SC2016 # the inner shell expands it
readonly PSQL='exec psql "$DATABASE_URL" "$@"'

main() {
  local verb=${1:-} override=
  [ $# -eq 0 ] || shift
  case $verb in
    run) [ $# -gt 0 ] || fail "cluster.sh run: no command was given" ;;
    psql) verb=run && set -- sh -c "$PSQL" psql "$@" ;;
    start | stop | url | destroy) ;;
    *) fail "usage: cluster.sh [--test | --faults] start | stop | url | run COMMAND… | psql | destroy" ;;
  esac
  [ "$KIND" = -faults ] || override=$(overriding_url)
  case $verb-${override:+override} in
    url-override) printf '%s\n' "$override" && return 0 ;;
    run-override) run_on_override "$override" "$@" ;;
    start-override) say "DATABASE_URL is set: that database is used, no private one is started" && return 0 ;;
  esac
  SERVER_USER=$(server_user)
  case $verb in start | url | run) find_programs ;; esac
  case $verb in
    run | url) "command_$verb" "$@" ;;
    *) with_lock "command_$verb" ;;
  esac
}

main "$@"
