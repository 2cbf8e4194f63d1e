"""A run is had again as it was: at any step of it, and so that what follows is the same to the last bit."""

import msgspec
import pytest

from nnviz.errors import InputError
from nnviz.experiment import Experiment
from nnviz.runs import restoring
from nnviz.runs.directory import RunDirectory
from nnviz.runs.paths import step_file
from nnviz.runs.restoring import read_checkpoint, restore
from nnviz.runs.stored_states import StoredStates
from nnviz.runs.trained_network import load_run
from nnviz.training.assembly import assemble
from nnviz.training.timeline import Position, Timeline

LAYERS = "conv 3 3x3 batchnorm relu, pool 2, dropout 0.3, dense 5 tanh batchnorm"
DENSE = "dense 7 tanh dropout 0.2, dense 5 relu"
SETTINGS = [
    *({"layers": DENSE, "optimizer": name} for name in ("rmsprop", "adam", "adamw", "sgd")),
    {"layers": DENSE, "optimizer": "sgd", "momentum": 0.0, "clip": 0.1, "l1": 0.01, "l2": 0.01},
    {"layers": DENSE, "optimizer": "nesterov", "weight_decay": 0.01, "class_weights": "balanced"},
    {"layers": DENSE, "optimizer": "adam", "schedule": "cosine", "warmup": 1.0},
    {"layers": DENSE, "optimizer": "adam", "schedule": "step", "drop_every": 2},
    {"layers": DENSE, "schedule": "plateau", "drop_every": 1, "drop": 0.5, "warmup": 0.5, "stopping": {"patience": 3}},
    {"layers": LAYERS, "optimizer": "adam", "augment": ("flip", "shift", "rotate", "brightness")},
]
STEPS = 45


@pytest.fixture
def prepared(make_experiment, dataset, picture_dataset):
    """An experiment and its data."""

    def prepare(augment: tuple[str, ...] = (), **settings: object):
        experiment: Experiment = make_experiment(**{"stopping": {"epochs": 12}, **settings})
        data = msgspec.structs.replace(experiment.data, augment=augment)
        return msgspec.structs.replace(experiment, data=data), picture_dataset if augment else dataset

    return prepare


def everything(trainer):
    """All that there is to know of a run, but for seconds."""
    state = trainer.state()
    engine, best, good = state.engine, state.best, state.last_good
    arrays = [engine.values, engine.statistics, *engine.update_rule.optimizer.values(), good.values, good.statistics]
    arrays += [best.values, best.statistics] if best else []
    arrays += [state.numbers[name] for name in sorted(state.numbers)]
    rule = engine.update_rule
    facts = engine.step, engine.done, engine.learning_rate, rule.learning_rate, rule.schedule, state.owes, good.step
    history = trainer.history
    timeless = [
        [msgspec.structs.replace(one, seconds=0.0) for one in evaluations]
        for evaluations in (history.evaluations, history.bests)
    ]
    return repr((facts, best and best.step, trainer.stopped_by, timeless, trainer.journal.log)), [
        array.tobytes() for array in arrays
    ]


def everything_of(engine):
    """All numbers of a state of an engine."""
    arrays = [engine.values, engine.statistics, *engine.update_rule.optimizer.values()]
    return [array.tobytes() for array in arrays]


def train(trainer, directory, until, checkpoints=()):
    while trainer.stopped_by is None and trainer.steps_done < until:
        evaluation = trainer.step()
        if evaluation:
            directory.add(evaluation)
        if trainer.steps_done in checkpoints:
            directory.checkpoint(trainer)


@pytest.mark.parametrize("settings", SETTINGS, ids=repr)
def test_a_restored_run_goes_on_in_the_same_bits(prepared, tmp_path, settings):
    experiment, dataset = prepared(**settings)
    never_left = assemble(experiment, dataset)
    for step in (16, 29):
        left = assemble(experiment, dataset)
        directory = RunDirectory(tmp_path / str(step), experiment)
        train(left, directory, step, [step])
        restored, _ = restore(directory.path, experiment, dataset)
        assert (restored.file.stem, restored.told) == (f"step-{step:09}", ())
        while never_left.steps_done < step:
            never_left.step()
        assert everything(restored.trainer) == everything(left) == everything(never_left)
        for _ in range(20):
            if restored.trainer.stopped_by is None:
                restored.trainer.step()
                left.step()
        assert everything(restored.trainer) == everything(left)


def test_a_run_that_is_remembered_by_an_earlier_network_is_at_its_end_at_once(prepared, tmp_path, monkeypatch):
    """Its end is a checkpoint too: nothing is trained again to be there."""
    experiment, dataset = prepared(layers=DENSE, optimizer="adam", learning_rate=0.3, stopping={"patience": 2})
    trainer, directory = assemble(experiment, dataset), RunDirectory(tmp_path, experiment)
    train(trainer, directory, 10**6)
    assert trainer.kept().step < trainer.steps_done
    directory.keep(trainer)
    monkeypatch.setattr("nnviz.training.trainer.Trainer.replay", None)
    restored, _ = restore(tmp_path, experiment, dataset)
    assert (restored.file, restored.told) == (step_file(tmp_path, trainer.steps_done), ())
    assert everything(restored.trainer)[1] == everything(trainer)[1]
    assert load_run(tmp_path).step == trainer.kept().step


def test_the_beginning_of_a_step_in_which_a_checkpoint_was_made_is_had_again(prepared, tmp_path):
    experiment, dataset = prepared(layers="dense 7 tanh batchnorm dropout 0.2, dense 5 relu", optimizer="adam")
    trainer, directory = assemble(experiment, dataset), RunDirectory(tmp_path, experiment)
    train(trainer, directory, 5)
    there = trainer.engine.state()
    for _ in range(3):
        trainer.advance()
    directory.checkpoint(trainer)
    other = assemble(experiment, dataset)
    timeline = Timeline(other.engine, other.first, stored=StoredStates(tmp_path, experiment, 0))
    timeline.lose_place()
    timeline.go_to(Position(5, 0), trainer.journal, lambda: None)
    engine = other.engine
    assert (engine.index, engine.done) == (5, 0)
    assert everything_of(engine.state()) == everything_of(there)


@pytest.mark.parametrize("settings", SETTINGS[-3:], ids=repr)
def test_any_step_of_a_run_is_had_again(prepared, tmp_path, monkeypatch, settings):
    """Without a checkpoint before it, right at one, and after one; nothing is evaluated again."""
    experiment, dataset = prepared(**settings)
    directory = RunDirectory(tmp_path, experiment)
    watched, there = assemble(experiment, dataset), {}
    for step in range(1, 30):
        train(watched, directory, step, [12, 24])
        if step == 20:
            watched.change_rate(0.003)
        there[step] = everything(watched)
    directory.checkpoint(watched)
    monkeypatch.setattr(restoring, "open_dataset", lambda *_: dataset)
    monkeypatch.setattr("nnviz.training.judge.assess", None)
    for step in (1, 12, 13, 19, 20, 21, 24, 28):
        found = read_checkpoint(directory.path, step)
        assert everything(found.trainer) == there[step], step
    with pytest.raises(InputError, match=rf"{tmp_path}: it has no step 30; it came to step 29"):
        read_checkpoint(directory.path, 30)
