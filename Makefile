# One way to do each thing: make setup | run | test | lint | bench | fmt | lock
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: setup run test lint bench fmt lock

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed.")'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

run: $(READY)
	@$(BIN)/digest lists show morgen >/dev/null 2>&1 || $(BIN)/digest lists create morgen --name "Der Morgen"
	@$(BIN)/digest subscribers import digest/samples/subscribers.csv --list morgen --consent "Sample, part of the package"
	@$(BIN)/digest run
	@echo
	@echo "The newsroom:  $(BIN)/digest serve                                      then open http://127.0.0.1:8000/redaktion"
	@echo "To sign in:    $(BIN)/digest editors add ADDRESS --name NAME --role admin    prints a link that serves once"

test: $(READY)
	$(BIN)/pytest -n auto --dist loadfile

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: $(READY)
	$(BIN)/python -m benchmarks

fmt: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Needs uv. Versions and hashes, no addresses.
lock:
	uv pip compile pyproject.toml --extra dev --python-version 3.11 --universal --generate-hashes \
		--no-emit-index-url --no-header --quiet -o requirements.lock
