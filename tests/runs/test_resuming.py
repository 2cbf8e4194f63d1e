"""A run that ended, however that was, goes on as if it had not; and what cannot is refused in one line."""

import json
import os
import random
import re
import shutil
from functools import partial

import msgspec
import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file

from nnviz.data.reading import CACHED
from nnviz.data.split import Split
from nnviz.errors import InputError, NnvizError, UnkeptError
from nnviz.runs import opening, restoring, resuming
from nnviz.runs.checkpoint_file import sealed
from nnviz.runs.checkpoint_rule import CheckpointRule
from nnviz.runs.directory import RunDirectory
from nnviz.runs.keeper import Keeper
from nnviz.runs.trained_network import load_run
from nnviz.training.interruption import Interruption, unwatched
from tests import kills
from tests.failing_disk import fail

KILLS = 3
BUDGET = 1 << 20


@pytest.mark.skipif(not hasattr(os, "fork"), reason="os.fork, which makes a process that can be killed")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("number", range(len(kills.CASES)))
def test_a_run_that_was_killed_ends_as_one_that_was_not(tmp_path, monkeypatch, number):
    """At moments drawn by chance, nearly all of them inside the writing of a checkpoint."""
    monkeypatch.setattr(resuming, "open_dataset", None)
    chance = random.Random(number)
    moments = [partial(kills.killed_at, chance.randrange(9, 90)) for _ in range(KILLS)]
    assert kills.killed(tmp_path / "killed", kills.CASES[number], iter(moments)) == KILLS
    assert kills.killed(tmp_path / "whole", kills.CASES[number], iter(())) == 0
    found, whole = kills.outcome(tmp_path / "killed"), kills.outcome(tmp_path / "whole")
    assert [name for name in whole if found[name] != whole[name]] == []


@pytest.fixture
def left(make_trainer, make_experiment, dataset, tmp_path, monkeypatch):
    """A run of 30 steps that was killed after step 24, with a checkpoint every five, and one of them whole."""
    monkeypatch.setattr(resuming, "open_dataset", lambda *_: dataset)
    monkeypatch.setattr(restoring, "open_dataset", lambda *_: dataset)
    settings = {"stopping": {"steps": 30}, "optimizer": "adam"}
    trainer, run = make_trainer(**settings), tmp_path / "run"
    directory = RunDirectory(run, make_experiment(**settings))
    bring(trainer, directory, 24)
    directory.release()
    return run


def bring(trainer, directory, steps=None, evaluation=None):
    """Train until so many steps are done, or to the end; an evaluation may have been made already."""
    keeper = Keeper(trainer, directory, pytest.fail, rule=CheckpointRule(steps=5))
    if evaluation is not None:
        keeper.record(evaluation)
    while trainer.stopped_by is None and trainer.steps_done != steps:
        evaluation = trainer.step()
        if evaluation is not None:
            keeper.record(evaluation)
        keeper.keep_up()
    if trainer.stopped_by is not None:
        keeper.conclude(unwatched)


def go_on(run, **limits):
    resumed = resuming.resume(run, limits, BUDGET, CACHED)
    at = resumed.trainer.steps_done
    bring(resumed.trainer, resumed.directory, evaluation=resumed.evaluation)
    return at, resumed.told


def file_of(run, step):
    return run / "checkpoints" / f"step-{step:09}.safetensors"


def facts_of(file):
    with safe_open(file, framework="numpy") as opened:
        return json.loads(opened.metadata()["nnviz"])


def rewritten(file, tensors=None, **changes):
    facts = {**facts_of(file), **changes}
    facts.pop("checksum")
    file.write_bytes(sealed(load_file(file) | (tensors or {}), facts))


def _tear(file):
    file.write_bytes(file.read_bytes()[:-100])


def _flip(file):
    content = bytearray(file.read_bytes())
    content[-1000] ^= 1
    file.write_bytes(content)


def _flip_a_fact(file):
    file.write_bytes(file.read_bytes().replace(b'\\"journaled\\": 0', b'\\"journaled\\": 1'))


def _empty(file):
    file.write_bytes(b"")


def _newer(file):
    rewritten(file, version=4)


def _earlier(file):
    rewritten(file, version=1, account=None)


def _other_network(file):
    rewritten(file, {"dense1.weights": np.zeros((6, 8), np.float32)})


def _other_experiment(file):
    experiment = facts_of(file)["experiment"]
    experiment["training"]["learning_rate"] = 0.5
    rewritten(file, experiment=experiment)


def _lost_lines(file):
    account = facts_of(file)["account"]
    rewritten(file, account={**account, "evaluated": account["evaluated"] + 7})


DAMAGED = {
    _tear: "damaged or not a checkpoint",
    _flip: "damaged: its numbers are not those that were written",
    _flip_a_fact: "damaged: its numbers are not those that were written",
    _empty: "damaged or not a checkpoint",
    _newer: "written by a newer nnviz",
    _earlier: "written by an earlier nnviz",
    _other_network: r"dense1.weights has shape \(6, 8\), experiment.toml asks for \(6, 7\)",
    _other_experiment: "made by another experiment: training.learning_rate was 0.5, and is 0.01",
    _lost_lines: "metrics.jsonl or journal.jsonl has lost lines",
}


@pytest.fixture
def whole(left):
    """The same run, not killed."""
    other = left.with_name("whole")
    shutil.copytree(left, other)
    assert go_on(other) == (20, ())
    return kills.outcome(other)


@pytest.mark.parametrize("damage", DAMAGED, ids=lambda damage: damage.__name__)
def test_of_a_checkpoint_that_cannot_be_used_one_line_is_told_and_the_one_before_it_is_taken(left, whole, damage):
    damage(file_of(left, 20))
    at, told = go_on(left)
    assert at == 15
    [line] = told
    assert re.search(f"{file_of(left, 20)}: {DAMAGED[damage]}", line), line
    assert "\n" not in line
    assert kills.outcome(left) == whole
    assert file_of(left, 20).with_name("step-000000020.safetensors.refused").exists(), "nothing is thrown away"


def test_without_any_that_can_be_used_it_begins_anew(left, whole):
    for step in (5, 10, 15, 20):
        _tear(file_of(left, step))
    at, told = go_on(left)
    assert (at, len(told)) == (0, 4)
    assert kills.outcome(left) == whole


@pytest.mark.parametrize("end", [b"", b'{"step": 24, "epo', b'{"step": 28, "epoch": 4, "split": "train"}\n'])
def test_metrics_are_cut_to_those_of_the_checkpoint(left, whole, end):
    """A line that was not written to its end, and one that the checkpoint knows nothing of."""
    with (left / "metrics.jsonl").open("ab") as file:
        file.write(end)
    if end.endswith(b"\n"):
        # Its other line was not there yet.
        assert resuming.whole_lines(left / "metrics.jsonl")[-1] == end
    go_on(left)
    assert kills.outcome(left) == whole


def test_metrics_that_are_damaged_are_named(left):
    lines = (left / "metrics.jsonl").read_text().splitlines(keepends=True)
    (left / "metrics.jsonl").write_text("".join([lines[0], "\x00\n", *lines[2:]]))
    with pytest.raises(InputError, match=r"metrics\.jsonl: line 2 is damaged, or not one of nnviz's"):
        go_on(left)


@pytest.mark.parametrize("part", ["train", "validation", "test"])
@pytest.mark.parametrize("change", ["inputs", "labels", "names"])
def test_data_that_changed_are_told(left, dataset, monkeypatch, part, change):
    split = getattr(dataset, part)
    inputs, labels, names = split.inputs.copy(), split.labels.copy(), [*split.names]
    match change:
        case "inputs":
            inputs[3, 2] = np.nextafter(inputs[3, 2], np.float32(9))
        case "labels":
            labels[3] = (labels[3] + 1) % 3
        case "names":
            names[3] = "another one"
    other = msgspec.structs.replace(dataset, **{part: Split(inputs, labels, names)})
    monkeypatch.setattr(resuming, "open_dataset", lambda *_: other)
    before = {file: file.read_bytes() for file in left.rglob("*") if file.is_file()}
    with pytest.raises(NnvizError, match=r"pets: has changed since .*run was begun") as refused:
        go_on(left)
    assert refused.value.exit_code == 2
    assert {file: file.read_bytes() for file in left.rglob("*") if file.is_file()} == before


def test_two_do_not_go_on_with_one_run(left):
    first = resuming.resume(left, {}, BUDGET, CACHED)
    with pytest.raises(InputError, match=f"{left}: another nnviz is training into it; wait until it has ended"):
        go_on(left)
    first.directory.release()
    assert go_on(left)[0] == 20


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="/proc, which tells files from descriptors")
@pytest.mark.parametrize(("operation", "error"), [("write", 28), ("open", 30), ("replace", 30), ("fsync", 5)])
def test_what_a_failing_disk_does_not_take_costs_nothing_that_was_kept(left, whole, monkeypatch, operation, error):
    (left / "metrics.jsonl").write_bytes((left / "metrics.jsonl").read_bytes() + b"torn")
    with monkeypatch.context() as patch:
        fail(operation, error, str(left.resolve()), 0, patch.setattr)
        with pytest.raises(UnkeptError, match=rf"metrics\.jsonl: cannot be written \({os.strerror(error)}\)"):
            go_on(left)
    assert load_run(left).step == 20
    go_on(left)
    assert kills.outcome(left) == whole


def test_a_directory_that_cannot_be_written_to_is_told(left, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(
        InputError, match=rf"{left}: cannot be written to \(Permission denied\); a run goes on in its own"
    ):
        go_on(left)


@pytest.mark.parametrize(
    ("ended", "limits", "settings"),
    [
        ({"epochs": 4}, {"epochs": 9}, {}),
        ({"steps": 24}, {"steps": 60}, {"optimizer": "adam"}),
        ({"steps": 21}, {"steps": 60}, {"schedule": "plateau", "drop_every": 1}),
        ({"epochs": 3}, {"steps": 60}, {"schedule": "step", "drop_every": 2}),
        ({"epochs": 3, "patience": 30}, {"epochs": 9}, {"optimizer": "rmsprop"}),
    ],
)
def test_a_run_that_is_made_longer_is_one_that_was_longer(
    make_trainer, make_experiment, dataset, tmp_path, monkeypatch, ended, limits, settings
):
    """The evaluation that it had ended with goes, if a longer run has none there."""
    monkeypatch.setattr(resuming, "open_dataset", lambda *_: dataset)
    bring(
        make_trainer(stopping=ended, **settings),
        RunDirectory(tmp_path / "a", make_experiment(stopping=ended, **settings)),
    )
    go_on(tmp_path / "a", **limits)
    longer = {**ended, "epochs": None, **limits} if "steps" in limits else {**ended, **limits}
    settings = {**settings, "stopping": {key: value for key, value in longer.items() if value is not None}}
    bring(make_trainer(**settings), RunDirectory(tmp_path / "b", make_experiment(**settings)))
    found, whole = kills.outcome(tmp_path / "a"), kills.outcome(tmp_path / "b")
    for name in ("metrics", "result"):
        assert found[name] == whole[name]
    tensors, others = (load_file(tmp_path / name / "checkpoints" / "final.safetensors") for name in "ab")
    assert {name: array.tobytes() for name, array in tensors.items()} == {
        name: array.tobytes() for name, array in others.items()
    }
    said = json.loads((tmp_path / "a" / "journal.jsonl").read_text().splitlines()[-1 if "steps" in limits else 0])
    assert "what" in said


REFUSED = [
    ({"steps": 30}, {}, {}, r"it has come to its end \(by steps\); raise --epochs or --steps"),
    ({"steps": 30}, {"steps": 20}, {}, "--steps: 20 is less than the run has already; it may be raised"),
    ({"epochs": 5}, {"epochs": 4}, {}, "--epochs: 4 is less than the run has already; it may be raised"),
    ({"epochs": 5}, {"epochs": 9}, {"schedule": "cosine"}, r"training\.schedule: 'cosine' goes by where the run ends"),
    ({"steps": 30}, {"steps": 90}, {"schedule": "step"}, r"training\.schedule: 'step' goes by where the run ends"),
    ({"patience": 1, "epochs": 99}, {"epochs": 200}, {"learning_rate": 3.0}, r"it ended by itself \(patience\)"),
]


@pytest.mark.parametrize(("ended", "limits", "settings", "told"), REFUSED)
def test_what_must_not_change_is_refused_by_its_name(
    make_trainer, make_experiment, dataset, tmp_path, monkeypatch, ended, limits, settings, told
):
    monkeypatch.setattr(resuming, "open_dataset", lambda *_: dataset)
    experiment = make_experiment(stopping=ended, **settings)
    bring(make_trainer(stopping=ended, **settings), RunDirectory(tmp_path, experiment))
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    with pytest.raises(InputError, match=told):
        go_on(tmp_path, **limits)
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before


def test_other_bits_than_those_that_were_trained_are_noticed_and_the_run_opens(left, whole):
    """As where another processor or another NumPy trained it."""
    log = left / "checkpoints" / "log.jsonl"
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["step"] for line in lines] == [5, 10, 15, 20]
    assert restoring.read_checkpoint(left).told == ()
    lines[3]["next"] = lines[2]["next"]
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    [told] = restoring.read_checkpoint(left).told
    assert told.startswith(f"{left}: training step 21 gives other bits here than where it was trained")
    assert restoring.read_checkpoint(left, 17).told == ()
    at, lines = go_on(left)
    assert (at, lines) == (20, (told,))
    assert kills.outcome(left) == whole


def test_other_bits_are_noticed_where_a_run_is_opened_that_came_to_its_end(left, monkeypatch, dataset):
    """Nothing follows its end: what followed the last checkpoint before it tells."""
    monkeypatch.setattr(opening, "open_dataset", lambda *_: dataset)
    go_on(left)
    log = left / "checkpoints" / "log.jsonl"
    for place in ("end", "start", "13"):
        assert opening.open_run(left, place).told == ()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    known = [line for line in lines if line.get("next")]
    assert [line["step"] for line in known] == [5, 10, 15, 20, 25]
    known[-1]["next"] = known[0]["next"]
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    for place in ("end", "start", "13"):
        opened = opening.open_run(left, place)
        assert opened.told[0].startswith(f"{left}: training step 26 gives other bits here than where it was trained")
        assert opened.trainer.steps_done == 30, "and it opens"
    assert opening.run_at(left, "13").told == (), "of what was there before nothing else is known"


def test_an_evaluation_that_was_not_waited_for_is_made_up_for(
    make_trainer, dataset, make_experiment, tmp_path, monkeypatch
):
    """Ctrl+C, while an epoch's end was evaluated."""
    monkeypatch.setattr(resuming, "open_dataset", lambda *_: dataset)
    settings = {"stopping": {"epochs": 6, "patience": 9}}
    trainer, other = make_trainer(**settings), tmp_path / "other"
    directory = RunDirectory(other, make_experiment(**settings))
    bring(trainer, directory, 13)
    with monkeypatch.context() as patch:
        patch.setattr(trainer.interruption, "watch", lambda: Interruption().watch(0))
        assert trainer.step() is None
    trainer.interrupt()
    Keeper(trainer, directory, pytest.fail).conclude(unwatched)
    assert go_on(other)[0] == 14
    bring(make_trainer(**settings), RunDirectory(tmp_path / "whole", make_experiment(**settings)))
    assert kills.outcome(other) == kills.outcome(tmp_path / "whole")


def test_one_whose_limits_were_lifted_is_told_where_to_end(
    make_trainer, dataset, make_experiment, tmp_path, monkeypatch
):
    monkeypatch.setattr(resuming, "open_dataset", lambda *_: dataset)
    settings = {"stopping": {"steps": 9}}
    trainer, run = make_trainer(**settings), tmp_path / "lifted"
    directory = RunDirectory(run, make_experiment(**settings))
    while trainer.stopped_by is None:
        evaluation = trainer.step()
        if evaluation is not None:
            directory.add(evaluation)
    trainer.carry_on()
    trainer.step()
    trainer.interrupt()
    Keeper(trainer, directory, pytest.fail).conclude(unwatched)
    with pytest.raises(InputError, match="its limits were lifted by hand; say how far to go"):
        go_on(run)
    assert go_on(run, steps=12)[0] == 10
    assert load_run(run).step == 12


def test_a_run_that_was_set_down_and_went_on_has_not_ended(
    make_trainer, dataset, make_experiment, tmp_path, monkeypatch
):
    """As a branch on the screen, before it is killed."""
    monkeypatch.setattr(resuming, "open_dataset", lambda *_: dataset)
    trainer, run = make_trainer(stopping={"steps": 30}), tmp_path / "run"
    directory = RunDirectory(run, make_experiment(stopping={"steps": 30}))
    bring(trainer, directory, 12)
    end = trainer.engine.state()
    trainer.interrupt()
    Keeper(trainer, directory, pytest.fail).set_down(unwatched)
    assert load_run(run).notice is None
    trainer.carry_on()
    trainer.engine.restore(end)
    bring(trainer, directory, 16)
    assert load_run(run).step == 15
    assert not (run / "result.json").exists()
    directory.release()
    assert go_on(run, steps=40)[0] == 15


@pytest.mark.parametrize("ended", [{"steps": 25}, {"epochs": 5}, {"epochs": 9, "patience": 1}])
def test_a_run_that_was_killed_at_its_very_end_comes_to_the_same_end(
    make_trainer, dataset, make_experiment, tmp_path, monkeypatch, ended
):
    """All was trained, and the evaluation made that it ends with: only the end was not written down, or not scored."""
    monkeypatch.setattr(resuming, "open_dataset", lambda *_: dataset)
    settings = {"stopping": ended, "learning_rate": 0.5}
    bring(make_trainer(**settings), RunDirectory(tmp_path, make_experiment(**settings)))
    whole = kills.outcome(tmp_path)
    (tmp_path / "result.json").unlink()
    go_on(tmp_path)
    assert kills.outcome(tmp_path) == whole
    (tmp_path / "result.json").unlink()
    (tmp_path / "checkpoints" / "final.safetensors").unlink()
    go_on(tmp_path)
    assert kills.outcome(tmp_path) == whole
