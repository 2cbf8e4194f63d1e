"""A weight that is set by hand: what a training step makes of it, and how the run is had again."""

import numpy as np
import pytest

from nnviz.errors import InputError
from nnviz.frame.stages import Phase
from nnviz.training.journal import Rate, Weight
from nnviz.training.timeline import Position, Timeline

NAME, INDEX = "dense1.weights", (4, 2)
TOUCHES = [("dense2.biases", (3,)), (NAME, INDEX)]


def numbers(trainer):
    """All that a training step has: what it gave, the derivatives, parameters and updates."""
    engine = trainer.engine
    arrays = [*engine.outputs[: engine.done + 1], engine.network.parameters.values]
    if engine.done > len(engine.network.layers):
        arrays += [engine.scores.prediction, np.array(engine.scores.mean)]
    if engine.done >= len(engine.stages) - 2:
        arrays += [*engine.output_gradients[1:], engine.network.parameters.gradients]
    if engine.done >= len(engine.stages) - 1:
        arrays.append(engine.update_rule.optimizer.updates)
    return [array.tobytes() for array in arrays]


def place(trainer):
    return Position(trainer.engine.index, trainer.engine.done)


@pytest.mark.parametrize(("name", "index"), TOUCHES)
@pytest.mark.parametrize("done", range(13))
def test_at_any_stage_the_step_is_as_if_it_had_begun_with_the_weight(make_trainer, name, index, done):
    trainer, begun = make_trainer(), make_trainer()
    for each in (trainer, begun):
        each.step()
        each.step()
        each.engine.begin(2)
    for _ in range(done):
        trainer.advance()
    was = float(begun.network.parameters.named()[name][index])
    entry = trainer.set_weight(name, index, -1.75)
    begun.network.parameters.named()[name][index] = -1.75
    for _ in range(done):
        begun.advance()
    assert (entry, place(trainer)) == (Weight(2, name, index, -1.75, was), Position(2, done))
    assert numbers(trainer) == numbers(begun)
    for each in (trainer, begun):
        each.step()
        each.step()
    assert numbers(trainer) == numbers(begun)


def test_after_a_finished_step_the_next_one_begins_with_it(make_trainer):
    trainer = make_trainer()
    trainer.step()
    values = trainer.network.parameters.values.copy()
    trainer.set_weight(NAME, INDEX, 0.5)
    assert place(trainer) == Position(1, 0)
    changed = np.flatnonzero(trainer.network.parameters.values != values)
    assert changed.tolist() == [np.ravel_multi_index(INDEX, (6, 7))]
    assert trainer.furthest == 1


def test_the_forward_pass_shows_what_it_does(make_trainer):
    trainer = make_trainer(dtype="float64")
    trainer.finish_phase(Phase.LOSS)
    trainer.set_weight(NAME, INDEX, 3.0)
    weights = {name: array.copy() for name, array in trainer.network.parameters.named().items()}
    assert weights[NAME][INDEX] == 3.0
    hidden = np.tanh(trainer.engine.batch.inputs @ weights["dense1.weights"] + weights["dense1.biases"])
    hidden = np.maximum(hidden @ weights["dense2.weights"] + weights["dense2.biases"], 0)
    z = hidden @ weights["dense3.weights"] + weights["dense3.biases"]
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(trainer.engine.scores.prediction, p, rtol=1e-12)


def test_going_back_before_it_and_on_again_is_the_same_run(make_trainer):
    trainer = make_trainer(optimizer="adam")
    timeline = Timeline(trainer.engine, trainer.first, spacing=2)
    seen = {}

    def note():
        seen[place(trainer)] = numbers(trainer)

    for step in range(9):
        for stage in range(len(trainer.engine.stages)):
            trainer.advance()
            if (step, stage) in ((3, 4), (6, 6)):
                trainer.set_weight(NAME, INDEX, float(step))
                seen = {at: told for at, told in seen.items() if at.step < step}
            note()
        if trainer.steps_done == timeline.due:
            timeline.keep()
    assert [entry.value for entry in trainer.journal.entries] == [3.0, 6.0]
    for at in (*sorted(seen, reverse=True)[::5], Position(3, 8), Position(6, 8), Position(2, 13)):
        trainer.go_to(at, timeline)
        assert (place(trainer), numbers(trainer)) == (at, seen[at])
    while trainer.is_back:
        trainer.advance()
        # What was before a weight was set in the middle of a step is no more.
        assert numbers(trainer) == seen.get(place(trainer), numbers(trainer))
    assert place(trainer) == Position(8, len(trainer.engine.stages))


def test_a_state_and_the_journal_are_enough_to_go_on_with_it(make_trainer):
    trainer, again = make_trainer(), make_trainer()
    for _ in range(3):
        trainer.step()
    before = trainer.state()
    trainer.finish_phase(Phase.LOSS)
    trainer.set_weight(NAME, INDEX, 1.5)
    inside = trainer.state()
    for _ in range(4):
        trainer.step()
    for state in (before, inside, None):
        if state is None:
            again.restart()
        else:
            again.restore(state, [], trainer.journal.log[: state.journaled])
        again.replay(trainer.steps_done, [], trainer.journal.made_of(trainer.journal.log))
        assert numbers(again) == numbers(trainer)
        assert again.journal.entries == trainer.journal.entries
    again.restart()
    assert again.journal.entries == ()
    for _ in range(4):
        again.step()
    assert float(again.network.parameters.named()[NAME][INDEX]) != 1.5


def test_of_several_values_the_last_one_holds_and_the_old_one_is_no_entry(make_trainer):
    trainer = make_trainer()
    was = trainer.set_weight(NAME, INDEX, 0.25).before
    trainer.set_weight("dense2.biases", (3,), 1.0)
    trainer.change_rate(0.5)
    assert trainer.set_weight(NAME, INDEX, 0.75).before == 0.25
    bias, weight = Weight(0, "dense2.biases", (3,), 1.0, 0.0), Weight(0, NAME, INDEX, 0.75, was)
    assert trainer.journal.entries == (bias, Rate(0, 0.5), weight)
    trainer.set_weight(NAME, INDEX, was)
    assert trainer.journal.entries == (bias, Rate(0, 0.5))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e39])
def test_what_the_network_cannot_hold_is_refused(make_trainer, value):
    trainer = make_trainer()
    values = trainer.network.parameters.values.copy()
    with pytest.raises(InputError, match="not a number that a weight can be"):
        trainer.set_weight(NAME, INDEX, value)
    np.testing.assert_array_equal(trainer.network.parameters.values, values)
    assert trainer.journal.log == []
