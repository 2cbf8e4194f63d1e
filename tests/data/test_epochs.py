"""Where in which epoch each training step is: told at once as counted step by step."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.data.epochs import Epochs

LATER = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 15)), max_size=4, unique_by=lambda one: one[0]).map(
    sorted
)


def counted(examples, size, later, steps):
    """The epoch, the batch in it and the examples of each step, and how many had been gone through before it."""
    sizes, epoch, batch, start = dict(later), 0, 0, 0
    for step in range(steps):
        size = sizes.get(step, size)
        had = min(size, examples - start)
        yield epoch, batch, start, had, epoch * examples + start
        start, batch = start + had, batch + 1
        if start == examples:
            epoch, batch, start = epoch + 1, 0, 0


@given(st.integers(1, 20), st.integers(1, 25), LATER)
def test_every_step_has_its_place(examples, size, later):
    epochs = Epochs(examples, size, later)
    seen = list(counted(examples, size, later, 60))
    over = [step for step, (_, _, start, _, _) in enumerate(seen) if start == 0]
    for step, (epoch, batch, start, had, before) in enumerate(seen):
        place = epochs.at(step)
        assert (place.epoch, place.batch, place.start) == (epoch, batch, start)
        assert min(place.size, examples - start) == had
        assert epochs.examples_in(step) == before
        assert epochs.are_over(step) == (start == 0)
        assert epochs.begun(step) == (seen[step - 1][0] + 1 if step else 0)
    for number, step in enumerate(over):
        assert epochs.end_of(number) == step


@given(st.integers(1, 20), st.integers(1, 25), LATER)
def test_the_batches_of_an_epoch_are_as_many_as_are_told_after_the_last_change(examples, size, later):
    epochs = Epochs(examples, size, later)
    for step in range(41, 60):
        place = epochs.at(step)
        assert place.batches == epochs.end_of(place.epoch + 1) - (step - place.batch)


@pytest.mark.parametrize("epochs", [0, -3])
def test_before_the_first_epoch_nothing_is_done(epochs):
    assert Epochs(10, 3).end_of(epochs) == 0
