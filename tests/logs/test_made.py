"""Files that the real tools wrote are read with all their values."""

from pathlib import Path

import numpy as np
import pytest

from nnviz.logs.logged_run import LoggedRun
from nnviz.logs.logs import logs_of
from tests.logs.reading import curves, database, made, read
from tests.logs.real_tools import STEPS, loss, odd

EXACT = {"train/loss": [(float(step), repr(loss(step))) for step in range(STEPS)]}
SINGLE = {"train/loss": [(float(step), repr(float(np.float32(loss(step))))) for step in range(STEPS)]}
ODD = {"odd": [(float(step), str(odd(step))) for step in range(STEPS)]}


def whole(start: int = 0, factor: float = 1) -> list[tuple[float, str]]:
    return [(float(step), repr(float(factor * step))) for step in range(start, STEPS)]


def only_run(path: Path) -> LoggedRun:
    (run,) = read(path).runs
    return run


def by_name(run: LoggedRun) -> dict[str, list[tuple[float, str]]]:
    return {name: found for (_, name, _), found in curves([run]).items()}


@pytest.mark.parametrize("tool", ["tensorboard", "tensorboardX"])
def test_event_files(tool: str) -> None:
    run = only_run(made(tool))
    assert by_name(run) == SINGLE | ODD
    assert run.kind == "TensorBoard"
    assert {(series.metric, series.split) for series in run.series} == {("loss", "train"), ("odd", "")}


def test_all_that_pytorch_writes() -> None:
    runs = {run.name: run for run in read(made("torch")).runs}
    own, hparams = runs[made("torch").name], runs["hparams"]
    double = [(float(step), repr(0.1 * step)) for step in range(STEPS)]
    parts = {"a/b/train": whole(), "a/b/val": whole(factor=-1), "a/b/other": whole(factor=2)}
    parts["a/b/val"][0] = (0.0, "0.0")
    assert by_name(own) == SINGLE | ODD | {"new": whole(), "double": double} | parts
    assert {s.name: (s.metric, s.split) for s in own.series if s.name.startswith("a/")} == {
        "a/b/train": ("a/b", "train"),
        "a/b/val": ("a/b", "validation"),
        "a/b/other": ("a/b/other", ""),
    }
    assert by_name(hparams) == {"hp": [(0.0, "2.0")]}


def test_wandb() -> None:
    run = only_run(made("wandb"))
    assert by_name(run) == EXACT | ODD | {"a.b": whole()}
    assert (run.kind, run.title, run.state) == ("W&B", "a run", "finished")
    assert run.settings == {"lr": "0.1", "net": '{"h": 3}'}


def test_trackio(tmp_path: Path) -> None:
    run = only_run(database("trackio", tmp_path))
    assert by_name(run) == EXACT | ODD | {"a/b": whole()}
    assert (run.kind, run.title, run.settings) == ("trackio", "a run", {"lr": "0.1"})


def test_mlflow(tmp_path: Path) -> None:
    run = only_run(database("mlflow-skinny", tmp_path))
    assert by_name(run) == EXACT | ODD | {"no step": whole()}
    assert (run.kind, run.title, run.state, run.settings) == ("MLflow", "a run", "finished", {"lr": "0.1"})
    assert run.notes == ["no step: its values are all of one step, so they are counted"]


def test_lightning() -> None:
    run = only_run(made("lightning"))
    epochs = [(float(step), repr(float(step // 5))) for step in range(STEPS) for _ in range(1 + (step % 5 == 4))]
    validation = [(float(step), repr(loss(step) / 2)) for step in range(4, STEPS, 5)]
    assert by_name(run) == EXACT | ODD | {"epoch": epochs, "val_loss": validation}
    assert {s.name: s.split for s in run.series if s.metric == "loss"} == {
        "train/loss": "train",
        "val_loss": "validation",
    }


def test_keras() -> None:
    run = only_run(made("keras"))
    validation = [(float(step), repr(loss(step) / 2)) for step in range(0, STEPS, 2)]
    assert by_name(run) == {"loss": EXACT["train/loss"], "val_loss": validation} | ODD
    assert (run.kind, {series.axis for series in run.series}) == ("Keras", {"epoch"})
    assert {s.name: s.split for s in run.series} == {"loss": "train", "val_loss": "validation", "odd": ""}


def test_a_loss_that_the_trainer_wrote_as_0_is_nan() -> None:
    run = only_run(made("transformers"))
    found = by_name(run)
    assert len(found["loss"]) == STEPS
    assert [value for _, value in found["loss"][9:]] == ["nan"] * 11
    assert [value for _, value in found["grad_norm"][9:]] == ["nan"] * 11
    assert 0.999 < float(found["loss"][8][1]) < 1
    assert run.notes == [
        "11 losses of 0 beside a grad_norm that is not finite, from step 10 on: the Trainer writes a NaN so; "
        "shown as NaN"
    ]


def test_each_file_can_be_named_itself(tmp_path: Path) -> None:
    database("trackio", tmp_path), database("mlflow-skinny", tmp_path)
    named = [path for path in (*made("torch").parent.rglob("*"), *tmp_path.iterdir()) if path.is_file()]
    for path in named:
        if path.suffix != ".sql":
            assert logs_of(path).runs, path


def test_looking_leaves_nothing_behind(tmp_path: Path) -> None:
    database("trackio", tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    read(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
