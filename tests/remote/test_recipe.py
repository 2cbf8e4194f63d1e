"""A run is done again by the command and by the file that say how: the same bits."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from nnviz.command import command, unsaid
from nnviz.data.suggestions import FOR_BUILT_IN
from nnviz.described import KEYS
from nnviz.experiment import combine
from nnviz.frame.frame import State
from nnviz.options import Options
from nnviz.remote import messages as m
from nnviz.remote.client import LocalTrainer
from nnviz.remote.messages import Order
from nnviz.runs.trained_network import load_run

from .conftest import ask, look_until, rested


def advance(trainer, steps):
    for _ in range(steps):
        ask(trainer, m.Advance(m.Goal.STEP))


def choose(trainer, **chosen):
    for place, value in chosen.items():
        assert ask(trainer, m.Choose(place, value)).refused is None


def values(path):
    return load_run(path).network.parameters.values.tobytes()


def done_by_command(recipe, out):
    """Run the command as a shell would, in a process of its own."""
    words = shlex.split(recipe.command)
    assert words[0] == "nnviz"
    done = subprocess.run(
        [sys.executable, "-m", "nnviz", *words[1:], "--out", str(out)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return values(out)


def done_by_file(recipe, out):
    """The same by the file, in this process."""
    (out.parent / "again.toml").write_text(recipe.toml, encoding="utf-8")
    trainer = LocalTrainer(Options.of(config=out.parent / "again.toml", out=out).order())
    ask(trainer, m.Run(m.PACES[-1]))
    look_until(trainer, rested)
    trainer.close()
    return values(out)


def run_to_its_end(trainer):
    ask(trainer, m.Run(m.PACES[-1]))
    assert look_until(trainer, rested).state is State.FINISHED


def changed_on_the_way(trainer):
    choose(trainer, **{"training.learning_rate": 0.02, "training.l2": 0.125})
    advance(trainer, 3)
    ask(trainer, m.Advance(m.Goal.BACKWARD))
    choose(trainer, **{"training.momentum": 0.5, "data.augment": ["flip", "shift"], "training.clip": 0.75})
    choose(trainer, **{"training.batch_size": 4})
    advance(trainer, 2)
    ask(trainer, m.Change(0.003))
    choose(trainer, **{"training.clip": None, "training.weight_decay": 0.1, "stopping.steps": 11})


def gone_back_and_branched_off(trainer):
    changed_on_the_way(trainer)
    advance(trainer, 3)
    ask(trainer, m.GoTo(6))
    choose(trainer, **{"training.l1": 0.05})


def with_another_network(trainer):
    changed_on_the_way(trainer)
    tables = {"network": {"layers": "conv 3 3x3 relu, dense 4 tanh"}, "training": {"optimizer": "adamw", "seed": 3}}
    assert ask(trainer, m.BeginWith(tables)).refused is None
    advance(trainer, 2)
    choose(trainer, **{"training.l2": 0.0})


def begun_again(trainer):
    changed_on_the_way(trainer)
    ask(trainer, m.Restart())


@pytest.mark.parametrize("way", [changed_on_the_way, gone_back_and_branched_off, with_another_network, begun_again])
def test_command_and_file_do_the_run_again(make_order, tmp_path, way):
    trainer = LocalTrainer(make_order(stopping={"steps": 9}, schedule="step", drop_every=2))
    way(trainer)
    run_to_its_end(trainer)
    recipe = ask(trainer, m.DoAgain())
    assert recipe.notes == ()
    ending = trainer.close()
    expected = values(Path(ending.directory))
    assert done_by_file(recipe, tmp_path / "by_file") == expected
    if way is not begun_again:
        assert done_by_command(recipe, tmp_path / "by_command") == expected


def test_a_run_that_was_let_go_on_ends_where_it_has_come_to(make_order, tmp_path):
    trainer = LocalTrainer(make_order(stopping={"epochs": 1}, schedule="cosine"))
    run_to_its_end(trainer)
    advance(trainer, 4)
    recipe = ask(trainer, m.DoAgain())
    ending = trainer.close()
    assert done_by_file(recipe, tmp_path / "by_file") == values(Path(ending.directory))


def test_a_command_that_is_changed_by_hand_is_another_run(make_order, tmp_path):
    trainer = LocalTrainer(make_order(stopping={"steps": 6}))
    changed_on_the_way(trainer)
    choose(trainer, **{"stopping.steps": 8})
    run_to_its_end(trainer)
    recipe = ask(trainer, m.DoAgain())
    ending = trainer.close()
    other = recipe.toml.replace("value = 0.003", "value = 0.004")
    assert other != recipe.toml
    assert done_by_file(m.Recipe("", other), tmp_path / "other") != values(Path(ending.directory))


def test_what_is_to_be_changed_later_is_still_to_be(make_order):
    order = make_order(changes=[{"step": 2, "key": "training.l2", "value": 0.5}, {"step": 70, "key": "training.clip"}])
    trainer = LocalTrainer(order)
    advance(trainer, 4)
    assert "--change 2:l2=0.5 --change 70:clip=" in ask(trainer, m.DoAgain()).command
    trainer.close()


@pytest.mark.parametrize("source", FOR_BUILT_IN)
def test_a_built_in_source_as_it_opens_is_had_by_its_command(source):
    experiment = Options.of(source=source).experiment()
    words = shlex.split(command(experiment, FOR_BUILT_IN[source]))
    assert words[:3] == ["nnviz", "train", source]
    given = dict(zip((word[2:].replace("-", "_") for word in words[3::2]), words[4::2], strict=True))
    read = {key.parameter: key.read(given[key.parameter]) for key in KEYS if key.parameter in given}
    assert len(read) == len(given)
    assert Options.of(source=source, **read).experiment() == experiment


def test_a_value_that_no_command_can_take_away_is_told(make_order):
    experiment = combine({"data": {"source": "people"}})
    assert unsaid(experiment, FOR_BUILT_IN["people"]) == ["network.output"]
    trainer = LocalTrainer(Order(combine({"data": {"source": "people", "image_size": 4}}), make_order().out))
    assert ask(trainer, m.DoAgain()).notes == (
        "network.output has no value, and the source suggests one: a command cannot say that",
    )
    trainer.close()
