#!/usr/bin/env bash
# Formats the Python files, and mends what ruff and sqlfluff can mend by themselves.
#
# A migration that was applied somewhere must not change any more, so only new ones (as git sees it)
# are touched.
# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

cd "$ROOT"
.venv/bin/ruff check --fix --quiet . || true # what is left is for `make lint` to show
.venv/bin/ruff format .
git ls-files --others --exclude-standard -- 'sql/migrations/*.sql' | while IFS= read -r file; do
  .venv/bin/sqlfluff fix --quiet "$file" || true
done
