"""What wakes a process that has no time to look."""

import signal
import socket
import time

import pytest

from nnviz.remote.wake_signal import WakeSignal


@pytest.fixture
def ends():
    before = signal.getsignal(signal.SIGIO)
    mine, theirs = socket.socketpair()
    with mine, theirs:
        yield mine, theirs
    signal.signal(signal.SIGIO, before)


def is_woken(wake, seconds=2.0):
    """Whether it rings soon, while this process never looks at the socket."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        if wake.is_set():
            return True
    return False


def test_it_rings_for_what_arrives_and_again_for_what_arrives_later(ends):
    mine, theirs = ends
    wake = WakeSignal(mine.fileno())
    assert not is_woken(wake, 0.05)
    for _ in range(3):
        theirs.send(b"a request")
        assert is_woken(wake)
        wake.clear()
        assert not is_woken(wake, 0.05)


def test_it_rings_when_the_other_end_is_closed(ends):
    mine, theirs = ends
    wake = WakeSignal(mine.fileno())
    theirs.close()
    assert is_woken(wake)
