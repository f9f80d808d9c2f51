# make play, make test: each makes the environment it needs (once), then runs.

VENV ?= .venv
SUPPORTED = import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c '$(SUPPORTED)' 2>/dev/null && echo $$p && break; done)
BIN := $(VENV)/bin
UV = $(shell command -v uv || echo $(BIN)/uv)
TORCH = $(shell sed -n '/^name = "torch"$$/{n;s/[^0-9]*\([0-9.]*\).*/\1/p;}' uv.lock)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# One more than there are cores: a tenth of the time a test waits for a clock, a disk or a thread.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

FOLDERS := controls evaluation model renderer sandbox scenes training

# Compiled once and kept: else every process that a test starts does it again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: fuzz play test lint types bench sums gifs clean

play: $(VENV)/.play
	$(BIN)/python main.py play

# What is freed is kept for the next array: asking the system for it again takes longer.
test: $(VENV)/.dev
	OMP_NUM_THREADS=1 MALLOC_MMAP_THRESHOLD_=268435456 MALLOC_TRIM_THRESHOLD_=1073741824 \
		$(BIN)/python -m pytest -q --workers $(WORKERS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# The rooms, linked under the name they are installed by: mypy reads no package mapping of setuptools.
types: $(VENV)/.dev
	@mkdir -p build/types/mag_sandbox
	@ln -sfn $(CURDIR)/mag_sandbox/* $(addprefix $(CURDIR)/,$(FOLDERS)) build/types/mag_sandbox
	@cd build/types && MYPYPATH=. $(abspath $(BIN))/python -m mypy \
		--config-file $(CURDIR)/pyproject.toml -p mag_sandbox

bench: $(VENV)/.play
	$(BIN)/python main.py bench

fuzz: $(VENV)/.dev
	EXAMPLES=$(or $(EXAMPLES),2000) $(BIN)/python -m pytest -q --timeout=0 tests/faults/test_fuzz.py

# What weights should be, after new ones: doctor and replays notice what differs.
sums: $(VENV)/.play
	$(BIN)/python -m mag_sandbox.model.catalogue.shipped

# The moving pictures of README and guide, made again: after new weights, for example.
gifs: $(VENV)/.play
	rm -rf runs/gifs
	$(BIN)/python main.py demo window-against-mag --headless --out runs/gifs/compare --video gif
	cp runs/gifs/compare/compare.gif docs/compare.gif
	$(BIN)/python main.py demo back-and-forth --headless --out runs/gifs/return
	$(BIN)/python main.py export runs/gifs/return/recording --format gif --scale 1 --fps 1.5 \
		--overwrite --out docs/guide/back-and-forth.gif

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .ruff_cache .hypothesis

$(VENV)/.play: pyproject.toml uv.lock $(VENV)/.torch
	$(call locked,--extra remote)
	$(PIP) -e ".[remote]"
	@touch $@

$(VENV)/.dev: pyproject.toml uv.lock $(VENV)/.torch
	$(call locked,--extra dev)
	$(PIP) -e ".[dev]"
	@touch $@ $(VENV)/.play

# The versions of uv.lock, where uv and the public registry are in reach; pip chooses what is still
# missing. torch is left out: the locked one is the CUDA build.
define locked
	@{ $(UV) export --frozen --quiet --no-emit-project --prune torch $(1) -o $(VENV)/locked.txt && \
		UV_HTTP_TIMEOUT=30 UV_HTTP_RETRIES=0 $(UV) pip install --quiet --compile-bytecode \
			--python $(BIN)/python -r $(VENV)/locked.txt; } >/dev/null 2>&1 \
		|| echo "without uv.lock: pip chooses the versions"
endef

# Linux without an NVIDIA card does not need CUDA builds (3 GB). uv knows where the public CPU
# wheels are; where they cannot be reached it gives up at once and pip takes the plain requirement.
$(VENV)/.torch: $(VENV)/.made
	@if [ "$$(uname -s)" = Linux ] && ! nvidia-smi -L >/dev/null 2>&1 && $(PIP) uv 2>/dev/null; then \
		UV_HTTP_TIMEOUT=5 UV_HTTP_RETRIES=0 $(UV) pip install --quiet --compile-bytecode \
			--python $(BIN)/python --torch-backend=cpu "torch==$(TORCH)" 2>/dev/null \
		|| echo "public CPU wheels of torch not in reach: pip chooses the build"; \
	fi
	@touch $@

$(VENV)/.made:
	@if [ -z "$(PYTHON)" ] || ! $(PYTHON) -c '$(SUPPORTED)' 2>/dev/null; then \
		echo "Python 3.11, 3.12 or 3.13 is needed;" \
			"$(or $(PYTHON),python3) is $$($(or $(PYTHON),python3) --version 2>&1 || true);" \
			"install one or name it: make play PYTHON=/path/to/python3.11" >&2; exit 2; \
	fi
	@$(PYTHON) -m venv $(VENV) || { \
		echo "no virtual environment could be made; on Debian: apt install python3-venv" >&2; exit 2; }
	@touch $@
