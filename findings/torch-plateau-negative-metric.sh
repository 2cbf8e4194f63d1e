#!/usr/bin/env bash
# PyTorch 2.13.0: ReduceLROnPlateau takes getting slowly worse for improvement when the metric is negative.
#
# Expected: mode "min" counts every report that is not lower than the best as a bad one, whatever its sign (a negative
# log-likelihood, a negative score).
# What happens: the default threshold is relative, best x (1 - 0.0001), which for a negative best lies above it: a
# metric that stands still or rises by less than 0.01 % a report counts as better every time, and becomes the best.
# Seen: -100 getting worse by 0.003 % at each of 30 reports with patience 2: the rate is never cut. The same with the sign
# turned is cut.
# In nnviz: the losses that a plateau hears of are never negative.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/python" -m pip install --quiet --disable-pip-version-check "torch==2.13.0" "numpy==2.4.6"
"$work/env/bin/python" - <<'PY'
import torch


def rate_after(first, factor):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, mode="min", patience=2)
    metric = first
    for _ in range(30):
        schedule.step(metric)
        metric *= factor
    return optimizer.param_groups[0]["lr"]


negative, positive = rate_after(-100.0, 1 - 3e-5), rate_after(100.0, 1 + 3e-5)
print("rate after 30 reports that get worse: from -100", negative, "from 100", positive)
assert positive < 1
assert negative == 1, "changed: getting worse is no improvement for a negative metric"
PY
