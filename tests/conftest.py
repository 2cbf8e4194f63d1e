"""What holds for all tests: one BLAS thread, as in nnviz; and nobody's cache is seen or filled."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

# Before NumPy is imported: two threads that wait for each other by spinning need many times as long on a busy machine.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache directory of this session's own, for child processes too."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setitem(os.environ, "XDG_CACHE_HOME", str(folder))
        patch.setitem(os.environ, "XDG_STATE_HOME", str(folder))
        yield folder
