"""Claim: a directory that one process alone keeps a run in."""

import contextlib
import errno
import fcntl
import os
import weakref
from pathlib import Path

from nnviz.errors import InputError

LOCK = ".lock"
# What a process that was killed may have left of a run that had come to nothing.
LEAVINGS = (LOCK, "experiment.toml.part")
TRIES = 20


class Claim:
    """A directory that is this process's own from here on, until it is released or the process ends, however that is.

    It is made if it is not there. Another process that claims it is refused: by a lock on a file in it, which the
    system takes away with the process. On file systems without locks, only what lies in the directory refuses others.

    `option` is where its user has named it. Raises InputError if something is in the directory already, another process
    has it, or it cannot be written to.
    """

    def __init__(self, path: Path, option: str = "--out") -> None:
        self._hold(path)
        self._option = option
        try:
            self._take()
        except OSError as error:
            self.release()
            raise InputError(
                f"{path}: cannot be written to ({error.strerror}); choose another directory with {option}"
            ) from None
        except InputError:
            self.release()
            raise

    @classmethod
    def again(cls, path: Path) -> "Claim":
        """Claim a directory in which there is a run already, to go on with it.

        Raises InputError if another process has it, or it cannot be written to.
        """
        claim = cls.__new__(cls)
        claim._hold(path)
        try:
            claim._descriptors.append(os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
            claim._lock("wait until it has ended")
            # What is read-only may have a lock in it that can be opened.
            if not os.access(path, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        except OSError as error:
            claim.release()
            raise InputError(
                f"{path}: cannot be written to ({error.strerror}); a run goes on in its own directory, or in a copy"
            ) from None
        except InputError:
            claim.release()
            raise
        return claim

    def _hold(self, path: Path) -> None:
        self.path = path
        self._made: list[Path] = []
        # The directory, and the lock in it.
        self._descriptors: list[int] = []
        weakref.finalize(self, _release_own, os.getpid(), path, self._made, self._descriptors)

    def _take(self) -> None:
        for _ in range(TRIES):
            # One that ends in this moment removes what it has made: then all of it is made again.
            with contextlib.suppress(FileNotFoundError):
                self._make()
                self._descriptors.append(os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
                self._lock(f"choose another directory with {self._option}")
                if self.holds and _is_same(self._descriptors[-1], self.path / LOCK):
                    break
            _close(self._descriptors)
        else:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        # Another process may have come, trained and gone meanwhile.
        self._refuse_taken()

    def _make(self) -> None:
        """Make the directory, and those that it lies in, as far as they are not there."""
        self._refuse_taken()
        missing = [folder for folder in (self.path, *self.path.parents) if not folder.exists()]
        for folder in reversed(missing):
            with contextlib.suppress(FileExistsError):
                folder.mkdir()
                self._made.append(folder)

    def _refuse_taken(self) -> None:
        if is_taken(self.path):
            raise InputError(taken(self.path, self._option))

    def _lock(self, advice: str) -> None:
        lock = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise InputError(f"{self.path}: another nnviz is training into it; {advice}") from None
        except OSError:  # A file system without locks.
            pass
        self._descriptors.append(lock)

    @property
    def holds(self) -> bool:
        """Whether the directory is still where it was: nobody has removed it, or put something else in its place."""
        return bool(self._descriptors) and _is_same(self._descriptors[0], self.path)

    def release(self) -> None:
        """Leave it to others. What was made for it and is still empty goes."""
        _release(self.path, self._made, self._descriptors)


def _release_own(pid: int, path: Path, made: list[Path], descriptors: list[int]) -> None:
    # A process that was forked from this one ends without it.
    if os.getpid() == pid:
        _release(path, made, descriptors)


def _release(path: Path, made: list[Path], descriptors: list[int]) -> None:
    if len(descriptors) == 2 and _is_same(descriptors[1], path / LOCK):
        with contextlib.suppress(OSError):
            (path / LOCK).unlink()
    _close(descriptors)
    while made:
        with contextlib.suppress(OSError):
            made.pop().rmdir()


def _close(descriptors: list[int]) -> None:
    while descriptors:
        os.close(descriptors.pop())


def clear(path: Path) -> None:
    """Remove what the claim of a process that was killed has left, if it had come to nothing else."""
    if not is_taken(path):
        with contextlib.suppress(OSError):
            for name in LEAVINGS:
                (path / name).unlink(missing_ok=True)
            path.rmdir()


def is_taken(path: Path) -> bool:
    """Whether something is there already: more than an empty directory, or than what a crash left in it."""
    return os.path.lexists(path) and (not path.is_dir() or any(found.name not in LEAVINGS for found in path.iterdir()))


def taken(path: Path, option: str = "--out") -> str:
    """What to say then, to somebody who has named it by `option`."""
    return f"{path}: already exists and is not empty; choose another directory with {option}"


def _is_same(descriptor: int, path: Path) -> bool:
    """Whether what is open is still what the path leads to."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except OSError:
        return False


def is_claimed(path: Path) -> bool:
    """Whether somebody keeps a run in the directory at this moment. On file systems without locks, nobody does."""
    try:
        lock = os.open(path / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(lock)
    return False
