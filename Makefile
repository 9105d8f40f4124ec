# Plain make and Python 3.11+ are enough: each target below does its own set-up.
# make test DATABASES=sqlite   runs the tests on one database only.

.DEFAULT_GOAL := help
.PHONY: help setup demo test check fix benchmark peers serve faults lock

# The newest-named python3 that is 3.11 or later; `make PYTHON=/path/to/python3` overrides it.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' && echo $$p && break; done)
BIN := .venv/bin
STAMP := .venv/.installed
DATABASES ?= sqlite,postgresql

help: ## say what each target does
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## install everything into .venv, once
	@$(BIN)/python -c 'import ctypes, sys; sys.platform != "linux" or ctypes.CDLL("libgomp.so.1")' 2>/dev/null || $(MAKE) --no-print-directory libgomp

$(STAMP): requirements.lock pyproject.toml
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "Engage needs Python 3.11 or later$(if $(PYTHON), and $(PYTHON) is not,; none was found). Install it, or name it: make PYTHON=/path/to/python3" >&2; exit 2; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) has no venv module; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 2; }
	@echo "Installing into .venv, once; this takes a few minutes"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-build-isolation --no-deps --editable .
	@touch $(STAMP)

# LightGBM computes with the system's OpenMP library, which no wheel carries.
.PHONY: libgomp
libgomp:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
		echo "Installing libgomp1, which LightGBM needs"; \
		apt-get update -qq && apt-get install -y -qq libgomp1 >/dev/null; \
	else \
		echo "LightGBM needs the system library libgomp.so.1, which is missing. Install it and run make again:" >&2; \
		echo "  Debian, Ubuntu: sudo apt-get install libgomp1     Fedora: sudo dnf install libgomp     Alpine: apk add libgomp" >&2; \
		exit 2; \
	fi

demo: setup ## run a small simulated bank through the whole loop
	$(BIN)/engage demo

test: setup check ## check, then run every test on both databases
	$(BIN)/pytest -n 2 --databases $(DATABASES)

check: setup ## look for faults of style, types and layers
	$(BIN)/ruff format --check --quiet
	$(BIN)/ruff check --quiet
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --no-logo

fix: setup ## mend what a machine can mend
	$(BIN)/ruff format
	$(BIN)/ruff check --fix
	$(BIN)/python -m engage.settings
	$(BIN)/python -m docs.generate

benchmark: setup ## measure on real data and the simulated bank, for an hour and a half
	$(BIN)/python benchmarks/run.py
	$(BIN)/python benchmarks/prefixes.py
	$(BIN)/python benchmarks/deciles.py
	$(BIN)/python benchmarks/regret_bank.py --decisions 50000
	$(BIN)/python -m benchmarks.agent_hours

# Other libraries, to be measured beside: each set in an environment of its own, away from Engage's.
peers: ## install what benchmarks compare with, into var/peers
	@for set in scores policies values; do \
		echo "Installing benchmarks/peers/$$set.txt into var/peers/$$set"; \
		$(PYTHON) -m venv var/peers/$$set && \
		var/peers/$$set/bin/python -m pip install --quiet --requirement benchmarks/peers/$$set.txt || exit; \
	done

serve: setup ## run the engine here until Ctrl-C
	$(BIN)/engage run

faults: setup ## kill processes and break networks, for minutes
	$(BIN)/pytest -m faults --timeout 1800 --databases $(DATABASES)

# uv resolves for all platforms at once and keeps the versions that stand; UPGRADE=--upgrade moves them.
# It lives in a folder of its own because nothing else here needs it.
lock: ## write requirements.lock anew from pyproject.toml
	$(PYTHON) -m venv var/uv && var/uv/bin/pip install --quiet uv
	var/uv/bin/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links $(UPGRADE) --quiet --output-file requirements.lock
