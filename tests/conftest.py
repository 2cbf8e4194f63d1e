"""What holds for all tests: none of them sees or fills the cache of whoever runs them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache directory of this session's own, for child processes too."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setitem(os.environ, "XDG_CACHE_HOME", str(folder))
        yield folder
