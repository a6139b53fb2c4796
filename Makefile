# Everything a newcomer needs: `make run` and `make test`. Both may be called again at any time.
.DEFAULT_GOAL := help
.PHONY: help install run demo-matrix test lint bench soak screenshots train clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

install: ## install what running needs into .venv
	@scripts/setup run

run: install ## start the whole system here, with demo accounts and a demo room
	@exec .venv/bin/ansim run --demo

demo-matrix: ## the same with a real Matrix server, two people and the agency's bot
	@scripts/setup test
	@exec scripts/demo_matrix

test: ## everything CI runs
	@scripts/setup test
	@scripts/test

lint: ## style and types only
	@scripts/setup test
	@scripts/test lint

bench: ## measure speed, memory and connectors; writes docs/benchmarks*.md
	@scripts/setup test
	.venv/bin/python -m bench
	.venv/bin/python -m bench.connectors

soak: ## long runs: many kills, heavy fuzzing, fifty counsellors at once, new examples
	@scripts/setup test
	.venv/bin/python -m pytest -m soak --timeout 3600 -o addopts="-q --strict-markers"
	.venv/bin/python -m pytest -m "hypothesis and not soak" --hypothesis-profile new

screenshots: ## the browser stories, their pages kept in docs/screenshots
	@scripts/setup test
	ANSIM_SCREENSHOTS=docs/screenshots .venv/bin/python -m pytest -q tests/browser

train: install ## train the detector again from data/
	.venv/bin/ansim train

clean: ## remove the virtual environment and caches (never your data in var/)
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
