"""Every number of a watched training is the one taken by hand, and watching changes not a bit of it."""

import itertools

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from nnviz.frame.focus import Focus, Quantity  # noqa: E402
from nnviz.frame.frame import Frame  # noqa: E402
from nnviz.frame.stages import Phase  # noqa: E402
from nnviz.live.watched_training import Watch  # noqa: E402
from tests.live.programs import PROGRAMS, Hand, Program  # noqa: E402

pytestmark = pytest.mark.live
STEPS = 3
# What computes in bfloat16 has three digits.
ROUGH = {"gradient_scaler": 3e-2}


def run(made: Program, hand: Hand) -> None:
    for i in range(STEPS):
        made.step(hand, i)


def watched(made: Program, attached: bool) -> Watch:
    """A watch that looks at every step."""
    clock = itertools.count(step=10_000)
    watch = Watch(made.model, made.optimizers, "test", made.scaler, lambda: float(next(clock)))
    watch.screen.attach(attached)
    return watch


def state(made: Program) -> list[bytes]:
    """The bits of all that the model holds, and of the random generator."""
    numbers = [each.detach().numpy().tobytes() for each in made.model.state_dict().values()]
    return [*numbers, torch.get_rng_state().numpy().tobytes()]


@pytest.mark.parametrize("name", PROGRAMS)
def test_numbers_are_those_taken_by_hand_and_nothing_is_changed(name: str) -> None:
    bare = PROGRAMS[name]()
    by_hand = Hand(bare.model)
    run(bare, by_hand)
    alone = PROGRAMS[name]()
    watch = watched(alone, attached=False)
    run(alone, Hand(alone.model))
    assert watch.shared.guard.fault is None
    assert state(alone) == state(bare)
    watch.close()

    made = PROGRAMS[name]()
    watch = watched(made, attached=True)
    run(made, Hand(made.model))
    if watch.shared.guard.fault is not None:
        raise watch.shared.guard.fault
    assert state(made) == state(bare)
    frame = watch.screen.view(None)
    assert isinstance(frame, Frame)
    assert watch.shared.steps == STEPS
    assert frame.moment.step == STEPS - 1
    check_parameters(watch, by_hand)
    np.testing.assert_allclose(watch.shared.past.history.training.means[:STEPS], by_hand.losses, rtol=1e-6)
    check_every_view(watch, ROUGH.get(name, 1e-3))
    watch.close()


def test_steps_that_are_left_out_are_told() -> None:
    made = PROGRAMS["step_left_out_by_the_scaler"]()
    watch = watched(made, attached=True)
    run(made, Hand(made.model))
    frame = watch.screen.view(None)
    assert isinstance(frame, Frame)
    assert any("thrown away before an update 6 times" in told for told in frame.title.caveats)
    assert not any("several passes" in told for told in frame.title.caveats)
    watch.close()


def check_parameters(watch: Watch, hand: Hand) -> None:
    assert watch.screen._camera is not None
    recording = watch.screen._camera.trace.recording
    gradients, updates = hand.gradients[-1], hand.updates[-1]
    assert recording.gradients.keys() == gradients.keys()
    for name, update in updates.items():
        np.testing.assert_array_equal(recording.updates[name], update.numpy(), err_msg=name)
    for name, gradient in gradients.items():
        np.testing.assert_array_equal(recording.gradients[name], gradient.numpy(), err_msg=name)
    # Each stands in some layer.
    held = {each.parameter for entry in watch.screen._camera.structure.entries for each in entry.held.values()}
    assert held == set(recording.parameters)


def check_every_view(watch: Watch, within: float) -> None:
    """Frames of every block, quantity and some units can be taken, and what they tell adds up."""
    assert watch.screen._camera is not None
    for block in range(watch.screen._camera.blocks):
        for quantity in Quantity:
            watch.screen.focus = Focus(3, block, quantity, unit=0)
            frame = watch.screen.view(None)
            assert isinstance(frame, Frame)
            assert frame.has_reached(Phase.UPDATE)
            assert frame.unit is not None
            total = frame.unit.sum
            weight = frame.unit.weight
            if weight is not None and weight.share is not None and weight.others is not None:
                assert weight.share + weight.others == pytest.approx(weight.gradient, rel=within, abs=within / 100)
            if total is not None:
                told = sum(term.product for term in total.terms) + total.others + (total.bias or 0.0)
                assert told == pytest.approx(total.total, rel=within, abs=within / 10)
            for link in frame.unit.links:
                told = sum(term.product for term in link.sum.terms) + link.sum.others
                assert told == pytest.approx(link.sum.total, rel=within, abs=within / 100), link
