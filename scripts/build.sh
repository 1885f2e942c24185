#!/usr/bin/env bash
# Packs the functions and layers, and the template that names them, without SAM and without Docker.
#
#   build.sh [arm64|x86_64|host]    make .aws-sam/<architecture>/ anew: template.yaml, a zip file a
#                                   function and layer, the state machine's definition, and their sizes;
#                                   `host` is for this machine
#   build.sh layer NAME DIRECTORY   only put the content of a layer there, for $ARCH (`sam build` asks)
#   build.sh lock                   write layers/dependencies/requirements.txt anew from uv.lock
#   build.sh lock-check             fail if that would change it
#
# The same sources give the same bytes: hashes pin what is downloaded, and the zip files hold no
# time, owner or order of the machine that they were made on.
# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=scripts/lib/uv.sh
. "$ROOT/scripts/lib/uv.sh"

readonly PYTHON_VERSION=3.13
readonly BUILDS=${FLEETTICKETS_BUILDS:-$ROOT/.aws-sam}
readonly REQUIREMENTS=$ROOT/layers/dependencies/requirements.txt
readonly PACKAGE=$ROOT/layers/fleettickets/python/fleettickets
readonly NOT_IN_LAMBDA="cli preview samples" # parts of the package

unset VIRTUAL_ENV UV_PROJECT_ENVIRONMENT UV_PYTHON

run_uv() {
  local found
  found=$(find_uv) || fail "uv is not installed: run \`make setup\`"
  "$found" "$@"
}

# The runtime of Python 3.13 is Amazon Linux 2023, with glibc 2.34.
platform_of() {
  case $1 in
    arm64) echo aarch64-manylinux_2_28 ;;
    x86_64) echo x86_64-manylinux_2_28 ;;
    host) ;;
    *) fail "no such architecture: $1 (arm64, x86_64 or host)" ;;
  esac
}

# --- layers -------------------------------------------------------------------------------------

# Arguments: architecture, directory.
put_dependencies() {
  local platform
  platform=$(platform_of "$1")
  run_uv pip install --quiet --no-deps --require-hashes --requirements "$REQUIREMENTS" \
    --target "$2/python" --python "$ROOT/.venv/bin/python" --python-version "$PYTHON_VERSION" \
    ${platform:+--python-platform "$platform"} --only-binary :all: \
    --no-installer-metadata --no-compile-bytecode ||
    fail "the packages of layers/dependencies/requirements.txt could not be fetched for $1"
  # Commands name the Python of this machine in their first line, and RECORD has their hashes.
  rm -rf "$2/python/bin" "$2"/python/*.dist-info/RECORD "$2/python/.lock"
}

put_fleettickets() {
  local part
  mkdir -p "$2/python/fleettickets/sql"
  cp -R "$PACKAGE/." "$2/python/fleettickets"
  for part in $NOT_IN_LAMBDA; do rm -rf "$2/python/fleettickets/$part"; done
  find "$2/python" \( -name '__pycache__' -o -name '.*_cache' -o -name ruff.toml \) -prune -exec rm -rf {} +
  cp -R "$ROOT/sql/migrations" "$2/python/fleettickets/sql/migrations"
}

# --- the lock -----------------------------------------------------------------------------------

# boto3 is in Lambda's runtime.
export_lock() {
  echo "# Generated from uv.lock by scripts/build.sh lock; what the functions need beside boto3."
  (cd "$ROOT" && run_uv export --quiet --offline --frozen --no-dev --no-emit-project --no-header \
    --no-annotate --prune boto3)
}

command_lock() {
  export_lock >"$REQUIREMENTS.new"
  mv "$REQUIREMENTS.new" "$REQUIREMENTS"
}

command_lock-check() {
  export_lock | cmp -s - "$REQUIREMENTS" ||
    fail "layers/dependencies/requirements.txt does not fit uv.lock: run scripts/build.sh lock"
}

# --- the build ----------------------------------------------------------------------------------

pack() { "$ROOT/.venv/bin/python" "$ROOT/scripts/pack.py" "$1" "$2"; }

# Names of the folders below $1 that the template packs.
packed_folders() { sed -n -E "s#^ +(Code|Content)Uri: $1/([a-z_]+)/.*#\2#p" "$ROOT/template.yaml"; }

# Names of the folders that hold the definition of a state machine.
defined_machines() { sed -n -E 's#^ +DefinitionUri: functions/([a-z_]+)/.*#\1#p' "$ROOT/template.yaml"; }

# JSON is what AWS and LocalStack both read, wherever they find it.
put_definition() {
  "$ROOT/.venv/bin/python" -c 'import json, sys, yaml
json.dump(yaml.safe_load(sys.stdin), sys.stdout, indent=2)' <"$1" >"$2"
}

command_build() {
  local name new
  platform_of "$1" >/dev/null
  [ -x "$ROOT/.venv/bin/python" ] || fail "the Python packages are not installed: run \`make setup\`"
  mkdir -p "$BUILDS"
  new=$(mktemp -d "$BUILDS/new.XXXXXX")
  # shellcheck disable=SC2064 # the directory of now
  trap "rm -rf '$new'" EXIT
  for name in $(packed_folders layers); do
    mkdir -p "$new/$name"
    "put_$name" "$1" "$new/$name"
    pack "$new/$name" "$new/$name.zip"
    rm -rf "${new:?}/$name"
  done
  for name in $(packed_folders functions); do
    mkdir -p "$new/$name"
    cp "$ROOT/functions/$name/handler.py" "$new/$name" || fail "functions/$name has no handler.py"
    pack "$new/$name" "$new/$name.zip"
    rm -rf "${new:?}/$name"
  done
  for name in $(defined_machines); do
    put_definition "$ROOT/functions/$name/state_machine.asl.yaml" "$new/$name.asl.json"
  done
  sed -E -e 's#^( +(Code|Content)Uri: )(functions|layers)/([a-z_]+)/.*#\1\4.zip#' \
    -e 's#^( +DefinitionUri: )functions/([a-z_]+)/.*#\1\2.asl.json#' \
    "$ROOT/template.yaml" >"$new/template.yaml"
  replace "$BUILDS/$1" "$new"
  report "$BUILDS/$1"
}

# Arguments: directory that may exist, its successor.
replace() {
  local old=$1.old.$$
  chmod 755 "$2"
  [ ! -d "$1" ] || mv "$1" "$old"
  mv "$2" "$1"
  rm -rf "$old"
}

report() {
  local file
  for file in "$1"/*.zip; do
    printf '%10d bytes  %s\n' "$(wc -c <"$file")" "${file#"$ROOT/"}"
  done
}

main() {
  case ${1:-arm64} in
    layer)
      [ $# -eq 3 ] || fail "usage: build.sh layer NAME DIRECTORY"
      "put_$2" "${ARCH:-arm64}" "$3"
      ;;
    lock | lock-check) "command_$1" ;;
    *) command_build "${1:-arm64}" ;;
  esac
}

main "$@"
