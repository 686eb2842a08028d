# Everything runs in .venv; nothing is installed elsewhere. Python 3.11 or newer, make and git are all it needs.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
RUN := .venv/bin/python
MANAGE := $(RUN) manage.py
TESTS ?= tests
export PIP_DISABLE_PIP_VERSION_CHECK = 1
# Compiled modules are kept: the tests alone start some hundred processes.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test chaos mutants pages bench coverage check format up down logs lock screenshots clean

help: ## Show what there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/demo.installed: requirements/demo.txt | .venv/bin/python
	$(RUN) -m pip install --quiet --require-hashes -r requirements/demo.txt
	@touch $@

.venv/dev.installed: requirements/dev.txt | .venv/bin/python
	$(RUN) -m pip install --quiet --require-hashes -r requirements/dev.txt
	@touch $@ .venv/demo.installed

setup: .venv/demo.installed ## Install what running needs, start the database, create its tables
	$(MANAGE) migrate --verbosity 0

demo: .venv/demo.installed ## Import sample posts, audit them, draft, approve and post one, on real workers
	$(MANAGE) demo

test: .venv/dev.installed ## Run the tests (pytest --reuse-db)
	$(RUN) -m pytest --reuse-db --numprocesses 2 --dist loadgroup $(TESTS)

chaos: .venv/dev.installed ## Kill, race and restart in the long form: every repetition the promises name
	TIKTOK_OPS_TESTS=long $(RUN) -m pytest --reuse-db --numprocesses 2 --dist loadgroup -s tests/chaos tests/integration \
		$$(grep -rl tests.forms tests/unit --include='*.py')

mutants: .venv/dev.installed ## Put bugs into a copy of the project; each must make its test fail
	$(RUN) -m tests.seeded_bugs

pages: .venv/dev.installed ## Drive the pages in a real browser (needs Chromium, or CHROME_BIN)
	$(RUN) -m pytest --reuse-db --numprocesses 2 --dist loadgroup -m e2e tests/e2e

.venv-bench/installed: requirements/bench.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --require-hashes -r requirements/bench.txt
	@touch $@

bench: .venv/dev.installed .venv-bench/installed ## Measure the engine beside its peers; writes benchmarks/RESULTS.md
	PEERS_PYTHON=.venv-bench/bin/python $(RUN) -m benchmarks.run --write
	$(RUN) -m benchmarks.growth --write
	$(RUN) -m benchmarks.content_batch --write

coverage: .venv/dev.installed ## Run the tests and show which branches they miss
	$(RUN) -m pytest --reuse-db --numprocesses 2 --dist loadgroup --cov --cov-report=term-missing $(TESTS)

check: .venv/dev.installed ## Lint, types, import contracts, migrations
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	.venv/bin/lint-imports
	$(MANAGE) check --fail-level WARNING
	$(MANAGE) makemigrations --check --dry-run
	$(MANAGE) write_docs --check

format: .venv/dev.installed ## Format the code and mend what the linter can
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

up: .venv/demo.installed ## Start web, worker and keeper; print the address and the logins
	$(MANAGE) up

down: ## Stop everything, the embedded database included
	@if [ -x $(RUN) ]; then $(MANAGE) down; fi

logs: ## Follow what `make up` says
	tail -n 50 -F var/up.log

lock: .venv/dev.installed ## Compile the hash-pinned requirements from pyproject.toml
	for extra in base demo dev production; do \
		flag=$$([ $$extra = base ] || echo --extra $$extra); \
		.venv/bin/uv pip compile pyproject.toml $$flag --universal --python-version 3.11 \
			--generate-hashes --no-strip-extras --no-emit-index-url --no-header --quiet -o requirements/$$extra.txt || exit 1; \
	done
	.venv/bin/uv pip compile --group pyproject.toml:bench --universal --python-version 3.11 \
		--generate-hashes --no-strip-extras --no-emit-index-url --no-header --quiet -o requirements/bench.txt

screenshots: .venv/dev.installed ## Take the pictures in docs/screenshots (needs Chromium, or CHROME_BIN)
	$(RUN) -m tests.e2e.take_screenshots

clean: down ## Stop everything and remove what was made here: .venv and var
	rm -rf .venv .venv-bench var .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
