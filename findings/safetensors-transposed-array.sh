#!/usr/bin/env bash
# safetensors 0.8.0 writes a transposed NumPy array with its numbers in the wrong places.
#
# Expected: `save` copies an array that is not contiguous, as 0.7.0 did, or refuses it.
# What happens: the memory is written as it lies, under the transposed shape; nothing is said. Any weight that is
# kept as the transpose of another array comes back scrambled.
# Seen: [[0, 3], [1, 4], [2, 5]] is read back as [[0, 1], [2, 3], [4, 5]].
# In nnviz: a checkpoint makes every array contiguous before it is saved.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/python" -m pip install --quiet --disable-pip-version-check "safetensors==0.8.0" "numpy==2.4.6"
"$work/env/bin/python" - <<'PY'
import numpy as np
from safetensors.numpy import load, save

weights = np.arange(6, dtype=np.float32).reshape(2, 3).T
read = load(save({"weights": weights}))["weights"]
print("saved", weights.tolist(), "read", read.tolist())
assert read.tolist() == [[0, 1], [2, 3], [4, 5]], "changed: it is no longer scrambled this way"
assert load(save({"weights": np.ascontiguousarray(weights)}))["weights"].tolist() == weights.tolist()
PY
