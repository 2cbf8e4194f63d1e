"""What one of two processes that train together tells of itself, while both are at work."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch.distributed as dist
from torch import Tensor, nn

from nnviz.live import places
from nnviz.live.ports import TOKEN, Port, address_in
from nnviz.live.watching import Watching


def gradients_of(model: nn.Module) -> dict[str, Tensor]:
    return {name: each.grad.clone() for name, each in model.named_parameters() if each.grad is not None}


def tell(
    folder: Path,
    model: nn.Module,
    watching: Watching | None,
    losses: Sequence[float] = (),
    gradients: Mapping[str, Tensor] | None = None,
) -> None:
    """As JSON, in a file of this process; `losses` and the last step's `gradients` are those taken by hand."""
    told: dict[str, object] = {"pid": os.getpid()}
    if watching is not None:
        told |= _of(watching, losses, gradients or {})
    weights = b"".join(each.detach().numpy().tobytes() for each in model.state_dict().values())
    told["weights"] = hashlib.sha256(weights).hexdigest()
    (folder / f"rank-{dist.get_rank()}.json").write_text(json.dumps(told), encoding="utf-8")


def _of(watching: Watching, losses: Sequence[float], gradients: Mapping[str, Tensor]) -> dict[str, object]:
    watch = watching._watch
    if watching.fault is not None:
        raise watching.fault
    # Both are watched now, and stay so until both have looked around.
    dist.barrier()
    found = [[path.stem, hello.name, hello.pid] for path, hello in places.found()]
    at_port = None
    if watching.address is not None:
        address = address_in(watching.address)
        assert address is not None
        connection, hello = Port(address, os.environ[TOKEN]).connect()
        connection.close()
        at_port = hello.pid
    dist.barrier()
    watch.shared.past.read()
    np.testing.assert_allclose(watch.shared.past.history.training.means[: watch.shared.steps], losses, rtol=1e-6)
    assert watch.screen.view(None) is not None
    assert watch.screen._camera is not None
    recording = watch.screen._camera.trace.recording
    assert recording.index == watch.shared.steps - 1
    recorded = recording.gradients
    assert recorded.keys() == gradients.keys()
    for name, gradient in gradients.items():
        np.testing.assert_array_equal(recorded[name], gradient.numpy(), err_msg=name)
    return {"name": watching.name, "steps": watching.steps, "found": found, "at_port": at_port}
