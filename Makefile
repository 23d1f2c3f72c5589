# Two commands on a machine that has python3 and make: `make up` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTEST_OPTIONS ?=

.PHONY: up test test-faults lint bench clean

up: $(STAMP)
	$(BIN)/brokle-migrate up

test: $(STAMP)
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not faults" $(PYTEST_OPTIONS)

# Much of their time is waiting for what a killed command has left: one worker more than two cores.
test-faults: $(STAMP)
	$(BIN)/python -m pytest -n 3 --dist worksteal -m faults $(PYTEST_OPTIONS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP)
	$(BIN)/python -m benchmarks

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) .data
