# The commands of this project. It installs into .venv by itself, once; `make help` lists the rest.

# Set these on the command line: make clean-corpus INPUT=articles OUTPUT="my out" SET="dedup.threshold=0.7"
# `=` and not `?=`: a variable that happens to be exported as INPUT or CONFIG changes nothing here.
INPUT   = sample_corpus/articles
OUTPUT  = out
CONFIG  =
WORKERS =
SET     =
PYTHON  =
ARGS    =

CLEAN_CORPUS_INPUT       = $(INPUT)
CLEAN_CORPUS_OUTPUT      = $(OUTPUT)
CLEAN_CORPUS_CONFIG      = $(CONFIG)
CLEAN_CORPUS_WORKERS     = $(WORKERS)
CLEAN_CORPUS_OPTIONS     = $(foreach setting,$(SET),--set $(call clean-corpus-quote,$(setting)))
CLEAN_CORPUS_BASE_PYTHON = $(PYTHON)
include clean-corpus.mk

.PHONY: help clean-corpus test lint golden lock clean

help: ## list these commands
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1	\2/p' Makefile | expand -t 24

clean-corpus: clean-corpus-run ## clean INPUT (the sample corpus) into OUTPUT (out) [CONFIG= WORKERS= SET= PYTHON=]

test: ## run the tests [ARGS="-k undo"]
	@$(call clean-corpus-install,test)
	@$(clean-corpus-tool) -m pytest $(ARGS)

lint: ## check style and types
	@$(call clean-corpus-install,dev)
	@$(clean-corpus-tool) -m ruff check
	@$(clean-corpus-tool) -m ruff format --check
	@$(clean-corpus-tool) -m mypy

# Of a run's folder without what differs between equal runs (times) and what nobody reviews.
golden: clean-corpus-environment ## write sample_corpus/expected anew, to be read before it is committed
	rm -rf build/golden sample_corpus/expected
	$(clean-corpus-tool) -m clean_corpus run --quiet -o build/golden -- sample_corpus/articles
	rm -rf build/golden/.clean-corpus build/golden/timings.json build/golden/report.html
	mv build/golden sample_corpus/expected

# hatchling and editables are what the editable installation is built with.
lock: clean-corpus-environment ## pin the newest versions that pyproject.toml allows
	$(clean-corpus-tool) -m venv --clear build/lock
	build/lock/bin/python -m pip install -qq --editable '.[dev,ray,warc]' hatchling editables
	{ sed '/^[^#]/d' pipeline/install/requirements.lock; build/lock/bin/python -m pip freeze --exclude-editable; } > build/lock/pins
	mv build/lock/pins pipeline/install/requirements.lock

clean: ## remove the environment and the caches; results in OUTPUT are yours and stay
	[ ! -f .venv/clean-corpus.json ] || rm -rf .venv
	rm -rf .mypy_cache .ruff_cache .hypothesis build dist
	find pipeline tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
