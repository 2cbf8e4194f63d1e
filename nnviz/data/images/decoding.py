"""Many image files → squares of bytes, on all cores.

Threads will not do: Pillow lets go of the interpreter lock so often that, with small images, two threads are slower
than one. Where it takes long, other processes help.
"""

import contextlib
import math
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import NamedTuple, TypeAlias

import msgspec
import numpy as np

from nnviz.array import Array
from nnviz.child import start_child
from nnviz.data.cores import available_cores
from nnviz.data.image_sums import image_sums
from nnviz.data.reading import Tell

CHUNK_BYTES = 1 << 19
CHUNK_IMAGES = 64
# To start a helper takes so long; what takes less altogether is done alone.
HELPER_SECONDS = 0.3


class Form(msgspec.Struct, frozen=True):
    """What images are made: squares of `image_size`, in three channels, or in one where `grayscale`."""

    image_size: int
    grayscale: bool

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of each image."""
        return (self.image_size, self.image_size, 1 if self.grayscale else 3)

    @property
    def bytes(self) -> int:
        """Of each image."""
        return math.prod(self.shape)

    @property
    def per_chunk(self) -> int:
        """How many images are decoded, written and checked as one."""
        return max(1, min(CHUNK_IMAGES, CHUNK_BYTES // self.bytes))


class Chunk(NamedTuple):
    """Some images in a row, as they were decoded.

    pixels    (n, height, width, channels) uint8, zeros where an image is unusable
    sums      (n, 2, channels) int64, Σx and Σx²
    checksum  of the pixels
    unusable  (place in the chunk, what is wrong with the image)
    """

    pixels: Array
    sums: Array
    checksum: int
    unusable: list[tuple[int, str]]


Paths: TypeAlias = Sequence[str | Path]
"""Of image files. Where there are very many, strings are made in a fraction of the time."""

Put: TypeAlias = Callable[[int, Chunk], None]
"""Gets each chunk with the place of its first image, in any order, one at a time."""


def decode_chunk(paths: Paths, form: Form) -> Chunk:
    """Those images, one after the other."""
    # Pillow takes its time to load, and what comes from the cache needs none.
    from nnviz.data.images.image_files import decode, pillow_warnings

    pixels = np.zeros((len(paths), *form.shape), np.uint8)
    unusable = []
    with pillow_warnings():
        for place, path in enumerate(paths):
            image = decode(path, form.image_size, form.grayscale)
            if isinstance(image, str):
                unusable.append((place, image))
            else:
                pixels[place] = image
    return Chunk(pixels, image_sums(pixels), zlib.crc32(pixels.data), unusable)


class Helper:
    """A process that decodes chunks. It ends when its connection closes, however that comes. Raises OSError."""

    def __init__(self) -> None:
        self._connection, self._process = start_child("nnviz.data.images.decoder")

    def decode(self, paths: Paths, form: Form) -> Chunk | None:
        """As `decode_chunk`; None if the process has ended."""
        try:
            self._connection.send((paths, form))
            chunk: Chunk = self._connection.recv()
        except (OSError, EOFError):
            return None
        return chunk

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        self._connection.close()


class Decoding:
    """The decoding of some files, chunk by chunk, shared among this process and its helpers."""

    def __init__(self, paths: Paths, form: Form, put: Put, tell: Tell) -> None:
        self._paths, self._form = paths, form
        self._put, self._tell = put, tell
        self._waiting = deque(range(0, len(paths), form.per_chunk))
        self._turn = Lock()
        self._done = 0

    def run(self) -> None:
        """Decode all. Raises what `put` raises."""
        begin = time.perf_counter()
        while self._step(decode_chunk):
            elapsed = time.perf_counter() - begin
            left = len(self._paths) - self._done
            if min(elapsed, elapsed / self._done * left) > HELPER_SECONDS:
                self._run_with_helpers()

    def _run_with_helpers(self) -> None:
        with contextlib.ExitStack() as stack:
            # The helpers are ended first: that sets free the threads that wait for their answers.
            pool = stack.enter_context(ThreadPoolExecutor(max_workers=available_cores()))
            helpers = list(_helpers(available_cores() - 1, stack))
            assisted = [pool.submit(self._assisted_by, helper) for helper in helpers]
            while self._step(decode_chunk):
                pass
            for assistance in assisted:
                assistance.result()

    def _assisted_by(self, helper: Helper) -> None:
        while self._step(helper.decode):
            pass

    def _step(self, decode: Callable[[Paths, Form], Chunk | None]) -> bool:
        """Decode the next chunk; whether there was one, and it could be."""
        try:
            start = self._waiting.popleft()
        except IndexError:
            return False
        chunk = decode(self._paths[start : start + self._form.per_chunk], self._form)
        if chunk is None:
            self._waiting.appendleft(start)
            return False
        with self._turn:
            self._put(start, chunk)
            self._done += len(chunk.pixels)
            self._tell(self._done, len(self._paths))
        return True


def _helpers(count: int, stack: contextlib.ExitStack) -> Iterator[Helper]:
    """So many, or as many as the system lets this process have; they end with the stack."""
    with contextlib.suppress(OSError):
        for _ in range(count):
            helper = Helper()
            stack.callback(helper.end)
            yield helper
