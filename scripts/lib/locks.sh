# shellcheck shell=bash
# One at a time, and who is still at work. Expects STATE: a directory of the calling script's own.

readonly LOCK_TIMEOUT_SECONDS=180

lock() {
  local holder waited_tenths=0
  mkdir -p "$STATE"
  while ! mkdir "$STATE/lock" 2>/dev/null; do
    holder=$(cat "$STATE/lock/pid" 2>/dev/null || true)
    if [ -n "$holder" ] && ! is_alive "$holder"; then
      break_lock "$holder"
      continue
    fi
    waited_tenths=$((waited_tenths + 1))
    [ "$waited_tenths" -lt $((LOCK_TIMEOUT_SECONDS * 10)) ] ||
      fail "another command has been at work for $LOCK_TIMEOUT_SECONDS s; if none is, remove $STATE/lock"
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

# Runs a command that holds the lock.
with_lock() {
  lock
  trap unlock EXIT
  "$@"
}

# Says that this process is at work, until end_run.
begin_run() {
  mkdir -p "$STATE/runs"
  echo >"$STATE/runs/$$"
}

# Ends this process's run; succeeds if nobody else is at work.
end_run() {
  local run
  rm -f "$STATE/runs/$$"
  for run in "$STATE"/runs/*; do
    [ -e "$run" ] || continue
    is_alive "${run##*/}" || rm -f "$run"
  done
  [ -z "$(ls "$STATE/runs")" ]
}
