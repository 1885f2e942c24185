# Everything that is done with this checkout. Recipes are short; what they do is in scripts/.
.DEFAULT_GOAL := help
.PHONY: help setup demo demo-stop demo-local test test-long chaos soak check format lint types schema \
	db db-stop db-destroy psql migrate status localstack localstack-stop logs logs-file run pause \
	resume redrive dead-letters rotate game-day audit sbom licences preview screenshots vendor \
	bench bench-setup bench-peers bench-ingest bench-geocode bench-read bench-reseed bench-preview \
	build deploy bucket-events reseed clean

# Given to the command behind a target: make migrate ARGS=--apply, make test ARGS="-k late"
ARGS ?=
# For make logs: trouble, quarantined, errors, … or a pattern; and how far back: 30m, 6h, 2d
FILTER ?=
SINCE ?= 1h
# Where it is deployed (a stage of samconfig.toml), and for which processor it is built
STAGE ?=
ARCH ?= arm64
# The plan that a reseed applies (none: it plans), and whether files may be gone since (yes)
PLAN ?=
ALLOW_MISSING ?=

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

setup: ## Install what is missing: uv, Python packages, PostgreSQL and PostGIS, Chromium
	@scripts/setup.sh

demo: setup ## Deploy to LocalStack, put a made-up change stream into the bucket, show the tickets
	@scripts/demo.sh start

demo-stop: ## Stop what the demo left running
	@scripts/demo.sh stop

demo-local: setup ## The same without AWS: from a directory, by the command line
	@scripts/demo_local.sh

test: setup ## Run all tests (ARGS="-k late" to choose)
	@scripts/test.sh $(ARGS)

test-long: setup ## Run all tests, the property tests with thousands of examples
	@HYPOTHESIS_PROFILE=long scripts/test.sh $(ARGS)

chaos: setup ## Let store, server, messages and functions fail for ten minutes (ARGS="--seed 7" one round)
	@scripts/localstack.sh run .venv/bin/python -m tests.faults.chaos $(ARGS)

soak: setup ## Load the deployed stack: 5,000 files at once, a million rows, and more (ARGS="--files 500")
	@scripts/localstack.sh run scripts/cluster.sh run .venv/bin/python -m tests.faults.soak $(ARGS)

check: setup ## Run everything that CI runs
	@scripts/check.sh

format: setup ## Format the Python files and mend what can be mended
	@scripts/format.sh

lint: setup ## Look for mistakes in all files: Python, the page, SQL, shell, the template
	@scripts/check.sh format ruff page sqlfluff squawk shell template

types: setup ## Check the types
	@scripts/check.sh types

schema: setup ## Write sql/schema.sql anew from the migrations
	@scripts/schema.sh write

db: setup ## Start the private database and say where it is
	@scripts/cluster.sh start && scripts/cluster.sh url

db-stop: ## Stop the private database (and those of tests)
	@scripts/cluster.sh stop && scripts/cluster.sh --test stop && scripts/cluster.sh --faults stop

db-destroy: ## Stop the private database and delete its data
	@scripts/cluster.sh destroy && scripts/cluster.sh --test destroy && scripts/cluster.sh --faults destroy

psql: setup ## Open psql on the database
	@scripts/cluster.sh psql $(ARGS)

migrate: setup ## List the migrations that would be applied (ARGS=--apply applies them; STAGE=staging there)
	@if [ -n "$(STAGE)" ]; then scripts/deploy.sh migrate $(STAGE) $(ARGS); \
	else scripts/cluster.sh run .venv/bin/fleettickets migrate $(ARGS); fi

status: setup ## Show what was ingested and what is pending (ARGS=--check fails as an alarm would)
	@if [ -n "$(STAGE)" ]; then scripts/deploy.sh operate $(STAGE) run .venv/bin/fleettickets status $(ARGS); \
	else scripts/cluster.sh run .venv/bin/fleettickets status $(ARGS); fi

localstack: setup ## Start LocalStack, without Docker, and say where it is
	@scripts/localstack.sh start && scripts/localstack.sh status

localstack-stop: ## Stop LocalStack; what was deployed there is gone
	@scripts/localstack.sh stop

logs: setup ## Show what the deployed functions logged (FILTER=trouble SINCE=6h; STAGE=staging for AWS)
	@scripts/deploy.sh logs $(or $(STAGE),localstack) --since '$(SINCE)' --filter '$(value FILTER)' $(ARGS)

logs-file: setup ## Show one file's story (KEY=automations/inc/changes/… or a stamp; SINCE=2d)
	@scripts/deploy.sh logs $(or $(STAGE),localstack) --since '$(SINCE)' --key '$(KEY)' $(ARGS)

run: setup ## Run fleettickets with a stage's bucket and database (ARGS="replay KEY --apply")
	@scripts/deploy.sh operate $(or $(STAGE),localstack) run .venv/bin/fleettickets $(ARGS)

pause: setup ## Let doorbells wait in their queue; make resume goes on
	@scripts/deploy.sh operate $(or $(STAGE),localstack) pause

resume: setup ## Answer doorbells again
	@scripts/deploy.sh operate $(or $(STAGE),localstack) resume

redrive: setup ## Give the doorbells that were given up another chance
	@scripts/deploy.sh operate $(or $(STAGE),localstack) redrive

dead-letters: setup ## Show undelivered events and failed runs (ARGS=--discard deletes them then)
	@scripts/deploy.sh operate $(or $(STAGE),localstack) dead-letters $(ARGS)

rotate: setup ## Give the functions' database role another password
	@scripts/deploy.sh operate $(or $(STAGE),localstack) rotate

game-day: setup ## Cause every alarm on stacks of its own on LocalStack, and mend it by the runbook
	@GAME_DAY=all scripts/test.sh tests/stack/test_game_day.py tests/stack/test_long_game_day.py $(ARGS)

audit: setup ## Look for known vulnerabilities in everything that is locked (asks pypi.org)
	@scripts/supply_chain.sh audit

sbom: setup ## Write the bill of materials of what is deployed, as CycloneDX, into .local/sbom.json
	@scripts/supply_chain.sh sbom

licences: setup ## Write docs/licences.md anew
	@scripts/supply_chain.sh licences

bench: setup ## Measure everything, side by side with the peers, into docs/performance.md (takes hours)
	@scripts/bench.sh run .venv/bin/python -m tests.bench.all $(ARGS)

bench-setup: setup ## Install what only the benchmarks need: the peers
	@scripts/bench.sh setup

bench-peers: bench-setup ## Measure ingest against its limits and its peers (ARGS=--quick to try it)
	@scripts/cluster.sh run .venv/bin/python -m tests.bench.peers $(ARGS)

bench-ingest: setup ## Measure ingest against the batch worker's way and against COPY
	@scripts/cluster.sh run .venv/bin/python -m tests.bench.ingest $(ARGS)

bench-geocode: setup ## Measure geocoding at a million tickets: 10,000 pending places, and an idle run
	@scripts/cluster.sh run .venv/bin/python -m tests.bench.geocode $(ARGS)

bench-reseed: setup ## Measure a reseed of 10,000 files on LocalStack against the live path (ARGS="--files 500")
	@scripts/localstack.sh run scripts/cluster.sh run .venv/bin/python -m tests.bench.reseed $(ARGS)

bench-read: setup ## Measure payloads, nearest tickets, snapshot and dashboard over a million tickets
	@scripts/cluster.sh run .venv/bin/python -m tests.bench.read $(ARGS)

preview: setup ## Write the page that shows the database (ARGS="--out DIR" for another place)
	@scripts/cluster.sh run .venv/bin/fleettickets preview $(or $(ARGS),--out .local/page)

bench-preview: setup ## Measure the page with 100,000 open tickets in the browser
	@scripts/cluster.sh run .venv/bin/python -m tests.bench.preview

screenshots: setup ## Take the pictures in docs/images anew, of a page of made-up tickets
	@scripts/cluster.sh run .venv/bin/python -m tests.bench.screenshots docs/images

vendor: ## Copy the page's libraries and outline map anew, from the npm registry (needs npm)
	@scripts/vendor.sh

build: setup ## Pack functions and layers, without Docker (ARCH=x86_64 or host for others than arm64)
	@scripts/build.sh $(ARCH)

deploy: setup ## Deploy to a stage of samconfig.toml (STAGE=localstack is this machine)
	@scripts/deploy.sh deploy $(STAGE)

reseed: setup ## Plan a reseed (STAGE=staging), or apply that plan (PLAN=its plan_sha256; ALLOW_MISSING=yes)
	@scripts/deploy.sh reseed $(STAGE) $(if $(PLAN),--plan $(PLAN)) $(if $(filter yes,$(ALLOW_MISSING)),--allow-missing)

bucket-events: setup ## Switch EventBridge on for a bucket of others (BUCKET=name; ARGS=--apply does it)
	@.venv/bin/python scripts/bucket_events.py $(BUCKET) $(ARGS)

clean: localstack-stop db-destroy ## Delete everything that was made here: databases, packages, caches
	@rm -rf .local .localstack .venv .aws-sam .hypothesis .pytest_cache .ruff_cache
