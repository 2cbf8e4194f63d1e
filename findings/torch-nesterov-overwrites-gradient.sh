#!/usr/bin/env bash
# PyTorch 2.13.0: SGD with Nesterov momentum in its foreach form leaves something else in p.grad than the gradient.
#
# Expected: a step reads p.grad; whoever logs gradients after it logs gradients.
# What happens: with foreach=True (what PyTorch chooses by itself on a GPU) p.grad is overwritten by gradient +
# momentum x buffer. With foreach=False it stays.
# Seen: for a gradient of 1.0 at each step, p.grad after the step is 1.9 and 2.71.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/python" -m pip install --quiet --disable-pip-version-check "torch==2.13.0" "numpy==2.4.6"
"$work/env/bin/python" - <<'PY'
import torch


def gradients_after_steps(foreach):
    p = torch.nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([p], lr=0.1, momentum=0.9, nesterov=True, foreach=foreach)
    seen = []
    for _ in range(2):
        p.grad = torch.ones(1)
        optimizer.step()
        seen.append(round(p.grad.item(), 4))
    return seen


plain, foreach = gradients_after_steps(False), gradients_after_steps(True)
print("p.grad after the step: plain", plain, "foreach", foreach)
assert plain == [1.0, 1.0]
assert foreach == [1.9, 2.71], "changed: the gradient is left alone"
PY
