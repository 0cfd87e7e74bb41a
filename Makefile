PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.polyhead-installed
REQUIREMENTS := $(addprefix requirements/,runtime.txt train.txt export.txt dev.txt)

.PHONY: setup demo test test-slow lint clean

setup: $(STAMP)

$(STAMP): $(REQUIREMENTS) pyproject.toml
	@echo "Setting up .venv (once; about two minutes)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $(STAMP)

demo: setup
	$(BIN)/polyhead demo

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports

test: lint
	$(BIN)/python -m pytest -n auto -m "not slow"

test-slow: setup
	$(BIN)/python -m pytest -m slow --timeout 1200

clean:
	rm -rf .venv demo runs
