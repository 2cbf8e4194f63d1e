#!/usr/bin/env bash
# PyTorch 2.13.0: a full backward hook on an LSTM never fires when the loss comes from its last hidden state.
#
# Expected: a hook on a module that takes part in backward is called, or a warning says why not.
# What happens: the LSTM's second output is a tuple inside a tuple, which the hook does not look into; when only that is
# used, nothing is called and nothing is said. A GRU, whose second output is a tensor, calls its hook.
# Seen: called for GRU, not for LSTM.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/python" -m pip install --quiet --disable-pip-version-check "torch==2.13.0" "numpy==2.4.6"
"$work/env/bin/python" - <<'PY'
import warnings

import torch

called, warned = [], []
for kind in (torch.nn.LSTM, torch.nn.GRU):
    layer = kind(3, 2)
    layer.register_full_backward_hook(lambda module, *_: called.append(type(module).__name__))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _, last = layer(torch.randn(4, 1, 3).requires_grad_())
        (last[0] if isinstance(last, tuple) else last).sum().backward()
    warned += [str(w.message) for w in caught]
print("called for", called, "warnings", warned)
assert called == ["GRU"], "changed: the LSTM's hook is called, too"
assert not warned
PY
