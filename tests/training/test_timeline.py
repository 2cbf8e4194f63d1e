"""Every moment of a run can be had again, to the last bit, whether somebody watched it or not."""

import errno
import math

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nnviz.frame.focus import Focus
from nnviz.frame.frame import Rates, State
from nnviz.frame.stages import Phase
from nnviz.training.camera import Camera
from nnviz.training.keyframes import FarKeyframes, NearKeyframes, size_of
from nnviz.training.timeline import Position, Timeline
from tests.frame_arrays import bytes_of_moment

LAYERS = "conv 3 3x3 batchnorm relu, pool 2, dropout 0.3, dense 5 tanh"
RULES = [{"optimizer": "adam", "schedule": "plateau", "drop_every": 1, "drop": 0.5}, {"optimizer": "nesterov"}]


def moment(trainer) -> Position:
    return Position(trainer.engine.index, trainer.engine.done)


def seen(trainer) -> bytes:
    """The frame, but for what it has of the whole run, wherever that is looked at."""
    return bytes_of_moment(Camera(trainer).take(Focus(2, 1), State.PAUSED, Rates()))


walks = st.lists(
    st.one_of(
        st.sampled_from(["advance", "step", "step", "epoch", *Phase]),
        st.integers(0, 10**6).map(lambda place: ("go", place)),
        st.sampled_from([0.02, 0.3]),
        st.tuples(st.just("set"), st.integers(0, 10**6)),
    ),
    min_size=3,
    max_size=14,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["optimizer"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(walk=walks, near=st.sampled_from([0, 3, 100]), far=st.sampled_from([0, 4, 100]), spacing=st.sampled_from([1, 3]))
def test_a_moment_is_what_it_was_wherever_it_is_come_from(make_picture_trainer, rule, walk, near, far, spacing):
    """With keyframes of any number, and rates that were changed and weights that were set at the end of the run."""
    trainer = make_picture_trainer(layers=LAYERS, stopping={"epochs": None, "steps": 10**6}, **rule)
    size = size_of(trainer.engine.state())
    timeline = Timeline(trainer.engine, trainer.first, near * size, far * size, spacing)
    first = {moment(trainer): seen(trainer)}

    def onward(way):
        before = trainer.history.training.steps, len(trainer.history.evaluations)
        was_back = trainer.is_back
        trainer.finish_phase(Phase(way)) if way in list(Phase) else getattr(trainer, way)()
        if was_back and trainer.is_back:
            assert before == (trainer.history.training.steps, len(trainer.history.evaluations)), "drawn twice"
        if trainer.steps_done == timeline.due:
            timeline.keep()

    for way in walk:
        if isinstance(way, float):
            if not trainer.is_back:
                trainer.change_rate(way)
                # It holds from the beginning of a step, and that is the end of the one before.
                step, last = trainer.journal.entries[-1:], len(trainer.engine.stages)
                since = Position(step[0].step if step else trainer.engine.index, 0)
                first = {at: told for at, told in first.items() if at < since and at != (since.step - 1, last)}
                first[moment(trainer)] = seen(trainer)
        elif way[0] == "set":
            if not trainer.is_back:
                step = trainer.engine.state().step
                arrays = trainer.network.parameters.named()
                name = list(arrays)[way[1] % len(arrays)]
                place = np.unravel_index(way[1] % arrays[name].size, arrays[name].shape)
                trainer.set_weight(name, tuple(map(int, place)), way[1] % 7 - 3.3)
                first = {at: told for at, told in first.items() if at.step < step}
                first[moment(trainer)] = seen(trainer)
        elif isinstance(way, tuple):
            known = sorted(first)
            trainer.go_to(known[way[1] % len(known)], timeline)
        elif way == "epoch":
            for _ in range(trainer.batches.epochs.end_of(1)):
                onward("step")
        else:
            onward(way)
        if moment(trainer) in first and not isinstance(way, float) and way[0] != "set":
            assert seen(trainer) == first[moment(trainer)]
        elif trainer.history.training.steps == trainer.steps_done:
            first[moment(trainer)] = seen(trainer)
    again = make_picture_trainer(layers=LAYERS, stopping={"epochs": None, "steps": 10**6}, **rule)
    again.engine.settings = trainer.journal.weights_at
    again.engine.begin(0)
    for step in range(trainer.furthest):
        for entry in trainer.journal.at(step):
            if not hasattr(entry, "loss"):
                entry.apply(again.update_rule)
        again.step()
    np.testing.assert_array_equal(again.history.training.means, trainer.history.training.means)


def test_what_is_left_on_the_way_goes_back_to_where_it_was(make_trainer):
    trainer = make_trainer()
    timeline = Timeline(trainer.engine, trainer.first, spacing=100)
    for _ in range(40):
        trainer.step()
    here, was = moment(trainer), seen(trainer)
    calls = iter(range(10))

    def check():
        if next(calls) == 8:
            raise InterruptedError

    trainer.go_to(Position(3, 2), timeline)
    with pytest.raises(InterruptedError):
        trainer.go_to(Position(30, 2), timeline, check)
    trainer.go_to(here, timeline)
    assert seen(trainer) == was
    assert not trainer.is_back


def test_the_end_is_kept_by_who_went_back(make_trainer):
    trainer = make_trainer(optimizer="adam")
    timeline = Timeline(trainer.engine, trainer.first)
    for _ in range(40):
        trainer.step()
    end = trainer.kept()
    trainer.go_to(Position(3, 2), timeline)
    trainer.interrupt()
    assert trainer.kept().step == end.step == 40
    np.testing.assert_array_equal(trainer.kept().values, end.values)


def test_no_step_is_farther_from_a_keyframe_than_twice_their_spacing(make_trainer):
    """However long the run is, and in as many of them as there may be, of which each is read as it was written."""
    engine = make_trainer(optimizer="adam").engine
    first = engine.state()
    far, steps = FarKeyframes(first, 2, 7), {}
    for step in range(1, 400):
        engine.run(len(engine.stages))
        if step == far.due:
            steps[step] = engine.state()
            far.keep(steps[step])
        found = far.at_or_before(step)
        assert step - (found.step if found else 0) < 2 * far.spacing
        assert len(far._slots) == min(step // 2, 7)
        if found:
            for name in ("values", "statistics", "learning_rate", "step", "done"):
                assert np.array_equal(getattr(found, name), getattr(steps[found.step], name)), name
            for name, array in found.update_rule.optimizer.items():
                np.testing.assert_array_equal(array, steps[found.step].update_rule.optimizer[name])
    assert far.spacing == 32
    kept = sorted(step for _, step in far._slots)
    assert kept == [64, 128, 192, 256, 320, 352, 384], "the first ones go first"
    far.close()


def test_a_disk_that_is_full_makes_no_more_than_longer_ways(make_trainer, monkeypatch):
    trainer = make_trainer(optimizer="adam")
    timeline = Timeline(trainer.engine, trainer.first, near_bytes=0, spacing=2)
    write = FarKeyframes._write
    writes = iter(range(10**6))

    def full(self, slot, state):
        if slot >= 3 or next(writes) == 5:
            raise OSError(errno.ENOSPC, "no space left on device")
        write(self, slot, state)

    monkeypatch.setattr(FarKeyframes, "_write", full)
    first = {}
    for _ in range(100):
        trainer.step()
        first[moment(trainer)] = seen(trainer)
        if trainer.steps_done == timeline.due:
            timeline.keep()
    for step in (99, 50, 3, 77, 0):
        trainer.go_to(Position(step, len(trainer.engine.stages)), timeline)
        assert seen(trainer) == first[moment(trainer)]


def test_the_keyframes_in_memory_are_those_around_the_place(make_trainer):
    state = make_trainer().engine.state()
    near = NearKeyframes(3)
    for step in (10, 20, 30, 40):
        near.keep(msgspec.structs.replace(state, step=step), step)
    assert near.at_or_before(19) is None
    near.keep(msgspec.structs.replace(state, step=15), 16)
    assert [near.at_or_before(step).step for step in (15, 29, 35, 50)] == [15, 20, 30, 30]


def test_branches_share_the_keyframes_of_their_beginning_and_the_room(make_trainer):
    """Those of the line that somebody goes along are kept the longest."""
    state = make_trainer().engine.state()
    first, second = ((0, math.inf),), ((0, 20), (1, math.inf))
    near = NearKeyframes(4)

    def keep(step, line):
        near.keep(msgspec.structs.replace(state, step=step, done=line[-1][0]), step, line)

    def found(step, line):
        one = near.at_or_before(step, line)
        return one and (one.step, one.done)

    for step in (10, 20, 30):
        keep(step, first)
    keep(25, second)
    assert [found(step, second) for step in (5, 15, 24, 29, 40)] == [None, (10, 0), (20, 0), (25, 1), (25, 1)]
    assert [found(step, first) for step in (24, 29, 40)] == [(20, 0), (20, 0), (30, 0)]
    keep(15, second)
    assert found(40, first) == (20, 0), "30 is not on the line"
    assert [found(step, second) for step in (10, 15, 20, 25)] == [(10, 0), (15, 1), (20, 0), (25, 1)]
    keep(26, second)
    assert found(10, second) is None
    assert [found(step, second) for step in (15, 20, 25, 26)] == [(15, 1), (20, 0), (25, 1), (26, 1)]


def test_the_file_has_as_many_keyframes_for_all_branches_together(make_trainer):
    engine = make_trainer(optimizer="adam").engine
    far, state = FarKeyframes(engine.state(), 2, 10), engine.state()
    kept = {}
    for branch in range(4):
        line = ((0, math.inf),) if not branch else ((0, 10 * branch), (branch, math.inf))
        far.go_on_from(0 if not branch else 10 * branch)
        for step in range(far.due, 61):
            if step == far.due:
                values = np.full_like(state.values, 100 * branch + step)
                kept[branch, step] = msgspec.structs.replace(state, step=step, values=values)
                far.keep(kept[branch, step], line)
            assert len(far._slots) <= 10
    for branch in range(4):
        line = ((0, math.inf),) if not branch else ((0, 10 * branch), (branch, math.inf))
        for step in range(61):
            found = far.at_or_before(step, line)
            assert step - (found.step if found else 0) < 2 * far.spacing
            if found:
                owner = branch if found.step > 10 * branch else 0
                assert found.values[0] == 100 * owner + found.step
    far.close()
