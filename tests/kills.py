"""Trainings that are killed again and again, and each time go on: in the end they are what they would have been.

`python -m tests.kills 200` kills so many times, at moments drawn by chance, many of them inside the writing of a
checkpoint; every second time after so much work of the processor, whatever the training does then.
"""

import json
import os
import random
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

from nnviz.data.dataset import Dataset
from nnviz.data.reading import CACHED
from nnviz.experiment import Experiment, combine
from nnviz.runs import resuming
from nnviz.runs.checkpoint_rule import CheckpointRule
from nnviz.runs.directory import RunDirectory
from nnviz.runs.keeper import Keeper
from nnviz.runs.result import read_result
from nnviz.training.assembly import assemble, open_dataset
from nnviz.training.engine import StepEngine
from nnviz.training.interruption import unwatched

POINTS = {"source": "xor", "examples": 40}
PICTURES = {"source": "pets", "image_size": 8, "augment": ["flip", "shift", "rotate", "brightness"]}
DENSE = "dense 5 tanh dropout 0.2, dense 4 relu"
MAPS = "conv 2 3x3 batchnorm relu, pool 2, dropout 0.3, dense 4 leakyrelu"
CASES: list[dict[str, Any]] = [
    {"data": POINTS, "training": {"optimizer": "sgd", "momentum": 0.0, "l1": 0.01, "l2": 0.01, "clip": 0.1}},
    {"data": POINTS, "training": {"optimizer": "sgd", "schedule": "step", "drop_every": 2}},
    {"data": POINTS, "training": {"optimizer": "nesterov", "weight_decay": 0.01}},
    {"data": POINTS, "training": {"optimizer": "rmsprop", "class_weights": "balanced"}},
    {"data": POINTS, "training": {"optimizer": "adam", "schedule": "cosine", "warmup": 1.5, "dtype": "float64"}},
    {"data": POINTS, "training": {"optimizer": "adamw", "label_smoothing": 0.1}, "stopping": {"steps": 33}},
    {
        "data": POINTS,
        "training": {"schedule": "plateau", "drop_every": 1, "drop": 0.5, "warmup": 0.5, "learning_rate": 0.5},
        "stopping": {"epochs": 40, "patience": 4},
    },
    {"data": PICTURES, "training": {"optimizer": "adam", "batch_size": 400}, "stopping": {"epochs": 6}},
]
RULE = CheckpointRule(steps=3, budget=100_000)
MOMENTS = ("open", "write", "fsync", "close", "rename", "replace", "unlink", "mkdir")


def prepared(case: dict[str, Any]) -> tuple[Experiment, Dataset]:
    """An experiment of few steps, and its data."""
    layers = MAPS if case["data"] is PICTURES else DENSE
    settings = {"training": {"threads": 1}, "network": {"layers": layers}, "stopping": {"epochs": 9}}
    experiment = combine(settings, case)
    return experiment, open_dataset(experiment)


def train(out: Path, experiment: Experiment, dataset: Dataset) -> None:
    """Begin the run, or go on with what there is of it, and bring it to its end."""
    if (result := read_result(out)) is not None and result.is_scored:
        # Killed when all was done.
        return
    if (out / "experiment.toml").exists():
        resumed = resuming.resume(out, {}, RULE.budget, CACHED)
        trainer, directory, evaluation = resumed.trainer, resumed.directory, resumed.evaluation
    else:
        trainer, directory, evaluation = assemble(experiment, dataset), RunDirectory(out, experiment, RULE.budget), None
    keeper = Keeper(trainer, directory, lambda told: sys.exit(told), rule=RULE)
    while True:
        if evaluation is not None:
            keeper.record(evaluation)
        keeper.keep_up()
        if trainer.stopped_by is not None:
            break
        evaluation = trainer.step()
    keeper.conclude(unwatched)


def in_a_process(work: Callable[[], None]) -> int:
    """Have it done in a child of this process, and return the number of that."""
    child = os.fork()
    if not child:
        code = 1
        try:
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return child


def killed_at(moment: int, put: Callable[[Any, str, Any], None] = setattr) -> None:
    """From here on, this process is killed when it comes to so many stages of training and uses of the disk.

    A write is killed in its middle.
    """
    left = moment

    def counted(owner: Any, name: str) -> None:
        real = getattr(owner, name)

        def counting(*given: Any, **more: Any) -> Any:
            nonlocal left
            left -= 1
            if left <= 0:
                if name == "write":
                    real(given[0], bytes(given[1])[: len(given[1]) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*given, **more)

        put(owner, name, counting)

    for name in MOMENTS:
        counted(os, name)
    counted(StepEngine, "run")


def outcome(out: Path) -> dict[str, Any]:
    """What a run has come to, but for seconds."""
    result = json.loads((out / "result.json").read_text())
    lines = (out / "metrics.jsonl").read_bytes().splitlines(keepends=True)
    assert all(line.endswith(b"\n") for line in lines)
    journal = out / "journal.jsonl"
    return {
        "network, and all that it would go on by": (out / "checkpoints" / "final.safetensors").read_bytes(),
        "metrics": [{**json.loads(line), "seconds": 0} for line in lines],
        "journal": journal.read_bytes() if journal.exists() else b"",
        "result": {**result, "seconds": 0, "examples_per_second": 0, "run": ""},
        "experiment": (out / "experiment.toml").read_bytes(),
    }


def killed_after(seconds: float) -> None:
    """From here on, this process is killed once the processor has worked on it for so long: no load changes that."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, seconds)


def killed(out: Path, case: dict[str, Any], kills: Iterator[Callable[[], None]]) -> int:
    """Train a case, killed by each of these while it is not at its end.

    Returns how often it was killed.
    """
    experiment, dataset = prepared(case)
    resuming.open_dataset = lambda *_: dataset  # type: ignore[attr-defined]
    times = 0
    while True:
        kill = next(kills, None)

        def work(kill: Callable[[], None] | None = kill) -> None:
            if kill is not None:
                kill()
            train(out, experiment, dataset)

        _, status = os.waitpid(in_a_process(work), 0)
        code = os.waitstatus_to_exitcode(status)
        if code == 0:
            return times
        assert -code in (signal.SIGKILL, signal.SIGPROF), code
        times += 1


def main(many: int, seed: int) -> None:
    """Kill so many times."""
    chance, times = random.Random(seed), 0
    folder = Path(tempfile.mkdtemp())
    whole = {}
    for number, case in enumerate(cycle(CASES)):
        place = number % len(CASES)
        if place not in whole:
            assert killed(folder / "whole", case, iter(())) == 0
            whole[place] = outcome(folder / "whole")
            shutil.rmtree(folder / "whole")
        kills = []
        for _ in range(4):
            kills += [partial(killed_at, chance.randrange(1, 150)), partial(killed_after, chance.random() * 0.4)]
        times += killed(folder / "killed", case, iter(kills))
        found = outcome(folder / "killed")
        different = [name for name, value in found.items() if value != whole[place][name]]
        print(f"case {place}: {times} kills", *different, flush=True)
        if different:
            sys.exit(f"not as it would have been, in {folder}: {case}")
        shutil.rmtree(folder / "killed")
        if times >= many:
            break
    shutil.rmtree(folder)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
