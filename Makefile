# Python 3.11 or 3.12 makes .venv once; name another interpreter with `make PYTHON=/path/to/python3.12 run`.
PYTHON =
CANDIDATES = $(PYTHON) python3.12 python3.11 python3 python \
             /usr/bin/python3.12 /usr/bin/python3.11 /usr/local/bin/python3.12 /usr/local/bin/python3.11
EXAMPLES = 2000
MINUTES = 10
DATABASE = postgresql
SEED =
SIZE = full
# The stamp is written last, so that an environment without it is one whose making was interrupted.
READY = .venv/.ready
IN_VENV = .venv/bin/python -m

.PHONY: help run test coverage browser explore chaos bench lint ruff ruff-format mypy imports djlint oxlint format sure \
        lock clean

help:
	@echo "make run      start the app on http://127.0.0.1:5000 (PORT=8000 make run for another port)"
	@echo "make test     run the tests (make T=tests/unit test for some of them)"
	@echo "make coverage say which lines the tests run (make T=tests/unit coverage for some of them)"
	@echo "make browser  test the scripts in a real Chromium (asks for one where there is none)"
	@echo "make explore  look for stories in which the app and the model differ (make explore EXAMPLES=5000 for more)"
	@echo "make chaos    break things at random under restores (make chaos MINUTES=4 DATABASE=sqlite SEED=1 if you like)"
	@echo "make bench    measure how fast it is (make bench SIZE=small for the short form of five minutes)"
	@echo "make lint     check style, types, templates, scripts, sheets and the direction of imports"
	@echo "make format   put the code into the agreed style"
	@echo "make sure     all that CI does: the tests and every check"
	@echo "make lock     choose the newest allowed versions of the dependencies and write them down"
	@echo "make clean    remove the virtual environments and caches (the data in instance/ stays)"

run: $(READY)
	@$(IN_VENV) webapp.local

# All of them in two processes, one for each database; some of them in one, where a debugger works.
test: $(READY)
	$(IN_VENV) pytest $(if $(T),,-n 4 --dist loadgroup) $(T)

# Processes that the tests start are counted, too. The pages are in .coverage-html.
coverage: $(READY)
	$(IN_VENV) pytest --cov --cov-report=term:skip-covered --cov-report=html $(if $(T),,-n 4 --dist loadgroup) $(T)

# Selenium lives in an environment of its own, so that the others need not wait for it.
browser: .venv-browser/.ready
	.venv-browser/bin/python -m pytest tests/browser

.venv-browser/.ready: requirements-browser.txt $(READY)
	@echo "Making .venv-browser; this happens once and takes a minute or two."
	@$(IN_VENV) venv --clear .venv-browser
	@.venv-browser/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-browser.txt
	@touch $@

# New and longer stories each time; one that fails is cut down to what matters and told.
explore: $(READY)
	EXAMPLES=$(EXAMPLES) $(IN_VENV) pytest tests/model -s

# Exits with 1 where the fence did not hold, with 2 where even without it nothing was found.
chaos: $(READY)
	@$(IN_VENV) tests.faults.chaos --minutes $(MINUTES) --database $(DATABASE) $(if $(SEED),--seed $(SEED))

# A figure that misses its goal is told and is no failure: these machines are not all alike.
# bench.json is tracked: commit it after a full run, so that the next one has something to be compared with.
bench: $(READY)
	@$(IN_VENV) benchmarks --size $(SIZE)

lint: ruff ruff-format mypy imports djlint oxlint

ruff: $(READY)
	$(IN_VENV) ruff check .

ruff-format: $(READY)
	$(IN_VENV) ruff format --check .

mypy: $(READY)
	$(IN_VENV) mypy

imports: $(READY)
	.venv/bin/python .venv/bin/lint-imports

djlint: $(READY)
	$(IN_VENV) djlint --lint --quiet templates

oxlint: $(READY)
	.venv/bin/oxlint --quiet --deny-warnings webapp/static/js

format: $(READY)
	$(IN_VENV) ruff check --fix-only --quiet .
	$(IN_VENV) ruff format .

sure:
	@.ci/run

# Candidates are tried by running them: a name on PATH may be a shim that leads nowhere.
$(READY): requirements-dev.txt
	@if [ -e $@ ]; then rm $@; else \
	    for python in $(CANDIDATES); do \
	        "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null || continue; \
	        found=$$python; \
	        "$$python" -c 'import ensurepip' 2>/dev/null && break; \
	        python=; \
	    done; \
	    if [ -z "$$found" ]; then \
	        echo "Python 3.11 or 3.12 is needed and none was found. Install one, or say where it is: make PYTHON=/path/to/python3.12 run" >&2; exit 1; \
	    elif [ -z "$$python" ]; then \
	        echo "$$found cannot make virtual environments. Install its venv module (on Debian and Ubuntu: apt install python3-venv)." >&2; exit 1; \
	    fi; \
	    echo "Making .venv with $$("$$python" -V) and installing the dependencies; this happens once and takes a minute or two."; \
	    "$$python" -m venv --clear .venv; \
	fi
	@$(IN_VENV) pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

# The lock holds for every Python and machine the project allows, with markers where they differ; uv can
# write such a file and pip can install it. uv itself lives in an environment that is thrown away.
lock: $(READY)
	@set -e; folder=$$(mktemp -d); trap 'rm -rf "$$folder" *.egg-info' EXIT; \
	$(IN_VENV) venv "$$folder"; \
	"$$folder/bin/python" -m pip install --quiet --disable-pip-version-check uv; \
	compile() { "$$folder/bin/uv" pip compile --quiet --upgrade --universal --python-version 3.11 \
	    --custom-compile-command 'make lock' "$$@"; }; \
	compile setup.cfg -o requirements.txt; \
	compile setup.cfg --extra dev -c requirements.txt -o requirements-dev.txt; \
	compile setup.cfg --extra dev --extra browser -c requirements-dev.txt -o requirements-browser.txt

clean:
	rm -rf .venv .venv-browser .coverage .coverage.* .coverage-html .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
