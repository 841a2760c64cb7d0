# Everything runs from one folder, .venv, that the first verb makes. `make help` lists the verbs.
# Needs Debian (or the like), Python 3.11 or newer, and make.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install --constraint constraints.txt
LOCK := pyproject.toml constraints.txt

# Debian's packages, as root or through a sudo that asks nothing; fails where neither is to be had.
APT := $(shell [ "$$(id -u)" = 0 ] || echo "sudo -n ")env DEBIAN_FRONTEND=noninteractive apt-get -qq
apt_install = { $(APT) update && $(APT) install -y --no-install-recommends $(1); } >/dev/null 2>&1

.PHONY: lab test demo check bench bench-screens bench-gpu clean help env env-dev env-bench browser

lab: env ## Open JupyterLab on the quickstart notebook
	@$(BIN)/workbench lab

demo: env ## Run the main job in the terminal: embed, index, search, measure
	@$(BIN)/workbench demo

test: check browser ## Run every check and every test, those in a real browser and the notebooks included
	@$(BIN)/python -m pytest $(PYTEST)

check: env-dev ## Run the checks that need no test: style, types, import contract, file lengths
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@find workbench -name '*.py' -exec wc -l {} + | awk '$$2 != "total" && $$1 > 400 \
	  { print $$2 ": " $$1 " lines, and 400 are the most a file may have: split it by noun"; long = 1 } END { exit long }'

bench: env-bench ## Measure us beside the engines people install, in one run (about 40 minutes)
	@$(BIN)/python -m tests.benchmarks $(BENCH)

# The data of `make bench`: WordNet's is embedded once, which takes 20 minutes.
bench-screens: env-dev browser ## Measure the screens in a real browser: paint, traffic, maps, a slider (about 6 minutes)
	@$(BIN)/python -m tests.benchmarks.screens $(BENCH)

# A machine whose Python has cupy and numba is taken as it is, so that none of this needs a network there.
bench-gpu: ## Build, check and time everything a GPU is for (under 8 minutes; writes bench-gpu.json)
	@if $(PYTHON) -c 'import cupy, numba' 2>/dev/null; then $(PYTHON) -m tests.benchmarks.gpu $(BENCH); \
	  else $(MAKE) --no-print-directory .venv/gpu.stamp && $(BIN)/python -m tests.benchmarks.gpu $(BENCH); fi

clean: ## Remove the environment and all caches
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## Say what can be done
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

env: .venv/core.stamp
env-dev: .venv/dev.stamp
env-bench: .venv/bench.stamp

.venv/python.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Workbench needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || $(call apt_install,python3-venv) \
	  || { echo "$(PYTHON) cannot make environments: install Debian's python3-venv and call make again." >&2; exit 1; }
	@echo "Making the environment in .venv (about 2 minutes and 1.5 GB the first time) ..."
	@$(PYTHON) -m venv --clear .venv
	@touch $@

# hnswlib has to be compiled. It is worth having, and everything works without it.
.venv/core.stamp: .venv/python.stamp $(LOCK)
	@$(PIP) --editable .
	@[ -n "$$(type -P g++)" ] && $(PYTHON) -c 'import pathlib, sysconfig as s, sys; sys.exit(not pathlib.Path(s.get_path("include"), "Python.h").exists())' \
	  || $(call apt_install,g++ python3-dev) || true
	@$(PIP) --editable '.[hnswlib]' >.venv/hnswlib.log 2>&1 \
	  || echo "Going on without hnswlib: it needs g++ and Python's headers (see .venv/hnswlib.log). Our own numba builder makes the graphs."
	@touch $@

.venv/dev.stamp: .venv/core.stamp
	@$(PIP) --editable '.[dev]'
	@touch $@

.venv/bench.stamp: .venv/core.stamp
	@$(PIP) --editable '.[bench]'
	@touch $@

# CuPy is made for one version of CUDA; a driver for 13 names it, and what is older takes 12.
.venv/gpu.stamp: .venv/core.stamp
	@$(PIP) --editable ".[$$(nvidia-smi 2>/dev/null | grep -q 'CUDA Version: 13' && echo gpu13 || echo gpu12)]"
	@touch $@

browser: env
	@[ -x /usr/bin/chromium ] || $(call apt_install,chromium) || { \
	  echo "*** NO BROWSER: the tests of the screens are skipped. To run them: apt-get install chromium ***" >&2; }
