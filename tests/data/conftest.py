"""Faults of files that a test cannot cause by what it writes, and a watch on what a reader does with damaged ones."""

import io
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import strategies as st

from nnviz.data.dataset import Dataset
from nnviz.errors import InputError

MOST_MEMORY = 4_000_000


def _damaged(whole: bytes) -> st.SearchStrategy[bytes]:
    """The bytes with some of them overwritten, and then cut or made longer."""
    overwritten = st.lists(st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)), max_size=6)

    def change(changes: list[tuple[int, int]], cut: int | None, added: bytes) -> bytes:
        content = bytearray(whole)
        for position, value in changes:
            content[position] = value
        return bytes(content[:cut]) + added

    return st.builds(change, overwritten, st.none() | st.integers(0, len(whole)), st.binary(max_size=8))


@pytest.fixture(scope="session")
def damaged() -> Callable[[bytes], st.SearchStrategy[bytes]]:
    return _damaged


@pytest.fixture(scope="session")
def opened_or_refused() -> Callable[[Callable[[], Dataset]], None]:
    """Check that opening gives a dataset or an InputError of one line, and takes little memory either way."""

    def check(open_it: Callable[[], Dataset]) -> None:
        refusal = ""
        tracemalloc.start()
        try:
            assert len(open_it().train)
        except InputError as error:
            refusal = str(error)
        finally:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert peak < MOST_MEMORY
        assert "\n" not in refusal

    return check


@pytest.fixture
def forbidden(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Forbid a file to be read, to the superuser too."""

    def forbid(path: Path) -> None:
        def opened(file: object, *arguments: object, **options: object) -> object:
            if file == path or file == str(path):
                raise PermissionError(13, "Permission denied")
            return real(file, *arguments, **options)  # type: ignore[call-overload]

        real = io.open
        monkeypatch.setattr(io, "open", opened)

    return forbid


@pytest.fixture
def shut(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Forbid a folder to be listed, to the superuser too."""

    def close(folder: Path) -> None:
        def scanned(path: str | Path) -> object:
            if Path(path) == folder:
                raise PermissionError(13, "Permission denied")
            return real(path)

        real = os.scandir
        monkeypatch.setattr(os, "scandir", scanned)

    return close


@pytest.fixture
def shrinking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the last byte off every plain file as soon as its size is known."""
    from nnviz.data import bounded

    measured = bounded._size

    def size(file: io.BufferedReader) -> int:
        before = measured(file)
        with open(file.name, "r+b") as same:
            same.truncate(before - 1)
        return before

    monkeypatch.setattr(bounded, "_size", size)
