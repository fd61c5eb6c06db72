# Everything runs in .venv, which `make setup` makes; see scripts/setup_environment.py.
#
#   make setup PYTHON=3.9                   another Python (3.8, 3.9 or 3.10; or its path)
#   make test PYTEST_ARGS="-k storage -x"   some of the tests
#   make demo SEEDS="1 2 3" EPOCHS=20       more seeds, fewer epochs

PYTHON ?=
PYTEST_ARGS ?=
TEST_WORKERS ?= 2
SEEDS ?= 1
EPOCHS ?=
DEMO_OUT ?= build/demo
# Odd featurizers that `bounds` tries.
EXAMPLES ?= 20

VENV ?= .venv
BIN := $(VENV)/bin
# Any Python 3 runs the set-up script, which finds the one that the package needs.
ANY_PYTHON := $(shell command -v python3 || command -v python || echo $(PYTHON))

# Nothing here may reach out to the network but the installation of packages.
export RASA_TELEMETRY_ENABLED := false
export TF_CPP_MIN_LOG_LEVEL := 3
export SQLALCHEMY_SILENCE_UBER_WARNING := 1
export MPLBACKEND := Agg
# MkDocs 2 is excluded by setup.cfg; the theme need not warn of it.
export NO_MKDOCS_2_WARNING := true

.DEFAULT_GOAL := help
.PHONY: help setup demo bench test test-fast bounds nightly wheel others lint types figures docs format constraints clean distclean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) \
	  | while IFS='|' read -r name text; do printf '  %-12s %s\n' "$$name" "$$text"; done

setup: ## make .venv with the package and its pinned needs
	@test -n "$(ANY_PYTHON)" || { echo "make: no python3 on PATH" >&2; exit 1; }
	@PYTHON="$(PYTHON)" VENV="$(VENV)" "$(ANY_PYTHON)" scripts/setup_environment.py

demo: setup ## train the example bot, talk to it, test it, then compare with stock
	$(BIN)/python -m scripts.demo --seeds $(SEEDS) $(if $(EPOCHS),--epochs $(EPOCHS)) \
	  --out $(DEMO_OUT)

bench: setup ## measure layers, encoder and training steps beside stock (quiet machine!)
	$(BIN)/python -m benchmarks.speed

# Two workers: most tests wait for one thread of TensorFlow.
test: setup ## run the tests
	$(BIN)/python -m pytest -n $(TEST_WORKERS) --dist loadfile $(PYTEST_ARGS)

test-fast: setup ## run the tests that train no whole model
	$(BIN)/python -m pytest -n $(TEST_WORKERS) --dist loadfile -m "not slow" $(PYTEST_ARGS)

# A compiled kernel that writes outside of an array may do so without a trace.
TESTS_OF_BOUNDS := tests/kernels tests/components/test_any_featurizer.py \
  tests/components/test_odd_featurizers.py

bounds: setup ## run the kernels and odd featurizers with every index checked
	NUMBA_BOUNDSCHECK=1 EXAMPLES=$(EXAMPLES) \
	  $(BIN)/python -m pytest -n $(TEST_WORKERS) --dist loadfile $(TESTS_OF_BOUNDS)

nightly: setup ## try 500 odd featurizers and changed model files for each component
	EXAMPLES=500 $(BIN)/python -m pytest -n $(TEST_WORKERS) --dist loadfile \
	  tests/components/test_any_featurizer.py tests/components/test_hostile_model_files.py

wheel: setup ## build the package, install it beside a fresh Rasa, use it and test it there
	$(BIN)/python -m scripts.check_wheel

# What depends on the Python most: kernels, layers, files, a round trip through Rasa.
OTHER_PYTHONS ?= 3.8 3.9
TESTS_OF_OTHER_PYTHONS := tests/connections tests/kernels tests/keras tests/storage \
  tests/nn tests/swapping tests/components/test_round_trip.py
# Of the tools, what trains nothing.
TOOLS_OF_OTHER_PYTHONS := tests/comparison tests/inspection tests/cli/test_help.py

others: ## run the tests of layers and of round trips on the other Pythons
	for version in $(OTHER_PYTHONS); do \
	  $(MAKE) test VENV=.venv-$$version PYTHON=$$version \
	    PYTEST_ARGS="$(TESTS_OF_OTHER_PYTHONS)" || exit 1; \
	  $(MAKE) test-fast VENV=.venv-$$version PYTHON=$$version \
	    PYTEST_ARGS="$(TOOLS_OF_OTHER_PYTHONS)" || exit 1; \
	done

lint: setup ## check style, layout and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: setup ## check types
	$(BIN)/mypy

figures: setup ## make tables and pictures of README and docs from benchmarks/results
	$(BIN)/python -W ignore -m benchmarks.figures

docs: setup ## build the site from docs/ into build/site
	$(BIN)/mkdocs build --strict

format: setup ## repair style and layout where that can be automatic
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# uv keeps the pins that are there wherever they still fit: UPGRADE=--upgrade moves
# them all, UPGRADE="--upgrade-package NAME" one.
UPGRADE ?=
COMPILE = $(UV) pip compile --quiet --python $(BIN)/python --extra dev --no-annotate \
  --custom-compile-command "make constraints" $(UPGRADE) setup.cfg

constraints: UV = $(firstword $(wildcard .venv-bootstrap/bin/uv) uv)
constraints: setup ## work out the pins anew (needs uv)
	$(COMPILE) --python-version 3.10 --output-file constraints.txt > /dev/null
	$(COMPILE) --python-version 3.9 --output-file constraints-3.9.txt > /dev/null
	$(COMPILE) --python-version 3.8 --output-file constraints-3.8.txt > /dev/null

clean: ## remove what builds, runs and checks left behind
	rm -rf build dist results models .cache .pytest_cache .ruff_cache .mypy_cache .hypothesis
	rm -rf example_bot/models example_bot/results example_bot/.rasa .rasa *.egg-info
	find . -name __pycache__ -type d -not -path './.venv*' -prune -exec rm -rf {} +

distclean: clean ## remove the virtual environments too
	rm -rf .venv .venv-3.* .venv-bootstrap
