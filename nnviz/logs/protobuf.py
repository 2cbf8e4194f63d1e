"""The wire format of protocol buffers: fields of a message, each with the bytes that it takes.

Source: protobuf.dev, "Encoding". What readers of logs need of it: no schema, no packages.
"""

from collections.abc import Iterator
from typing import NamedTuple

from nnviz.errors import InputError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_SIZES = {FIXED64: 8, FIXED32: 4}


class Field(NamedTuple):
    """One field of a message: its number, its wire type, and where its content lies, a length before it left out."""

    number: int
    wire: int
    start: int
    end: int


class MalformedError(InputError):
    """Bytes that are not a message."""


def fields(data: bytes, start: int, end: int) -> Iterator[Field]:
    """The fields of the message in data[start:end], in their order. Raises MalformedError."""
    while start < end:
        key, start = varint(data, start, end)
        number, wire = key >> 3, key & 7
        if wire == VARINT:
            stop = varint(data, start, end)[1]
        elif wire == BYTES:
            length, start = varint(data, start, end)
            stop = start + length
        elif wire in _SIZES:
            stop = start + _SIZES[wire]
        else:
            raise MalformedError(f"a field of the unknown wire type {wire}")
        if stop > end:
            raise MalformedError("a field that ends behind its message")
        yield Field(number, wire, start, stop)
        start = stop


def varint(data: bytes, start: int, end: int) -> tuple[int, int]:
    """The number that begins at `start`, and where it ends. Raises MalformedError."""
    value = shift = 0
    while start < end and shift < 70:
        byte = data[start]
        start += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, start
        shift += 7
    raise MalformedError("a number that does not end")


def zigzag(value: int) -> int:
    """A sint64 as it was before it became a varint."""
    return (value >> 1) ^ -(value & 1)
