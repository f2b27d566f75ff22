# One verb set. `make` alone lists it.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
DATA   ?=
ARGS   ?=

.DEFAULT_GOAL := help
.PHONY: fuzz help setup fmt check test test-real faults run bench image train-emotion bench-emotion bench-safety bench-memes

help: ## List the verbs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

# What a run needs, and what a test needs on top of it; each is installed once and again when a pin changes.
$(VENV)/.run: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing (about a minute the first time) …"
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.test: $(VENV)/.run
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@

$(VENV)/.real: $(VENV)/.test
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[real]'
	@touch $@

$(VENV)/.train: $(VENV)/.test
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[train]'
	@touch $@

$(VENV)/.rivals: $(VENV)/.train
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[rivals]'
	@touch $@

setup: $(VENV)/.test ## Make .venv with everything pinned

fmt: $(VENV)/.test ## Format and mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

check: $(VENV)/.test ## Style, types, architecture, and every file an operator can edit
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/jiegeng check

test: $(VENV)/.test ## The tests (ARGS are passed on)
	$(BIN)/pytest -m "not real" $(ARGS)

test-real: $(VENV)/.real ## The tests against real servers, a real model and a real browser
	$(BIN)/pytest -m real tests tests/real/shots.py $(ARGS)

faults: $(VENV)/.real ## The promise under kills and trouble: histories, mutants, calm and long rounds of real processes (ARGS=--quick)
	$(BIN)/python -m tests.faults.whole $(ARGS)

run: $(VENV)/.run ## The whole loop on the built-in plaza: no key, no server to install
	@exec $(BIN)/jiegeng run

bench: $(VENV)/.test ## Every figure of the README
	$(BIN)/python -m benchmarks.loop $(ARGS)

image: ## The Docker image, and a smoke run of it
	docker build -t jiegeng .
	docker run --rm jiegeng jiegeng check

train-emotion: $(VENV)/.train ## Train the emotion reader (DATA=folder, CLEAN=1 for open licences only, OWN=your labelled file)
	$(BIN)/python -m bot.emotion.train $(DATA) $(if $(CLEAN),--clean) $(if $(OWN),--own $(OWN))

bench-emotion: $(VENV)/.rivals ## The figures of the emotion reader beside its rivals (DATA=folder)
	$(BIN)/python -m benchmarks.emotion $(DATA) --rivals $(if $(CLEAN),--clean)

bench-safety: $(VENV)/.train ## The figures of the safety filter (DATA=folder)
	$(BIN)/python -m benchmarks.safety $(DATA)

bench-memes: $(VENV)/.train ## The figures of the meme library (DATA=folder)
	$(BIN)/python -m benchmarks.memes $(DATA)

fuzz: $(VENV)/.test ## Fuzz the safety filter with atheris for five minutes (installs it)
	$(BIN)/pip install --quiet --disable-pip-version-check atheris==3.0.0
	$(BIN)/python -m tests.fuzz.filter -max_total_time=300 -max_len=20000 $(ARGS)
