"""Whoever waits for a source to be opened hears how far it is."""

from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from nnviz.frame.frame import Frame
from nnviz.remote.client import RemoteTrainer
from nnviz.remote.messages import Order
from nnviz.remote.opening_progress import OpeningProgress, Watch
from nnviz.runs.ending import Ending
from tests.waiting import has_ended, wait_for

from .conftest import first


def test_the_standing_in_words() -> None:
    assert OpeningProgress(12_345, 50_000, 3210.4).words() == ["12,345 of 50,000 images", "3,210/s", "12 s left"]
    assert OpeningProgress(12, 50, 1.0).share == pytest.approx(0.24)


def test_a_watch_counts_from_the_first_call_and_speaks_now_and_then() -> None:
    now = 100.0
    heard: list[OpeningProgress] = []
    watch = Watch(heard.append, 1.0, lambda: now)
    now = 200.0
    for done in range(10, 51):
        watch(done, 50)
        now += 0.25
    assert [far.done for far in heard] == list(range(14, 51, 4))
    assert all(far.rate == pytest.approx(4) for far in heard)


@pytest.fixture(autouse=True)
def _nothing_is_cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


HELPED = """if True:
    from nnviz.data.images import decoding
    decoding.CHUNK_IMAGES, decoding.HELPER_SECONDS = 2, -1.0
    decoding.available_cores = lambda: 2
"""
# However quick the machine is: each time something is done, it is told.
TOLD_EACH_TIME = """
    from nnviz.remote import opening_progress
    Watch = opening_progress.Watch
    opening_progress.Watch = lambda hear, _, thing="image": Watch(hear, 1e-9, thing=thing)
"""
# However slow it is: once there is a helper, the trainer's own process decodes no more.
STUCK = """
    import signal, sys
    real, done = decoding.decode_chunk, []
    def decode_chunk(paths, form):
        while done:
            signal.pause()
        done.append(paths)
        return real(paths, form)
    if "nnviz.remote.worker" in sys.orig_argv:
        decoding.decode_chunk = decode_chunk
"""


def test_the_screen_hears_of_the_opening_before_the_first_frame(
    make_order: Callable[..., Order],
    start_remote: Callable[[Order], RemoteTrainer],
    in_worker: Callable[[str], None],
) -> None:
    in_worker(HELPED + TOLD_EACH_TIME)
    heard: list[OpeningProgress] = []
    frame = first(start_remote(make_order()), heard.append)
    assert isinstance(frame, Frame)
    assert heard
    assert [far.done for far in heard] == sorted(far.done for far in heard)
    assert {far.total for far in heard} == {16}


def test_to_leave_while_a_source_is_opened_ends_all_processes(
    make_order: Callable[..., Order],
    start_remote: Callable[[Order], RemoteTrainer],
    in_worker: Callable[[str], None],
) -> None:
    in_worker(HELPED + STUCK)
    trainer = start_remote(make_order())
    helpers = wait_for(psutil.Process(trainer.pid).children)
    assert trainer.close() == Ending()
    assert has_ended(trainer.pid)
    for helper in helpers:
        wait_for(lambda helper=helper: has_ended(helper.pid))
