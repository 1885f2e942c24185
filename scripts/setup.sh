#!/usr/bin/env bash
# Installs what this checkout needs and the machine lacks; quick when nothing is missing.
#
# Needs nothing but bash and, where uv is missing, a Python 3 with pip. Goes to the network only for
# what is missing. Touches the system (apt, Homebrew) for PostgreSQL and PostGIS, unless DATABASE_URL
# names a database elsewhere, and for Chromium, which only the preview page's tests need.
# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=scripts/lib/postgres.sh
. "$ROOT/scripts/lib/postgres.sh"
# shellcheck source=scripts/lib/uv.sh
. "$ROOT/scripts/lib/uv.sh"

readonly STAMP=$ROOT/.local/setup.stamp
readonly NO_CHROMIUM=$ROOT/.local/chromium.missing # it was tried for once: not again with every target
readonly PYTHON_VERSION=3.13
readonly WITHOUT_PYTHON="on a machine without Python $PYTHON_VERSION that uv cannot download it to, install it so that python$PYTHON_VERSION is on PATH"

unset VIRTUAL_ENV UV_PROJECT_ENVIRONMENT UV_PYTHON # another project's must not catch our packages

# --- system packages ----------------------------------------------------------------------------

# Runs a command as root; fails when that is not possible without asking a person who is not there.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null 2>&1 && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
    sudo "$@"
  else
    return 1
  fi
}

apt_install() {
  local log=$ROOT/.local/apt.log
  if ! { as_root apt-get update -qq &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    return 1
  fi
}

# --- uv and the Python packages -----------------------------------------------------------------

install_uv() {
  local python
  say "installing uv into .local/uv"
  # From /, so that a pyenv shim does not look for the version that this directory asks for.
  if ! python=$(cd / && find_python_with_pip) && command -v apt-get >/dev/null 2>&1; then
    apt_install python3 python3-pip || true
    python=$(cd / && find_python_with_pip) || true
  fi
  [ -n "$python" ] || fail "uv is not installed, and there is no Python 3 with pip to install it: install uv (https://docs.astral.sh/uv)"
  # Into a directory of ours: allowed on a system whose Python is externally managed (PEP 668).
  (cd / && "$python" -m pip install --quiet --disable-pip-version-check --no-warn-script-location \
    --root-user-action=ignore --target "$OWN_UV" uv) ||
    fail "pip could not install uv: install uv yourself (https://docs.astral.sh/uv)"
}

find_python_with_pip() {
  local candidate
  for candidate in python3 python3.13 python3.12 python3.11 /usr/bin/python3; do
    if "$candidate" -m pip --version >/dev/null 2>&1; then
      printf '%s' "$candidate"
      return 0
    fi
  done
  return 1
}

# Prints the path of a Python of our version, if the machine has one; a shim is resolved by asking.
find_python() {
  local candidate
  for candidate in "python$PYTHON_VERSION" "${PYENV_ROOT:-${HOME:-/nonexistent}/.pyenv}"/versions/"$PYTHON_VERSION"*/bin/python python3; do
    "$candidate" -c 'import sys; assert sys.version_info[:2] == (3, 13); print(sys.executable)' 2>/dev/null && return 0
  done
  return 1
}

# What the installed packages depend on.
fingerprint() { (cd "$ROOT" && cat pyproject.toml uv.lock .python-version | cksum); }

packages_are_current() {
  [ "$(cat "$STAMP" 2>/dev/null)" = "$(fingerprint)" ] && venv_is_ours &&
    "$ROOT/.venv/bin/python" -c '' 2>/dev/null
}

# False in a copied or moved checkout: the scripts in .venv would still run the other one's packages.
venv_is_ours() { grep -qsF "$ROOT/.venv" "$ROOT/.venv/bin/activate"; }

install_packages() {
  local uv python
  find_uv >/dev/null || install_uv
  uv=$(find_uv) || fail "uv was installed but does not run: see $OWN_UV"
  say "installing the Python packages"
  venv_is_ours || rm -rf "$ROOT/.venv"
  python=$(find_python) || say "no Python $PYTHON_VERSION here: uv brings one"
  (cd "$ROOT" && "$uv" sync --quiet --frozen --python "${python:-$PYTHON_VERSION}") ||
    fail "the Python packages could not be installed${python:+ with $python}; $WITHOUT_PYTHON"
  fingerprint >"$STAMP"
}

# --- PostgreSQL ---------------------------------------------------------------------------------

readonly WHAT_TO_INSTALL="install PostgreSQL $OLDEST_POSTGRES or later with PostGIS (Debian, Ubuntu: postgresql postgresql-postgis; Fedora: postgresql-server postgis; macOS: brew install postgis), or set DATABASE_URL"

install_postgres() {
  say "installing PostgreSQL and PostGIS from the system's packages"
  if command -v apt-get >/dev/null 2>&1; then
    install_postgres_with_apt || true
  elif command -v brew >/dev/null 2>&1; then
    brew install --quiet postgis || true # brings the PostgreSQL that it was built for
  fi
  find_postgres '' >/dev/null || fail "that did not work; $WHAT_TO_INSTALL"
}

# PostGIS for each PostgreSQL that is there already, or both in the distribution's version.
install_postgres_with_apt() {
  local directory major packages=
  for directory in $(postgres_bin_candidates); do
    major=$(postgres_major "$directory")
    [ "${major:-0}" -lt "$OLDEST_POSTGRES" ] || packages="$packages postgresql-$major-postgis-3"
  done
  # shellcheck disable=SC2086 # a list of words
  apt_install ${packages:-postgresql postgresql-postgis}
}

# --- Chromium ------------------------------------------------------------------------------------

# Only the tests of the preview page and the screenshots need it: its absence stops nothing here.
install_chromium() {
  say "installing Chromium from the system's packages"
  if command -v apt-get >/dev/null 2>&1; then apt_install chromium || true; fi
  has_chromium || say "no Chromium: the tests of the preview page are skipped (Debian, Ubuntu: apt-get install chromium)"
}

has_chromium() {
  local name
  for name in chromium chromium-browser google-chrome; do
    ! command -v "$name" >/dev/null 2>&1 || return 0
  done
  return 1
}

main() {
  mkdir -p "$ROOT/.local"
  packages_are_current || install_packages
  [ -n "$(overriding_url)" ] || find_postgres '' >/dev/null || install_postgres
  has_chromium || [ -e "$NO_CHROMIUM" ] || install_chromium || true
  has_chromium || touch "$NO_CHROMIUM"
}

main
