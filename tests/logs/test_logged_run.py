"""A run's curves are the same however a log was read, and steps that tell nothing are not believed."""

from pathlib import Path

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from nnviz.logs.logged_run import MOST_ATTEMPTS, LoggedRun
from tests.logs.reading import values


def run_of(steps: list[int], cuts: list[int] | None = None) -> LoggedRun:
    """A run that recorded the number of each value, in as many pieces."""
    run = LoggedRun("a", Path("a"), "test")
    for part in np.split(np.arange(len(steps)), sorted(cuts or [])):
        if len(part):
            run.record("loss", np.array(steps, np.float64)[part], part.astype(np.float64))
    return run


@given(st.lists(st.integers(0, 4), max_size=60), st.lists(st.integers(0, 60), max_size=8))
@example([0, 0, 0, 5, 2], [3])
@example([1, 0] * 20, [7, 25])
def test_how_it_was_read_changes_nothing(steps: list[int], cuts: list[int]) -> None:
    whole, pieces = run_of(steps), run_of(steps, cuts)
    assert [values(s) for s in whole.series] == [values(s) for s in pieces.series]
    assert [values(s) for s in whole.curves] == [values(s) for s in pieces.curves]
    assert [s.attempt for s in whole.series] == [s.attempt for s in pieces.series]
    assert whole.notes == pieces.notes


@given(st.lists(st.integers(0, 30), max_size=40))
def test_what_stands_after_restarts_is_what_was_written_last(steps: list[int]) -> None:
    run = run_of(steps)
    if not steps or run.notes:
        return
    stands: list[tuple[float, str]] = []
    for number, step in enumerate(steps):
        if number and step < steps[number - 1]:
            stands = [(at, value) for at, value in stands if at < step]
        stands.append((float(step), repr(float(number))))
    (curve,) = run.curves
    assert values(curve) == stands
    assert sum(len(s.points) for s in run.series) == len(steps)


def test_steps_that_begin_again_in_each_epoch_are_counted() -> None:
    run = run_of([0, 1, 2] * (MOST_ATTEMPTS + 1))
    (series,) = run.series
    assert series.axis == "row"
    assert values(series) == [(float(n), repr(float(n))) for n in range(3 * (MOST_ATTEMPTS + 1))]
    assert run.notes == ["loss: its steps fall again and again, so they are counted"]


def test_a_curve_of_more_values_than_are_kept_keeps_its_peaks() -> None:
    run = LoggedRun("a", Path("a"), "test")
    value = np.ones(200_000)
    value[123_456] = 99
    for part in np.split(np.arange(len(value)), range(777, len(value), 777)):
        run.record("loss", part.astype(np.float64), value[part])
    (series,) = run.series
    assert series.total == 200_000
    assert len(series.points) <= series.capacity
    assert series.points["high"].max() == 99
    assert series.highest == (123_456, 99)
