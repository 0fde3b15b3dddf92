# `make` lists the targets. Everything is installed into .venv and built under build/.

PYTHON_VENV := .venv/bin/python
SETUP       := soc/flow/setup.sh

# Only what is set up here counts, not the caller's Python settings.
unexport PYTHONPATH PYTHONHOME
export PYTHONNOUSERSITE = 1
export WAV # The shell reads it as it is, quotes and blanks included.

.PHONY: help setup demo boards training test test-board test-slow mutants lint format bench docs-check constraints clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

setup: ## install what `make demo` needs: Debian packages, .venv without TensorFlow
	@$(SETUP) demo

demo: setup ## simulate the whole SoC with sound, write out/demo/ (WAV=file plays a recording)
	@$(PYTHON_VENV) build.py --demo $(if $(WAV),--wav-in "$$WAV")

test: ## install also training and test packages, pass all tests but the slow ones
	@$(SETUP) demo training qkeras test
	@$(PYTHON_VENV) -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not slow" $(ARGS)

test-board: ## build a complete bitstream of the smallest board and check its contents
	@$(SETUP) demo test
	@$(PYTHON_VENV) -m pytest -m slow --timeout 3600 tests/boards/test_full_build.py -k smallest_chip $(ARGS)

test-slow: ## pass the slow tests
	@$(SETUP) demo training qkeras test
	@$(PYTHON_VENV) -m pytest -n 2 --dist loadfile -m slow --timeout 3600 $(ARGS)

mutants: ## put each fault of tests/mutants/ into a copy of the tree, see the tests fail (NAME=word)
	@$(SETUP) demo test
	@$(PYTHON_VENV) -m tests.mutants $(NAME)

lint: ## check style and format
	@$(SETUP) test
	@$(PYTHON_VENV) -m ruff check .
	@$(PYTHON_VENV) -m ruff format --check .

format: ## format what ruff formats: models/, boards/targets/, tests/
	@$(SETUP) test
	@$(PYTHON_VENV) -m ruff format .

bench: ## measure cost and speed of the accelerator, write docs/benchmarks.md (hours, the first time)
	@$(SETUP) demo test
	@$(PYTHON_VENV) -m tests.bench $(ARGS)

training: ## install what `python3 -m models train` and `import` need: TensorFlow, QKeras
	@$(SETUP) demo training qkeras

boards: ## install what build.py needs for boards (which it does itself when they are missing)
	@$(SETUP) demo boards

docs-check: ## run the commands beside the figures of README.md and docs/, tell which do not fit (minutes)
	@$(SETUP) demo training qkeras test
	@$(PYTHON_VENV) -m tests.docs_check $(ARGS)

constraints: ## pin anew, in constraints.txt, all that the groups of pyproject.toml pull in
	@$(PYTHON_VENV) -m venv --clear build/constraints
	@build/constraints/bin/python -m pip install --quiet --upgrade pip
	@build/constraints/bin/python -m pip install --quiet --upgrade --upgrade-strategy eager \
	    --group demo --group vexriscv --group training --group test
	@echo '# Made by `make constraints`: all that the groups of pyproject.toml pull in.' > constraints.txt
	@build/constraints/bin/python -m pip freeze --all --exclude pip >> constraints.txt

clean: ## remove all that was built or written (not .venv)
	rm -rf build out .cache .pytest_cache .hypothesis .ruff_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
