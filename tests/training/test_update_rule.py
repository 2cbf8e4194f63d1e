"""From gradients to updates: the schedule's rate, penalties, a limit on the gradient."""

import numpy as np
import pytest

from nnviz.errors import InputError
from nnviz.frame.stages import Phase
from nnviz.nn.gradcheck import numerical_gradient, relative_error
from nnviz.nn.optimizers import SGD, Adam, AdamW, Momentum, Nesterov, RMSprop
from nnviz.nn.schedules import Cosine, Plateau, Schedule, StepDecay, WarmUp
from nnviz.training.assembly import assemble, build_batches, build_optimizer, build_schedule
from nnviz.training.update_rule import UpdateRule


def propose(trainer):
    """Run a step up to its proposal; the gradients and the updates."""
    trainer.finish_phase(Phase.BACKWARD)
    trainer.advance()
    return trainer.network.parameters.gradients, trainer.update_rule.optimizer.updates


def test_the_update_follows_the_gradient_of_loss_and_penalty(make_trainer):
    trainer = make_trainer(dtype="float64", momentum=0.0, learning_rate=0.5, l1=0.01, l2=0.1)
    gradients, updates = propose(trainer)
    network, penalty = trainer.network, trainer.update_rule.penalty
    values, of_penalty = network.parameters.values, np.empty_like(gradients)
    for i, value in enumerate(values.copy()):
        values[i] = value + 1e-6
        above = penalty.value()
        values[i] = value - 1e-6
        of_penalty[i] = (above - penalty.value()) / 2e-6
        values[i] = value
    # The gradient that is shown stays that of the loss alone.
    of_loss = numerical_gradient(network, trainer.engine.batch.inputs, trainer.engine.batch.targets)
    assert relative_error(gradients, of_loss) < 1e-7
    assert relative_error(updates, -0.5 * (of_loss + of_penalty)) < 1e-7
    assert not of_penalty[network.parameters.decaying() == 0].any()


def test_a_long_gradient_is_shortened_and_a_short_one_left_alone(make_trainer):
    for clip, shortened in ((0.01, True), (100.0, False)):
        trainer = make_trainer(dtype="float64", momentum=0.0, learning_rate=1.0, clip=clip)
        gradients, updates = propose(trainer)
        length = np.linalg.norm(gradients)
        assert trainer.update_rule.clip.norm == pytest.approx(length)
        assert np.linalg.norm(updates) == pytest.approx(clip if shortened else length, rel=1e-3)
        assert relative_error(updates / np.linalg.norm(updates), -gradients / length) < 1e-12


def test_weight_decay_takes_its_share_of_weights_and_of_nothing_else(make_trainer):
    plain, decayed = (make_trainer(dtype="float64", learning_rate=0.5, weight_decay=decay) for decay in (0.0, 0.1))
    values = plain.network.parameters.values.copy()
    expected = propose(plain)[1] - 0.5 * 0.1 * values * plain.network.parameters.decaying()
    np.testing.assert_allclose(propose(decayed)[1], expected, rtol=1e-12)


def test_the_rate_of_a_step_is_the_chosen_one_times_the_schedule(make_trainer):
    trainer = make_trainer(learning_rate=0.1, schedule="step", drop_every=1, drop=0.5, warmup=0.5)
    rates = []
    for _ in range(20):
        rates.append(trainer.update_rule.rate_at(trainer.steps_done))
        trainer.step()
        assert trainer.update_rule.optimizer.learning_rate == rates[-1]
    # 7 steps make an epoch; half of one, rounded to 4, is led up over.
    np.testing.assert_allclose(rates[:4], [0.025, 0.05, 0.075, 0.1])
    np.testing.assert_allclose(rates[4:], [0.1] * 3 + [0.05] * 7 + [0.025] * 6)
    trainer.update_rule.learning_rate = 1.0
    assert trainer.update_rule.rate_at(6) == 1.0


def test_cosine_ends_with_the_run(make_experiment):
    by_epochs = build_schedule(make_experiment(schedule="cosine", stopping={"epochs": 4}), 10)
    by_steps = build_schedule(make_experiment(schedule="cosine", stopping={"epochs": 4, "steps": 20}), 10)
    for schedule, steps in ((by_epochs, 40), (by_steps, 20)):
        assert schedule.factor(0) == 1
        assert schedule.factor(steps // 2) == pytest.approx(0.5)
        assert 0 < schedule.factor(steps - 1) < 0.01


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"schedule": "cosine"}, "training.schedule: 'cosine' has to know where the run ends"),
        ({"schedule": "step"}, "training.schedule: 'step' has to know how often"),
    ],
)
def test_a_schedule_without_an_end_is_refused(make_experiment, settings, told):
    with pytest.raises(InputError, match=told):
        build_schedule(make_experiment(**settings, stopping={"seconds": 5.0, "epochs": None}), 10)


@pytest.mark.parametrize("batch_size", [4, 25, 50])
def test_plateau_counts_epochs_however_many_steps_they_have(make_trainer, batch_size):
    trainer = make_trainer(
        schedule="plateau", drop_every=2, drop=0.5, learning_rate=1e-12, optimizer="sgd", batch_size=batch_size
    )
    factors = []
    while trainer.steps_done < trainer.batches.epochs.end_of(7):
        trainer.step()
        if trainer.batches.epochs.are_over(trainer.steps_done):
            factors.append(trainer.update_rule.schedule.factor(0))
    # Nothing is learnt at this rate, so only the first epoch brought something better.
    assert factors == [1, 1, 1, 0.5, 0.5, 0.5, 0.25]
    kept = trainer.engine.state()
    trainer.restart()
    assert trainer.update_rule.schedule.factor(0) == 1
    trainer.engine.restore(kept)
    assert trainer.update_rule.schedule.factor(0) == 0.25


@pytest.mark.parametrize(
    ("settings", "kind", "decay"),
    [
        ({"optimizer": "sgd"}, Momentum, 0),
        ({"optimizer": "sgd", "momentum": 0.0}, SGD, 0),
        ({"optimizer": "nesterov", "weight_decay": 0.2}, Nesterov, 0.2),
        ({"optimizer": "rmsprop"}, RMSprop, 0),
        ({"optimizer": "adamw"}, AdamW, 0.01),
        ({"optimizer": "adamw", "weight_decay": 0.0}, AdamW, 0),
    ],
)
def test_optimizers_by_name(make_experiment, settings, kind, decay):
    optimizer = build_optimizer(make_experiment(**settings).training)
    assert type(optimizer) is kind
    assert optimizer.weight_decay == decay


def test_class_weights_and_smoothed_labels_reach_the_loss_and_no_evaluation(make_trainer, dataset):
    settings = {"class_weights": {"bee": 3.0}, "label_smoothing": 0.3, "dtype": "float64"}
    trainer = make_trainer(**settings)
    trainer.finish_phase(Phase.LOSS)
    batch, scores = trainer.engine.batch, trainer.engine.scores
    labels = dataset.train.labels[batch.indices]
    np.testing.assert_allclose(batch.targets, np.eye(3)[labels] * 0.7 + 0.1)
    np.testing.assert_array_equal(batch.weights, np.where(labels == 1, 3, 1))
    own = -(batch.targets * np.log(scores.prediction)).sum(axis=1)
    np.testing.assert_allclose(scores.each, own)
    assert scores.mean == pytest.approx((own * batch.weights).sum() / batch.weights.sum())
    plain = make_trainer(dtype="float64")
    assert trainer.assess(dataset.validation).score == plain.assess(dataset.validation).score


def test_balanced_weights_make_all_classes_count_alike(make_experiment, dataset):
    experiment = make_experiment(class_weights="balanced")
    batches = build_batches(experiment, dataset)
    counts = np.zeros(3)
    for step in range(batches.epochs.end_of(1)):
        loaded = batches.load(step)
        np.add.at(counts, dataset.train.labels[loaded.indices], loaded.weights)
    np.testing.assert_allclose(counts, len(dataset.train) / 3, rtol=1e-6)


def test_a_class_weight_for_no_class_is_refused(make_experiment, dataset):
    with pytest.raises(InputError, match="no class is called 'wasp'; there are ant, bee and cow"):
        assemble(make_experiment(class_weights={"wasp": 2.0}), dataset)


@pytest.mark.parametrize(
    ("optimizer", "schedule", "line"),
    [
        (SGD(0.1), Schedule(), "SGD lr 0.1"),
        (SGD(0.1, weight_decay=0.01), StepDecay(2, 0.2), "SGD lr 0.02 decay 0.01 step"),
        (Momentum(0.1, 0.9), WarmUp(20, Schedule()), "SGD lr 0.02 momentum 0.9 warm-up"),
        (Nesterov(0.1, 0.9, 1e-5), WarmUp(4, Cosine(100)), "SGD lr 0.09978 decay 1e−5 nesterov 0.9 cosine"),
        (RMSprop(2e-6), WarmUp(20, Cosine(100)), "RMSprop lr 3.991e−7 warm-up"),
        (Adam(0.1), Plateau(3, 0.5), "Adam lr 0.1 plateau"),
        (AdamW(0.1), Schedule(), "AdamW lr 0.1 decay 0.01"),
    ],
)
def test_the_line_that_names_an_optimizer_tells_the_rate_at_a_step_and_what_changes_it(optimizer, schedule, line):
    assert UpdateRule(optimizer, schedule).describe(step=3) == line
