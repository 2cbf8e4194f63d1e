"""What wakes a process that has no time to look."""

import signal
import socket

import pytest

from nnviz.remote.wake_signal import WakeSignal


@pytest.fixture
def ends():
    before = signal.getsignal(signal.SIGIO)
    mine, theirs = socket.socketpair()
    with mine, theirs:
        yield mine, theirs
    signal.signal(signal.SIGIO, before)


def wait_until_woken(wake):
    """While this process never looks at the socket."""
    while not wake.is_set():
        pass


def stays_asleep(wake):
    return not any(wake.is_set() for _ in range(100_000))


def test_it_rings_for_what_arrives_and_again_for_what_arrives_later(ends):
    mine, theirs = ends
    wake = WakeSignal(mine.fileno())
    assert stays_asleep(wake)
    for _ in range(3):
        theirs.send(b"a request")
        wait_until_woken(wake)
        wake.clear()
        assert stays_asleep(wake)


def test_it_rings_when_the_other_end_is_closed(ends):
    mine, theirs = ends
    wake = WakeSignal(mine.fileno())
    theirs.close()
    wait_until_woken(wake)
