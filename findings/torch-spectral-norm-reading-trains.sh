#!/usr/bin/env bash
# PyTorch 2.13.0: to look at the weight of a layer with spectral_norm changes what is trained.
#
# Expected: reading an attribute, or asking whether it is there, has no effect.
# What happens: each access in training mode does a step of the power iteration, so a logger that reads `layer.weight`
# once a step trains another network. `named_parameters()` and `named_buffers()` are harmless.
# Seen: five steps with the same seed end in other weights when `hasattr(layer, "weight")` is asked once before each.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/python" -m pip install --quiet --disable-pip-version-check "torch==2.13.0" "numpy==2.4.6"
"$work/env/bin/python" - <<'PY'
import torch
from torch.nn.utils.parametrizations import spectral_norm


def trained(look):
    torch.manual_seed(0)
    layer = spectral_norm(torch.nn.Linear(4, 4))
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    x = torch.randn(8, 4)
    for _ in range(5):
        look(layer)
        optimizer.zero_grad()
        layer(x).square().sum().backward()
        optimizer.step()
    return torch.cat([p.detach().flatten() for p in layer.parameters()])


alone = trained(lambda layer: None)
asked = trained(lambda layer: hasattr(layer, "weight"))
listed = trained(lambda layer: dict(layer.named_parameters()))
print("largest difference: after hasattr", (alone - asked).abs().max().item(), "after named_parameters",
      (alone - listed).abs().max().item())
assert torch.equal(alone, listed)
assert not torch.equal(alone, asked), "changed: looking has no effect"
PY
