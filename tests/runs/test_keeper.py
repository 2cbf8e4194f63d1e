"""What was trained is kept, whatever becomes of the disk meanwhile; and if it cannot be, that is said."""

import errno
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from nnviz import whole_file
from nnviz.runs import keeper as keeping
from nnviz.runs.checkpoint_rule import CheckpointRule
from nnviz.runs.directory import RunDirectory
from nnviz.runs.keeper import CHECKPOINT_SECONDS, Keeper
from nnviz.runs.paths import step_of, while_training
from nnviz.runs.result import read_result
from nnviz.runs.trained_network import load_run
from nnviz.training.interruption import AbandonedError, Interruption, unwatched

STEPS = 40


class Clock:
    """A clock that stands until it is set."""

    now = 0.0

    def __call__(self):
        return self.now


class Training:
    """A training that is written down: every epoch of 7 steps, every ten of its steps, and in the end."""

    def __init__(self, trainer, experiment, out):
        self.trainer, self.out = trainer, out
        self.clock, self.heard = Clock(), []
        self.experiment, self.directory = experiment, RunDirectory(out, experiment)
        self.keeper = Keeper(trainer, self.directory, self.heard.append, self.clock)

    def go(self, steps=STEPS):
        while self.trainer.steps_done < steps:
            evaluation = self.trainer.step()
            if evaluation is not None:
                self.keeper.record(evaluation)
            if self.trainer.steps_done % 10 == 0:
                self.keeper.write_metrics()
                self.clock.now = self.keeper.due
            self.keeper.keep_up()

    def end(self, check=unwatched):
        return self.keeper.conclude(check)


@pytest.fixture
def training(make_trainer, make_experiment, tmp_path, monkeypatch):
    for name in ("home", "tmp"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    settings = {"stopping": {"patience": 1000}, "optimizer": "adam"}
    return Training(make_trainer(**settings), make_experiment(**settings), tmp_path / "runs" / "run")


def assert_sound(path, step):
    """The run is whole, and is that of so many steps."""
    loaded = load_run(path)
    assert loaded.step == step
    assert np.isfinite(loaded.network.parameters.values).all()
    metrics = (path / "metrics.jsonl").read_text()
    assert metrics.endswith("\n")
    records = [json.loads(line) for line in metrics.splitlines()]
    assert [record["step"] for record in records] == [7 * n for n in range(1, step // 7 + 1) for _ in range(2)]


def files_below(path):
    return sorted(str(file.relative_to(path)) for file in path.rglob("*") if file.is_file())


def checkpoints(training):
    return [file.stem for file in sorted((training.out / "checkpoints").glob("*.safetensors"))]


def test_a_checkpoint_is_there_again_and_again(training):
    training.go(9)
    assert not checkpoints(training)
    training.go(10)
    assert checkpoints(training) == ["step-000000010"]
    written = (training.out / "checkpoints" / "step-000000010.safetensors").stat().st_mtime_ns
    training.clock.now += CHECKPOINT_SECONDS
    training.keeper.keep_up()
    assert (training.out / "checkpoints" / "step-000000010.safetensors").stat().st_mtime_ns == written, "nothing new"
    training.go(29)
    assert checkpoints(training) == ["step-000000010", "step-000000020"]
    loaded = load_run(training.out)
    assert loaded.notice == f"{training.out}: it has not ended; this is its checkpoint of step 20"
    training.go(30)
    same = training.trainer.network.parameters.values.tobytes()
    assert load_run(training.out).network.parameters.values.tobytes() == same
    training.go(40)
    training.end()
    assert checkpoints(training) == ["final", "step-000000010", "step-000000020", "step-000000030"]
    assert load_run(training.out).notice is None


@pytest.mark.parametrize(
    ("took", "best", "apart"),
    [(0.0, 1.0, 2.0), (0.01, 1.0, 2.0), (0.015, 1.5, 2.0), (0.1, 10.0, 10.0), (1.0, 60.0, 60.0), (10.0, 600.0, 600.0)],
)
def test_a_slow_disk_gets_a_small_share_of_the_time(training, monkeypatch, took, best, apart):
    """A checkpoint sooner where an evaluation was the best one, if it takes little."""

    def slow(folder):
        training.clock.now += took
        flush(folder)

    flush = whole_file._flush_folder
    training.go(10)
    monkeypatch.setattr(whole_file, "_flush_folder", slow)
    training.go(12)
    keeper = training.keeper
    training.clock.now = keeper.due
    keeper.keep_up()
    training.go(13)
    assert keeper.due == pytest.approx(training.clock.now + apart)
    keeper.record(training.trainer.history.best)
    keeper.write_metrics()
    assert keeper.due == pytest.approx(training.clock.now + best)


def test_evaluations_that_come_fast_are_written_in_ones(training):
    """The first one at once, those that come soon after it a little later, and none is left where there are no more."""

    def written():
        return (training.out / "metrics.jsonl").read_text().count("validation")

    training.go(7)
    assert written() == 1
    training.go(9)
    best, keeper = training.trainer.history.best, training.keeper
    for _ in range(3):
        training.clock.now += keeping.METRICS_SECONDS / 4
        keeper.record(best)
        keeper.keep_up()
        assert written() == 1
    assert keeper.due == keeping.METRICS_SECONDS
    training.clock.now = keeper.due
    keeper.keep_up()
    assert written() == 4
    keeper.record(best)
    assert written() == 4
    training.end()
    assert written() == 5


@pytest.mark.parametrize(
    ("rule", "steps"),
    [(CheckpointRule(steps=8), [8, 16, 24, 32]), (CheckpointRule(seconds=7.0), [7, 14, 21, 28, 35])],
)
def test_whoever_says_when_has_checkpoints_then(training, monkeypatch, rule, steps):
    """A second a step here, and no evaluation that is better than the first one."""
    monkeypatch.setattr(keeping, "BEST_SECONDS", 1000.0)
    keeper = Keeper(training.trainer, training.directory, training.heard.append, training.clock, rule)
    while training.trainer.steps_done < 38:
        training.trainer.step()
        training.clock.now += 1
        keeper.keep_up()
    assert checkpoints(training) == [f"step-{step:09}" for step in steps]
    noted = [json.loads(line) for line in (training.out / "checkpoints" / "log.jsonl").read_text().splitlines()]
    assert [echo["step"] for echo in noted] == steps
    assert all(echo["next"] for echo in noted)


def test_what_is_kept_lies_evenly_over_the_run_within_its_budget(training):
    budget = 300_000
    training.directory._budget = budget
    keeper = Keeper(
        training.trainer, training.directory, training.heard.append, training.clock, CheckpointRule(steps=1)
    )
    while training.trainer.steps_done < 100:
        training.trainer.step()
        keeper.keep_up()
    found = [step_of(file) for file in while_training(training.out)]
    assert found[-3:] == [98, 99, 100]
    assert sum(file.stat().st_size for file in while_training(training.out)) <= budget
    ways = np.diff([0, *found[:-3]])
    assert len(found) >= 6
    assert ways.max() <= 4 * ways.min(), found


class Disk:
    """Fails from the n-th write on, in the directories that it is told of, in the way that it is told."""

    def __init__(self, monkeypatch, error, below, first):
        self._write, self._error, self._below, self._left = whole_file.write_all, error, str(below), first
        monkeypatch.setattr(whole_file, "write_all", self.write)

    def write(self, descriptor, content):
        path = os.readlink(f"/proc/self/fd/{descriptor}")
        self._left -= 1
        if self._left < 0 and path.startswith(self._below):
            # A full disk takes a part of it.
            self._write(descriptor, content[: len(content) // 2])
            raise OSError(self._error, os.strerror(self._error), path)
        self._write(descriptor, content)


needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="/proc, which tells files from descriptors")


def count_writes(training, monkeypatch):
    """How many writes the whole of a training takes."""
    writes = []
    write = whole_file.write_all
    with monkeypatch.context() as patch:
        patch.setattr(whole_file, "write_all", lambda *given: (writes.append(1), write(*given)))
        training.go()
        training.end()
    return len(writes)


def test_as_many_writes_as_the_next_test_goes_through(training, monkeypatch):
    # The experiment, five evaluations, four checkpoints, three notes of what followed them, the final one with its
    # note, and the result twice.
    assert count_writes(training, monkeypatch) == 17


@needs_proc
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EROFS, errno.EIO, errno.EDQUOT])
@pytest.mark.parametrize("first", range(17))
def test_a_disk_that_fails_at_any_write_costs_nothing_that_was_trained(training, monkeypatch, tmp_path, error, first):
    Disk(monkeypatch, error, training.out, first)
    training.go()
    ending = training.end()
    reason = os.strerror(error)
    if first < 14:
        assert ending.directory.startswith(str(tmp_path / "home" / "nnviz-run-"))
        assert ending.trouble == f"{training.out}: cannot be written ({reason})"
        assert_sound(Path(ending.directory), STEPS)
        assert read_result(Path(ending.directory)) == ending.result
        assert ending.result.run == ending.directory
    else:
        assert ending.directory == str(training.out)
        assert ending.trouble == f"{training.out}/result.json: cannot be written ({reason})"
        assert_sound(training.out, STEPS)
    assert ending.result.train["loss"] > 0
    assert ending.exit_code == 1
    told = [f"{training.out}: cannot be written ({reason}); training goes on, and it is tried again"]
    assert training.heard == (told if first < 13 else []), "once, and not at every write"
    assert not [file for file in files_below(tmp_path) if file.endswith((".part", ".lock"))]
    # What was kept before the disk failed can still be read.
    if 2 < first < 14:
        assert load_run(training.out).step == (10 if first < 6 else 20 if first < 10 else 30 if first < 13 else 40)
    if first > 1:
        for line in (training.out / "metrics.jsonl").read_text().splitlines(keepends=True):
            assert json.loads(line)["step"] % 7 == 0
            assert line.endswith("\n")


@needs_proc
@pytest.mark.parametrize("first", range(0, 12, 3))
def test_if_it_can_be_written_nowhere_that_is_said_and_nothing_half_is_left(training, monkeypatch, tmp_path, first):
    Disk(monkeypatch, errno.ENOSPC, tmp_path, first)
    training.go()
    ending = training.end()
    assert ending.directory is None
    assert ending.trouble == (
        f"{training.out}: the run cannot be kept there (No space left on device), "
        f"nor in {tmp_path / 'home'} and {tmp_path / 'tmp'}"
    )
    assert (ending.exit_code, ending.where) == (1, "the run is not kept")
    assert not [file for file in files_below(tmp_path) if file.endswith((".part", ".lock"))]
    assert not [*(tmp_path / "home").iterdir(), *(tmp_path / "tmp").iterdir()]


@needs_proc
def test_home_is_not_the_only_other_place(training, monkeypatch, tmp_path):
    shutil.rmtree(tmp_path / "home")
    Disk(monkeypatch, errno.ENOSPC, training.out, 0)
    training.go()
    assert training.end().directory.startswith(str(tmp_path / "tmp" / "nnviz-run-"))


@needs_proc
def test_a_disk_that_has_room_again_gets_all_that_it_missed(training, monkeypatch, tmp_path):
    with monkeypatch.context() as patch:
        Disk(patch, errno.ENOSPC, tmp_path, 3)
        training.go(25)
    assert len(training.heard) == 1
    training.go()
    ending = training.end()
    assert (ending.directory, ending.trouble) == (str(training.out), None)
    assert_sound(training.out, STEPS)


def _vanish(path):
    shutil.rmtree(path)


def _move(path):
    path.rename(path.with_name("moved"))


@pytest.mark.parametrize("lose", [_vanish, _move])
@pytest.mark.parametrize("at", [15, 40])
def test_a_directory_that_is_gone_is_made_again(training, lose, at):
    training.go(at)
    lose(training.out)
    training.go()
    ending = training.end()
    assert (ending.directory, ending.trouble) == (str(training.out), None)
    assert_sound(training.out, STEPS)


def _file(path):
    path.write_text("mine")


def _others_run(path):
    path.mkdir()
    (path / "experiment.toml").write_text("theirs")


@pytest.mark.parametrize("put", [_file, _others_run])
def test_what_was_put_in_its_place_is_left_alone(training, put, tmp_path):
    training.go(15)
    shutil.rmtree(training.out)
    put(training.out)
    before = {file: file.read_bytes() for file in (tmp_path / "runs").rglob("*") if file.is_file()}
    training.go()
    ending = training.end()
    assert ending.trouble == f"{training.out}: cannot be written (it was removed, and something else is there)"
    assert_sound(Path(ending.directory), STEPS)
    assert {file: file.read_bytes() for file in (tmp_path / "runs").rglob("*") if file.is_file()} == before


@pytest.mark.parametrize("name", ["metrics.jsonl", "experiment.toml.part", "result.json.part"])
def test_nothing_is_written_through_a_link_that_was_planted(training, tmp_path, name):
    (tmp_path / "diary").write_text("dear diary")
    training.go(5)
    (training.out / name).symlink_to(tmp_path / "diary")
    training.go()
    ending = training.end()
    assert (tmp_path / "diary").read_text() == "dear diary"
    assert_sound(Path(ending.directory), STEPS)


def test_what_is_not_waited_for_is_not_scored_and_the_network_is_safe_before(training):
    interruption = Interruption()
    training.go()
    check = interruption.watch()
    interruption.ask()
    ending = training.end(check)
    assert not ending.is_scored
    assert json.loads((training.out / "result.json").read_text())["train"] is None
    assert_sound(training.out, STEPS)


def test_the_largest_split_is_the_last_to_be_scored(training):
    calls = []

    def check():
        calls.append(1)
        if len(calls) == 3:
            raise AbandonedError

    training.go()
    ending = training.end(check)
    assert ending.result.train is None
    assert ending.result.validation["loss"] > 0
    assert ending.result.test["loss"] > 0


def test_without_a_finished_step_there_is_nothing_to_keep(training, tmp_path):
    training.trainer.advance()
    ending = training.end()
    assert (ending.directory, ending.trouble, ending.exit_code) == (None, None, 0)
    assert not (tmp_path / "runs").exists()


def test_a_watch_ends_when_it_is_asked_again_or_the_time_is_up():
    interruption, clock = Interruption(), Clock()
    interruption.ask()
    check = interruption.watch(3, clock)
    check()
    clock.now = 3
    with pytest.raises(AbandonedError):
        check()
    check = interruption.watch()
    interruption.ask()
    with pytest.raises(AbandonedError):
        check()
