"""Event files, written by their specification: what the made ones do not hold."""

import struct
from collections.abc import Iterable

POLYNOMIAL = 0x82F63B78


def crc32c(data: bytes) -> int:
    """Bit by bit, masked."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (POLYNOMIAL if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def record(payload: bytes) -> bytes:
    """A record of an event file."""
    length = struct.pack("<Q", len(payload))
    head = length + struct.pack("<I", crc32c(length))
    return head + payload + struct.pack("<I", crc32c(payload))


def varint(value: int) -> bytes:
    """A whole number of 64 bits."""
    value &= (1 << 64) - 1
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])


def message(number: int, content: bytes) -> bytes:
    """A field of bytes."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def simple(tag: str, value: float) -> bytes:
    """A value as PyTorch writes it."""
    return message(1, message(1, tag.encode()) + b"\x15" + struct.pack("<f", value))


def tensor(tag: str, value: float, plugin: str = "", size: int = 1) -> bytes:
    """A value as TensorFlow writes a tensor of float64: in its content."""
    shape = message(2, message(2, b"\x08" + varint(size)))
    content = b"\x08\x02" + shape + message(4, struct.pack("<d", value) * size)
    named = message(9, message(1, message(1, plugin.encode()))) if plugin else b""
    return message(1, message(1, tag.encode()) + named + message(8, content))


def event(step: int, values: bytes, time: float = 0.0) -> bytes:
    """A record with values; a step of 0 is left out, as the format has it."""
    head = b"\x09" + struct.pack("<d", time) + (b"\x10" + varint(step) if step else b"")
    return record(head + message(5, values))


def curve(tag: str, steps: Iterable[int], values: Iterable[float], time: float = 0.0) -> bytes:
    """A curve, a second a value."""
    pairs = enumerate(zip(steps, values, strict=True))
    return b"".join(event(step, simple(tag, value), time + place) for place, (step, value) in pairs)
