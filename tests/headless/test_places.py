"""A run is named where a source could stand, and its network is had as it was at any step of it."""

import json
import os
import shutil

import pytest


def test_the_network_of_any_step_is_scored_and_predicts(nnviz, trained, pictures):
    run, picture = trained["run"], next(pictures.rglob("*.png"))
    end = nnviz("test", run, "--at-step", "end", "--json")
    assert end.stderr == f"nnviz: {run}: this is its network of step {trained['steps']}\n"
    tested = json.loads(end.stdout)
    assert {key: tested[key] for key in ("loss", "accuracy")} == trained["test"]
    start = json.loads(nnviz("predict", run, picture, "--at-step", "start", "--json").stdout)
    last = json.loads(nnviz("predict", run, picture, "--at-step", trained["steps"], "--json").stdout)
    assert last == json.loads(nnviz("predict", run, picture, "--json").stdout) != start


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["train", "RUN"], "of 12 training steps (ended by: epochs); 'nnviz train --resume RUN' goes on with it, and"),
        (["run", "RUN"], "RUN: a run, and there is no terminal here to show it on; 'nnviz train --resume RUN' goes on"),
        (["screenshot", "a.svg", "RUN", "--lr", "1"], "--lr: RUN is a run, and is opened as it is"),
        (["screenshot", "a.svg", "RUN", "--at-step", "13"], "RUN: it has no step 13; it came to step 12"),
        (["screenshot", "a.svg", "pets", "--at-step", "5"], "--at-step: for a run that is opened, and pets is none"),
        (["test", "RUN", "--at-step", "worst"], "--at-step: 'worst' is no step, no epoch (as e3), and none of"),
        (["test", "RUN", "--at-step", "e9"], "RUN: it has no step 27; it came to step 12"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_cannot_be_done_with_a_run_is_told_in_one_line(nnviz, trained, arguments, said):
    run = trained["run"]
    done = nnviz(*(run if word == "RUN" else word for word in arguments))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    assert said.replace("RUN", run) in done.stderr


def test_examples_that_were_changed_or_moved_are_told(nnviz, pictures, tmp_path):
    shutil.copytree(pictures, tmp_path / "mine")
    nnviz("train", "mine", "--image-size", "8", "--steps", "2", "--out", "run")
    file = next((tmp_path / "mine").rglob("*.png"))
    other = next(path for path in (tmp_path / "mine").rglob("*.png") if path.read_bytes() != file.read_bytes())
    shutil.copy(other, file)
    os.utime(file)
    changed = nnviz("screenshot", "a.svg", "run")
    assert (changed.returncode, changed.stderr.count("\n")) == (2, 1)
    assert "mine: has changed since run was begun" in changed.stderr
    (tmp_path / "mine").rename(tmp_path / "moved")
    gone = nnviz("screenshot", "a.svg", "run")
    assert (gone.returncode, gone.stderr.count("\n")) == (2, 1)
    assert gone.stderr.startswith("nnviz: mine: no such folder")


def test_data_says_of_a_run_what_it_is(nnviz, trained):
    done = nnviz("data", trained["run"])
    assert done.returncode == 0
    assert done.stderr.startswith(f"nnviz: {trained['run']}: a run on ")
    assert done.stderr.endswith("of 12 training steps (ended by: epochs)\n")
