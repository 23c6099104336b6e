# make run, make test, make bench: each sets up all it needs in .venv, from the lock files, and then does its job.

PYTHON ?= python3
TORCH ?= torch==2.13.0
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-cache-dir

.PHONY: run test lint bench lock clean
.DELETE_ON_ERROR:

run: $(VENV)/run.ready
	$(BIN)/bandmate serve

test: $(VENV)/dev.ready
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(VENV)/dev.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/dev.ready
	$(BIN)/python -m benchmarks

# The lock files, anew from pyproject.toml (uv resolves for every supported Python and platform at once).
lock: $(VENV)/python.ready
	$(PIP) uv
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		pyproject.toml -o config/lock/run.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--extra dev pyproject.toml -o config/lock/dev.txt

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/python.ready:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Bandmate needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/run.ready: $(VENV)/python.ready config/lock/run.txt pyproject.toml
	$(PIP) --require-hashes -r config/lock/run.txt
	$(PIP) --no-deps --editable .
	@touch $@

# torch first and by itself: which build (CPU, CUDA) is right depends on the machine, so no lock file holds it.
$(VENV)/dev.ready: $(VENV)/run.ready config/lock/dev.txt
	$(PIP) "$(TORCH)"
	$(PIP) --require-hashes -r config/lock/dev.txt
	@touch $@
