# Needs make and Python 3.11 or newer; everything else is installed into .venv and node_modules.

BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --quiet --no-input --disable-pip-version-check install --no-user

# Tests run in twice as many processes as there are cores, since they wait a lot for databases and browsers, and in 6 at
# most; those of one file stay together, since many files share a server.
WORKERS ?= $(shell cores=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); \
	workers=$$((2 * cores)); [ $$workers -gt 6 ] && workers=6; echo $$workers)

# Folders are sources too: a file that is added to or removed from one counts.
FRONT_END := $(wildcard core/web/static/src core/web/static/src/* core/web/static/src/*/* \
	plugins/*/static/src plugins/*/static/src/* plugins/*/static/src/*/*)
# Plugins of third parties: distributions of their own, installed as such where they are tested.
EXAMPLES := $(wildcard examples/*/)
BUNDLE := core/web/static/dist/icons.json

.PHONY: help run test check setup setup-dev setup-browser bundle bench lock clean

help: ## Say what make can do here
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

run: setup ## Start Switchroom on http://localhost:8000, with its own database and a demo tenant
	@exec $(BIN)/switchroom run

# The examples' contracts are tested where each is installed from its wheel: tests/authoring/test_wheels.py. Tests start
# hundreds of processes, each of which would compile the project anew if Python was told to keep nothing.
test: setup-dev setup-browser check ## Check the code and run all tests (PYTEST_ARGS='-k offer' to choose some)
	@SWITCHROOM_CHROMIUM="$$(scripts/find-chromium)"; export SWITCHROOM_CHROMIUM; unset PYTHONDONTWRITEBYTECODE; \
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder \
	--ignore-glob="examples/*/tests/test_contract.py" $(PYTEST_ARGS)

check: setup-dev ## Lint, formatting, types, and which part may import which
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

setup: .venv/.stamp-run $(BUNDLE) ## Install what running needs, and bundle the front end

setup-dev: .venv/.stamp-dev $(BUNDLE) ## Install what development needs as well

setup-browser: ## Install Chromium for the browser tests where none is (Debian, as root)
	@scripts/setup-browser

bundle: $(BUNDLE) ## Bundle the front end

bench: setup-dev ## Run every benchmark, each against its reference
	$(BIN)/python -m bench

lock: $(BIN)/python ## Pin the dependencies anew (UPGRADE=--upgrade takes the newest)
	$(PIP) 'uv>=0.9'
	$(call compile,requirements.txt,pyproject.toml --group build)
	$(call compile,requirements-dev.txt,pyproject.toml --group build --group dev --constraint requirements.txt)
	$(call compile,requirements-node.txt,--group pyproject.toml:node)
	$(if $(UPGRADE),rm -f package-lock.json)
	scripts/npm install --package-lock-only

# One file for every platform and Python version, and no word of where the packages came from.
compile = $(BIN)/uv --no-config pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' $(UPGRADE) $(2) --output-file $(1)

clean: ## Remove everything that is generated; data under var/ stays
	rm -rf .venv node_modules core/web/static/dist plugins/*/static/dist *.egg-info examples/*/*.egg-info test-results
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@python=$$(PYTHON='$(PYTHON)' scripts/find-python) && \
	echo "Making .venv with $$python" && "$$python" -m venv --clear .venv

.venv/.stamp-run: requirements.txt pyproject.toml | $(BIN)/python
	@echo 'Installing the libraries of requirements.txt'
	@$(PIP) --require-hashes -r requirements.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.stamp-dev: requirements-dev.txt $(wildcard examples/*/pyproject.toml) .venv/.stamp-run
	@echo 'Installing the development tools of requirements-dev.txt'
	@$(PIP) --require-hashes -r requirements-dev.txt
	@$(PIP) --no-deps --no-build-isolation $(foreach folder,$(EXAMPLES),--editable $(folder))
	@touch $@

node_modules/.package-lock.json: package.json package-lock.json .npmrc | .venv/.stamp-run
	@echo 'Installing the front-end libraries of package-lock.json'
	@scripts/npm ci --loglevel=error
	@touch $@

$(BUNDLE): node_modules/.package-lock.json scripts/bundle.mjs $(FRONT_END)
	@scripts/npm run --silent bundle
	@touch $@
