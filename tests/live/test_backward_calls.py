"""Whoever else puts something in backward's place, each call is heard once, and theirs is called once."""

import itertools
from collections.abc import Iterator

import pytest

torch = pytest.importorskip("torch")

from nnviz.live.backward_calls import Listener  # noqa: E402

pytestmark = pytest.mark.live


class Others:
    """What somebody else puts over backward, and takes down again."""

    def __init__(self) -> None:
        self.calls = 0

    def put(self) -> None:
        below = torch.autograd.backward

        def backward(*args, **kwargs):
            self.calls += 1
            below(*args, **kwargs)

        torch.autograd.backward = backward


class Ears:
    def __init__(self) -> None:
        self.before, self.after = [], 0
        self.listener = Listener(lambda value: self.before.append(value.item()), self._after)

    def _after(self) -> None:
        self.after += 1


@pytest.fixture(autouse=True)
def plain() -> Iterator[object]:
    backward = torch.autograd.backward
    yield backward
    torch.autograd.backward = backward


def call() -> None:
    torch.tensor(3.0, requires_grad=True).mul(2).backward()


def test_asleep_it_is_as_it_was(plain: object) -> None:
    one, other = Ears(), Ears()
    for ears in (one, other):
        ears.listener.wake()
    call()
    one.listener.sleep()
    call()
    other.listener.sleep()
    assert torch.autograd.backward is plain
    call()
    assert (one.before, one.after, other.before, other.after) == ([6.0], 1, [6.0] * 2, 2)


@pytest.mark.parametrize("order", itertools.permutations(("put", "wake", "sleep", "put too", "wake again")))
def test_others_may_come_at_any_time(order: tuple[str, ...]) -> None:
    ears, others = Ears(), [Others(), Others()]
    is_awake = False
    for count, what in enumerate(order):
        match what:
            case "put":
                others[0].put()
            case "put too":
                others[1].put()
            case "sleep":
                ears.listener.sleep()
                is_awake = False
            case _:
                ears.listener.wake()
                is_awake = True
        heard, called = len(ears.before), [each.calls for each in others]
        call()
        assert len(ears.before) - heard == ears.after - heard == is_awake, count
        there = [("put" in order[: count + 1]), ("put too" in order[: count + 1])]
        assert [each.calls - before for each, before in zip(others, called, strict=True)] == there
    ears.listener.sleep()
    call()


def test_what_fails_is_raised_and_the_next_call_is_heard() -> None:
    ears = Ears()
    ears.listener.wake()
    with pytest.raises(RuntimeError):
        torch.tensor(3.0).backward()
    call()
    assert (ears.before, ears.after) == ([3.0, 6.0], 1)
    ears.listener.sleep()
