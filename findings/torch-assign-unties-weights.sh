#!/usr/bin/env bash
# PyTorch 2.13.0: load_state_dict(assign=True) of a model's own state unties weights that were shared.
#
# Expected: to load what the model itself has just given leaves it as it was.
# What happens: a shared weight stands twice in state_dict, under both names; assigning gives each layer a parameter of
# its own, which from then on are trained apart. Nothing is said; the model has more parameters than before.
# Seen: an embedding and an output layer that share 12 numbers have 24 afterwards; without assign they still have 12.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/python" -m pip install --quiet --disable-pip-version-check "torch==2.13.0" "numpy==2.4.6"
"$work/env/bin/python" - <<'PY'
import torch


def tied():
    embedding, output = torch.nn.Embedding(4, 3), torch.nn.Linear(3, 4, bias=False)
    output.weight = embedding.weight
    return torch.nn.ModuleList([embedding, output])


def count_after(**how):
    model = tied()
    model.load_state_dict({name: tensor.clone() for name, tensor in model.state_dict().items()}, **how)
    return sum(p.numel() for p in model.parameters())


copied, assigned = count_after(), count_after(assign=True)
print("parameters: copied", copied, "assigned", assigned)
assert copied == 12
assert assigned == 24, "changed: shared weights stay shared"
PY
