"""A run that was kept is opened again, at any step of it, as it was there; and nothing of it is touched."""

import json
import os
import signal
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

from nnviz.errors import InputError, TrainerDiedError
from nnviz.frame.frame import Frame, State
from nnviz.remote import messages as m
from nnviz.remote.client import LocalTrainer
from nnviz.runs.checkpoint_rule import CheckpointRule
from nnviz.runs.opening import run_at

from .conftest import PER_EPOCH, ask, first, look_until, steps, straight

STEPS = 22
SETTINGS = [
    {"optimizer": "adam"},
    {"optimizer": "sgd", "schedule": "plateau", "drop_every": 1, "drop": 0.5, "warmup": 0.5},
    {"optimizer": "rmsprop", "layers": "dense 6 relu dropout 0.3, dense 4 tanh"},
    {"optimizer": "nesterov", "layers": "conv 3 3x3 batchnorm relu, dense 4 relu", "augment": ["flip", "shift"]},
]


def told(frame: Frame) -> str:
    """A frame without what is of the whole run, to the last bit."""
    moment = msgspec.structs.replace(frame.moment, furthest=0, is_back=False)
    still = msgspec.structs.replace(
        frame, moment=moment, state=None, stopped_by=None, curves=None, said=None, batch=None
    )
    with np.printoptions(threshold=sys.maxsize):
        return repr(still)


def curves(frame: Frame) -> str:
    with np.printoptions(threshold=sys.maxsize):
        return repr(msgspec.structs.replace(frame.curves, position=None))


def contents(run: Path) -> dict[str, bytes]:
    return {str(path.relative_to(run)): path.read_bytes() for path in sorted(run.rglob("*")) if path.is_file()}


@pytest.fixture
def trained(make_order):
    """A run that was trained by stages and steps, and the frames that were seen on the way."""

    def train(layers="dense 3 relu", augment=(), change=None, until=STEPS, stopping=None, **training):
        order = make_order(stopping, **training)
        experiment = order.experiment
        data = msgspec.structs.replace(experiment.data, augment=tuple(augment))
        network = msgspec.structs.replace(experiment.network, layers=layers)
        experiment = msgspec.structs.replace(experiment, data=data, network=network)
        order = msgspec.structs.replace(order, experiment=experiment, checkpoints=CheckpointRule(steps=6))
        trainer = LocalTrainer(order)
        seen = {0: ask(trainer, m.Look())}
        for step in range(1, until + 1):
            seen[step] = ask(trainer, m.Advance(m.Goal.STEP))
            if step == change:
                seen[step] = ask(trainer, m.Change(0.03))
        trainer.close()
        return order, seen

    return train


def opened(order, place="end", out="child"):
    return LocalTrainer(msgspec.structs.replace(order, opened=order.out, place=place, out=order.out.with_name(out)))


@pytest.mark.parametrize("settings", SETTINGS, ids=repr)
def test_a_run_is_opened_at_any_step_as_it_was_there(trained, settings):
    order, seen = trained(change=9, **settings)
    before = contents(order.out)
    assert sum("step-" in name for name in before) >= 3
    for step in (0, 1, 6, 7, 9, 10, 12, 21, STEPS):
        trainer = opened(order, str(step))
        frame = ask(trainer, m.Look())
        assert told(frame) == told(seen[step]), step
        assert curves(frame) == curves(seen[STEPS])
        assert frame.curves.position == (None if step == STEPS else step)
        assert (frame.moment.furthest, frame.moment.is_back) == (STEPS, step < STEPS)
        for earlier in (step - 1, step // 2, 0):
            if earlier >= 0:
                assert told(ask(trainer, m.GoTo(earlier))) == told(seen[earlier]), (step, earlier)
        ending = trainer.close()
        assert (ending.directory, ending.trouble) == (None, None)
        assert ending.where == f"nothing was trained, and {order.out} is as it was"
    assert contents(order.out) == before
    assert [path.name for path in order.out.parent.iterdir()] == [order.out.name], "nothing else is left"


@pytest.mark.parametrize(("place", "step"), [("start", 0), ("e2", 2 * PER_EPOCH), ("end", STEPS), ("best", None)])
def test_places_of_a_run_are_those_that_can_be_gone_to(trained, place, step):
    order, seen = trained()
    frame = ask(opened(order, place), m.Look())
    assert steps(frame) == (seen[STEPS].curves.best_step if step is None else step)


@pytest.mark.parametrize("settings", SETTINGS[:2], ids=repr)
def test_what_goes_on_from_its_end_is_a_run_of_its_own_in_the_same_bits(trained, settings):
    order, _ = trained(**settings)
    before = contents(order.out)
    trainer = opened(order, str(STEPS - 4))
    for _ in range(12):
        frame = ask(trainer, m.Advance(m.Goal.STEP))
    expected = straight(order.experiment, STEPS + 8)
    assert (
        trainer.service.session.trainer.network.parameters.values.tobytes()
        == expected.network.parameters.values.tobytes()
    )
    assert frame.curves.total == STEPS + 8
    ending = trainer.close()
    child = Path(ending.directory)
    assert child == order.out.with_name("child")
    assert contents(order.out) == before
    result = json.loads((child / "result.json").read_text())
    assert result["parted_from"] == {"run": str(order.out.resolve()), "step": STEPS}
    assert (result["steps"], result["parameters"]) == (STEPS + 8, expected.network.parameters.size)
    lines = [json.loads(line) for line in (child / "metrics.jsonl").read_text().splitlines()]
    judged = [line["step"] for line in lines if line["split"] == "train"]
    assert judged == [evaluation.step for evaluation in expected.history.evaluations]
    # It is a run like any other: opened, it gives what it had.
    again = run_at(child, str(STEPS + 3)).trainer
    assert (
        again.network.parameters.values.tobytes()
        == straight(order.experiment, STEPS + 3).network.parameters.values.tobytes()
    )


def test_a_change_in_its_past_is_another_run_too(trained):
    order, _ = trained(optimizer="adam")
    before = contents(order.out)
    trainer = opened(order, "10")
    ask(trainer, m.Change(0.5))
    frame = ask(trainer, m.Advance(m.Goal.STEP))
    assert (frame.moment.furthest, frame.curves.total) == (11, 11)
    child = Path(trainer.close().directory)
    assert json.loads((child / "result.json").read_text())["parted_from"] == {
        "run": str(order.out.resolve()),
        "step": 10,
    }
    assert contents(order.out) == before


def test_a_finished_run_is_finished_where_it_is_opened_and_may_go_on(trained):
    order, seen = trained(stopping={"steps": STEPS})
    assert seen[STEPS].state is State.FINISHED
    trainer = opened(order)
    frame = ask(trainer, m.Look())
    assert (frame.state, frame.stopped_by) == (State.FINISHED, "steps")
    assert told(frame) == told(seen[STEPS])
    assert curves(frame) == curves(seen[STEPS]), "with the evaluation that it ended with"
    frame = ask(trainer, m.Advance(m.Goal.STEP))
    assert (frame.state, steps(frame)) == (State.PAUSED, STEPS + 1)
    trainer.close()


def test_a_run_that_was_killed_is_opened_at_its_last_checkpoint_or_after_it(trained):
    order, seen = trained()
    for name in ("result.json", "checkpoints/final.safetensors", "checkpoints/step-000000018.safetensors"):
        (order.out / name).unlink()
    frame = ask(opened(order), m.Look())
    assert (steps(frame), told(frame)) == (12, told(seen[12]))
    # Its metrics say that it came to step 18.
    frame = ask(opened(order, "17"), m.Look())
    assert (frame.moment.furthest, told(frame)) == (17, told(seen[17]))
    with pytest.raises(InputError, match="it has no step 19; it came to step 18"):
        opened(order, "19")


def test_a_damaged_newest_checkpoint_is_told_and_the_one_before_it_is_taken(trained):
    order, seen = trained()
    (order.out / "result.json").unlink()
    final = order.out / "checkpoints" / "final.safetensors"
    content = bytearray(final.read_bytes())
    content[-3] ^= 1
    final.write_bytes(content)
    frame = ask(opened(order), m.Look())
    assert told(frame) == told(seen[18])
    assert frame.said == f"{final}: damaged: its numbers are not those that were written"


def test_what_cannot_be_opened_is_told_in_one_line(trained):
    order, _ = trained()
    with pytest.raises(InputError, match=f"{order.out}: it has no step 23; it came to step 22"):
        opened(order, "23")
    files = {path: path.read_bytes() for path in (order.out / "checkpoints").glob("*.safetensors")}
    for path in files:
        path.unlink()
    (order.out / "result.json").unlink()
    with pytest.raises(InputError, match=f"{order.out}: there is no checkpoint yet"):
        opened(order)


def test_a_killed_trainer_goes_on_from_its_last_checkpoint_as_if_it_had_not_been(start_remote, make_order):
    order = msgspec.structs.replace(make_order(optimizer="adam"), checkpoints=CheckpointRule(steps=5))
    trainer = start_remote(order)
    first(trainer)
    for _ in range(13):
        ask(trainer, m.Advance(m.Goal.STEP))
    os.kill(trainer.pid, signal.SIGKILL)
    with pytest.raises(TrainerDiedError, match="SIGKILL; step-000000010 is what it wrote last"):
        ask(trainer, m.Look())
    assert trainer.goes_on_from() == 10
    again = trainer.again()
    frame = first(again)
    assert (frame.state, frame.moment.step, frame.moment.furthest) == (State.PAUSED, 10, 10)
    for _ in range(13):
        frame = ask(again, m.Advance(m.Goal.STEP))
    assert steps(frame) == 23
    ending = again.close()
    assert (ending.directory, ending.earlier, ending.trouble) == (str(order.out), (), None)
    expected = straight(order.experiment, 23)
    assert run_at(order.out, "end").trainer.network.parameters.values.tobytes() == (
        expected.network.parameters.values.tobytes()
    )
    judged = [json.loads(line)["step"] for line in (order.out / "metrics.jsonl").read_text().splitlines()][::2]
    assert judged == [evaluation.step for evaluation in expected.history.evaluations]


def test_a_killed_trainer_that_had_opened_a_run_opens_it_again(trained, start_remote):
    order, seen = trained()
    trainer = start_remote(
        msgspec.structs.replace(order, opened=order.out, place="9", out=order.out.with_name("child"), terminal=None)
    )
    first(trainer)
    os.kill(trainer.pid, signal.SIGKILL)
    with pytest.raises(TrainerDiedError, match="SIGKILL"):
        ask(trainer, m.Look())
    assert trainer.goes_on_from() is None
    again = trainer.again()
    frame = first(again)
    if frame.state is State.REPLAYING:
        frame = look_until(again, lambda frame: frame.state is State.PAUSED)
    assert told(frame) == told(seen[9])
    assert again.close().looked_at == str(order.out)
