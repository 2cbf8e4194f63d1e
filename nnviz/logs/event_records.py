"""The records of a TensorBoard event file, and the single numbers in them.

A record is a length (u64), its CRC (u32), a payload and its CRC (u32), little-endian; CRCs are CRC-32C, masked. The
payload is an `Event`: 1 wall_time (double), 2 step (varint), 5 summary, of which field 1 repeats a value: 1 tag,
2 simple_value (float), 8 tensor, 9 metadata, of which field 1.1 names the plugin. Of a tensor: 1 its type, 2 its shape,
4 its content as bytes, 5, 6 and so on its numbers.

Sources: in tensorflow/core, lib/io/record_writer.h, util/event.proto, framework/summary.proto and tensor.proto.
"""

import struct
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from nnviz.array import Array
from nnviz.logs.crc32c import masked
from nnviz.logs.protobuf import BYTES, FIXED32, FIXED64, Field, MalformedError, fields, varint

HEADER, FOOTER = 12, 4
_HEAD = struct.Struct("<QI")
FEW = 32
"""Kinds of records of one length that are looked for; beyond them each record is read by itself."""
ENOUGH_ALIKE = 32
"""After so many records of one length, as many more as there are of it are looked for at once."""
SEARCHED = 1 << 16
"""Bytes among which a record is looked for at a time."""
DTYPES: dict[int, np.dtype[np.floating[Any]]] = {1: np.dtype("<f4"), 2: np.dtype("<f8"), 19: np.dtype("<f2")}
"""Types of tensors that hold a number: DT_FLOAT, DT_DOUBLE, DT_HALF."""
_NUMBERS = {5: (1, FIXED32), 6: (2, FIXED64)}
"""Fields of a tensor that hold its numbers: the type they belong to, and how one is written."""


class Framed(NamedTuple):
    """Where payloads lie in a piece of a file.

    starts, lengths  (n,) of each payload that is there as a whole
    end              of the last whole record
    damaged          whether what follows cannot be a record, because its length is not what its CRC says
    """

    starts: Array
    lengths: Array
    end: int
    damaged: bool


class Scalars(NamedTuple):
    """Values of one tag, in the order of their records.

    records  (n,) the number of each one's record
    steps    (n,) float64
    values   (n,) float64
    times    (n,) float64, seconds since 1970
    """

    records: Array
    steps: Array
    values: Array
    times: Array


def framed(data: bytes) -> Framed:
    """Find the records in a piece of a file that begins with one."""
    starts, lengths = [], []
    sums: dict[int, int] = {}
    position, end, damaged, alike = 0, len(data), False, 0
    while position + HEADER <= end:
        length, crc = _HEAD.unpack_from(data, position)
        if sums.get(length) != crc:
            if int(masked(np.frombuffer(data, np.uint8, 8, position)[None])[0]) != crc:
                damaged = True
                break
            sums[length] = crc
        following = position + HEADER + length + FOOTER
        if following > end:
            break
        starts.append(position + HEADER)
        lengths.append(length)
        position = following
        alike = alike + 1 if lengths[-1] == lengths[-2:][0] else 0
        if alike >= ENOUGH_ALIKE:
            more, alike = _as_long(data, position, length), 0
            size = following - (starts[-1] - HEADER)
            starts.extend(range(position + HEADER, position + HEADER + more * size, size))
            lengths.extend([length] * more)
            position += more * size
    return Framed(np.array(starts, np.int64), np.array(lengths, np.int64), position, damaged)


def _as_long(data: bytes, position: int, length: int) -> int:
    """How many whole records follow there that all begin as the one before: with this length, and its CRC."""
    size = HEADER + length + FOOTER
    many = (len(data) - position) // size
    if not many:
        return 0
    view = np.frombuffer(data, np.uint8)
    heads = view[position : position + many * size].reshape(many, size)[:, :HEADER]
    differs = (heads != view[position - size : position - size + HEADER]).any(axis=1)
    return int(differs.argmax()) if differs.any() else many


def next_record(data: bytes, start: int) -> int | None:
    """Where, at `start` or behind it, a record begins whose length is what its CRC says; None if there is none."""
    view = np.frombuffer(data, np.uint8)
    for first in range(start, len(data) - HEADER + 1, SEARCHED):
        windows = sliding_window_view(view[first : first + SEARCHED + HEADER - 1], HEADER)
        sums = np.ascontiguousarray(windows[:, 8:]).view("<u4")[:, 0]
        if len(found := np.flatnonzero(masked(windows[:, :8]) == sums)):
            return first + int(found[0])
    return None


class ScalarReader:
    """Finds the single numbers of one file's records, piece after piece.

    What says that a tag's tensors are single numbers stands in its first record only, so it is remembered.
    """

    def __init__(self) -> None:
        self._plugins: dict[bytes, bytes] = {}

    def read(self, data: bytes, records: Framed) -> tuple[dict[str, Scalars], Array]:
        """The values of each tag, and which of the records are damaged (their numbers)."""
        view = np.frombuffer(data, np.uint8)
        found: dict[bytes, list[_Part]] = {}
        damaged = [np.empty(0, np.int64)]
        for length in np.unique(records.lengths):
            own = np.flatnonzero(records.lengths == length)
            rows = view[records.starts[own][:, None] + np.arange(length + FOOTER)]
            sums = np.ascontiguousarray(rows[:, length:]).view("<u4")[:, 0]
            whole = masked(rows[:, :length]) == sums
            damaged.append(own[~whole])
            for layout, members in _sorted_out(rows[whole, :length]):
                for tag, plugin in layout.plugins:
                    self._plugins[tag] = plugin
                for tag, part in layout.parts(rows[whole][members], own[whole][members]):
                    found.setdefault(tag, []).append(part)
        numbers = (b"", b"scalars")
        scalars = {
            tag.decode("utf-8", "replace"): _in_order(parts)
            for tag, parts in found.items()
            if self._plugins.get(tag, b"") in numbers
        }
        return scalars, np.concatenate(damaged)


_Part = tuple[Array, Array, Array, Array]


class _Number(NamedTuple):
    tag: bytes
    start: int
    dtype: np.dtype[np.floating[Any]]


class _Layout:
    """Where an event has its time, its step and its numbers. All that have the same bytes elsewhere are like it."""

    def __init__(self, event: bytes) -> None:
        self.time: int | None = None
        self.step: tuple[int, int] | None = None
        self.numbers: list[_Number] = []
        self.plugins: list[tuple[bytes, bytes]] = []
        for field in fields(event, 0, len(event)):
            if (field.number, field.wire) == (1, FIXED64):
                self.time = field.start
            elif field.number == 2:
                self.step = field.start, field.end
            elif (field.number, field.wire) == (5, BYTES):
                for value in fields(event, field.start, field.end):
                    if (value.number, value.wire) == (1, BYTES):
                        self._value(event, value)

    def fixed(self, length: int) -> Array:
        """Which bytes (length,) are the same in all events of this layout."""
        fixed = np.ones(length, bool)
        if self.time is not None:
            fixed[self.time : self.time + 8] = False
        if self.step is not None:
            fixed[slice(*self.step)] = False
        for number in self.numbers:
            fixed[number.start : number.start + number.dtype.itemsize] = False
        return fixed

    def parts(self, rows: Array, records: Array) -> list[tuple[bytes, _Part]]:
        """The numbers of events (n, length) of this layout, by tag."""
        times = np.zeros(len(rows)) if self.time is None else _numbers(rows, self.time, np.dtype("<f8"))
        steps = np.zeros(len(rows)) if self.step is None else _varints(rows, *self.step)
        return [(n.tag, (records, steps, _numbers(rows, n.start, n.dtype), times)) for n in self.numbers]

    def _value(self, event: bytes, value: Field) -> None:
        tag, number = b"", None
        for field in fields(event, value.start, value.end):
            if field.number == 1:
                tag = event[field.start : field.end]
            elif (field.number, field.wire) == (2, FIXED32):
                number = field.start, DTYPES[1]
            elif (field.number, field.wire) == (8, BYTES):
                number = _in_tensor(event, field)
            elif (field.number, field.wire) == (9, BYTES) and (plugin := _plugin(event, field)):
                self.plugins.append((tag, plugin))
        if number:
            self.numbers.append(_Number(tag, *number))


def _in_tensor(event: bytes, tensor: Field) -> tuple[int, np.dtype[np.floating[Any]]] | None:
    """Where a tensor of one number has it, and of which type it is; None for any other tensor."""
    kind, content, numbers = 0, None, []
    for field in fields(event, tensor.start, tensor.end):
        if field.number == 1:
            kind = varint(event, field.start, field.end)[0]
        elif (field.number, field.wire) == (2, BYTES) and _size(event, field) != 1:
            return None
        elif (field.number, field.wire) == (4, BYTES):
            content = field
        elif field.number in _NUMBERS:
            numbers.append(field)
    dtype = DTYPES.get(kind)
    if dtype is None:
        return None
    if content and content.end - content.start == dtype.itemsize:
        return content.start, dtype
    if len(numbers) == 1 and _NUMBERS[numbers[0].number][0] == kind:
        (only,) = numbers
        # Written by itself, or packed with its length before it: the content is the same.
        if only.end - only.start == dtype.itemsize:
            return only.start, dtype
    return None


def _size(event: bytes, shape: Field) -> int:
    size = 1
    for dimension in fields(event, shape.start, shape.end):
        if (dimension.number, dimension.wire) == (2, BYTES):
            lengths = [f for f in fields(event, dimension.start, dimension.end) if f.number == 1]
            size *= varint(event, lengths[-1].start, lengths[-1].end)[0] if lengths else 0
    return size


def _plugin(event: bytes, metadata: Field) -> bytes:
    for field in fields(event, metadata.start, metadata.end):
        if (field.number, field.wire) == (1, BYTES):
            for name in fields(event, field.start, field.end):
                if name.number == 1:
                    return event[name.start : name.end]
    return b""


def _sorted_out(rows: Array) -> list[tuple[_Layout, Array]]:
    """Events (n, length) by their layout: each with the numbers of its rows. What is not an event is left out."""
    layouts: list[tuple[_Layout, Array]] = []
    left = np.arange(len(rows))
    while len(left):
        event = rows[left[0]].tobytes()
        try:
            layout = _Layout(event)
        except MalformedError:
            left = left[1:]
            continue
        alike = np.zeros(len(left), bool)
        alike[0] = True
        if layout.numbers and len(layouts) < FEW:
            alike = _alike(rows[left], layout)
        layouts.append((layout, left[alike]))
        left = left[~alike]
    return layouts


def _alike(rows: Array, layout: _Layout) -> Array:
    """Which rows have the layout of the first one: the same fixed bytes, and a step of as many bytes."""
    fixed = layout.fixed(rows.shape[1])
    alike: Array = (rows[:, fixed] == rows[0, fixed]).all(axis=1)
    if layout.step:
        start, end = layout.step
        alike &= (rows[:, start : end - 1] >= 0x80).all(axis=1) & (rows[:, end - 1] < 0x80)
    return alike


def _numbers(rows: Array, start: int, dtype: np.dtype[np.floating[Any]]) -> Array:
    content = np.ascontiguousarray(rows[:, start : start + dtype.itemsize])
    numbers: Array = content.view(dtype)[:, 0].astype(np.float64)
    return numbers


def _varints(rows: Array, start: int, end: int) -> Array:
    """Steps (n,): whole numbers of 64 bits, each written in end − start bytes."""
    bits = (rows[:, start:end] & 0x7F).astype(np.uint64) << (np.uint64(7) * np.arange(end - start, dtype=np.uint64))
    numbers: Array = np.bitwise_or.reduce(bits, axis=1).view(np.int64).astype(np.float64)
    return numbers


def _in_order(parts: list[_Part]) -> Scalars:
    records, steps, values, times = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(records, kind="stable")
    return Scalars(records[order], steps[order], values[order], times[order])
