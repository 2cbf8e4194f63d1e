"""Whoever waits for a source to be opened hears how far it is."""

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from nnviz.remote import opening_progress as opening
from nnviz.remote.client import RemoteTrainer
from nnviz.remote.messages import Order
from nnviz.remote.opening_progress import OpeningProgress, Watch
from nnviz.training.ending import Ending
from nnviz.training.frame import Frame

from .conftest import first


def test_the_standing_in_words() -> None:
    assert OpeningProgress(12_345, 50_000, 3210.4).words() == ["12,345 of 50,000 images", "3,210/s", "12 s left"]
    assert OpeningProgress(12, 50, 1.0).share == pytest.approx(0.24)


def test_a_watch_counts_from_the_first_call_and_speaks_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(opening.time, "perf_counter", lambda: now)
    heard: list[OpeningProgress] = []
    watch = Watch(heard.append, 1.0)
    now = 200.0
    for done in range(10, 51):
        watch(done, 50)
        now += 0.25
    assert [far.done for far in heard] == list(range(14, 51, 4))
    assert all(far.rate == pytest.approx(4) for far in heard)


@pytest.fixture(autouse=True)
def _nothing_is_cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


SLOW = """
import time
from nnviz.data.images import decoding
real = decoding.decode_chunk
def decode_chunk(paths, form):
    time.sleep({seconds})
    return real(paths, form)
decoding.decode_chunk = decode_chunk
decoding.CHUNK_IMAGES = 2
decoding.HELPER_SECONDS = 0.05
"""


def test_the_screen_hears_of_the_opening_before_the_first_frame(
    make_order: Callable[..., Order],
    start_remote: Callable[[Order], RemoteTrainer],
    in_worker: Callable[[str], None],
) -> None:
    in_worker(SLOW.format(seconds=0.12))
    heard: list[OpeningProgress] = []
    frame = first(start_remote(make_order()), heard.append)
    assert isinstance(frame, Frame)
    assert heard
    assert [far.done for far in heard] == sorted(far.done for far in heard)
    assert {far.total for far in heard} == {16}


def test_to_leave_while_a_source_is_opened_ends_all_processes_at_once(
    make_order: Callable[..., Order],
    start_remote: Callable[[Order], RemoteTrainer],
    in_worker: Callable[[str], None],
) -> None:
    in_worker(SLOW.format(seconds=1.0))
    trainer = start_remote(make_order())
    worker = psutil.Process(trainer.pid)
    end = time.monotonic() + 20
    while not worker.children() and time.monotonic() < end:
        time.sleep(0.05)
    helpers = worker.children()
    assert helpers
    begin = time.monotonic()
    assert trainer.close() == Ending()
    assert time.monotonic() - begin < 1
    psutil.wait_procs(helpers, timeout=5)
    with contextlib.suppress(psutil.NoSuchProcess):
        assert not [helper for helper in helpers if helper.is_running() and helper.status() != psutil.STATUS_ZOMBIE]
