"""What is chosen anew while a run goes on: it holds from a step on, and the run can be had again with it."""

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from nnviz.experiment import Stopping
from nnviz.training.journal import Choice, Limits
from nnviz.training.timeline import Position, Timeline

CHOICES = [("momentum", 0.4), ("weight_decay", 0.3), ("l1", 0.02), ("l2", 0.1), ("clip", 0.05)]


def numbers(trainer):
    engine = trainer.engine
    return [engine.batch.inputs.tobytes(), engine.network.parameters.values.tobytes(), engine.done]


def place(trainer):
    return Position(trainer.engine.index, trainer.engine.done)


def steps(trainer, many):
    for _ in range(many):
        trainer.step()


@pytest.mark.parametrize(("key", "value"), CHOICES)
@pytest.mark.parametrize("optimizer", ["sgd", "nesterov", "adamw"])
def test_the_steps_after_it_are_those_of_a_run_that_was_asked_for_it(make_trainer, optimizer, key, value):
    trainer, asked = make_trainer(optimizer=optimizer), make_trainer(optimizer=optimizer, **{key: value})
    steps(trainer, 3)
    trainer.choose(key, value)
    asked.engine.restore(trainer.engine.state())
    kept = trainer.network.parameters.values.copy()
    for _ in range(5):
        trainer.step()
        asked.engine.run(len(asked.engine.stages))
        assert numbers(trainer) == numbers(asked)
    if (key, optimizer) != ("momentum", "adamw"):
        other = make_trainer(optimizer=optimizer)
        steps(other, 8)
        assert numbers(other) != numbers(trainer)
    assert not np.array_equal(kept, trainer.network.parameters.values)


def test_pictures_are_changed_so_from_the_next_batch_on(make_picture_trainer, picture_dataset):
    trainer, plain = make_picture_trainer(), make_picture_trainer()
    steps(trainer, 2)
    trainer.choose("augment", ())
    assert trainer.batches.changes_pictures
    steps(trainer, 1)
    assert not trainer.batches.changes_pictures
    batch = trainer.engine.batch
    assert batch.seen is None
    stored = picture_dataset.train.inputs[batch.indices]
    np.testing.assert_array_equal(batch.inputs, trainer.encoder.inputs(stored))
    trainer.choose("augment", ("flip", "shift", "rotate", "brightness"))
    steps(trainer, 1)
    steps(plain, 4)
    np.testing.assert_array_equal(trainer.engine.batch.seen, plain.engine.batch.seen)


def test_batches_of_another_size_are_what_is_left_of_the_epoch(make_trainer):
    trainer, plain = make_trainer(), make_trainer()
    seen, sizes = [], []
    for step in range(12):
        if step == 2:
            trainer.choose("batch_size", 20)
        if step == 5:
            trainer.choose("batch_size", 3)
        trainer.step()
        seen.append(trainer.engine.batch.indices)
        sizes.append(len(seen[-1]))
    # Of 50: two of 8, one of 20, one of 14; then one of 20, and ten of 3.
    assert sizes == [8, 8, 20, 14, 20, 3, 3, 3, 3, 3, 3, 3]
    assert (trainer.epoch, trainer.batch_index) == (1, 7)
    shuffled = []
    for _ in range(7):
        plain.step()
        shuffled.append(plain.engine.batch.indices.copy())
    np.testing.assert_array_equal(np.concatenate(seen[:2]), np.concatenate(shuffled[:2]))
    assert sorted(np.concatenate([plain.batches.load(step).indices.copy() for step in range(7)])) == list(range(50))


def test_with_batches_of_another_size_the_steps_are_those_of_a_run_that_was_asked_for_it(make_picture_trainer):
    trainer, asked = make_picture_trainer(), make_picture_trainer(batch_size=11)
    steps(trainer, 3)
    trainer.choose("batch_size", 11)
    assert trainer.batches.epochs.at(3) == (1, 0, 2, 0, 11)
    asked.engine.restore(replace(trainer.engine.state(), step=2))
    trainer.step()
    asked.engine.run(len(asked.engine.stages))
    np.testing.assert_array_equal(trainer.engine.batch.indices, asked.engine.batch.indices)
    np.testing.assert_array_equal(trainer.engine.batch.seen, asked.engine.batch.seen)


def test_it_holds_for_the_update_of_the_step_that_is_under_way_until_that_is_proposed(make_trainer):
    trainer = make_trainer()
    stages = len(trainer.engine.stages)
    for done in range(stages + 1):
        trainer.restart()
        for _ in range(done):
            trainer.advance()
        trainer.choose("momentum", 0.5)
        step = 0 if done < stages - 1 else 1
        assert trainer.journal.entries == (Choice(step, "momentum", 0.5),)
        assert trainer.update_rule.optimizer.momentum == (0.5 if step == 0 else 0.9)
    trainer.advance()
    assert trainer.update_rule.optimizer.momentum == 0.5
    trainer.restart()
    assert trainer.update_rule.optimizer.momentum == 0.9


def changed_run(trainer, timeline):
    """Some steps, at a stage each with a change in the middle of some; what was seen at every place."""
    seen = {}
    for step in range(9):
        for stage in range(len(trainer.engine.stages)):
            trainer.advance()
            if (step, stage) in ((3, 4), (6, 12)):
                for key, value in CHOICES:
                    trainer.choose(key, value * (step - 2))
                trainer.choose("batch_size", 5 * (step - 2))
            seen[place(trainer)] = numbers(trainer)
        if trainer.steps_done == timeline.due:
            timeline.keep()
    return seen


def test_going_back_before_it_and_on_again_is_the_same_run(make_trainer):
    trainer = make_trainer()
    timeline = Timeline(trainer.engine, trainer.first, spacing=2)
    seen = changed_run(trainer, timeline)
    for at in (*sorted(seen, reverse=True)[::5], Position(3, 8), Position(6, 8), Position(2, 13), Position(7, 13)):
        trainer.go_to(at, timeline)
        assert (place(trainer), numbers(trainer)) == (at, seen[at])
    while trainer.is_back:
        trainer.advance()
        assert numbers(trainer) == seen[place(trainer)]
    assert place(trainer) == Position(8, len(trainer.engine.stages))


def test_a_state_and_the_journal_are_enough_to_go_on_with_it(make_trainer):
    trainer, again = make_trainer(), make_trainer()
    steps(trainer, 3)
    before = trainer.state()
    for key, value in (*CHOICES, ("batch_size", 20)):
        trainer.choose(key, value)
    inside = trainer.state()
    steps(trainer, 4)
    log = [msgspec.json.decode(msgspec.json.encode(entry), type=Choice) for entry in trainer.journal.log]
    for state in (before, inside, None):
        if state is None:
            again.restart()
        else:
            again.restore(state, [], log[: state.journaled])
        again.replay(trainer.steps_done, [], trainer.journal.made_of(log))
        assert numbers(again) == numbers(trainer)


def test_of_several_values_for_a_step_the_last_one_holds(make_trainer):
    trainer = make_trainer()
    trainer.choose("l2", 0.5)
    trainer.choose("clip", 1.0)
    trainer.choose("l2", 0.25)
    assert trainer.journal.entries == (Choice(0, "clip", 1.0), Choice(0, "l2", 0.25))
    assert trainer.journal.chosen_at(7) == {"clip": 1.0, "l2": 0.25}
    assert trainer.journal.chosen_at(7) is trainer.journal.chosen_at(0)


def test_by_what_it_stops_can_be_said_anew_and_stays_with_the_run(make_trainer):
    trainer = make_trainer(stopping={"steps": 4})
    while trainer.stopped_by is None:
        trainer.step()
    assert trainer.steps_done == 4
    state = trainer.state()
    trainer.stop_by(Stopping(epochs=None, steps=9, patience=3))
    while trainer.stopped_by is None:
        trainer.step()
    assert (trainer.steps_done, trainer.stopped_by) == (9, "steps")
    again = make_trainer(stopping={"steps": 4})
    again.restore(state, trainer.history.evaluations[: state.evaluated], trainer.journal.log)
    assert again.stopping == Stopping(epochs=None, steps=9, patience=3)
    as_before = msgspec.json.decode(b'{"what":"limits","step":4,"epochs":2,"steps":null,"seconds":null}', type=Limits)
    assert as_before.over(Stopping(steps=4, patience=7)) == Stopping(epochs=2, patience=7)
