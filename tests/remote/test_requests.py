"""Each request does what it says, to a trainer in this process and to one in its own."""

import itertools
import json
import pickle
import random
from functools import partial

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file

from nnviz.frame.focus import Focus, Quantity
from nnviz.frame.frame import State
from nnviz.frame.stages import Phase, end_of, training_step
from nnviz.remote import messages as m
from nnviz.remote.client import LocalTrainer
from nnviz.runs.ending import Ending
from nnviz.runs.trained_network import load_run

from .conftest import DEPTH, PER_EPOCH, STAGES, ask, first, look_until, rested, steps, straight

FULL_SPEED = m.PACES[-1]


def kept_tensors(order):
    return load_file(order.out / "checkpoints" / "final.safetensors")


def assert_same_as_straight(order, step_count):
    """What the run kept is bit-equal to training straight through: parameters and the optimizer's memory."""
    expected = straight(order.experiment, step_count)
    tensors = kept_tensors(order)
    named = {**expected.network.parameters.named()}
    named |= {f"optimizer.{name}": array for name, array in expected.update_rule.optimizer.state().items()}
    for name, array in named.items():
        assert tensors[name].tobytes() == array.tobytes(), name


def test_every_goal_is_reached_and_not_passed(start, make_order):
    trainer = start(make_order())
    frame = first(trainer)
    assert (frame.state, frame.moment.done) == (State.READY, 0)
    ends = {
        m.Goal.STAGE: 1,
        m.Goal.LOSS: end_of(Phase.LOSS, training_step(DEPTH)),
        m.Goal.BACKWARD: end_of(Phase.BACKWARD, training_step(DEPTH)),
        m.Goal.UPDATE: end_of(Phase.UPDATE, training_step(DEPTH)),
    }
    for goal, done in ends.items():
        frame = ask(trainer, m.Advance(goal))
        assert (frame.state, frame.moment.step, frame.moment.done) == (State.PAUSED, 0, done)
    frame = ask(trainer, m.Advance(m.Goal.STEP))
    assert (frame.moment.step, frame.moment.done) == (1, STAGES)
    assert ask(trainer, m.Advance(m.Goal.EPOCH)).state is State.RUNNING
    frame = look_until(trainer, rested)
    assert (frame.state, frame.moment.epoch, steps(frame)) == (State.PAUSED, 0, PER_EPOCH)
    ask(trainer, m.Advance(m.Goal.EPOCH))
    assert steps(look_until(trainer, rested)) == 2 * PER_EPOCH


def test_looking_changes_nothing_but_what_is_looked_at(start, make_order):
    trainer = start(make_order())
    first(trainer)
    moment = ask(trainer, m.Advance(m.Goal.BACKWARD)).moment
    frame = ask(trainer, m.SetFocus(Focus(3, 0, Quantity.WEIGHT)))
    assert (frame.focus.example, frame.focus.block, frame.matrix.quantity) == (3, 0, Quantity.WEIGHT)
    assert ask(trainer, m.Look()).focus == frame.focus
    report = ask(trainer, m.Test())
    assert isinstance(report, m.TestReport)
    assert (report.split, report.examples, report.step, report.confusion.sum()) == ("test", 2, 0, 2)
    assert len(report.mistakes) == 2 - np.trace(report.confusion)
    assert ask(trainer, m.Look()).moment == moment
    assert trainer.close() == Ending()


@pytest.mark.parametrize("seed", range(3))
def test_any_mixture_of_requests_to_the_remote_trainer_computes_the_same_bits(start_remote, make_order, seed):
    order = make_order(optimizer=("sgd", "adam")[seed % 2], learning_rate=0.003)
    chooser = random.Random(seed)
    trainer = start_remote(order)
    first(trainer)
    meddling = [
        m.Look(),
        m.Test(),
        m.SetFocus(Focus(2, 0, Quantity.UPDATE)),
        m.Pause(),
        m.Run(FULL_SPEED),
        m.Run(m.Pace(m.Goal.STAGE, 500, "")),
    ]
    for _ in range(60):
        ask(trainer, m.Advance(chooser.choice(list(m.Goal))) if chooser.random() < 0.7 else chooser.choice(meddling))
    ask(trainer, m.Pause())
    frame = ask(trainer, m.Advance(m.Goal.UPDATE))
    trainer.close()
    assert steps(frame) > PER_EPOCH
    assert_same_as_straight(order, steps(frame))


@given(goals=st.lists(st.sampled_from([goal for goal in m.Goal if goal is not m.Goal.EPOCH]), max_size=12))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_mixture_of_keys_computes_the_same_bits(make_order, goals):
    order = make_order()
    trainer = LocalTrainer(order)
    for goal in [*goals, m.Goal.UPDATE]:
        frame = ask(trainer, m.Advance(goal))
    trainer.close()
    assert_same_as_straight(order, steps(frame))


def gone(frame, goal):
    """How many goals have been reached."""
    return steps(frame) if goal is m.Goal.STEP else frame.moment.step * STAGES + frame.moment.done


@pytest.mark.parametrize("goal", [m.Goal.STAGE, m.Goal.STEP])
def test_a_pace_is_kept_until_pause(make_order, goal):
    now = 100.0
    trainer = LocalTrainer(make_order(), clock=lambda: now)
    ask(trainer, m.Run(m.Pace(goal, 32, "")))
    for quarters in range(80):
        frame = ask(trainer, m.Look())
        assert (frame.state, gone(frame, goal)) == (State.RUNNING, quarters // 4 + 1)
        now += 1 / 128
    # Of what was missed, no more than one is made up for.
    now += 1.0
    assert [gone(ask(trainer, m.Look()), goal) for _ in range(4)] == [21, 22, 22, 22]
    frame = ask(trainer, m.Pause())
    now += 1.0
    assert (frame.state, gone(ask(trainer, m.Look()), goal)) == (State.PAUSED, 22)


@pytest.fixture
def set_clock(tmp_path, in_worker):
    """Sets the clock that the trainer's own process goes by, and that stands otherwise."""
    now = tmp_path / "now"
    in_worker(f"""if True:
        import pathlib
        from nnviz.remote.service import Service
        init = Service.__init__
        Service.__init__ = lambda *given, **named: init(
            *given, **named, clock=lambda: float(pathlib.Path({str(now)!r}).read_text())
        )
    """)

    def turn(seconds):
        now.with_suffix(".new").write_text(str(seconds))
        now.with_suffix(".new").rename(now)

    turn(100)
    return turn


@pytest.mark.parametrize("goal", [m.Goal.STAGE, m.Goal.STEP])
def test_a_process_of_its_own_goes_no_faster_than_its_pace(start_remote, make_order, set_clock, goal):
    trainer = start_remote(make_order())
    first(trainer)
    ask(trainer, m.Run(m.Pace(goal, 32, "")))
    for count in range(1, 6):
        look_until(trainer, lambda frame, count=count: gone(frame, goal) == count)
        assert {gone(ask(trainer, m.Look()), goal) for _ in range(20)} == {count}
        set_clock(100 + count / 32)
    frame = ask(trainer, m.Pause())
    set_clock(200)
    assert (frame.state, ask(trainer, m.Look()).moment) == (State.PAUSED, frame.moment)


def test_full_speed_serves_requests_and_measures_itself(start, make_order):
    trainer = start(make_order())
    first(trainer)
    ask(trainer, m.Run(FULL_SPEED))
    frame = look_until(trainer, lambda frame: frame.rates.steps_per_second is not None and steps(frame) > 50)
    assert frame.state is State.RUNNING
    assert 0 < frame.rates.steps_per_second < frame.rates.examples_per_second
    assert ask(trainer, m.SetFocus(Focus(0, 0, Quantity.WEIGHT))).state is State.RUNNING
    assert ask(trainer, m.Pause()).rates.steps_per_second is None


def test_examples_a_second_are_those_that_were_seen(make_order):
    now = 0.0
    trainer = LocalTrainer(make_order(), clock=lambda: now)
    ask(trainer, m.Run(m.Pace(m.Goal.STEP, 1, "")))
    seen = []
    for _ in range(6):
        now += 1.0
        seen.append(ask(trainer, m.Look()).rates)
    ask(trainer, m.Pause())
    assert [rates.steps_per_second for rates in seen] == [1.0] * 6
    assert [rates.examples_per_second for rates in seen] == [5, 5, 2, 5, 5, 2]


def test_another_pace_still_stops_at_the_end_of_the_epoch(make_order):
    trainer = LocalTrainer(make_order(), steps=0, clock=partial(next, itertools.count(step=0.01)))
    ask(trainer, m.Advance(m.Goal.EPOCH))
    ask(trainer, m.Run(m.Pace(m.Goal.STAGE, 1000, "")))
    frame = look_until(trainer, rested)
    assert (steps(frame) % PER_EPOCH, frame.moment.done) == (0, STAGES)


def test_a_stop_rule_finishes_the_run_and_asking_on_lifts_it(start, make_order):
    trainer = start(make_order(stopping={"steps": 4}))
    first(trainer)
    ask(trainer, m.Run(FULL_SPEED))
    frame = look_until(trainer, rested)
    assert (frame.state, frame.stopped_by, steps(frame)) == (State.FINISHED, "steps", 4)
    frame = ask(trainer, m.Advance(m.Goal.STEP))
    assert (frame.state, frame.stopped_by, steps(frame)) == (State.PAUSED, None, 5)
    ask(trainer, m.Run(FULL_SPEED))
    look_until(trainer, lambda frame: steps(frame) > 20 and frame.state is State.RUNNING)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_diverged_run_stays_so_until_it_is_restarted(start, make_order):
    order = make_order(learning_rate=1e9)
    trainer = start(order)
    first(trainer)
    ask(trainer, m.Run(FULL_SPEED))
    frame = look_until(trainer, rested)
    assert (frame.state, frame.stopped_by) == (State.DIVERGED, "diverged")
    for request in (m.Advance(m.Goal.STAGE), m.Advance(m.Goal.EPOCH), m.Run(FULL_SPEED), m.Pause(), m.Change(0.01)):
        again = ask(trainer, request)
        assert (again.state, again.moment) == (State.DIVERGED, frame.moment)
    frame = ask(trainer, m.Restart())
    assert (frame.state, frame.stopped_by, frame.learning_rate) == (State.READY, None, 0.01)
    assert np.isfinite(ask(trainer, m.Advance(m.Goal.LOSS)).batch_loss)
    assert all(np.isfinite(tensor).all() for tensor in kept_tensors(order).values()), "the last good state is kept"


def test_a_changed_learning_rate_takes_effect_and_is_written_down(start, make_order):
    order = make_order()
    trainer = start(order)
    first(trainer)
    ask(trainer, m.Advance(m.Goal.STEP))
    ask(trainer, m.Advance(m.Goal.STEP))
    assert ask(trainer, m.Change(0.5)).learning_rate == 0.5
    ask(trainer, m.Advance(m.Goal.STEP))
    trainer.close()
    expected = straight(order.experiment, 2)
    expected.update_rule.learning_rate = 0.5
    expected.step()
    assert (
        kept_tensors(order)["dense1.weights"].tobytes()
        == expected.network.parameters.named()["dense1.weights"].tobytes()
    )
    result = json.loads((order.out / "result.json").read_text())
    assert result["learning_rate_changes"] == [{"step": 2, "learning_rate": 0.5}]


def test_every_run_before_a_restart_or_reseed_is_kept_and_can_be_done_again(start, make_order):
    order = make_order()
    trainer = start(order)
    weights = first(trainer).layers[0].edges
    counts, seeds = (2, 4, 5, 3), (0, 0, 1, 2)
    for count, following in zip(counts, (m.Restart(), m.Reseed(), m.Reseed(), None), strict=True):
        for _ in range(count):
            ask(trainer, m.Advance(m.Goal.STEP))
        if following is not None:
            frame = ask(trainer, following)
            assert (frame.state, steps(frame), frame.curves.total) == (State.READY, 0, 0)
            assert np.array_equal(frame.layers[0].edges, weights) == isinstance(following, m.Restart)
    ending = trainer.close()
    directories = [order.out, *(order.out.with_name(f"run-{number}") for number in (2, 3, 4))]
    assert sorted(order.out.parent.glob("run*")) == sorted(directories)
    assert [*(one.directory for one in ending.earlier), ending.directory] == list(map(str, directories))
    for path, count, seed in zip(directories, counts, seeds, strict=True):
        run = load_run(path)
        assert (run.step, run.experiment.training.seed) == (count, seed)
        assert json.loads((path / "result.json").read_text())["run"] == str(path)
        # With the experiment that the directory holds, and with nothing else.
        expected = straight(run.experiment, count).network.parameters.values
        assert run.network.parameters.values.tobytes() == expected.tobytes()


def test_a_single_step_is_kept_and_less_is_nothing_to_keep(start, make_order):
    order = make_order()
    for goal, kept in ((m.Goal.BACKWARD, False), (m.Goal.STEP, True)):
        trainer = start(order)
        first(trainer)
        ask(trainer, m.Advance(goal))
        ending = trainer.close()
        assert ending.directory == (str(order.out) if kept else None)
        assert (ending.exit_code, ending.trouble) == (0, None)
        assert order.out.exists() == kept, "what was claimed and not needed is gone"
        assert trainer.close() == ending, "a second time does no harm"
    assert load_run(order.out).step == 1


def test_an_answer_is_small(start_remote, make_order):
    """A whole step of three units is 4.1 KB; ten times the steps make it grow by their losses and readings alone."""
    trainer = start_remote(make_order())
    first(trainer)
    size = len(pickle.dumps(ask(trainer, m.Advance(m.Goal.STEP))))
    assert size < 4_500
    for _ in range(10):
        frame = ask(trainer, m.Advance(m.Goal.STEP))
    assert len(pickle.dumps(frame)) < size + 10 * 5 * 8 + 100
