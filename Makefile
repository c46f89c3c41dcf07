# The first of these that is supported creates .venv; `make PYTHON=/path/to/python3.13 run` names another one.
SUPPORTED = 3.14 3.13 3.12 3.11
PYTHON =
CANDIDATES = $(or $(PYTHON),$(SUPPORTED:%=python%) python3 python \
             $(SUPPORTED:%=/usr/bin/python%) /usr/bin/python3 $(SUPPORTED:%=/usr/local/bin/python%) /usr/local/bin/python3)
EXAMPLES = 2000
REQUESTS = 10000
MINUTES = 10
RUNS = 5
DATABASE = postgresql
SEED =
FROM =
SIZE = full
UPGRADE = --upgrade
# The stamps are written last: an environment without READY is incomplete, because an installation was interrupted.
# READY has what runs the app, which is less than half of it all; TOOLS adds what tests and checks need.
READY = .venv/.ready
TOOLS = .venv/.tools
IN_VENV = .venv/bin/python -m
# pip refuses a file that is not the one that `make lock` has seen.
LOCKED = --quiet --disable-pip-version-check --require-hashes

.PHONY: help run test coverage browser explore chaos upgrade bench ratios lint ruff ruff-format mypy imports djlint oxlint format sure \
        audit lock clean

help:
	@echo "make run      start the app on the first free port from 5000 (PORT=8000 make run for another one)"
	@echo "make test     run the tests (make T=tests/unit test for some of them)"
	@echo "make coverage show which lines the tests run (make T=tests/unit coverage for some of them)"
	@echo "make browser  test the scripts in a real Chromium (says what to install if there is none)"
	@echo "make explore  search for differences between the app and the model (make explore EXAMPLES=5000 for more)"
	@echo "make chaos    inject random faults during restores (for example: make chaos MINUTES=4 DATABASE=sqlite SEED=1)"
	@echo "make upgrade  try an upgrade with an earlier release beside this one (for example: make upgrade FROM=v1.0)"
	@echo "make bench    measure performance (make bench SIZE=small for the ratios alone, within five minutes)"
	@echo "make ratios   measure the ratios of the bench anew and write them to benchmarks/ratios.json (some minutes a run)"
	@echo "make lint     check style, types, templates, scripts and the direction of imports"
	@echo "make format   format the code"
	@echo "make sure     run everything that CI runs: the tests, every check, and the ratios of the bench"
	@echo "make audit    look for known vulnerabilities in the dependencies (needs the internet) and for insecure code"
	@echo "make lock     write the newest allowed versions of the dependencies, with hashes, to the requirements files"
	@echo "make clean    remove the virtual environments and caches (the data in instance/ stays)"

run: $(READY)
	@$(IN_VENV) webapp.local

# The whole suite runs in four processes (tests/support/groups.py); with T= in one, where a debugger works.
test: $(TOOLS)
	$(IN_VENV) pytest $(if $(T),,-n 4 --dist loadgroup) $(T)

# It includes the processes that the tests start. The report is in .coverage-html.
coverage: $(TOOLS)
	$(IN_VENV) pytest --cov --cov-report=term:skip-covered --cov-report=html $(if $(T),,-n 4 --dist loadgroup) $(T)

# Selenium has its own environment, so that the other commands need not install it.
browser: .venv-browser/.ready
	.venv-browser/bin/python -m pytest tests/browser

.venv-browser/.ready: requirements-browser.txt $(READY)
	@echo "Creating .venv-browser. This happens once and takes a minute or two."
	@$(IN_VENV) venv --clear .venv-browser
	@.venv-browser/bin/python -m pip install $(LOCKED) -r requirements-browser.txt
	@touch $@

# New and longer stories in each run. A story that fails is reduced to its shortest form and printed. Then as many
# random names, addresses and searches, and requests with random bytes, whose seed is printed.
explore: $(TOOLS)
	EXAMPLES=$(EXAMPLES) REQUESTS=$(REQUESTS) FUZZ_SEED=$(or $(SEED),$(shell date +%s)) $(IN_VENV) pytest -s tests/model \
	    tests/unit/restoring/test_search.py tests/functional/commands/test_random_names.py \
	    tests/functional/test_random_bytes.py

# Exits with 1 on a violation with the fence, with 2 if there was no violation without it either.
chaos: $(TOOLS)
	@$(IN_VENV) tests.faults.chaos --minutes $(MINUTES) --database $(DATABASE) $(if $(SEED),--seed $(SEED))

# Needs the history of the earlier release, which a shallow clone lacks. Exits with 1 if a visitor saw an error, with 2 if
# the minutes were not enough.
upgrade: $(TOOLS)
	@$(IN_VENV) tests.faults.upgrade --database $(DATABASE) --minutes $(MINUTES) $(FROM)

# A figure below its goal is reported and is not a failure, because machines differ. Exits with 1 if a ratio fell by
# more than a quarter of the committed one. bench.json is tracked: commit it after a full run.
bench: $(TOOLS)
	@$(PEER)
	@$(IN_VENV) benchmarks --size $(SIZE) $(if $(filter full,$(SIZE)),--json bench.json)

# Commit the file with the change that altered a ratio on purpose.
ratios: $(TOOLS)
	@$(PEER)
	@$(IN_VENV) benchmarks.ratios $(RUNS)

# Django has its own environment, which nothing but the bench needs. The bench also runs without it.
PEER = $(MAKE) --no-print-directory .venv-peer/.ready || echo "Django could not be installed in .venv-peer."

.venv-peer/.ready: requirements-peer.txt $(READY)
	@echo "Creating .venv-peer. This happens once and takes half a minute."
	@$(IN_VENV) venv --clear .venv-peer
	@.venv-peer/bin/python -m pip install $(LOCKED) -r requirements-peer.txt
	@touch $@

# Both run, and either fails the target. pip-audit reads the locked versions and installs nothing; it fails, too, if it
# finds no data about a dependency. What bandit rates low (an assert, dice in the demo) ruff's rules decide.
audit: .venv-audit/.ready
	@failed=; \
	.venv-audit/bin/bandit --quiet --recursive --severity-level medium webapp serving gunicorn.conf.py worker.py migrations deploy || failed=1; \
	for file in requirements.txt requirements-dev.txt; do \
	    .venv-audit/bin/pip-audit --strict --require-hashes --disable-pip -r "$$file" || failed=1; \
	done; test -z "$$failed"

.venv-audit/.ready: requirements-audit.txt $(READY)
	@echo "Creating .venv-audit. This happens once and takes a minute."
	@$(IN_VENV) venv --clear .venv-audit
	@.venv-audit/bin/python -m pip install $(LOCKED) -r requirements-audit.txt
	@touch $@

lint: ruff ruff-format mypy imports djlint oxlint

ruff: $(TOOLS)
	$(IN_VENV) ruff check .

ruff-format: $(TOOLS)
	$(IN_VENV) ruff format --check .

mypy: $(TOOLS)
	$(IN_VENV) mypy

imports: $(TOOLS)
	.venv/bin/python .venv/bin/lint-imports

djlint: $(TOOLS)
	$(IN_VENV) djlint --lint --quiet templates

oxlint: $(TOOLS)
	.venv/bin/oxlint --quiet --deny-warnings webapp/static/js

format: $(TOOLS)
	$(IN_VENV) ruff check --fix-only --quiet .
	$(IN_VENV) ruff format .

sure:
	@.ci/run

# Prints what a candidate is: supported, newer, or bare (without the module that installs pip); nothing if it is older.
KIND = import sys; from importlib.util import find_spec; version = "%d.%d" % sys.version_info[:2]; \
       print("" if sys.version_info < (3, 11) else "bare" if not find_spec("ensurepip") else \
       "supported" if version in "$(SUPPORTED)".split() else "newer")

# The environment is made anew if it is incomplete, or if its Python has gone or became another version, which does
# not find what is installed. Each candidate is run once, because a name on PATH may be a shim without an interpreter.
# A newer Python serves only if no supported one is there, or if it is named.
$(READY): requirements-local.txt $(shell .venv/bin/python -c 'import pip' 2>/dev/null || echo without-python)
	@if [ -e $@ ] && .venv/bin/python -c 'import pip' 2>/dev/null; then rm $@; else \
	    supported= newer= bare=; \
	    for candidate in $(CANDIDATES); do \
	        case "$$("$$candidate" -c '$(KIND)' 2>/dev/null)" in \
	            supported) supported=$$candidate; break ;; \
	            newer) newer=$${newer:-$$candidate} ;; \
	            bare) bare=$${bare:-$$candidate} ;; \
	        esac; \
	    done; \
	    python=$${supported:-$$newer}; \
	    if [ -z "$$python$$bare" ]; then \
	        echo "$(if $(PYTHON),$(PYTHON) is not Python 3.11 or newer.,Python 3.11 or newer is required and was not found.)" \
	            "Install it, or name it: make PYTHON=/path/to/python3.13 run" >&2; exit 1; \
	    elif [ -z "$$python" ]; then \
	        echo "$$bare cannot make virtual environments. Install its venv module (on Debian and Ubuntu: apt install python3-venv)." >&2; exit 1; \
	    elif [ -z "$$supported" ]; then \
	        echo "Note: $$("$$python" -V) is newer than the versions that the tests run on ($(lastword $(SUPPORTED)) to $(firstword $(SUPPORTED)))."; \
	    fi; \
	    echo "Creating .venv with $$("$$python" -V) and installing the dependencies. This happens once and takes half a minute."; \
	    "$$python" -m venv --clear .venv; \
	fi
	@$(IN_VENV) pip install $(LOCKED) -r requirements-local.txt
	@touch $@

# Without READY while pip is at work: what an interruption leaves is made anew.
$(TOOLS): requirements-dev.txt $(READY)
	@echo "Installing what tests and checks need. This happens once and takes half a minute."
	@rm $(READY)
	@$(IN_VENV) pip install $(LOCKED) -r requirements-dev.txt
	@touch $(READY) && touch $@

without-python:

# The requirements files are valid for every Python and machine that the project supports, with markers for the
# differences, and with the hash of each file that a package index may send. uv can write such files and pip can install
# them. uv itself is installed in a temporary environment. `make lock UPGRADE=` keeps the versions that are locked.
lock: $(READY)
	@set -e; folder=$$(mktemp -d); trap 'rm -rf "$$folder" *.egg-info' EXIT; \
	$(IN_VENV) venv "$$folder"; \
	"$$folder/bin/python" -m pip install --quiet --disable-pip-version-check uv; \
	compile() { "$$folder/bin/uv" pip compile --quiet $(UPGRADE) --universal --python-version 3.11 --generate-hashes \
	    --custom-compile-command 'make lock' "$$@"; }; \
	compile setup.cfg -o requirements.txt; \
	compile setup.cfg --extra local -c requirements.txt -o requirements-local.txt; \
	compile setup.cfg --extra local --extra dev -c requirements-local.txt -o requirements-dev.txt; \
	compile setup.cfg --extra local --extra dev --extra browser -c requirements-dev.txt -o requirements-browser.txt; \
	compile setup.cfg --extra audit -c requirements.txt -o requirements-audit.txt; \
	compile setup.cfg --extra peer -c requirements.txt -o requirements-peer.txt

clean:
	rm -rf .venv .venv-browser .venv-audit .venv-peer .coverage .coverage.* .coverage-html .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
