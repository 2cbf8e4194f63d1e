"""An entry of the cache: one file with the pixels of all images, then what else is known of them, then the footer.

The pixels come first, so that they can be mapped into memory and be written in any order, chunk by chunk, each with a
checksum. The footer tells how long the middle part is, which is MessagePack, and has a checksum of it.
"""

import mmap
import os
import stat
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np

from nnviz.array import Array
from nnviz.data.cores import available_cores
from nnviz.data.images.decoded import Images
from nnviz.data.images.decoding import Chunk, Form

FOOTER = struct.Struct("<8sQI")
MAGIC = b"nnviz im"
# To check 600 MB takes 0.1 s on two cores. Of more than this, chunks are checked that are spread evenly over all.
CHECKED_BYTES = 1 << 30


class About(msgspec.Struct):
    """What is known of the images besides their pixels; of arrays, the bytes."""

    count: int
    sums: bytes
    checksums: bytes
    unusable: dict[int, str]


class EntryWriter:
    """Writes an entry of n images to an open file. Raises OSError."""

    def __init__(self, descriptor: int, n: int, form: Form) -> None:
        self._descriptor, self._form = descriptor, form
        self._sums = np.zeros((n, 2, form.shape[-1]), np.int64)
        self._checksums = np.zeros(-(-n // form.per_chunk), np.uint32)
        self._unusable: dict[int, str] = {}

    def put(self, start: int, chunk: Chunk) -> None:
        """The images from that place on, the first one of a chunk."""
        self._write(start * self._form.bytes, chunk.pixels.tobytes())
        self._sums[start : start + len(chunk.sums)] = chunk.sums
        self._checksums[start // self._form.per_chunk] = chunk.checksum
        self._unusable |= {start + place: reason for place, reason in chunk.unusable}

    def finish(self) -> None:
        """All images are there."""
        n = len(self._sums)
        about = About(n, self._sums.tobytes(), self._checksums.tobytes(), self._unusable)
        middle = msgspec.msgpack.encode(about)
        self._write(n * self._form.bytes, middle + FOOTER.pack(MAGIC, len(middle), zlib.crc32(middle)))

    def _write(self, position: int, content: bytes) -> None:
        # Written and not mapped: a disk that is full raises an error where a mapped file would kill the process.
        while content:
            written = os.pwrite(self._descriptor, content, position)
            position, content = position + written, content[written:]


def read_entry(path: Path, n: int, form: Form) -> Images | None:
    """The n images of an entry, mapped into memory; None if it is damaged. Raises OSError."""
    with open(path, "rb", opener=without_waiting) as file:
        about = _about(file, n * form.bytes)
        if about is None or about.count != n:
            return None
        pixels = np.frombuffer(mmap.mmap(file.fileno(), n * form.bytes, prot=mmap.PROT_READ), np.uint8)
    checksums = np.frombuffer(about.checksums, np.uint32)
    sums = np.frombuffer(about.sums, np.int64)
    if len(sums) != n * 2 * form.shape[-1] or not _is_sound(pixels, checksums, form.per_chunk * form.bytes):
        return None
    return Images(pixels.reshape(n, *form.shape), sums.reshape(n, 2, -1), dict(sorted(about.unusable.items())))


def without_waiting(path: str, flags: int) -> int:
    """Open what may be no file: whoever opens a pipe waits for somebody who writes into it."""
    return os.open(path, flags | os.O_NONBLOCK)


def _about(file: BinaryIO, pixel_bytes: int) -> About | None:
    """What an entry says of so many bytes of pixels, None if the file does not have the right size or is damaged."""
    found = os.fstat(file.fileno())
    rest = found.st_size - pixel_bytes
    if rest < FOOTER.size or not stat.S_ISREG(found.st_mode):
        return None
    file.seek(pixel_bytes)
    content = file.read(rest)
    middle = content[: -FOOTER.size]
    if content[-FOOTER.size :] != FOOTER.pack(MAGIC, len(middle), zlib.crc32(middle)):
        return None
    try:
        return msgspec.msgpack.decode(middle, type=About)
    except msgspec.MsgspecError:
        return None


def _is_sound(pixels: Array, checksums: Array, block_bytes: int) -> bool:
    """Whether the chunks that are checked have the checksums that they had when they were written."""
    if len(checksums) != -(-len(pixels) // block_bytes):
        return False

    def right(chunk: int) -> bool:
        start = chunk * block_bytes
        return zlib.crc32(pixels[start : start + block_bytes].data) == int(checksums[chunk])

    with ThreadPoolExecutor(available_cores()) as pool:
        return all(pool.map(right, range(0, len(checksums), -(-len(pixels) // CHECKED_BYTES))))
