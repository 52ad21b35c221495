# From a bare machine: `make demo` to a graded sample class, `make test` to all tests that CI runs.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
RUN := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed
# nbgrader calls programs of its environment by name.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.PHONY: help demo results test test-fast test-all lint release notebooks pair benchmark clean writable

help:
	@echo "make demo       grade a sample class: environment, release, submissions, scores, feedback, report"
	@echo "make results    train on the real data, measure, and write README's table and docs/results.md: one to two hours"
	@echo "make test       run every test that CI runs"
	@echo "make test-fast  run the tests that start no nbgrader, kernel, sandbox or browser: about two minutes"
	@echo "make test-all   run every test, the long ones included"
	@echo "make lint       run the static checks: style, format, types, imports between rooms"
	@echo "make release    generate the toolkit's file of known mistakes, and release/ from assignment/; commit all"
	@echo "make pair       write the notebooks to .notebooks/*.py, to edit them as text"
	@echo "make notebooks  write .notebooks/*.py back to the notebooks"
	@echo "make benchmark  measure the performance figures that the README quotes"
	@echo "make clean      remove submissions and scores: submitted/, autograded/, feedback/, report/, written/, gradebook.db"

demo: writable $(INSTALLED)
	@$(RUN) tools/demo.py

# PyTorch is measured where it is installed: pip install torch. An interrupted run goes on where it stopped.
results: writable $(INSTALLED)
	@$(RUN) -m tools.results

# The audit first: the sample class reads what it has computed. Then two files of tests at a time.
test: lint
	@$(RUN) tools/train_reference.py
	@$(RUN) -m pytest -m audit
	@$(RUN) -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not audit and not long"

# tests/conftest.py says which tests these are.
test-fast: lint
	@$(RUN) -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not audit and not long and not slow"

test-all: test
	@$(RUN) -m pytest -m long

lint: writable $(INSTALLED)
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check --quiet .
	@$(RUN) -m mypy
	@said=$$($(VENV)/bin/lint-imports --no-cache --no-logo) || { echo "$$said"; exit 1; }

release: writable $(INSTALLED)
	@$(RUN) tools/manifest.py
	@$(RUN) tools/known_mistakes.py
	@$(RUN) -m nbgrader generate_assignment neural_networks --force --log-level WARN

pair: $(INSTALLED)
	@$(RUN) tools/notebooks.py pair

notebooks: $(INSTALLED)
	@$(RUN) tools/notebooks.py

benchmark: $(INSTALLED)
	@for script in benchmarks/*.py; do $(RUN) $$script || exit 1; done

clean:
	@rm -rf submitted feedback report written gradebook.db .nbgrader.log .cache/failed
	@find autograded -mindepth 1 -maxdepth 1 -not -name README.md -exec rm -rf {} +

writable:
	@test -w . || { echo "This folder is read-only: clone the project to a folder that you may write to." >&2; exit 2; }

$(INSTALLED): requirements.txt pyproject.toml | writable
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed: install it, or name it: make PYTHON=/path/to/python3.11" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is too old: Python 3.11 or later is needed." >&2; exit 2; }
	@echo "Installing the environment into $(VENV) (a minute or two)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "No virtual environment could be made: on Debian or Ubuntu, apt-get install python3-venv." >&2; exit 2; }
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check -r requirements.txt || { echo "The packages of requirements.txt could not be installed: see above; is there a network?" >&2; exit 2; }
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps -e .
	@# A wheel brings this file, an editable installation does not.
	@mkdir -p $(VENV)/etc/jupyter/jupyter_server_config.d
	@cp examiner/examiner_formgrader.json $(VENV)/etc/jupyter/jupyter_server_config.d/
	@touch $@
