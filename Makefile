# 便民: `make run` shows it, `make test` proves it. Both need python3 (3.11-3.13) and the network once.

VENV := .venv
PYTHON_IN := $(VENV)/bin/python
STAMP := $(VENV)/.stamp
ROOMS := shared sync mobile server tests $(wildcard benchmarks)
WORKERS ?= 2
RESOLVE = UV_CUSTOM_COMPILE_COMMAND="make lock" $(VENV)/lock/bin/uv pip compile --quiet --upgrade \
	--universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate

# The stamp holds the folder's path: a checkout that was moved or copied gets a new .venv.
ifneq ($(shell cat $(STAMP) 2>/dev/null),$(CURDIR))
.PHONY: $(STAMP)
endif

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run demo test check format bench bench-peers soak lock system parts clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: $(STAMP) system ## Start the sample county and one tablet; Ctrl-C ends both
	@$(PYTHON_IN) -m tests.journeys.run

demo: $(STAMP) ## A morning offline, the exchange, a conflict settled; last line is JSON
	@$(PYTHON_IN) -m tests.journeys.demo

test: check parts ## Everything CI runs: `make check`, then all tests
	$(PYTHON_IN) -m pytest -n $(WORKERS) --dist loadfile

check: $(STAMP) ## Lint, format, types and the import contract between the rooms
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports
	$(VENV)/bin/mypy $(ROOMS)

format: $(STAMP) ## Bring the code into the house's shape
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

bench: $(STAMP) ## The figures, each beside its floor
	$(PYTHON_IN) -m benchmarks

bench-peers: $(STAMP) ## The same figures beside other sync engines' (needs Node)
	$(PYTHON_IN) -m benchmarks.peers

soak: $(STAMP) ## The long simulation, for a night
	$(PYTHON_IN) -m tests.simulation.soak

lock: $(STAMP) ## Resolve every dependency anew into requirements/lock.txt
	$(PYTHON_IN) $(wildcard .ci/pip-*.whl)/pip install --quiet --upgrade --target $(VENV)/lock \
		--require-hashes --only-binary :all: --requirement requirements/uv.txt
	$(RESOLVE) --all-extras --output-file requirements/lock.txt pyproject.toml
	$(RESOLVE) --output-file requirements/uv.txt requirements/uv.in

system: $(STAMP)
	@.ci/system $(PYTHON_IN) drawing

parts: $(STAMP)
	@.ci/system $(PYTHON_IN) drawing browser

clean: ## Remove what make built (.venv and caches), never a county's or a tablet's home
	rm -rf $(VENV) build *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	rm -rf .hypothesis

$(STAMP): requirements/lock.txt pyproject.toml .ci/venv
	@.ci/venv $(VENV)
	@printf '%s' "$(CURDIR)" > $@
