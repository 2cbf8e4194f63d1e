"""A run that another process trains is watched: it is seen as it comes, and nothing of it is touched or trained."""

import json
from functools import partial
from itertools import count

import msgspec
import pytest

from nnviz.frame.frame import State
from nnviz.remote import messages as m
from nnviz.remote.client import LocalTrainer
from nnviz.remote.watching import REFUSED
from nnviz.runs.checkpoint_rule import CheckpointRule
from nnviz.runs.claim import is_claimed

from .conftest import ask, look_until, straight


@pytest.fixture
def watched(make_order):
    """A trainer that goes on with a run, with a checkpoint every five steps, and one that watches it."""
    order = msgspec.structs.replace(make_order(optimizer="adam"), checkpoints=CheckpointRule(steps=5))
    trains = LocalTrainer(order)
    for _ in range(12):
        ask(trains, m.Advance(m.Goal.STEP))
    order = msgspec.structs.replace(order, opened=order.out, out=order.out.with_name("child"))
    watches = LocalTrainer(order, clock=partial(next, count()))
    held = [order, trains, watches]
    yield held
    trains.close()
    watches.close()
    # What it holds keeps files open, and the test itself holds it.
    held.clear()
    del trains, watches


def values(trainer):
    return trainer.service.session.trainer.network.parameters.values.tobytes()


def test_a_run_is_followed_from_checkpoint_to_checkpoint(watched):
    order, trains, watches = watched
    assert is_claimed(order.opened)
    frame = ask(watches, m.Look())
    assert (frame.state, frame.moment.step, frame.moment.furthest) == (State.WATCHING, 10, 10)
    assert frame.batch_loss is not None, "there is something to look at"
    assert values(watches) == straight(order.experiment, 10).network.parameters.values.tobytes()
    for _ in range(6):
        expected = ask(trains, m.Advance(m.Goal.STEP))
    frame = ask(watches, m.Look())
    assert (frame.state, frame.moment.furthest, frame.curves.total) == (State.WATCHING, 15, 15)
    assert frame.curves.validation_steps.tolist() == expected.curves.validation_steps.tolist()[:1]
    assert values(watches) == straight(order.experiment, 15).network.parameters.values.tobytes()


@pytest.mark.parametrize(
    "request_",
    [
        m.Run(m.PACES[-1]),
        m.Advance(m.Goal.STEP),
        m.Advance(m.Goal.UPDATE),
        m.Advance(m.Goal.EPOCH),
        m.GoTo(11),
        m.Change(0.5),
        m.Restart(),
        m.Reseed(),
    ],
    ids=repr,
)
def test_what_would_train_says_why_it_does_not(watched, request_):
    _, _, watches = watched
    ask(watches, m.Advance(m.Goal.STAGE))
    before = ask(watches, m.Look())
    frame = ask(watches, request_)
    assert (frame.said, frame.state, frame.moment) == (REFUSED, State.WATCHING, before.moment)
    assert frame.learning_rate == before.learning_rate
    assert ask(watches, m.Look()).said is None, "once"


def test_looking_back_is_not_disturbed_and_leads_to_the_end_again(watched):
    order, trains, watches = watched
    ask(watches, m.GoTo(7))
    frame = look_until(watches, lambda frame: frame.state is not State.REPLAYING)
    assert (frame.state, frame.moment.step, frame.moment.is_back) == (State.WATCHING, 6, True)
    assert values(watches) == straight(order.experiment, 7).network.parameters.values.tobytes()
    for _ in range(6):
        ask(trains, m.Advance(m.Goal.STEP))
    frame = ask(watches, m.Advance(m.Goal.STEP))
    assert (frame.said, frame.moment.step, frame.moment.furthest) == (None, 7, 10)
    ask(watches, m.GoTo(m.Destination.END))
    assert look_until(watches, lambda frame: frame.moment.furthest == 15).said is None


def test_when_it_has_ended_it_is_open_and_may_be_gone_on_with(watched):
    order, trains, watches = watched
    ask(trains, m.Advance(m.Goal.STEP))
    trains.close()
    before = {path: path.read_bytes() for path in order.opened.rglob("*") if path.is_file()}
    frame = ask(watches, m.Look())
    assert f"{order.opened}: a run on " in frame.said
    assert "of 13 training steps" in frame.said
    frame = look_until(watches, lambda frame: frame.state is State.PAUSED)
    assert (frame.moment.step, frame.moment.furthest) == (12, 13)
    ask(watches, m.Advance(m.Goal.STEP))
    ending = watches.close()
    assert ending.directory == str(order.out)
    result = json.loads((order.out / "result.json").read_text())
    assert (result["steps"], result["parted_from"]["step"]) == (14, 13)
    assert {path: path.read_bytes() for path in order.opened.rglob("*") if path.is_file()} == before


def test_who_only_watched_leaves_nothing(watched):
    order, _, watches = watched
    ask(watches, m.Look())
    assert watches.close().where == f"nothing was trained, and {order.opened} is as it was"
    assert [path.name for path in order.out.parent.iterdir()] == [order.opened.name]
