#!/usr/bin/env bash
# PyTorch 2.13.0: activation checkpointing updates the running statistics of batch normalisation twice a step.
#
# Expected: checkpointing saves memory and computes the same.
# What happens: the forward pass that is done again for backward measures the batch again. With momentum 0.1 the
# running mean moves by 19 % of the way instead of 10 %, so evaluation differs from that of the same training without it.
# Seen: num_batches_tracked is 2 after one step; the running mean is 1.9 times as large.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/python" -m pip install --quiet --disable-pip-version-check "torch==2.13.0" "numpy==2.4.6"
"$work/env/bin/python" - <<'PY'
import torch
from torch.utils.checkpoint import checkpoint


def step(through):
    torch.manual_seed(0)
    layer = torch.nn.BatchNorm1d(2)
    through(layer, torch.randn(8, 2).requires_grad_()).sum().backward()
    return layer


plain = step(lambda layer, x: layer(x))
saved = step(lambda layer, x: checkpoint(layer, x, use_reentrant=False))
ratio = (saved.running_mean / plain.running_mean).tolist()
print("batches tracked", saved.num_batches_tracked.item(), "instead of", plain.num_batches_tracked.item(), "ratio", ratio)
assert saved.num_batches_tracked.item() == 2, "changed: statistics are measured once"
assert all(abs(r - 1.9) < 1e-4 for r in ratio)
PY
