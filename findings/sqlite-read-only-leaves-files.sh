#!/usr/bin/env bash
# SQLite 3.54.1 (apsw 3.54.1.0): a connection that only reads leaves files beside a database in WAL mode.
#
# Expected: `mode=ro` changes nothing on the disk. The writer has closed the database, and with it went its journal.
# What happens: to read, `-shm` and `-wal` are made, and closing the reader does not remove them again; so a viewer of
# somebody's log (trackio's databases are in WAL mode) adds to a folder that it was only asked to look at. A reader that
# may write removes them when it closes. With `immutable=1` nothing is made, but then nobody may be writing.
# Seen: one file before; three after reading with mode=ro; one after reading with mode=rw; one with immutable=1.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/python" -m pip install --quiet --disable-pip-version-check "apsw==3.54.1.0"
cd "$work"
mkdir log
"$work/env/bin/python" - <<'PY'
import os

import apsw

assert apsw.sqlite_lib_version() == "3.54.1", apsw.sqlite_lib_version()
READ = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
WRITE = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_URI


def files_after(flags, options):
    database = apsw.Connection(f"file:log/a.db?{options}", flags=flags)
    assert list(database.execute("SELECT step FROM metrics")) == [(1,)]
    database.close()
    return sorted(os.listdir("log"))


writer = apsw.Connection("log/a.db")
writer.execute("PRAGMA journal_mode = WAL")
writer.execute("CREATE TABLE metrics (step); INSERT INTO metrics VALUES (1)")
writer.close()
print("written:    ", sorted(os.listdir("log")))
assert os.listdir("log") == ["a.db"]
after = files_after(READ, "mode=ro")
print("mode=ro:    ", after)
assert after == ["a.db", "a.db-shm", "a.db-wal"], "changed: nothing is left behind now"
after = files_after(WRITE, "mode=rw")
print("mode=rw:    ", after)
assert after == ["a.db"]
after = files_after(READ, "immutable=1")
print("immutable=1:", after)
assert after == ["a.db"]
PY
