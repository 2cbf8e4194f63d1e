"""The cache of decoded images: files in the user's cache directory.

An entry is called by what it was made from: this version of nnviz's decoding, Pillow's version, the form of the images,
and of each image file its path, its device and inode, its size and when it was changed last (mtime and ctime). The
ctime cannot be set back as the mtime can, so that an image which was edited in place is noticed; two folders that have
changed their names are noticed by the inodes, since nothing else of the files in them is another. Contents are not
compared: a set that is larger than memory would be read whole at every start. Nor is all of an entry above 1 GiB: of
its checksums some are compared at each start, always the same ones, so that damage in between may go unnoticed.

An entry is written under another name and renamed when it is complete; nobody ever sees half of one, and two processes
that make the same one do not disturb each other. Which of these drafts still has somebody who writes it, a lock tells.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import PIL
from platformdirs import user_cache_path

from nnviz.data.images.cache_entry import EntryWriter, read_entry, without_waiting
from nnviz.data.images.decoded import Images
from nnviz.data.images.decoding import Chunk, Form, Paths, Put

VERSION = 3
"""To be counted up when decoding makes of the same file other pixels, or other words about what is wrong with it."""

MOST_BYTES = 8 << 30
"""All entries together. Above that, those go that were not used for the longest time."""

ENTRY, DRAFT = ".images", ".draft"
# Two changes of a file that are less than a tick of its clock apart may leave the same time.
TICK_NANOSECONDS = 20_000_000


class CacheError(Exception):
    """The cache cannot be used, and why."""


def cache_folder() -> Path:
    """Where the entries are: below $XDG_CACHE_HOME or ~/.cache, on macOS below ~/Library/Caches."""
    return user_cache_path("nnviz", appauthor=False) / "images"


class Place:
    """Where the images of some files are kept, in some form, or would be. Its methods raise CacheError."""

    def __init__(self, paths: Paths, form: Form) -> None:
        self._folder = cache_folder()
        self._n, self._form = len(paths), form
        states = list(map(_state, paths))
        self._last_change = max(state[-1] for state in states)
        with _explained():
            here = os.path.join(os.getcwd(), "")
        absolute = [path if os.path.isabs(path) else here + path for path in map(str, paths)]
        key = hashlib.sha256(repr((VERSION, PIL.__version__, form, absolute, states)).encode())
        self._path = self._folder / (key.hexdigest()[:40] + ENTRY)

    @property
    def is_taken(self) -> bool:
        """Whether there is an entry, sound or not."""
        return os.path.exists(self._path)

    def images(self) -> Images | None:
        """The images as they are kept, None if they are not, or damaged."""
        with _explained():
            try:
                images = read_entry(self._path, self._n, self._form)
            except FileNotFoundError:
                return None
        # The time of the last change tells when it was used last.
        with contextlib.suppress(OSError):
            os.utime(self._path)
        return images

    def make(self, decode: Callable[[Put], None]) -> Images:
        """Have the images decoded, and kept unless they may change.

        What `decode` raises is raised, and nothing is left behind.
        """
        self._let_the_clock_tick()
        with _explained():
            self._folder.mkdir(parents=True, exist_ok=True)
            _remove_orphans(self._folder)
            if shutil.disk_usage(self._folder).free < self._n * self._form.bytes:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            descriptor, draft = _new_draft(self._folder)
        try:
            writer = EntryWriter(descriptor, self._n, self._form)
            decode(_explaining(writer.put))
            with _explained():
                writer.finish()
                return self._kept(draft)
        finally:
            os.close(descriptor)
            draft.unlink(missing_ok=True)

    def _kept(self, draft: Path) -> Images:
        """The images of a complete draft. Put it in its place, and remove others where they have become too many.

        Those that may change are not kept: their file is removed, and stays mapped. Raises OSError.
        """
        images = read_entry(draft, self._n, self._form)
        if images is None:
            raise OSError(errno.EIO, "what was written is not what can be read")
        if images.may_change:
            return images
        draft.replace(self._path)
        _make_room(self._path)
        return images

    def _let_the_clock_tick(self) -> None:
        """Wait until a file that is changed from now on gets another time than it has."""
        passed = time.time_ns() - self._last_change
        if 0 <= passed < TICK_NANOSECONDS:
            time.sleep((TICK_NANOSECONDS - passed) / 1e9)


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CacheError(error.strerror or str(error)) from None


def _explaining(put: Put) -> Put:
    def explained(start: int, chunk: Chunk) -> None:
        with _explained():
            put(start, chunk)

    return explained


def _state(path: str | Path) -> tuple[int, int, int, int, int]:
    """Device, inode, size, time of the last change of the contents, and of anything; all −1 if there is no file."""
    try:
        found = os.stat(path)
    except OSError:
        return (-1, -1, -1, -1, -1)
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _new_draft(folder: Path) -> tuple[int, Path]:
    """A draft that is open, and locked. Raises OSError."""
    while True:
        descriptor, name = tempfile.mkstemp(DRAFT, dir=folder)
        with contextlib.suppress(OSError):  # Not every file system has locks; there, no draft is removed as an orphan.
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        # Before it was locked, another process may have taken it for an orphan.
        if os.path.exists(name):
            return descriptor, Path(name)
        os.close(descriptor)


def _remove_orphans(folder: Path) -> None:
    """Remove the drafts of processes that have ended."""
    for draft in folder.glob(f"*{DRAFT}"):
        with contextlib.suppress(OSError), open(draft, "rb", opener=without_waiting) as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            draft.unlink()


def _make_room(kept: Path) -> None:
    """Remove the entries that were not used for the longest time until the rest is small enough; never that one."""
    entries = []
    for path in kept.parent.glob(f"*{ENTRY}"):
        with contextlib.suppress(OSError):  # Another process may have removed it.
            found = path.stat()
            entries.append((path == kept, found.st_mtime_ns, found.st_size, path))
    total = sum(size for _, _, size, _ in entries)
    for is_kept, _, size, path in sorted(entries):
        if total <= MOST_BYTES or is_kept:
            return
        with contextlib.suppress(OSError):  # The next one may go; if none does, the new one is good all the same.
            path.unlink(missing_ok=True)
            total -= size
