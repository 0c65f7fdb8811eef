# The commands of the house. Nothing but Python 3.11 or newer and make needs to be there; the rest is installed into .venv.
#   make demo ARGS="--intent FILE --out demo-out"     hands options on to `opencmr demo`
#   make test ARGS="-k consent"                        hands options on to pytest
#   make soak ARGS="--only crash --rounds 20"          hands options on to the long runs (tests/soak)
#   make PYTHON=/path/to/python3.12 test               takes that Python for a new .venv

MAKEFLAGS += --no-print-directory
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq install --constraint constraints.txt
RUNTIME := .venv/.runtime
DEV := .venv/.dev
BENCH := .venv/.bench
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test fuzz soak bench check docs site clean lint audit

help: ## say what can be made
	@echo "OpenCMR: make …"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)$$/\1|\2/p' $(firstword $(MAKEFILE_LIST)) | while IFS='|' read -r name text; do \
	    printf '  %-7s %s\n' "$$name" "$$text"; done

demo: $(RUNTIME) ## watch a customer and two shops talk
	@$(BIN)/opencmr demo $(ARGS)

test: $(DEV) ## run the tests
	@$(BIN)/python -m pytest -q -n auto --dist loadscope --no-loadscope-reorder $(ARGS)

soak: $(DEV) ## run for long: kills, full disks, floods, hostile input; losses: 0
	@PYTHONPATH=tests $(BIN)/python -m soak $(ARGS)

fuzz: $(DEV) ## try a million hostile inputs
	@PYTHONPATH=tests $(BIN)/python -m fuzz --growth
	@PYTHONPATH=tests $(BIN)/python -m fuzz --inputs 1000000 --out fuzz-out $(ARGS)
	@OPENCMR_LONG=1 $(BIN)/python -m pytest -q tests/fuzz/test_binding.py

check: $(DEV) lint audit docs test ## everything that must hold: style, types, layers, pins, site, tests

lint: $(DEV)
	@echo "· style";  $(BIN)/ruff check --quiet . && $(BIN)/ruff format --check --quiet . \
	    || { echo "make: see '$(BIN)/ruff check .'; '$(BIN)/ruff format .' mends the format"; exit 1; }
	@echo "· types";  $(BIN)/mypy
	@echo "· layers"; said=$$($(BIN)/lint-imports 2>&1) || { echo "$$said"; exit 1; }; echo "$$said" | sed -n '/^Contracts:/p'

audit: $(DEV) ## ask whether a version that is pinned is known to be vulnerable
	@echo "· pins"; $(BIN)/python tools/audit.py

docs: $(DEV) ## build the site into site/
	@echo "· site"; NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --site-dir site
	@echo "  site/index.html"

bench: $(BENCH) ## measure beside bounds and peers: five minutes; ARGS="--help" says more
	@$(BIN)/python tests/bench $(ARGS)

clean: ## remove what was made, but for .venv
	@rm -rf build dist site demo-out fuzz-out .pytest_cache .hypothesis .mypy_cache .ruff_cache .import_linter_cache .coverage htmlcov
	@find sdk tests examples tools -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
	@echo "clean (.venv stays; rm -rf .venv makes the next call install everything anew)"

# --- .venv ------------------------------------------------------------------------------------------------------------
# Some launchers are there and yet start nothing (pyenv's shims), and some Pythons can't make a venv: so each is tried.

$(BIN)/python:
	@for python in $(or $(PYTHON),python3.13 python3.12 python3.11 python3 python); do \
	    if $$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
	        echo "· making .venv with $$($$python --version)"; \
	        $$python -m venv .venv && exit 0; rm -rf .venv; exit 1; \
	    fi; \
	done; \
	echo "make: OpenCMR needs Python 3.11 or newer with its venv module; tried: $(or $(PYTHON),python3.13 python3.12 python3.11 python3 python)." >&2; \
	echo "make: install one (on Debian: python3 and python3-venv) or name it: make PYTHON=/path/to/python3.12 …" >&2; \
	exit 1

# The demo needs no development tools: a newcomer doesn't wait for them.
$(RUNTIME): pyproject.toml constraints.txt | $(BIN)/python
	@echo "· installing OpenCMR into .venv (once; under a minute)"
	@$(PIP) --editable '.[vendor]'
	@touch $@

$(DEV): pyproject.toml constraints.txt | $(BIN)/python
	@echo "· installing OpenCMR with its development tools into .venv (once; a minute or two)"
	@$(PIP) --editable '.[vendor,bench,dev]'
	@touch $(RUNTIME) $(BENCH) $@

$(BENCH): pyproject.toml constraints.txt | $(BIN)/python
	@echo "· installing OpenCMR with what it is measured beside into .venv (once; a minute or two)"
	@$(PIP) --editable '.[vendor,bench]'
	@touch $(RUNTIME) $@
