"""The bell of a process that has no time to look."""

import signal
import socket
import time

import pytest

from nnviz.remote.bell import Bell


@pytest.fixture
def ends():
    before = signal.getsignal(signal.SIGIO)
    mine, theirs = socket.socketpair()
    with mine, theirs:
        yield mine, theirs
    signal.signal(signal.SIGIO, before)


def rings(bell, seconds=2.0):
    """Whether it rings soon, while this process never looks at the socket."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        if bell.has_rung():
            return True
    return False


def test_it_rings_for_what_arrives_and_again_for_what_arrives_later(ends):
    mine, theirs = ends
    bell = Bell(mine.fileno())
    assert not rings(bell, 0.05)
    for _ in range(3):
        theirs.send(b"a request")
        assert rings(bell)
        bell.silence()
        assert not rings(bell, 0.05)


def test_it_rings_when_the_other_end_is_closed(ends):
    mine, theirs = ends
    bell = Bell(mine.fileno())
    theirs.close()
    assert rings(bell)
