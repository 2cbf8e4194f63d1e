#!/usr/bin/env bash
# safetensors 0.8.0 writes the same tensors with the same metadata as different bytes.
#
# Expected: equal content gives equal files, so that a checksum tells whether two checkpoints are the same.
# What happens: the order of the metadata's keys is drawn anew at each save.
# Seen: 40 saves of one tensor with three keys of metadata give several files; with one key, one.
# In nnviz: all that a checkpoint says of itself stands under one key.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/python" -m pip install --quiet --disable-pip-version-check "safetensors==0.8.0" "numpy==2.4.6"
"$work/env/bin/python" - <<'PY'
import numpy as np
from safetensors.numpy import save

tensors = {"weights": np.zeros(1, np.float32)}
three = {save(tensors, {"step": "1", "task": "2", "rate": "3"}) for _ in range(40)}
one = {save(tensors, {"all": "1 2 3"}) for _ in range(40)}
print(len(three), "different files with three keys,", len(one), "with one")
assert len(three) > 1, "changed: equal saves are equal files now"
assert len(one) == 1
PY
