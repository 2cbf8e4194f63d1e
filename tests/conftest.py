"""What holds for all tests: one BLAS thread, as in nnviz; nobody's cache is seen or filled; pictures are drawn once."""

import gc
import os
import signal
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from nnviz.data.dataset import Dataset

# Before NumPy is imported: two threads that wait for each other by spinning need many times as long on a busy machine.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# On a busy machine an example takes as long as it takes.
settings.register_profile("nnviz", deadline=None)
settings.load_profile("nnviz")


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache directory of this session's own, for child processes too."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setitem(os.environ, "XDG_CACHE_HOME", str(folder))
        patch.setitem(os.environ, "XDG_STATE_HOME", str(folder))
        yield folder


@pytest.fixture(autouse=True, scope="session")
def _signals_reach_what_is_started() -> None:
    """Also where they are ignored, as by nohup and in the background of a script: what is started would inherit that.

    A handler is not inherited.
    """
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


@pytest.fixture(autouse=True, scope="session")
def _drawn_once() -> Iterator[None]:
    """The built-in pictures are drawn once for all tests of a process, which cannot write to them.

    That they are the same each time that they are drawn is for the tests of drawing to say.
    """
    from nnviz.data.drawn import pictures

    drawn = pictures.open_drawn

    def unchangeable(name: str, image_size: int, grayscale: bool) -> "Dataset":
        dataset = drawn(name, image_size, grayscale)
        for split in (dataset.train, dataset.validation, dataset.test):
            split.inputs.flags.writeable = split.labels.flags.writeable = False
        return dataset

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "open_drawn", cache(unchangeable))
        yield


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """What was loaded and collected stays: to look through it for garbage takes a tenth of a second each time.

    Many tests have the garbage of their own collected, to say what is left of it.
    """
    gc.collect()
    gc.freeze()
