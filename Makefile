PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
RECORD ?= order
POLICY ?= cn-sx-2021-22
# Most tests wait for brokers, clocks and processes: several at once, each with servers of its own.
AT_ONCE := --numprocesses 4 --dist worksteal
SEEDS ?= 0-9

.DEFAULT_GOAL := help
.PHONY: help install demo up down alerts check test unit format lint types imports rule campaign bench lock

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s  %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMP) ## Set up .venv with the locked dependencies and the command .venv/bin/vbp

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "make: $(PYTHON) is not Python 3.11 or newer. Install one and say which:" \
		"make install PYTHON=python3.12" >&2; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv || { \
		echo "make: $(PYTHON) cannot make .venv. On Debian and Ubuntu: apt-get install" \
		"python3-venv" >&2; exit 1; }
	@echo "Installing the locked dependencies into .venv: a minute, or some"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		--requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

demo: install ## Watch a simulated province on real Kafka and PostgreSQL; Ctrl-C ends it
	$(BIN)/vbp demo

up: install ## Start Kafka and PostgreSQL on this machine and leave them running
	$(BIN)/vbp local up

down: install ## Stop what `make up` started
	$(BIN)/vbp local down

alerts: install ## Start Prometheus and Alertmanager beside what runs here; Ctrl-C ends them [OPTIONS="--prometheus PORT"]
	$(BIN)/python -m deploy.monitoring $(OPTIONS)

check: install ## Everything that must be green: format, lint, types, imports, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest $(AT_ONCE)

test: install ## Run all tests
	$(BIN)/pytest $(AT_ONCE)

unit: install ## Run the tests that need neither Kafka nor PostgreSQL
	$(BIN)/pytest -m "not integration" --numprocesses 2

format: install ## Mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: install ## Check format and style
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: install ## Check the types
	$(BIN)/mypy

imports: install ## Check who may import whom
	$(BIN)/lint-imports

rule: install ## Lay out a new rule: make rule NAME=my-rule [RECORD=order] [POLICY=cn-sx-2021-22]
	@$(BIN)/python -m tools.new_rule --record "$(RECORD)" --policy "$(POLICY)" -- "$(NAME)"

documents: install ## Write docs/policies and docs/roles.md anew, after a policy, rule or route has changed
	@$(BIN)/python -m tools.documents
	@$(BIN)/python -m tools.roles

campaign: install ## Run 200 seeded faults under load, in 40 minutes: make campaign [SEEDS=0-9]
	$(BIN)/python -m tests.campaign --seeds "$(SEEDS)"

bench: install ## Measure events a second against the floor of this machine
	$(BIN)/python -m benchmarks.worker

lock: install ## Resolve the dependencies anew into requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
		--generate-hashes --no-header --no-annotate --no-emit-index-url --output-file requirements.lock
