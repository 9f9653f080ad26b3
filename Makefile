# Targets speak for themselves; `make` lists them.
.DEFAULT_GOAL := help
.PHONY: help demo test unit lint types docs golden lock bench clean
SHELL := /bin/bash
# The program runs as it is installed, with its modules translated once; the tests start it some hundred times.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
OUT    ?= demo-output

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: $(VENV)/.demo ## run the main job on an embedded lab and say where the reports are
	@$(BIN)/sendready demo --output $(OUT)

test: packages $(VENV)/.test ## install what the tests need, then lint, types and all tests (root on Debian)
	@$(MAKE) --no-print-directory lint types
	@$(BIN)/pytest -n 2 --dist loadfile

unit: $(VENV)/.test ## only the tests that need no servers and no browser
	@$(BIN)/pytest -m "not lab and not browser"

lint: $(VENV)/.test ## ruff
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .

types: $(VENV)/.test ## mypy, strict
	@$(BIN)/mypy --no-error-summary

docs: $(VENV)/.test ## write docs/checks and docs/schemas anew from the catalogue
	@$(BIN)/python scripts/generate_docs.py

golden: $(VENV)/.test ## write the golden reports anew; look at the difference before you commit it
	@$(BIN)/python -m tests.reports.golden

lock: $(VENV)/.test ## resolve the dependencies anew
	@$(BIN)/python scripts/lock.py

bench: $(VENV)/.test ## the benchmarks: ratios within one run
	@for name in $(filter-out side_by_side,$(basename $(notdir $(wildcard bench/[a-z]*.py)))); do $(BIN)/python -m bench.$$name || exit 1; done

clean: ## remove what can be made again
	rm -rf $(VENV) $(OUT) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist

.PHONY: packages
packages:
	@scripts/install-debian-packages

$(VENV)/bin/python:
	@scripts/make-venv $(PYTHON) $(VENV)

$(VENV)/.demo: requirements/demo.txt pyproject.toml | $(VENV)/bin/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/demo.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.test: requirements/test.txt pyproject.toml | $(VENV)/bin/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/test.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.demo
