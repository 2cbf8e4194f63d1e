"""W&B's offline runs: `wandb/offline-run-DATE_TIME-ID/run-ID.wandb`.

Tried with wandb 0.31.0.

| trap | what nnviz does |
| --- | --- |
| a live file has 7 bytes for 15 s, or until 32 KiB are full | a run that has begun; waits |
| records lie in blocks of 32 KiB, and may be cut into pieces | put together; what is cut at the end is waited for |
| the last bytes of a block, if they are less than a head, are padding | passed over |
| keys are lists, even flat ones: one within another | joined by a point, as wandb shows them |
| values are JSON as text, with bare NaN and Infinity | read as such |
| values may be typed fields too, by the schema | those are read as well |
| histograms and media are objects with a `_type` | no curves |
| wandb itself drops a row of a lower step | nothing: it is not in the file |
| a wrong CRC | says so, and goes on with the next block |

Sources: wandb/proto/wandb_internal.proto; google/leveldb doc/log_format.md. CRCs are those of zlib here, unmasked.
"""

import json
import struct
import zlib
from collections.abc import Iterator
from typing import Any

from nnviz.errors import InputError
from nnviz.logs.jsonl import numbers_in
from nnviz.logs.logged_run import FAILED, FINISHED, RUNNING, LoggedRun
from nnviz.logs.protobuf import BYTES, FIXED64, VARINT, Field, MalformedError, fields, varint, zigzag
from nnviz.logs.rows import NO_TIME, Rows, as_number
from nnviz.logs.tail import CUT, Tail
from nnviz.wording import integer

KIND = "W&B"
HEAD = b":W&B\xe1\xbe\x00"
BLOCK = 1 << 15
WHOLE, FIRST, MIDDLE, LAST = 1, 2, 3, 4
_PIECE = struct.Struct("<IHB")
_HISTORY, _CONFIG, _RUN, _EXIT = 2, 5, 17, 18
_RUN_CONFIG, _RUN_TITLE, _RUN_START = 4, 8, 17
_ITEM, _KEY, _NESTED_KEY = 1, 1, 2
_INTEGER, _NUMBER, _JSON, _VALUE_JSON = 5, 6, 8, 16
_STEP, _TIME, _RUNTIME = "_step", "_timestamp", "_runtime"


class WandbReader:
    """One `.wandb` file, read from where it was."""

    def __init__(self, run: LoggedRun) -> None:
        self.runs = [run]
        self._tail = Tail(run.source)
        self._parts: list[bytes] = []

    def read(self) -> None:
        """Take the records that were added. Raises InputError if it cannot be read, or is not such a file."""
        (run,) = self.runs
        if self._tail.is_anew():
            run.forget()
            self._parts = []
        if self._tail.offset == 0:
            head = self._tail.more(len(HEAD))
            if not HEAD.startswith(head):
                raise InputError(f"{run.source}: does not begin as files of W&B do; it is damaged, or something else")
            if len(head) < len(HEAD):
                run.waiting = CUT
                return
            self._tail.take(len(HEAD))
            run.state = RUNNING
        rows = Rows()
        for record in self._records(run):
            try:
                _take(run, rows, record)
            except MalformedError as error:
                run.note(f"damaged before byte {integer(self._tail.offset)} ({error}); that record is left out")
        rows.record(run)
        run.waiting = CUT if self._parts or not self._tail.is_done() else ""

    def _records(self, run: LoggedRun) -> Iterator[bytes]:
        """The whole records that were added. What was cut at the end stays for the next time."""
        # A block at a time: its end is where the file can be taken up again after damage.
        while True:
            left = BLOCK - self._tail.offset % BLOCK
            block = self._tail.more(left)
            place = 0
            while place + _PIECE.size <= len(block):
                crc, length, kind = _PIECE.unpack_from(block, place)
                end = place + _PIECE.size + length
                if end > left or (end <= len(block) and zlib.crc32(block[place + 6 : end]) != crc):
                    at = integer(self._tail.offset + place)
                    run.note(f"damaged at byte {at}; what is between there and the next block is left out")
                    self._parts = []
                    place = left
                    break
                if end > len(block):
                    break
                yield from self._joined(kind, block[place + _PIECE.size : end])
                place = end
            is_full = len(block) == left
            place = left if is_full and left - place < _PIECE.size else min(place, len(block))
            self._tail.take(place)
            if not is_full or place < left:
                return

    def _joined(self, kind: int, content: bytes) -> Iterator[bytes]:
        if kind in (WHOLE, FIRST):
            self._parts = []
        elif not self._parts:
            # The rest of a record whose beginning was damaged.
            return
        self._parts.append(content)
        if kind in (WHOLE, LAST):
            yield b"".join(self._parts)
            self._parts = []


def _take(run: LoggedRun, rows: Rows, record: bytes) -> None:
    for field in fields(record, 0, len(record)):
        if field.wire != BYTES:
            continue
        if field.number == _HISTORY:
            _take_row(rows, dict(_items(record, field)), _step_of(record, field))
        elif field.number == _RUN:
            _take_run(run, record, field)
        elif field.number == _CONFIG:
            _take_settings(run, record, field)
        elif field.number == _EXIT:
            run.state = FAILED if _first(record, field) else FINISHED


def _step_of(record: bytes, row: Field) -> float | None:
    """The step of a row where it is no item of it."""
    found = [part for part in fields(record, row.start, row.end) if (part.number, part.wire) == (2, BYTES)]
    return float(_first(record, found[-1])) if found else None


def _take_row(rows: Rows, items: dict[str, Any], own_step: float | None) -> None:
    step, time = as_number(items.pop(_STEP, own_step)), as_number(items.pop(_TIME, None))
    items.pop(_RUNTIME, None)
    if step is None:
        return
    for name, value in numbers_in({key: item for key, item in items.items() if not _is_media(item)}):
        rows.add(name, step, value, NO_TIME if time is None else time)


def _take_run(run: LoggedRun, record: bytes, field: Field) -> None:
    for part in fields(record, field.start, field.end):
        if (part.number, part.wire) == (_RUN_CONFIG, BYTES):
            _take_settings(run, record, part)
        elif (part.number, part.wire) == (_RUN_TITLE, BYTES):
            run.title = record[part.start : part.end].decode("utf-8", "replace")
        elif (part.number, part.wire) == (_RUN_START, BYTES):
            run.started = float(_first(record, part))


def _take_settings(run: LoggedRun, record: bytes, field: Field) -> None:
    settings = dict(_items(record, field))
    run.settings |= {key: json.dumps(value) for key, value in settings.items() if not key.startswith("_")}


def _first(record: bytes, message: Field) -> int:
    """The whole number in the first field of a message; 0 if it is not there, as the format has it."""
    found = [f for f in fields(record, message.start, message.end) if (f.number, f.wire) == (1, VARINT)]
    return varint(record, found[-1].start, found[-1].end)[0] if found else 0


def _is_media(item: object) -> bool:
    return isinstance(item, dict) and "_type" in item


def _items(record: bytes, message: Field) -> Iterator[tuple[str, Any]]:
    """Keys and values of a row of the history, or of the settings."""
    for item in fields(record, message.start, message.end):
        if (item.number, item.wire) == (_ITEM, BYTES):
            key, value = _item(record, item)
            if key:
                yield ".".join(key), value


def _item(record: bytes, item: Field) -> tuple[list[str], Any]:
    key: list[str] = []
    value = None
    for field in fields(record, item.start, item.end):
        content = record[field.start : field.end]
        if field.number in (_KEY, _NESTED_KEY) and field.wire == BYTES:
            key.append(content.decode("utf-8", "replace"))
        elif field.number in (_JSON, _VALUE_JSON) and field.wire == BYTES:
            try:
                value = json.loads(content)
            except (ValueError, RecursionError):
                value = None
        elif (field.number, field.wire) == (_NUMBER, FIXED64):
            (value,) = struct.unpack("<d", content)
        elif (field.number, field.wire) == (_INTEGER, VARINT):
            value = zigzag(varint(record, field.start, field.end)[0])
    return key, value
