"""Whoever decodes, and however many of them: every image is decoded once and comes to its own place."""

import os
import signal
import subprocess
from pathlib import Path
from threading import Event

import numpy as np
import psutil
import pytest
from PIL import Image

from nnviz.data.image_sums import image_sums, total_sums
from nnviz.data.images import decoding
from nnviz.data.images.decoding import Form, Helper, decode_chunk
from nnviz.data.images.image_reading import read_images
from nnviz.data.reading import Reading
from nnviz.data.rows import rows_of


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    """300 pictures, each of a colour of its own, and one file that is none."""
    for i in range(300):
        Image.new("RGB", (4, 4), (i % 256, i // 256, 7)).save(tmp_path / f"{i:03}.png")
    (tmp_path / "100.png").write_text("not a picture")
    return sorted(tmp_path.iterdir())


@pytest.fixture
def helped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Help from the first block on, by one process."""
    monkeypatch.setattr(decoding, "HELPER_SECONDS", -1.0)
    monkeypatch.setattr(decoding, "available_cores", lambda: 2)


def check(paths: list[Path], tell: list[tuple[int, int]] | None = None) -> None:
    told: list[tuple[int, int]] = [] if tell is None else tell
    images = read_images(paths, 2, False, Reading(cached=False, tell=lambda *far: told.append(far)))
    expected = np.array([(i % 256, i // 256, 7) if i != 100 else (0, 0, 0) for i in range(300)])
    np.testing.assert_array_equal(images.pixels, np.broadcast_to(expected[:, None, None], (300, 2, 2, 3)))
    np.testing.assert_array_equal(images.sums, image_sums(images.pixels))
    assert images.unusable == {100: "not an image"}
    done = [far for far, _ in told]
    assert done == sorted(set(done))
    assert told[-1] == (300, 300)
    assert psutil.Process().children() == []


def test_one_process_decodes_a_few(paths: list[Path]) -> None:
    check(paths)


@pytest.mark.usefixtures("helped")
def test_a_helper_does_its_part(paths: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    real, own, helped, enough = Helper.decode, list[int](), list[int](), Event()

    def decode(self: Helper, paths: list[Path], form: Form) -> decoding.Chunk | None:
        helped.append(len(paths))
        if len(helped) == 5:
            enough.set()
        return real(self, paths, form)

    def when_it_has_helped(paths: list[Path], form: Form) -> decoding.Chunk:
        # Without the first block nobody is asked to help.
        if own:
            enough.wait()
        own.append(len(paths))
        return decode_chunk(paths, form)

    monkeypatch.setattr(Helper, "decode", decode)
    monkeypatch.setattr(decoding, "decode_chunk", when_it_has_helped)
    monkeypatch.setattr(decoding, "CHUNK_IMAGES", 10)
    check(paths)
    assert sum(own) + sum(helped) == 300
    assert len(helped) >= 5


@pytest.mark.usefixtures("helped")
def test_what_a_killed_helper_had_is_decoded_all_the_same(paths: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    real = Helper.decode

    def decode(self: Helper, paths: list[Path], form: Form) -> decoding.Chunk | None:
        os.kill(self._process.pid, signal.SIGKILL)
        return real(self, paths, form)

    monkeypatch.setattr(Helper, "decode", decode)
    check(paths)


@pytest.mark.usefixtures("helped")
def test_where_no_process_can_be_started_one_does_it_all(paths: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", refused)
    check(paths)


@pytest.mark.usefixtures("helped")
def test_an_interruption_ends_the_helpers(paths: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = []

    def interrupted(paths: list[Path], form: Form) -> decoding.Chunk:
        if blocks:
            raise KeyboardInterrupt
        blocks.append(decode_chunk(paths, form))
        return blocks[0]

    monkeypatch.setattr(decoding, "decode_chunk", interrupted)
    with pytest.raises(KeyboardInterrupt):
        read_images(paths, 2, False, Reading(cached=False))
    assert psutil.Process().children() == []


def test_a_helper_ends_with_the_one_it_helps(paths: list[Path]) -> None:
    helper = Helper()
    assert helper.decode(paths[:3], Form(2, False)) is not None
    helper._connection.close()
    assert helper._process.wait() == 0
    helper.end()


@pytest.mark.parametrize("shape", [(5, 28, 28, 1), (3, 300, 400, 3), (0, 8, 8, 3), (2, 1, 1, 4)])
@pytest.mark.parametrize("value", [None, 255])
def test_sums_are_exact(shape: tuple[int, ...], value: int | None) -> None:
    images = np.random.default_rng(0).integers(0, 256, shape, np.uint8) if value is None else np.full(shape, 255, "u1")
    wide = images.astype(np.int64)
    expected = np.stack([wide.sum(axis=(1, 2)), np.square(wide).sum(axis=(1, 2))], axis=1)
    np.testing.assert_array_equal(image_sums(images), expected)
    np.testing.assert_array_equal(total_sums(images), expected.sum(axis=0))


def test_rows_are_those_of_the_base_and_stay_there() -> None:
    base = np.arange(60).reshape(10, 3, 2)
    rows = rows_of(base).select([7, 1, 1, 4]).select(np.array([3, 0, 2]))
    chosen = base[[4, 7, 1]]
    assert (rows.shape, rows.ndim, rows.dtype, len(rows)) == (chosen.shape, 3, base.dtype, 3)
    np.testing.assert_array_equal(rows, chosen)
    np.testing.assert_array_equal(rows[1:], chosen[1:])
    np.testing.assert_array_equal(rows[2], chosen[2])
    np.testing.assert_array_equal(rows[np.array([2, 0])], chosen[[2, 0]])
    out = np.empty((2, 3, 2), base.dtype)
    assert rows.take(np.array([1, 0]), out) is out
    np.testing.assert_array_equal(out, chosen[[1, 0]])
    assert rows_of(rows) is rows
    assert np.shares_memory(rows[0], base)
    assert rows.select([]).shape == (0, 3, 2)
