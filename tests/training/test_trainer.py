"""However a run is walked through, it ends in the same bits."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nnviz.frame.stages import Phase
from nnviz.nn import workers
from nnviz.training.journal import Rate
from nnviz.training.timeline import Position, Timeline
from nnviz.training.trainer import Trainer

STEPS = 10
WALKS = st.lists(st.sampled_from(["advance", "step", *Phase]), max_size=60)


def bits(trainer: Trainer) -> bytes:
    parameters = trainer.network.parameters
    return parameters.values.tobytes() + parameters.statistics.tobytes()


def state(trainer: Trainer) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in trainer.update_rule.optimizer.state().items()}


def go_to(trainer: Trainer, steps: int) -> None:
    while trainer.steps_done < steps:
        trainer.step()


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(walk=WALKS)
def test_any_mixture_of_ways_to_go_on_ends_in_the_same_bits(make_trainer, optimizer, walk):
    straight, walked = (make_trainer(optimizer=optimizer, learning_rate=0.1) for _ in range(2))
    for way in walk:
        if way in list(Phase):
            walked.finish_phase(Phase(way))
        else:
            getattr(walked, way)()
    walked.step()
    go_to(straight, walked.steps_done)
    assert straight.engine.index == walked.engine.index
    assert bits(straight) == bits(walked)
    assert state(straight) == state(walked)
    assert straight.history.training.means.tobytes() == walked.history.training.means.tobytes()


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("optimizer", ["sgd", "nesterov", "rmsprop", "adam", "adamw"])
def test_every_layer_and_optimizer_gives_the_same_bits_stepped_and_straight(
    make_picture_trainer, monkeypatch, optimizer, threads
):
    """With penalties, clipping, schedule and weights; with two threads, which share what is never so small else."""
    monkeypatch.setattr(workers, "WORTH_DIVIDING", 0)
    settings = {
        "optimizer": optimizer,
        "threads": threads,
        "l1": 0.001,
        "l2": 0.01,
        "clip": 1.0,
        "weight_decay": 0.1,
        "schedule": "cosine",
        "warmup": 0.5,
        "class_weights": "balanced",
        "label_smoothing": 0.1,
        "stopping": {"epochs": 5},
    }
    straight, again, stepped = (make_picture_trainer(**settings) for _ in range(3))
    go_to(straight, STEPS)
    go_to(again, STEPS)
    while stepped.steps_done < STEPS:
        stepped.advance()
        stepped.assess(stepped.dataset.validation)
    assert bits(straight) == bits(again) == bits(stepped)
    assert state(straight) == state(stepped)
    assert np.isfinite(straight.network.parameters.values).all()


def test_a_checkpoint_of_any_moment_goes_on_in_the_same_bits(make_picture_trainer):
    """Running means, dropout, augmentation and all: from the middle of a step too."""
    straight, kept = make_picture_trainer(optimizer="adam"), make_picture_trainer(optimizer="adam")
    go_to(straight, STEPS)
    for stage in range(2 * len(kept.engine.stages)):
        kept.advance()
        resumed = make_picture_trainer(optimizer="adam")
        resumed.engine.restore(kept.engine.state())
        go_to(resumed, STEPS)
        assert bits(resumed) == bits(straight), stage
        assert state(resumed) == state(straight), stage


@pytest.mark.parametrize("phase", list(Phase))
def test_a_phase_that_has_passed_is_finished_in_the_next_step(make_trainer, phase):
    trainer = make_trainer()
    trainer.finish_phase(phase)
    done = trainer.engine.done
    trainer.finish_phase(phase)
    assert (trainer.engine.index, trainer.engine.done) == (1, done)


def test_looking_and_evaluating_in_the_middle_of_a_step_disturbs_nothing(make_trainer, dataset):
    straight, watched = make_trainer(optimizer="adam"), make_trainer(optimizer="adam")
    while watched.steps_done < STEPS:
        watched.advance()
        watched.assess(dataset.validation)
    go_to(straight, STEPS)
    assert bits(straight) == bits(watched)


def test_a_restart_gives_the_same_run_again(make_trainer):
    trainer = make_trainer(optimizer="adam")
    first = bits(trainer)
    go_to(trainer, STEPS)
    after, losses = bits(trainer), trainer.history.training.means.copy()
    trainer.advance()
    trainer.restart()
    assert bits(trainer) == first
    assert trainer.history.latest is None
    go_to(trainer, STEPS)
    assert bits(trainer) == after
    np.testing.assert_array_equal(trainer.history.training.means, losses)


def test_a_seed_decides_every_bit(make_trainer):
    one, same, other = make_trainer(seed=3), make_trainer(seed=3), make_trainer(seed=4)
    for trainer in (one, same, other):
        go_to(trainer, STEPS)
    assert bits(one) == bits(same) != bits(other)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_going_on_from_a_checkpoint_is_as_if_nothing_had_happened(make_trainer, optimizer):
    trainer = make_trainer(optimizer=optimizer)
    go_to(trainer, STEPS)
    checkpoint = trainer.engine.state()
    go_to(trainer, 2 * STEPS)
    after = bits(trainer)
    trainer.finish_phase(Phase.BACKWARD)
    trainer.engine.restore(checkpoint)
    assert (trainer.engine.index, trainer.engine.done) == (STEPS, 0)
    go_to(trainer, 2 * STEPS)
    assert bits(trainer) == after


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_checkpoint_of_any_stage_belongs_to_a_finished_step(make_trainer, optimizer):
    trainer = make_trainer(optimizer=optimizer)
    go_to(trainer, 2 * STEPS)
    after = bits(trainer), state(trainer)
    for stages in range(len(trainer.engine.stages) + 1):
        trainer.restart()
        go_to(trainer, STEPS)
        for _ in range(stages):
            trainer.advance()
        trainer.engine.restore(trainer.engine.state())
        go_to(trainer, 2 * STEPS)
        assert (bits(trainer), state(trainer)) == after, stages


def test_a_smaller_last_batch_ends_the_epoch(make_trainer, dataset):
    trainer = make_trainer()
    go_to(trainer, 7)
    assert trainer.batches.epochs.end_of(1) == 7
    assert len(trainer.engine.batch.indices) == len(dataset.train) - 6 * 8 == 2


def test_an_epoch_goes_through_every_example_once(make_trainer, dataset):
    trainer = make_trainer()
    seen = []
    for _ in range(trainer.batches.epochs.end_of(1)):
        trainer.step()
        seen += trainer.engine.batch.indices.tolist()
    assert sorted(seen) == list(range(len(dataset.train)))
    assert seen != sorted(seen)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(walk=st.lists(st.sampled_from(["advance", "step", 0.02, 0.05, 0.3, *Phase]), max_size=40))
def test_a_changed_rate_is_written_down_with_the_step_from_whose_beginning_it_holds(make_trainer, walk):
    """Wherever it was changed in a step: with what is written down, the run can be done again."""
    walked, again = make_trainer(learning_rate=0.1), make_trainer(learning_rate=0.1)
    for way in walk:
        if isinstance(way, float):
            walked.change_rate(way)
        elif way in list(Phase):
            walked.finish_phase(Phase(way))
        else:
            getattr(walked, way)()
    walked.step()
    while again.steps_done < walked.steps_done:
        for entry in walked.journal.at(again.steps_done):
            entry.apply(again.update_rule)
        again.step()
    assert bits(again) == bits(walked)
    rates = [0.1, *(entry.learning_rate for entry in walked.journal.entries)]
    assert all(rate != following for rate, following in pairwise(rates)), "what is no change is not written down"
    walked.restart()
    assert walked.journal.entries == ()


def test_a_rate_that_is_changed_between_the_stages_of_an_update_holds_for_the_next_one(make_trainer):
    trainer = make_trainer(learning_rate=0.1, momentum=0.0)
    trainer.finish_phase(Phase.BACKWARD)
    trainer.change_rate(0.2)
    trainer.advance()
    proposed = trainer.update_rule.optimizer.updates.copy()
    np.testing.assert_allclose(proposed, -0.2 * trainer.network.parameters.gradients, rtol=1e-6)
    trainer.change_rate(0.4)
    np.testing.assert_array_equal(trainer.update_rule.optimizer.updates, proposed)
    trainer.advance()
    assert trainer.journal.entries == (Rate(0, 0.2), Rate(1, 0.4))


def test_a_branch_has_taken_as_long_as_what_it_shares_with_the_run(make_trainer):
    trainer = make_trainer()
    timeline = Timeline(trainer.engine, trainer.first)
    losses = []
    for _ in range(30):
        trainer.step()
        losses.append(trainer.engine.scores.mean)
    shared = [one for one in trainer.history.evaluations if one.step <= 16]
    total = trainer.seconds
    trainer.go_to(Position(15, len(trainer.engine.stages)), timeline)
    trainer.branch_off(None, losses[shared[-1].step : 16])
    assert trainer.steps_done == trainer.furthest == 16
    assert trainer.seconds == shared[-1].seconds < total
