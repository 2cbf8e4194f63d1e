"""What is left is kept and scored: how far that is, is told, and who would rather stay finds all as it was."""

import pytest
from msgspec.structs import replace

from nnviz.remote import messages as m
from nnviz.remote.client import LocalTrainer
from nnviz.runs.result import read_result
from tests.training.test_moments import assert_same

from .conftest import ask, first, look_until, rested, steps, straight


def begun(make_order):
    """A trainer with 20 steps behind it."""
    trainer = LocalTrainer(make_order(optimizer="adam"))
    first(trainer)
    to_step(trainer, 20)
    ask(trainer, m.Advance(m.Goal.LOSS))
    return trainer


def to_step(trainer, place):
    ask(trainer, m.GoTo(place))
    return look_until(trainer, rested)


def listening(trainer, leaves):
    """What is told of scores; before the second batch somebody presses a key, or does not."""
    told = []

    def tell(done, total):
        told.append((done, total))
        if leaves and done == 1:
            trainer.hurry()

    trainer.service.session.tell_scores = lambda: tell
    return told


def another_rate(trainer):
    to_step(trainer, 7)
    ask(trainer, m.Change(0.5))
    return m.Advance(m.Goal.STEP)


def leaving_with_another_rate(trainer):
    another_rate(trainer)
    return m.SetDown()


def another_branch(trainer):
    ask(trainer, m.Restart())
    to_step(trainer, 9)
    return m.Visit(1)


CASES = {
    "restart": lambda _: m.Restart(),
    "reseed": lambda _: m.Reseed(),
    "branch": another_rate,
    "visit": another_branch,
    "leave": lambda _: m.SetDown(),
    "leave with another rate": leaving_with_another_rate,
}


@pytest.mark.parametrize("prepare", CASES.values(), ids=CASES)
def test_who_would_rather_stay_finds_all_as_it_was(make_order, prepare):
    trainer = begun(make_order)
    request = prepare(trainer)
    before, branches = ask(trainer, m.Look()), ask(trainer, m.ListBranches())
    told = listening(trainer, leaves=True)
    after = ask(trainer, request)
    assert told == [(0, 3), (1, 3)]
    assert_same(replace(after, said=None), before)
    assert_same(ask(trainer, m.ListBranches()), branches)
    # And it goes on as it would have.
    listening(trainer, leaves=False)
    if before.learning_rate != 0.5:
        end = steps(to_step(trainer, before.moment.furthest + 5))
        expected = straight(make_order(optimizer="adam").experiment, end)
        assert trainer.service.session.trainer.network.parameters.values.tobytes() == (
            expected.network.parameters.values.tobytes()
        )
    trainer.close()


@pytest.mark.parametrize("prepare", CASES.values(), ids=CASES)
def test_how_far_the_scores_are_is_told(make_order, prepare):
    trainer = begun(make_order)
    request = prepare(trainer)
    run = trainer.service.session.branches.current.directory.path
    told = listening(trainer, leaves=False)
    ask(trainer, request)
    assert told == [(0, 3), (1, 3), (2, 3)]
    assert read_result(run).is_scored
    trainer.close()


def test_who_leaves_without_scores_has_the_run_kept(make_order):
    trainer = begun(make_order)
    listening(trainer, leaves=True)
    ask(trainer, m.SetDown())
    told = listening(trainer, leaves=False)
    ending = trainer.close()
    assert told == []
    assert not ending.is_scored
    assert (ending.result.steps, ending.result.stopped_by) == (20, "you")


def test_who_stays_and_leaves_later_has_the_scores_after_all(make_order):
    trainer = begun(make_order)
    listening(trainer, leaves=True)
    ask(trainer, m.SetDown())
    told = listening(trainer, leaves=False)
    ask(trainer, m.SetDown())
    assert told == [(0, 3), (1, 3), (2, 3)]
    ending = trainer.close()
    assert len(told) == 3
    assert ending.is_scored
    assert ending.result.health is not None


def test_leaving_in_two_steps_comes_to_what_leaving_at_once_comes_to(make_order):
    results = []
    for requests in ([m.SetDown()], []):
        trainer = LocalTrainer(make_order(optimizer="adam"))
        first(trainer)
        to_step(trainer, 20)
        to_step(trainer, 7)
        for request in requests:
            ask(trainer, request)
        results.append(replace(trainer.close().result, run=None, seconds=0.0, examples_per_second=None))
    assert results[0] == results[1]
