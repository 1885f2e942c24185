#!/usr/bin/env bash
# What others' code is in here, under which licences, and whether it is known to be vulnerable.
#
#   supply_chain.sh audit            ask pypi.org about everything that is locked: what is deployed, the
#                                    command line, the tools of development. Fails, too, if it cannot tell
#   supply_chain.sh sbom [FILE]      write what is deployed as CycloneDX (default: .local/sbom.json)
#   supply_chain.sh licences         write docs/licences.md anew
#   supply_chain.sh licences-check   fail if that would change it
# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=scripts/lib/uv.sh
. "$ROOT/scripts/lib/uv.sh"

readonly LIST=$ROOT/docs/licences.md

run_uv() {
  local found
  found=$(find_uv) || fail "uv is not installed: run \`make setup\`"
  "$found" "$@"
}

# What is locked, as a bill of materials. Arguments: options that say which part of it.
bill() {
  run_uv export --quiet --offline --frozen --no-emit-project --preview-features sbom-export \
    --format cyclonedx1.5 "$@"
}

describe() { "$ROOT/.venv/bin/python" scripts/supply_chain.py "$@"; }

command_audit() {
  local requirements
  mkdir -p .local
  requirements=.local/audit.txt
  run_uv export --quiet --offline --frozen --all-groups --all-extras --no-emit-project --no-header \
    --no-annotate >"$requirements"
  for requirements in "$requirements" scripts/tools/*.txt; do
    say "auditing $requirements"
    scripts/tools.sh run pip-audit pip-audit --strict --disable-pip --require-hashes --progress-spinner off \
      --requirement "$requirements"
  done
}

# boto3 is in Lambda's runtime; it is in the list of licences, as the command line needs it.
command_sbom() {
  local file=${1:-.local/sbom.json}
  mkdir -p "$(dirname "$file")"
  bill --no-dev --prune boto3 | describe sbom >"$file"
  say "$file: $(grep -c '"purl"' "$file") components"
}

command_licences() {
  bill --no-dev --extra cli | describe licences >"$LIST.new"
  mv "$LIST.new" "$LIST"
}

command_licences-check() {
  bill --no-dev --extra cli | describe licences | cmp -s - "$LIST" ||
    fail "docs/licences.md is not what is locked: run \`make licences\`"
}

cd "$ROOT"
case ${1:-} in
  audit | sbom | licences | licences-check) "command_$1" "${@:2}" ;;
  *) fail "usage: supply_chain.sh audit | sbom [FILE] | licences | licences-check" ;;
esac
