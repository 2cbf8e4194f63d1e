"""A tiny folder of pictures, trainers of it near and far, and a check that none of them leaves anything behind."""

import gc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from itertools import count
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from nnviz.experiment import Experiment, combine
from nnviz.frame.frame import Frame, State
from nnviz.remote.client import AskableTrainer, LocalTrainer, RemoteTrainer
from nnviz.remote.messages import Answer, Look, Order, Request
from nnviz.remote.opening_progress import OpeningProgress
from nnviz.runs.paths import free_path
from nnviz.training.assembly import assemble, open_dataset
from nnviz.training.trainer import Trainer

PER_EPOCH = 3
"""Of 16 pictures 12 are trained on, in batches of 5, 5 and 2."""
DEPTH = 3
STAGES = 2 * DEPTH + 3

MakeOrder = Callable[..., Order]
Start = Callable[[Order], AskableTrainer]


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of 8 noisy pictures."""
    folder = tmp_path_factory.mktemp("pictures")
    generator = np.random.default_rng(0)
    for brightness, name in enumerate(("dark", "light")):
        (folder / name).mkdir()
        for i in range(8):
            pixels = generator.integers(0, 200, (4, 4, 3), dtype=np.uint8) + np.uint8(40 * brightness)
            Image.fromarray(pixels).save(folder / name / f"{i}.png")
    return folder


@pytest.fixture
def make_order(pictures: Path, tmp_path: Path) -> MakeOrder:
    """An order of a small network; keywords change [training], `stopping` is that table."""

    def make(stopping: dict[str, object] | None = None, **training: object) -> Order:
        experiment = combine(
            {
                "data": {"source": str(pictures), "image_size": 4},
                "network": {"layers": "dense 3 relu"},
                "training": {"batch_size": 5, **training},
                "stopping": stopping or {"steps": 10**9},
            }
        )
        return Order(experiment, free_path(tmp_path / "run"))

    return make


@pytest.fixture
def start_remote() -> Iterator[Callable[[Order], RemoteTrainer]]:
    """Trainers in processes of their own, closed at the end of the test."""
    with ExitStack() as stack:
        yield lambda order: stack.enter_context(closing(RemoteTrainer(order)))


@pytest.fixture(params=["local", "remote"])
def start(request: pytest.FixtureRequest, start_remote: Start) -> Start:
    """A trainer in this process, and one in its own: what holds for one holds for the other."""
    # By a clock that goes on when it is looked at.
    clock = partial(next, count(step=0.01))
    return start_remote if request.param == "remote" else lambda order: LocalTrainer(order, clock=clock)


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    # A mapped file stays open until the last array in it is gone.
    gc.collect()
    me = psutil.Process()
    children, descriptors = me.children(recursive=True), me.num_fds()
    yield
    gc.collect()
    assert me.children(recursive=True) == children
    assert me.num_fds() == descriptors


@pytest.fixture
def in_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Code that the trainer's process runs before anything else: a way to make it fail."""

    def arrange(code: str) -> None:
        (tmp_path / "sitecustomize.py").write_text(code)
        monkeypatch.syspath_prepend(tmp_path)

    return arrange


def straight(experiment: Experiment, steps: int) -> Trainer:
    """The same training, straight through."""
    trainer = assemble(experiment, open_dataset(experiment))
    while trainer.steps_done < steps:
        trainer.step()
    return trainer


def first(trainer: AskableTrainer, hear: Callable[[OpeningProgress], None] = lambda _: None) -> Answer:
    """The first frame of a trainer; `hear` is told what it says before."""
    while isinstance(said := trainer.receive(), OpeningProgress):
        hear(said)
    return said


def ask(trainer: AskableTrainer, request: Request) -> Answer:
    """Ask, and wait for the answer."""
    trainer.send(request)
    answer = trainer.receive()
    assert not isinstance(answer, OpeningProgress)
    return answer


def look_until(trainer: AskableTrainer, arrived: Callable[[Frame], bool]) -> Frame:
    """Look again and again, as the screen does, until a frame is as awaited."""
    while not arrived(frame := ask(trainer, Look())):
        pass
    return frame


def rested(frame: Frame) -> bool:
    """Whether the trainer has stopped."""
    return frame.state is not State.RUNNING


def steps(frame: Frame) -> int:
    """Finished training steps."""
    return frame.moment.step + (frame.moment.done == STAGES)
