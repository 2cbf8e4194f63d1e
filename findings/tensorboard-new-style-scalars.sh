#!/usr/bin/env bash
# tensorboard 2.21.0: a scalar that PyTorch 2.13.0 writes with new_style=True is not among the reader's scalars.
#
# Expected: what `add_scalar` wrote, `EventAccumulator.Scalars` reads, whichever style was chosen.
# What happens: it is kept as a tensor, and of tensors the reader keeps 10 a tag by default. `Scalars` raises KeyError;
# `Tensors` has 10 of 100 points.
# Seen: Tags() has no scalars and one tensor; 10 of 100 points are left, the last one among them.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/python" -m pip install --quiet --disable-pip-version-check "torch==2.13.0" "tensorboard==2.21.0" "numpy==2.4.6"
"$work/env/bin/python" - <<'PY'
import tempfile

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch.utils.tensorboard import SummaryWriter


def read(**style):
    with SummaryWriter(tempfile.mkdtemp()) as writer:
        for step in range(100):
            writer.add_scalar("loss", 1.0, step, **style)
    return EventAccumulator(writer.log_dir).Reload()


old, new = read(), read(new_style=True)
steps = [event.step for event in new.Tensors("loss")]
print("old:", len(old.Scalars("loss")), "scalars; new:", new.Tags()["scalars"], len(steps), "tensors, the last of step", steps[-1])
assert len(old.Scalars("loss")) == 100
assert new.Tags()["scalars"] == [], "changed: it is a scalar now"
assert len(steps) == 10
assert steps[-1] == 99
PY
