"""Where the owner of a training has its step compiled, what nnviz hangs on it is no part of what is compiled."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch._dynamo.utils import counters  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

import nnviz.live  # noqa: E402
from nnviz.frame.frame import Frame  # noqa: E402
from nnviz.live.watching import Watching  # noqa: E402

pytestmark = pytest.mark.live
STEPS = 30


class Training:
    """A small one, of which either the optimizer's step or all of a training step is compiled."""

    def __init__(self, is_whole: bool) -> None:
        torch._dynamo.reset()
        counters.clear()
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
        self.optimizer = torch.optim.SGD(self.model.parameters(), 0.1)
        compiled: Callable[[], None] = torch.compile(self._whole if is_whole else self.optimizer.step, backend="eager")
        self._step = compiled if is_whole else lambda: self._passes() or compiled()

    def _passes(self) -> None:
        self.optimizer.zero_grad()
        F.cross_entropy(self.model(self.inputs), torch.zeros(8, dtype=torch.long)).backward()

    def _whole(self) -> None:
        self._passes()
        self.optimizer.step()

    def train(self) -> tuple[list[bytes], Counter[str]]:
        """The bits of what it has learnt, and how much was compiled."""
        for _ in range(STEPS):
            self.inputs = torch.randn(8, 4)
            self._step()
        return [each.detach().numpy().tobytes() for each in self.model.parameters()], Counter(counters["stats"])


@pytest.fixture(autouse=True)
def _own_sockets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


def watched(training: Training) -> Watching:
    return nnviz.live.watch(training.model, training.optimizer, "compiled")


@pytest.mark.parametrize("is_whole", [False, True])
def test_each_step_is_heard_of_and_nothing_of_nnviz_is_compiled(is_whole: bool) -> None:
    bits, compiled = Training(is_whole).train()
    training = Training(is_whole)
    watching = watched(training)
    watching._watch.screen.attach(True)
    bits_watched, compiled_watched = training.train()
    frame = watching._watch.screen.view(None)
    watching.close()
    if watching.fault is not None:
        raise watching.fault
    assert bits_watched == bits
    assert watching.steps == watching._watch.shared.past.losses == STEPS
    assert isinstance(frame, Frame)
    assert any("torch.compile" in told for told in frame.title.caveats) == is_whole
    # A model that is looked at is compiled again, and what looks is not.
    looks = 3 if is_whole else 1
    assert compiled_watched["calls_captured"] <= looks * compiled["calls_captured"]
