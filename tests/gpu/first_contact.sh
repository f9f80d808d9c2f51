#!/usr/bin/env bash
# The first ten minutes on a fresh card (made for an H200): random weights, no network. Run in the repository's root:
#   bash tests/gpu/first_contact.sh
# It needs the extras dev, full and remote with CUDA's torch, 2.11 or newer, and triton. Every step has its own limit [s].
# What each says is in $OUT (runs/first_contact). FC_SMALL=1: a dry run of all of it on a processor.
set -u
OUT=${OUT:-runs/first_contact} PY=${PY:-python3} SMALL=${FC_SMALL:-}
mkdir -p "$OUT"
export PYTHONUNBUFFERED=1 SDL_VIDEODRIVER=dummy SDL_AUDIODRIVER=dummy MAG_SANDBOX_HOME=$OUT/home
export PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True
[ -n "$SMALL" ] && export MAG_SANDBOX_DEVICE=cpu MAG_SANDBOX_FRAME_SIZE=64x48

step() { # limit name command...
  local limit=$1 name=$2 began=$SECONDS; shift 2
  timeout -k 5 $((SMALL ? 10 * limit : limit)) "$@" >"$OUT/$name.log" 2>&1
  echo "rc=$? $((SECONDS - began))s $name"; tail -n "${TAIL:-6}" "$OUT/$name.log" | sed 's/^/    /'
}

command -v nvidia-smi >/dev/null && nvidia-smi -L
step 40 00-doctor "$PY" main.py doctor

# What skips without CUDA, and the golden vectors in the same process.
step 70 01-cuda-tests "$PY" -m pytest -q -p no:cacheprovider -rs tests/unit/model/test_attention.py \
  tests/unit/model/full/test_vae.py tests/unit/model/full/test_text.py \
  tests/unit/model/full/test_tiny_decoder.py tests/unit/model/test_golden_dit.py

# The default game and MemoryPack on a card.
step 30 02-pocket "$PY" main.py play --headless --seconds 8 --scene meadow
step 30 03-memorypack "$PY" main.py play --headless --seconds 5 --scene meadow --world memorypack

# Full size: compiled, with the best kernel.
if [ -z "$SMALL" ]; then
  TAIL=40 step 130 04-bench-mag "$PY" main.py bench --world mag --random-weights --json "$OUT/mag.json"
  TAIL=14 step 50 05-bench-longlive "$PY" main.py bench --world longlive --random-weights
fi

# Parts that the bench does not separate: kernels by slots, VAE, frames that wait off the device, training, NCCL.
TAIL=60 step 170 06-parts "$PY" tests/gpu/parts.py

# Two players on one card: does a second world fit, and what does each lose?
if [ -z "$SMALL" ]; then
  step 45 07-two-a "$PY" main.py bench --world longlive --random-weights &
  step 45 08-two-b "$PY" main.py bench --world longlive --random-weights
  wait
fi
command -v nvidia-smi >/dev/null && nvidia-smi --query-gpu=memory.used,temperature.gpu,clocks.sm --format=csv,noheader
exit 0
