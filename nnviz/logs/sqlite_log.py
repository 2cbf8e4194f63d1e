"""A database of SQLite that somebody else may be writing: read without a lock that would keep the writer waiting.

A connection that only reads still leaves `-shm` and `-wal` files beside a database in WAL mode. So one that has no
writer is read as if it could not change; whether it did is looked at afterwards.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from nnviz.data.bounded import check_file
from nnviz.errors import InputError
from nnviz.outside_text import excerpt

MAGIC = b"SQLite format 3\0"
_WAL = 2
"""Byte 18 of a database in WAL mode."""
TEXT, WHOLE, NUMBER, CONTENT = "'text'", "'integer'", "'real', 'integer'", "'text', 'blob'"
"""Types of values."""
WAIT = 0.5
"""Seconds to wait for a writer's commit."""


class BusyError(InputError):
    """Somebody else is at it just now."""


def is_database(path: Path) -> bool:
    """Whether a file begins as SQLite's do. Raises OSError."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def tables_of(path: Path) -> dict[str, set[str]]:
    """The columns of each table. Raises InputError if it cannot be read."""
    with connected(path) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: {row[1] for row in database.execute(f"PRAGMA table_info({_quoted(name)})")} for name in names}


@contextmanager
def connected(path: Path) -> Iterator[sqlite3.Connection]:
    """The database, for reading alone. Raises InputError in one line, BusyError if another try may help."""
    check_file(path)
    before = _stamp(path)
    still = not _is_written(path)
    uri = f"{path.absolute().as_uri()}?{'immutable=1' if still else 'mode=ro'}"
    try:
        with closing(sqlite3.connect(uri, uri=True, timeout=WAIT)) as database:
            # Texts that are no UTF-8 are shown as far as they can be.
            database.text_factory = lambda text: text.decode("utf-8", "replace")
            # From here on its writer waits with what would change it.
            database.execute("BEGIN")
            database.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
            if _is_short(path):
                raise InputError(f"{path}: is shorter than it says; it was copied in part, or is damaged")
            yield database
    except (sqlite3.Error, OSError, UnicodeError) as error:
        raise _told(path, error, before, still) from None
    if still and before != _stamp(path):
        raise BusyError(f"{path}: it was written to while it was read; read it again")


def _told(path: Path, error: Exception, before: object, still: bool) -> InputError:
    if still and before != _stamp(path):
        return BusyError(f"{path}: it was written to while it was read; read it again")
    if "locked" in str(error):
        return BusyError(f"{path}: its writer has locked it just now; read it again")
    return InputError(
        f"{path}: cannot be read ({excerpt(str(error))}); it is damaged, or its writer left it half written"
    )


def _is_written(path: Path) -> bool:
    """Whether somebody may be writing: there is a journal, or the mode is one in which reading leaves no files."""
    with path.open("rb") as file:
        head = file.read(32)
    if len(head) > 18 and head[18] != _WAL:
        return True
    wal = Path(f"{path}-wal")
    return wal.exists()


def _is_short(path: Path) -> bool:
    """Whether pages are missing at the end, instead of which SQLite may read zeros. With a WAL, they are there."""
    if Path(f"{path}-wal").exists():
        return False
    with path.open("rb") as file:
        head = file.read(100)
    page, changes, pages, counted = (
        int.from_bytes(head[a:b], "big") for a, b in ((16, 18), (24, 28), (28, 32), (92, 96))
    )
    return len(head) < 100 or (changes == counted and path.stat().st_size < pages * (1 << 16 if page == 1 else page))


def _stamp(path: Path) -> tuple[int, int, bool] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, Path(f"{path}-wal").exists()


def of_types(**columns: str) -> str:
    """A condition that values are of the types that their columns should have, which SQLite itself does not see to."""
    return " AND ".join(f"typeof({column}) IN ({kinds})" for column, kinds in columns.items())


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
