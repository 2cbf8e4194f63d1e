"""Files that are there whole or not at all, whatever ends the process or fills the disk meanwhile."""

import contextlib
import errno
import os
from pathlib import Path

from nnviz.errors import InputError, NnvizError, UnkeptError

DRAFT = ".part"
NAME_BYTES = 255
"""The longest name of a file, on nearly every file system."""
# What no other name helps against.
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EIO)


def write_asked(path: Path, content: bytes) -> None:
    """Write a file that somebody has asked for, in place of the one that is there, if there is.

    Raises InputError if it cannot be there, UnkeptError if the disk does not take it; what was there is left then.
    """
    try:
        if os.path.lexists(path) and not path.is_file():
            raise InputError(f"{path}: what is there is not a file; choose another name")
        write_whole(path, content)
    except OSError as error:
        raise unwritten(path, error) from None


def unwritten(path: Path | str, error: OSError) -> NnvizError:
    """What to say of a file that somebody has asked for and that cannot be written."""
    said = f"{path}: cannot be written ({error.strerror})"
    return UnkeptError(said) if error.errno in NO_ROOM else InputError(said)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file aside, have it on the disk, and put it in its place; until then, what was there stays.

    Raises OSError, and then leaves no draft. It writes through no link.
    """
    draft = path.with_name(os.fsdecode(os.fsencode(path.name)[: NAME_BYTES - len(DRAFT)]) + DRAFT)
    # One that was killed may have left its draft.
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    try:
        try:
            write_all(descriptor, content)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        draft.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


def append_whole(path: Path, content: bytes) -> None:
    """Add all of `content` to the end of a file or nothing of it. Raises OSError. It writes through no link."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o666)
    try:
        before = os.fstat(descriptor).st_size
        try:
            write_all(descriptor, content)
        except BaseException:
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, before)
            raise
    finally:
        os.close(descriptor)


def flush(path: Path) -> None:
    """Have all of a file on the disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, content: bytes) -> None:
    """Write all of it, however little the system takes at a time. Raises OSError."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _flush_folder(folder: Path) -> None:
    """Have the names in a folder on the disk, where its file system can do that."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)
