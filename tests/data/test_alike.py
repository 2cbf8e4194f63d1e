"""Examples that are alike are those that a comparison of each with each finds."""

import numpy as np
import pytest
from msgspec.structs import replace

from nnviz.data import alike as module
from nnviz.data.alike import alike, looked_through
from nnviz.data.rows import Rows
from nnviz.data.split import Split


def split(inputs):
    return Split(inputs, np.zeros(len(inputs), np.int64), [str(k) for k in range(len(inputs))])


def one_by_one(splits):
    """Every example with every other one."""
    every = [(number, k, part.inputs[k]) for number, part in enumerate(splits) for k in range(len(part))]
    groups = []
    for number, k, row in every:
        home = next((group for group in groups if np.array_equal(group[0][2], row)), None)
        if home is None:
            groups.append([(number, k, row)])
        else:
            home.append((number, k, row))
    return sorted([(number, k) for number, k, _ in group] for group in groups if len(group) > 1)


@pytest.mark.parametrize("shape", [(2,), (70,), (6, 6, 3)])
@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_groups_are_those_of_a_comparison_of_each_with_each(shape, kind, monkeypatch):
    # So few that examples which differ elsewhere look alike at first.
    monkeypatch.setattr(module, "LOOKED_AT", 1)
    generator = np.random.default_rng(0)
    base = generator.integers(0, 3, (12, *shape)).astype(kind)
    # Alike in all but one number.
    near = base.copy()
    near.reshape(12, -1)[:, 1] += 1
    splits = [split(np.concatenate([base, near])[generator.permutation(24)[:many]]) for many in (20, 9, 9)]
    splits[1] = replace(splits[1], inputs=Rows(np.concatenate([base, near]), generator.integers(0, 24, 9)))
    found = sorted([tuple(place) for place in group] for group in alike(splits))
    assert found == one_by_one(splits)
    assert found


def test_a_zero_is_a_zero_whatever_its_sign():
    assert len(alike([split(np.array([[0.0, 1.0]], np.float32)), split(np.array([[-0.0, 1.0]], np.float32))])) == 1


def test_of_very_many_some_are_looked_at_evenly(monkeypatch):
    monkeypatch.setattr(module, "MOST", 10)
    many = split(np.zeros((25, 1), np.float32))
    assert looked_through(many).tolist() == list(range(0, 25, 3))
    assert len(alike([many])[0]) == 9
