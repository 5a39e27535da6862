# mixlite: what people who run or change it type. `make help` lists it.
# Nothing here but `make system` touches the machine outside this folder.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PORT ?= 8000
# `make test TESTS="tests/policy -k blocks"` runs some; LIMIT is in seconds for the whole run, WORKERS are processes.
TESTS ?=
LIMIT ?= 300
LONG_LIMIT ?= 1500
# In `make check` a busy machine may take longer; nothing is cut off there because of a neighbour.
CHECK_LIMIT ?= 1500
WORKERS ?= 2
SOAK_LIMIT ?= 3600
# Known holes that do not concern us, as `--ignore-vuln ID`, each with its reason in a comment here.
AUDIT_IGNORE :=

BIN := .venv/bin
PY := $(BIN)/python
RUN_READY := .venv/.ready-to-run
DEV_READY := .venv/.ready-to-develop
PIP := $(PY) -m pip --disable-pip-version-check --quiet
SOURCES := mixlite tests .ci

# The newest of the usual names is not looked for: python3, unless it is too old or cannot make environments.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$python; break; }; done)

# ------------------------------------------------------------------------------------------------------------ to use it

.PHONY: demo
demo: $(RUN_READY) ## set up and open a lively site with made-up people (PORT=8000)
	$(BIN)/mixlite demo --port $(PORT)

.PHONY: run
run: $(RUN_READY) ## set up and start your own site (PORT=8000)
	$(BIN)/mixlite serve --port $(PORT)

.PHONY: help
help: ## this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# --------------------------------------------------------------------------------------------------------- to change it

.PHONY: test
test: $(DEV_READY) ## run the tests, at most 5 minutes (TESTS="tests/policy -k blocks", LIMIT=300)
	$(call bounded,$(LIMIT)) $(PY) -m pytest -n $(WORKERS) --dist worksteal $(if $(TESTS),$(TESTS),-m "not soak and not long")

.PHONY: long
long: $(DEV_READY) ## the tests that take long: processes killed, whole sites, browsers (LONG_LIMIT=1500 seconds)
	$(call bounded,$(LONG_LIMIT)) $(PY) -m pytest -n $(WORKERS) --dist worksteal --timeout 180 -m "long and not soak"

.PHONY: check
check: locked format lint types contracts templates translated migrations security audit ## everything that must be green before a change is shown
	@$(MAKE) test LIMIT=$(CHECK_LIMIT)
	@$(MAKE) long

.PHONY: soak
soak: $(DEV_READY) ## long runs with faults (SOAK_LIMIT=3600 seconds)
	$(call bounded,$(SOAK_LIMIT)) $(PY) -m pytest -m soak --timeout 0 -o faulthandler_timeout=0 $(TESTS)

.PHONY: figures
figures: $(DEV_READY) ## how fast pages are on a slow phone: LCP, CLS, blocking time, bytes, requests
	$(call bounded,$(LIMIT)) $(PY) .ci/figures.py

.PHONY: pictures
pictures: $(DEV_READY) ## take the README's pictures anew (.ci/pictures)
	$(call bounded,$(LIMIT)) $(PY) .ci/pictures.py

.PHONY: system
system: ## install Chromium, a Japanese font, PostgreSQL, Redis (Debian packages; as root or with sudo)
	@bash .ci/system

.PHONY: translations
translations: $(DEV_READY) ## write new messages into the translation files, and say what is still missing
	$(PY) -m mixlite.core.language --update

.PHONY: fix
fix: $(DEV_READY) ## let ruff repair what it can: format, imports, simple lint
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

.PHONY: lock
lock: $(DEV_READY) ## write the lock files anew from pyproject.toml (UPGRADE=--upgrade for newer releases)
	$(call compile,requirements.lock,--extra build)
	$(call compile,requirements-dev.lock,--extra build --extra dev --constraint requirements.lock)
	@if grep -nE '://|^-|(^|[^.])/(home|opt|root|tmp|work)/' requirements.lock requirements-dev.lock; then \
		echo "A lock file names an address or a path of this machine (above)." >&2; exit 1; fi

# ------------------------------------------------------------------------------------------- the parts of `make check`

.PHONY: locked format lint types contracts templates translated migrations security audit

locked: $(DEV_READY)
	@$(PIP) check || { echo "pyproject.toml wants what the lock files do not have: make lock" >&2; exit 1; }

format: $(DEV_READY)
	$(BIN)/ruff format --check $(SOURCES)

lint: $(DEV_READY)
	$(BIN)/ruff check $(SOURCES)

types: $(DEV_READY)
	$(BIN)/mypy

contracts: $(DEV_READY)
	$(BIN)/lint-imports --no-logo --cache-dir .venv/.import-linter

templates: $(DEV_READY)
	$(BIN)/djlint --lint --quiet templates

translated: $(DEV_READY)
	$(PY) -m mixlite.core.language --check

migrations: $(DEV_READY)
	$(PY) -m mixlite.migrations --check

security: $(DEV_READY)
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml mixlite

audit: $(DEV_READY)
	$(PY) .ci/audit.py $(AUDIT_IGNORE)

# ------------------------------------------------------------------------------------------------- the Python side (.venv)

$(PY):
	@test -n "$(PYTHON)" || { echo "mixlite needs Python 3.11 or newer with its venv module. On Debian: make system (or: apt install python3-venv)." >&2; exit 1; }
	$(PYTHON) -m venv --clear .venv

$(RUN_READY): requirements.lock pyproject.toml | $(PY)
	@echo "Setting up Python in .venv (once, about a minute) ..."
	$(call install,requirements.lock)

$(DEV_READY): requirements-dev.lock pyproject.toml | $(PY)
	@echo "Setting up Python and the tools in .venv (once, about a minute) ..."
	$(call install,requirements-dev.lock)

# $(call install,LOCK FILE): exactly what the lock says, with hashes; then this checkout itself, which downloads nothing.
define install
@$(PIP) --quiet install --require-hashes --requirement $(1)
@$(PIP) --quiet install --no-index --no-deps --no-build-isolation --editable .
@touch $@
endef

# $(call compile,LOCK FILE,WHAT): one lock for every system and every Python from 3.11 on.
define compile
$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links \
	$(UPGRADE) $(2) --output-file $(1) pyproject.toml
endef

# $(call bounded,SECONDS): ends politely what runs too long, so that fixtures still clean up. Unbounded where there is no `timeout`.
bounded = $(if $(shell command -v timeout),timeout --foreground --signal=INT --kill-after=60 $(1),)
