"""Checkpoints that are there to go to their places take less room, and a run can go on from them all the same."""

import pytest

from nnviz.data.reading import CACHED
from nnviz.runs import restoring, resuming
from nnviz.runs.checkpoint_file import read
from nnviz.runs.directory import RunDirectory
from nnviz.runs.milestones import LAST
from nnviz.runs.paths import step_of, while_training
from tests import kills

from .test_resuming import bring

STEPS = 110
SETTINGS = {"stopping": {"steps": STEPS}, "learning_rate": 0.005, "layers": "dense 2000 tanh"}
# More than all of them take when they are slim, and less than they take else.
BUDGET = 4_300_000


@pytest.fixture
def left(make_trainer, make_experiment, dataset, tmp_path, monkeypatch):
    """A run that was killed after step 100, and another one that was not."""
    for module in (restoring, resuming):
        monkeypatch.setattr(module, "open_dataset", lambda *_: dataset)
    run, whole = tmp_path / "run", tmp_path / "whole"
    for place, steps in ((run, 100), (whole, None)):
        directory = RunDirectory(place, make_experiment(**SETTINGS), BUDGET)
        bring(make_trainer(**SETTINGS), directory, steps)
        directory.release()
    return run, whole


def is_slim(file):
    tensors, facts = read(file)
    assert facts.account.is_slim == (not any(name.startswith(("best.", "good.")) for name in tensors)) or (
        facts.account.best == facts.place.step
    )
    return facts.account.is_slim


def test_only_those_before_the_last_ones_are_slim_and_so_there_is_room_for_more(
    left, make_trainer, make_experiment, tmp_path, monkeypatch
):
    files = while_training(left[0])
    slim = [is_slim(file) for file in files]
    assert sum(file.stat().st_size for file in files) <= BUDGET
    assert sum(slim) > 3
    assert not any(slim[-LAST:])
    monkeypatch.setattr("nnviz.runs.directory.slimmed", lambda _: None)
    directory = RunDirectory(tmp_path / "other", make_experiment(**SETTINGS), BUDGET)
    bring(make_trainer(**SETTINGS), directory, 100)
    directory.release()
    assert len(while_training(tmp_path / "other")) < len(files)


def test_every_step_is_had_again_from_them(left, make_trainer):
    trainer = make_trainer(**SETTINGS)
    for step in range(1, 101):
        trainer.step()
        if step % 7 == 0:
            again = restoring.read_checkpoint(left[0], step).trainer
            assert again.network.parameters.values.tobytes() == trainer.network.parameters.values.tobytes()
            assert again.history.step_loss == trainer.history.step_loss


def test_a_run_goes_on_from_one_as_if_nothing_had_been(left):
    """All others were damaged: the networks that it may be remembered by are had again."""
    run, whole = left
    slim = [file for file in while_training(run) if is_slim(file)]
    others = {*while_training(run)} - {*slim}
    for file in others:
        file.write_bytes(file.read_bytes()[:-9])
    resumed = resuming.resume(run, {}, BUDGET, CACHED)
    assert resumed.trainer.steps_done == step_of(slim[-1])
    assert len(resumed.told) == len(others)
    standing = resumed.trainer.standing
    assert standing.best.step == standing.history.best.step < resumed.trainer.steps_done
    assert (standing.best.values != resumed.trainer.network.parameters.values).any()
    bring(resumed.trainer, resumed.directory, evaluation=resumed.evaluation)
    assert kills.outcome(run) == kills.outcome(whole)
