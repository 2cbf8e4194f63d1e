#!/usr/bin/env bash
# PyTorch 2.13.0: cross_entropy with class weights gives another loss when the same targets are written as one-hot rows.
#
# Expected: class 2 and the row [0, 0, 1] are the same target.
# What happens: for class numbers the sum is divided by the weights of the targets, for rows by the number of examples.
# The learning rate that suits the one does not suit the other.
# Seen: 0.5229 for class numbers, 1.0457 for the same batch as rows (weights 1, 2, 3; the two targets weigh 1 and 3).
# In nnviz: a weighted loss is divided by the weights, and the sentence says so.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/python" -m pip install --quiet --disable-pip-version-check "torch==2.13.0" "numpy==2.4.6"
"$work/env/bin/python" - <<'PY'
import torch
from torch.nn.functional import cross_entropy, one_hot

logits = torch.tensor([[1.0, 2.0, 0.5], [0.3, -1.0, 2.0]])
classes, weights = torch.tensor([0, 2]), torch.tensor([1.0, 2.0, 3.0])
by_number = cross_entropy(logits, classes, weight=weights).item()
by_row = cross_entropy(logits, one_hot(classes, 3).float(), weight=weights).item()
print(f"class numbers {by_number:.4f}, one-hot rows {by_row:.4f}")
assert abs(by_row / by_number - (1 + 3) / 2) < 1e-5, "changed: both are divided by the same"
PY
