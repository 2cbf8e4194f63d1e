"""A process that ends while a screen's answer is being made ends as it would without."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

from nnviz.live import places, wire

pytestmark = pytest.mark.live
SCRIPT = """
import atexit, threading
import torch
from torch import nn
import nnviz.live

is_asked, ends = threading.Event(), threading.Event()


def example(inputs, targets, place):
    # In PyTorch, until the process ends and for a while after that.
    is_asked.set()
    left = 300
    while left:
        torch.ones(64, 64) @ torch.ones(64, 64)
        left -= ends.is_set()
    return "shown"


model = nn.Linear(3, 2)
optimizer = torch.optim.SGD(model.parameters(), 0.1)
watching = nnviz.live.watch(model, optimizer, "ends", example=example)
atexit.register(ends.set)
print("watched", flush=True)
while not is_asked.is_set():
    model(torch.ones(4, 3)).square().mean().backward()
    optimizer.step()
IS_CLOSED
print("trained")
"""


@pytest.mark.parametrize("closing", ["watching.close()", ""])
def test_the_answer_that_is_being_made_is_awaited(
    closing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    script = SCRIPT.replace("IS_CLOSED", closing)
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as training:
        assert training.stdout is not None
        assert training.stdout.readline() == b"watched\n"
        connection, _ = places.connect(places.chosen("ends"))
        with connection:
            wire.send(connection, wire.Look())
            told, faults = training.communicate()
    assert (training.returncode, told, faults) == (0, b"trained\n", b"")
