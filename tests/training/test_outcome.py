"""What an update does to the loss of its batch: for small steps, what theory expects; and to ask leaves no trace."""

import numpy as np
import pytest

from nnviz.frame.focus import Focus
from nnviz.frame.frame import EVERY_PART, Rates, State
from nnviz.frame.stages import Phase
from nnviz.training.camera import Camera
from nnviz.training.outcome import Outcomes

RULES = [
    {"momentum": 0.0},
    {"momentum": 0.9, "l2": 0.1, "class_weights": "balanced"},
    {"optimizer": "adam", "label_smoothing": 0.1},
    {"optimizer": "adamw", "clip": 0.01},
]


def taken(trainer, place=0):
    """The outcome of the training step that comes next, and the mean loss before."""
    trainer.step()
    return Outcomes(trainer).take(place), trainer.engine.scores.mean


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("kind", ["make_trainer", "make_picture_trainer"])
def test_the_loss_changes_as_theory_expects_the_smaller_the_step_the_closer(kind, rule, request):
    """Other pictures, other units dropped or other statistics of the batch would change it by much more."""
    make = request.getfixturevalue(kind)
    off = []
    for rate in (1e-4, 1e-5):
        trainer = make(learning_rate=rate, dtype="float64", **rule)
        trainer.step()
        outcome, before = taken(trainer)
        assert outcome.expected
        off.append(abs((outcome.again.batch_loss - before) / outcome.expected - 1))
    assert off[1] < 0.02
    assert off[1] < off[0] / 5


def test_without_momentum_sgd_is_expected_to_take_the_rate_times_the_squared_gradient(make_trainer):
    trainer = make_trainer(momentum=0.0, learning_rate=0.01, dtype="float64")
    outcome, _ = taken(trainer)
    gradients = trainer.network.parameters.gradients
    assert outcome.expected == pytest.approx(-0.01 * float(gradients @ gradients), rel=1e-12)


def test_to_look_at_it_changes_nothing(make_picture_trainer):
    watched, alone = make_picture_trainer(), make_picture_trainer()
    camera = Camera(watched)
    for _ in range(2 * len(watched.engine.stages)):
        watched.advance()
        camera.take(Focus(1), State.PAUSED, Rates())
        alone.advance()
        for name in ("values", "gradients", "statistics", "following"):
            np.testing.assert_array_equal(
                getattr(watched.network.parameters, name), getattr(alone.network.parameters, name)
            )
    np.testing.assert_array_equal(watched.engine.scores.prediction, alone.engine.scores.prediction)


def test_it_is_there_from_the_proposal_on_and_asked_again_once_the_update_has_landed(make_trainer):
    trainer = make_trainer()
    camera = Camera(trainer)
    trainer.finish_phase(Phase.BACKWARD)
    assert camera.take(Focus(), State.PAUSED, Rates()).outcome is None
    trainer.advance()
    proposed = camera.take(Focus(), State.PAUSED, Rates()).outcome
    assert proposed.again is None
    trainer.advance()
    landed = camera.take(Focus(2), State.PAUSED, Rates()).outcome
    assert landed.expected == proposed.expected
    assert landed.again.prediction.shape == (3,)
    assert camera.take(Focus(), State.RUNNING, Rates(), outcome=False).outcome is None
    assert camera.update(EVERY_PART - {"outcome"}, Focus(), Rates()).fields["outcome"] is None


def test_another_update_at_the_same_step_has_another_outcome(make_trainer):
    """As after going back and changing the rate: what was known of the step is of other weights."""
    trainer = make_trainer(momentum=0.0)
    outcomes, first = Outcomes(trainer), trainer.engine.state()
    trainer.step()
    before = outcomes.take(0)
    trainer.engine.restore(first)
    trainer.change_rate(0.5)
    trainer.engine.run(len(trainer.engine.stages))
    after = outcomes.take(0)
    assert after.again.batch_loss == Outcomes(trainer).take(0).again.batch_loss != before.again.batch_loss
