# Bootstraps uv and nox into .venv, then only forwards to nox.
#
#   make bench                                    codeflash's default range, all Pythons
#   make bench TARGET=rich RANGE=14.0.0..15.0.0   another target, another range
#   make bench ARGS="--python 3.13 --dry-run"     any option of `python -m bench run`
#   make bench REPO=~/src/httpie                  a project as it is, without a target's file
#   make provision HOST=bench-admin@203.0.113.7   a machine becomes a pinned benchmark machine

PYTHON ?= python3
REPO   ?=
TARGET ?= $(or $(REPO),codeflash)
WHERE  := $(if $(REPO),$(if $(filter-out $(REPO),$(TARGET)),--repo "$(REPO)"))
RANGE  ?=
HOST   ?=
ARGS   ?=
NOX    := .venv/bin/nox

# uv trusts what the system trusts: a proxy's certificate is known there and nowhere else.
export UV_SYSTEM_CERTS ?= true

.DEFAULT_GOAL := help
.PHONY: help bench report test lint clean selfcheck calibrate provision

help: ## show this
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  Options: TARGET=name or REPO=path, RANGE=base..head ARGS=\"--python 3.13 …\" PYTHON=python3.12"

bench: .venv/.ready ## measure TARGET over RANGE and write it up (default: codeflash, two releases)
	@$(NOX) -s bench -- "$(TARGET)" $(RANGE) $(WHERE) $(ARGS)

report: .venv/.ready ## make results/ from data/ again
	@$(NOX) -s report

test: .venv/.ready ## the whole test suite
	@$(NOX) -s tests -- $(ARGS)

lint: .venv/.ready ## ruff and mypy --strict
	@$(NOX) -s lint

calibrate: .venv/.ready ## measure what this machine can resolve, for TARGET
	@$(NOX) -s calibrate -- $(TARGET) $(ARGS)

selfcheck: .venv/.ready ## measure this project's own claims on this machine
	@$(NOX) -s selfcheck -- $(ARGS)

provision: .venv/.ready ## provision, pin and verify the benchmark machine HOST
	@$(NOX) -s provision -- $(HOST) $(ARGS)

clean: .venv/.ready ## remove cached environments (never data/)
	@$(NOX) -s clean -- $(ARGS)

.venv/.ready: uv.lock infra/bootstrap.py
	@$(PYTHON) infra/bootstrap.py
	@touch $@
