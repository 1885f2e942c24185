#!/usr/bin/env bash
# Deploys the template to a stage of samconfig.toml, applies migrations from inside of it, plans and
# applies reseeds of its stream, and shows what its functions log.
#
#   deploy.sh deploy STAGE              build and deploy; without Docker. `localstack` is this machine's
#   deploy.sh migrate STAGE [--apply]   list the migrations that the stage's database lacks, or apply them
#   deploy.sh reseed STAGE [OPTION…]    a dry run; --plan HASH applies it, --allow-missing
#   deploy.sh logs STAGE [OPTION…]      --since 30m, --filter trouble, --key KEY, --raw
#   deploy.sh operate STAGE VERB…       pause, resume, redrive, dead-letters, rotate, run COMMAND…
#
# For AWS it takes the credentials that the AWS command line takes. `localstack` is the LocalStack of
# AWS_ENDPOINT_URL, or else this checkout's own. SAMCONFIG names another file of stages.
# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

readonly CERTIFICATES=$ROOT/layers/fleettickets/python/fleettickets/certificates
readonly RDS_BUNDLE=https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem

export SAMCONFIG=${SAMCONFIG:-$ROOT/samconfig.toml}

cd "$ROOT"

# Prints a setting of a stage: stack_name, region, or one of parameter_overrides.
setting() {
  .venv/bin/python - "$1" "$2" <<'PYTHON'
import os, sys, tomllib
stage, name = sys.argv[1:]
stages = tomllib.load(open(os.environ["SAMCONFIG"], "rb"))
if stage not in stages or stage == "version":
    sys.exit(f"error: samconfig.toml has no stage {stage!r}; it has {', '.join(list(stages)[1:])}")
parameters = stages[stage]["global"]["parameters"] | stages[stage]["deploy"]["parameters"]
overrides = dict(each.split("=", 1) for each in parameters.get("parameter_overrides", []))
print((parameters | overrides).get(name, ""))
PYTHON
}

sam() { scripts/tools.sh run sam sam "$@"; }

# The certificates by which RDS is recognised; a database elsewhere does not need them.
fetch_certificates() {
  [ ! -f "$CERTIFICATES/rds-global-bundle.pem" ] || return 0
  mkdir -p "$CERTIFICATES"
  if curl --silent --show-error --fail --max-time 30 --output "$CERTIFICATES/new" "$RDS_BUNDLE"; then
    mv "$CERTIFICATES/new" "$CERTIFICATES/rds-global-bundle.pem"
  else
    rm -f "$CERTIFICATES/new"
    say "the certificates of RDS were not fetched: put $RDS_BUNDLE into $CERTIFICATES/rds-global-bundle.pem if the database is there"
  fi
}

command_deploy() {
  local arch
  if [ "$1" = localstack ]; then
    deploy_on_localstack
    return
  fi
  arch=$(setting "$1" Architecture)
  fetch_certificates
  scripts/build.sh "${arch:-arm64}"
  sam deploy --config-env "$1" --config-file "$SAMCONFIG" \
    --template-file ".aws-sam/${arch:-arm64}/template.yaml"
}

# SAM itself would take four times as long here.
deploy_on_localstack() {
  scripts/build.sh host
  [ -n "${AWS_ENDPOINT_URL:-}" ] || scripts/localstack.sh start
  [ -n "${DATABASE_URL:-}" ] || scripts/cluster.sh start
  DATABASE_URL=$(scripts/cluster.sh url) on_localstack .venv/bin/python -m tests.support.stages
}

on_localstack() {
  if [ -n "${AWS_ENDPOINT_URL:-}" ]; then "$@"; else scripts/localstack.sh run "$@"; fi
}

command_migrate() { run_for "$1" scripts/remote_migrate.py "${@:2}"; }

command_reseed() { run_for "$1" scripts/reseed.py --stage "$1" "${@:2}"; }

command_logs() { run_for "$1" scripts/show_logs.py "${@:2}"; }

command_operate() { run_for "$1" scripts/operate.py "${@:2}"; }

# Runs a script for a stage's stack. Arguments: stage, script, the script's own.
run_for() {
  local command stack region
  stack=$(setting "$1" stack_name)
  region=$(setting "$1" region)
  command=(.venv/bin/python "$2" "$stack" --region "$region" "${@:3}")
  if [ "$1" != localstack ]; then
    "${command[@]}"
    return
  fi
  [ -n "${AWS_ENDPOINT_URL:-}" ] || scripts/localstack.sh url >/dev/null # it would be started, and hold nothing
  on_localstack "${command[@]}"
}

case ${1:-} in
  deploy | migrate | reseed | logs | operate)
    [ -n "${2:-}" ] || fail "say where: make $1 STAGE=staging (or another stage of samconfig.toml)"
    "command_$1" "${@:2}"
    ;;
  *) fail "usage: deploy.sh deploy | migrate | reseed | logs | operate STAGE [OPTION…]; see its first lines" ;;
esac
