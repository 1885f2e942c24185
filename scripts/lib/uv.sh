# shellcheck shell=bash
# Finds uv, wherever it was installed.

readonly OWN_UV=$ROOT/.local/uv # where setup.sh puts it when the machine has none

# Prints the path of a uv that works. Each candidate is
# tried: a pyenv shim exists for every Python that ever had uv, and fails under all others.
find_uv() {
  local candidate
  for candidate in uv "$OWN_UV/bin/uv" "${HOME:-/nonexistent}/.local/bin/uv" "${HOME:-/nonexistent}/.cargo/bin/uv"; do
    if "$candidate" --version >/dev/null 2>&1; then
      command -v "$candidate"
      return 0
    fi
  done
  # Directly, past the shims, which obey the .python-version of this directory.
  for candidate in "${PYENV_ROOT:-${HOME:-/nonexistent}/.pyenv}"/versions/*/bin/uv; do
    if "$candidate" --version >/dev/null 2>&1; then
      printf '%s' "$candidate"
      return 0
    fi
  done
  return 1
}
