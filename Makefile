# `make run` and `make test` need Python 3.11 or later and nothing else.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: run test check oracle live frameworks logs sweeps screenshots report-pictures bench fuzz soak kills walks zoo attempts live-pictures clean

run: .venv/installed
	@$(BIN)/nnviz run

# Some hundred processes are started, which find nnviz compiled. Half of the time a test of the screen waits, so there
# are more workers than cores.
test: .venv/installed-dev
	@$(BIN)/python -m compileall -q nnviz
	$(BIN)/pytest --ignore=tests/oracle --ignore=tests/live --ignore=tests/logs/real --ignore=tests/sweeping/cluster -n 6 --dist worksteal --durations=10 --durations-min=1

check: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --cache-dir .venv/import-linter

# Gradients and optimizers against PyTorch (CPU is enough), scores against scikit-learn; installs both.
oracle: .venv/installed-dev
	$(PIP) -e ".[oracle]"
	$(BIN)/pytest tests/oracle tests/live -m "oracle or live" -n 2 --dist worksteal

# Small real programs in PyTorch, watched: every number is the one taken by hand, and not a bit of theirs changes.
live: .venv/installed-dev
	$(PIP) -e ".[oracle]"
	$(BIN)/pytest tests/live -m live

# Trainings of Lightning, Transformers and Keras, watched by their callbacks, in an environment of their own.
frameworks: .venv-frameworks/installed
	.venv-frameworks/bin/python -m pytest tests/live/frameworks -m frameworks

.venv-frameworks/installed: tests/live/frameworks/tools.txt pyproject.toml
	$(PYTHON) -m venv .venv-frameworks
	.venv-frameworks/bin/python -m pip install --quiet --disable-pip-version-check -r $< -e ".[dev]"
	@touch $@

# The readers of logs against the tools that write them, which it installs in an environment of their own.
logs: .venv/installed-dev .venv-logs/installed
	LOGS_PYTHON=$(CURDIR)/.venv-logs/bin/python $(BIN)/pytest tests/logs -m "logs or not logs"

.venv-logs/installed: tests/logs/real/tools.txt
	$(PYTHON) -m venv .venv-logs
	.venv-logs/bin/python -m pip install --quiet --disable-pip-version-check -r tests/logs/real/tools.txt
	@touch $@

# Side by side with PyTorch and scikit-learn, which it installs.
bench: .venv/installed-dev
	$(PIP) -e ".[bench]"
	$(BIN)/python -m benchmarks

# Sweeps on a Dask cluster of two processes, workers of which are killed; it installs Dask.
sweeps: .venv/installed-dev
	$(PIP) -e ".[dask]"
	$(BIN)/pytest tests/sweeping -m "sweeps or not sweeps"

SHOT := $(BIN)/nnviz screenshot
DEEP := "dense 32 sigmoid, dense 32 sigmoid, dense 32 sigmoid, dense 32 sigmoid, dense 32 sigmoid"
CONVOLUTIONS := "conv 8 3x3 batchnorm relu, pool 2, conv 16 3x3 relu, pool 2, dense 32 relu, dropout 0.3"
screenshots: .venv/installed
	$(SHOT) screenshots/first-mistake.svg pets --size 120x40 --keys "f"
	$(SHOT) screenshots/backprop.svg pets --size 120x40 --keys "b ["
	$(SHOT) screenshots/update.svg pets --size 120x40 --keys "b n w w"
	$(SHOT) screenshots/inspector.svg pets --size 120x40 --keys "b 1 down enter"
	$(SHOT) screenshots/worked.svg worked --size 120x40 --keys "u"
	$(SHOT) screenshots/health.svg pets --size 120x40 --keys "e e h" --network $(DEEP)
	$(SHOT) screenshots/epochs.svg pets --size 160x48 --keys "e e e e [ [ b"
	$(SHOT) screenshots/back.svg pets --size 120x40 --keys "e e e g 1 2 enter"
	$(SHOT) screenshots/test.svg pets --size 120x40 --keys "e e e t"
	$(SHOT) screenshots/maps.svg pets --size 120x40 --keys "e e b [ [ [ [ [ w w w" --network $(CONVOLUTIONS)
	$(SHOT) screenshots/pets.svg pets --size 120x40 --keys "e e e e b"
	$(SHOT) screenshots/people.svg people --size 120x40 --keys "e e e b"
	$(SHOT) screenshots/road.svg road --size 120x40 --keys "e e e b full_stop"
	$(SHOT) screenshots/language.svg language --size 120x40 --keys "e e e b"
	$(SHOT) screenshots/spiral.svg spiral --size 120x40 --epochs 150 --keys "space b"
	for plane in xor circles gauss waves; do $(SHOT) screenshots/$$plane.svg $$plane --size 120x40 --keys "space b"; done
	$(SHOT) screenshots/small.svg pets --size 80x24 --keys "e f"
	$(SHOT) screenshots/light.svg pets --size 120x40 --keys "e b" --light
	rm -rf .venv/ten-runs
	for rate in 0.0003 0.001 0.003 0.01 0.03; do for seed in 1 2; do $(BIN)/nnviz train pets --epochs 6 \
	    --network "dense 16 relu" --lr $$rate --seed $$seed --out .venv/ten-runs/runs/lr-$$rate-seed-$$seed; done; done
	cd .venv/ten-runs && $(CURDIR)/$(SHOT) $(CURDIR)/screenshots/runs.svg runs --size 120x20 --keys "s s s s s space space"
	cd .venv/ten-runs && $(CURDIR)/$(SHOT) $(CURDIR)/screenshots/runs-grouped.svg runs --size 120x40 --keys "a c g end"

# Two PyTorch models that are watched.
live-pictures: .venv/installed-dev
	$(PIP) -e ".[oracle]"
	$(BIN)/python -m tests.live.pictures screenshots

# What `nnviz report` writes, wide and narrow, in Chromium, which has to be there.
CHROMIUM := chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir=$(CURDIR)/.venv/report/chromium
report-pictures: .venv/installed
	rm -rf .venv/report && mkdir .venv/report
	$(BIN)/nnviz train pets --epochs 4 --network "dense 32 relu" --out .venv/report/pets
	$(BIN)/nnviz report .venv/report/pets -o .venv/report/report.html
	$(CHROMIUM) --window-size=1400,1400 --screenshot=screenshots/report.png file://$(CURDIR)/.venv/report/report.html
	$(CHROMIUM) --window-size=375,1400 --screenshot=screenshots/report-narrow.png file://$(CURDIR)/.venv/report/report.html

# Mutated real files through every reader; `make fuzz SECONDS=600 SEED=1`.
SECONDS ?= 60
SEED ?= 0
fuzz: .venv/installed-dev
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS) --seed $(SEED)

# Most of the time, screen and trainer on a terminal, begun again and again: what they take has to be flat. The rest,
# walks by chance over keys, clicks, pastes and sizes: as many as there is time for, or `make walks WALKS=2000`.
soak: .venv/installed-dev
	$(BIN)/python -m tests.soak $(SECONDS)

# Trainings of every kind, killed (SIGKILL) at moments drawn by chance, many of them inside the writing of a checkpoint:
# each goes on, and ends as one that was never killed. `make kills KILLS=1000 SEED=1`.
KILLS ?= 200
kills: .venv/installed-dev
	$(BIN)/python -m tests.kills $(KILLS) $(SEED)

# The walks of the tests are others.
WALKS ?= 2000
walks: .venv/installed-dev
	$(BIN)/python -m tests.tui.walks 100 $$((100 + $(WALKS)))

# Networks made ill on purpose, and healthy ones, under all rules of health: which rule finds what.
zoo: .venv/installed-dev
	$(BIN)/python -m tests.zoo

# What the rules say is to be tried, done to each of the ill networks by ten seeds: which of them it mends.
attempts: .venv/installed-dev
	$(BIN)/python -m tests.zoo.mending

clean:
	rm -rf .venv build dist *.egg-info

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/installed: pyproject.toml | .venv/bin/python
	$(PIP) -e .
	@touch $@

.venv/installed-dev: pyproject.toml | .venv/bin/python
	$(PIP) -e ".[dev]"
	@touch $@ .venv/installed
