"""Images come out of the cache as they went in, or they are decoded again."""

import errno
import os
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nnviz.data.dataset import Dataset
from nnviz.data.images import cache, cache_entry, decoding, image_files
from nnviz.data.images.decoded import NOT_NOW, Images
from nnviz.data.images.image_folder import open_image_folder
from nnviz.data.images.image_reading import read_images
from nnviz.data.reading import Reading
from nnviz.data.rows import Rows
from nnviz.data.standardization import Standardization

SIZE = 8
DAMAGED = ("the cache of decoded images was damaged, and is made anew",)


@pytest.fixture(autouse=True)
def entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache: the folder of its entries."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "nnviz" / "images"


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a process that helps to decode, which would know nothing of what a test replaces in this one."""
    monkeypatch.setattr(decoding, "available_cores", lambda: 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes of 60 noisy pictures, and a file in each that is none."""
    generator = np.random.default_rng(0)
    for name in ("a", "b"):
        (tmp_path / "set" / name).mkdir(parents=True)
        for i in range(60):
            Image.fromarray(generator.integers(0, 256, (9, 12, 3), np.uint8)).save(tmp_path / "set" / name / f"{i}.png")
        (tmp_path / "set" / name / "30a.png").write_text("not a picture")
    return tmp_path / "set"


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Path]]:
    """The files that were decoded, as they are."""
    paths: list[Path] = []
    real = image_files.decode

    def decode(path: Path, *form: Any) -> Any:
        paths.append(path)
        return real(path, *form)

    monkeypatch.setattr(image_files, "decode", decode)
    return paths


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.*"))


def read(folder: Path, cached: bool = True, size: int = SIZE, grayscale: bool = False) -> Images:
    return read_images(files(folder), size, grayscale, Reading(cached))


def opened(folder: Path, cached: bool = True) -> Dataset:
    return open_image_folder(folder, SIZE, False, np.random.default_rng(0), Reading(cached))


def only(folder: Path) -> Path:
    (entry,) = folder.iterdir()
    return entry


def uncached(entries: Path, why: str) -> str:
    return f"decoded images cannot be cached in {entries} ({why}), so every start decodes them"


def assert_same(one: Images, other: Images) -> None:
    np.testing.assert_array_equal(one.pixels, other.pixels)
    np.testing.assert_array_equal(one.sums, other.sums)
    assert list(one.unusable.items()) == list(other.unusable.items())


def test_the_second_time_nothing_is_decoded_and_all_is_the_same(folder: Path, decoded: list[Path]) -> None:
    plain = opened(folder, cached=False)
    first = opened(folder)
    decoded.clear()
    second = opened(folder)
    assert not decoded
    for dataset in (first, second):
        for role in ("train", "validation", "test"):
            one, other = getattr(plain, role), getattr(dataset, role)
            np.testing.assert_array_equal(one.inputs, other.inputs)
            np.testing.assert_array_equal(one.labels, other.labels)
            assert one.names == other.names
        assert dataset.skipped == plain.skipped
        assert dataset.notes == plain.notes
        np.testing.assert_array_equal(dataset.standardization.mean, plain.standardization.mean)
    assert [(skip.name, skip.reason) for skip in second.skipped] == [
        ("a/30a.png", "not an image"),
        ("b/30a.png", "not an image"),
    ]


def test_the_second_time_each_file_is_looked_up_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(folder)
    asked: list[Path] = []

    def stat(path: Any, *arguments: Any, **options: Any) -> os.stat_result:
        asked.append(Path(path))
        return real(path, *arguments, **options)

    real = os.stat
    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", stat)
        opened(folder)
    images = set(files(folder))
    assert sorted(path for path in asked if path in images) == sorted(images)


def test_a_folder_has_the_same_entry_from_wherever_it_is_opened(
    folder: Path, entries: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(folder)
    for place in (folder.parent, folder):
        monkeypatch.chdir(place)
        opened(Path(os.path.relpath(folder)))
    assert only(entries)


def test_without_the_cache_nothing_is_written(folder: Path, entries: Path) -> None:
    read(folder, cached=False)
    assert not entries.exists()


def test_other_sizes_and_shades_have_entries_of_their_own(folder: Path, entries: Path, decoded: list[Path]) -> None:
    shapes = [read(folder, size=size, grayscale=gray).pixels.shape[1:] for size in (8, 9) for gray in (False, True)]
    assert shapes == [(8, 8, 3), (8, 8, 1), (9, 9, 3), (9, 9, 1)]
    assert len(list(entries.iterdir())) == 4
    decoded.clear()
    read(folder, size=9)
    assert not decoded


def edit_in_place(path: Path) -> None:
    """Another picture of as many bytes, with the old time of its last change."""
    before = path.stat()
    content = bytearray(path.read_bytes())
    Image.new("RGB", (12, 9), "red").save(path)
    content[: path.stat().st_size] = path.read_bytes()
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)


def test_an_image_edited_in_place_is_noticed_even_with_its_old_time(folder: Path) -> None:
    before = read(folder).pixels.copy()
    edit_in_place(folder / "a" / "0.png")
    after = read(folder).pixels
    np.testing.assert_array_equal(after[0], np.broadcast_to([255, 0, 0], (SIZE, SIZE, 3)))
    np.testing.assert_array_equal(after[1:], before[1:])


def test_a_file_that_was_just_written_is_read_when_its_next_change_would_show(folder: Path) -> None:
    path = folder / "a" / "0.png"
    Image.new("RGB", (12, 9), "red").save(path)
    begun: list[int] = []
    read_images([path], SIZE, False, Reading(tell=lambda *_: begun.append(time.time_ns())))
    assert begun[0] - path.stat().st_ctime_ns >= cache.TICK_NANOSECONDS


def test_added_removed_and_renamed_files_are_noticed(folder: Path, decoded: list[Path]) -> None:
    read(folder)
    Image.new("RGB", (12, 9), "red").save(folder / "a" / "new.png")
    (folder / "a" / "1.png").unlink()
    (folder / "b" / "0.png").rename(folder / "b" / "zero.png")
    decoded.clear()
    images = read(folder)
    assert decoded == files(folder)
    assert_same(images, read(folder, cached=False))


def test_two_classes_that_change_their_names_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where all files have one size and one time, as an archive may unpack them."""

    def stat(path: Any, *arguments: Any, **options: Any) -> os.stat_result:
        found = real(path, *arguments, **options)
        return os.stat_result(found[:10], {"st_mtime_ns": 0, "st_ctime_ns": 0})

    real = os.stat
    for name, colour in (("cat", "red"), ("dog", "lime")):
        (tmp_path / "set" / name).mkdir(parents=True)
        Image.new("RGB", (9, 9), colour).save(tmp_path / "set" / name / "0.bmp")
    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", stat)
        read(tmp_path / "set")
        for old, new in (("cat", "kept"), ("dog", "cat"), ("kept", "dog")):
            (tmp_path / "set" / old).rename(tmp_path / "set" / new)
        assert_same(read(tmp_path / "set"), read(tmp_path / "set", cached=False))


def test_other_versions_have_entries_of_their_own(
    folder: Path, decoded: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    read(folder)
    for module, name, value in ((cache, "VERSION", 10**6), (cache.PIL, "__version__", "99.0")):
        monkeypatch.setattr(module, name, value)
        decoded.clear()
        read(folder)
        assert decoded == files(folder)


def test_what_could_not_be_read_once_is_read_the_next_time(
    folder: Path, entries: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = image_files.decode
    with monkeypatch.context() as patch:
        patch.setattr(
            image_files,
            "decode",
            lambda path, *form: f"{NOT_NOW}: Input/output error" if path.name == "3.png" else real(path, *form),
        )
        images = read(folder)
    assert list(images.unusable.values()).count("could not be read now: Input/output error") == 2
    assert np.asarray(images.pixels).any()
    assert not list(entries.iterdir())
    assert_same(read(folder), read(folder, cached=False))
    assert only(entries)


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place:][1:]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-1],
        lambda content: content[: len(content) // 2],
        lambda content: content[:0],
        lambda content: content + b"\0",
        lambda content: flipped(content, 0),
        lambda content: flipped(content, 10_000),
        lambda content: flipped(content, 122 * SIZE * SIZE * 3 - 1),
        lambda content: flipped(content, 122 * SIZE * SIZE * 3 + 30),
        lambda content: flipped(content, len(content) - 1),
        lambda content: b"\0" * len(content),
        lambda content: content[:1000] + bytes(4096) + content[5096:],
        lambda content: os.urandom(len(content)),
        lambda content: content[: 122 * SIZE * SIZE * 3] + bytes(cache_entry.FOOTER.size),
    ],
)
def test_a_damaged_entry_is_noticed_and_made_anew(folder: Path, entries: Path, damage: Any) -> None:
    read(folder)
    entry = only(entries)
    entry.write_bytes(damage(entry.read_bytes()))
    images = read(folder)
    assert images.notes == DAMAGED
    assert_same(images, read(folder, cached=False))
    again = read(folder)
    assert again.notes == ()
    assert_same(again, images)


def test_a_pipe_in_the_place_of_an_entry_is_not_waited_for(folder: Path, entries: Path) -> None:
    read(folder)
    entry = only(entries)
    entry.unlink()
    os.mkfifo(entry)
    os.mkfifo(entries / "left.draft")
    images = read(folder)
    assert images.notes == DAMAGED
    assert_same(images, read(folder, cached=False))
    assert entry.is_file()


@pytest.mark.parametrize("put", [os.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_no_file_in_the_place_of_an_entry_is_told(
    folder: Path, entries: Path, put: Callable[[Path], None]
) -> None:
    read(folder)
    entry = only(entries)
    entry.unlink()
    put(entry)
    images = read(folder)
    assert images.notes
    assert_same(images, read(folder, cached=False))


def test_of_a_large_entry_blocks_all_over_it_are_checked(
    folder: Path, entries: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = 122 * SIZE * SIZE * 3
    monkeypatch.setattr(cache_entry, "CHECKED_BYTES", whole // 2 + 1)
    read(folder)
    content = only(entries).read_bytes()
    only(entries).write_bytes(flipped(content, whole - 1))
    assert read(folder).notes == ()
    only(entries).write_bytes(flipped(content, 0))
    assert read(folder).notes == DAMAGED


def test_a_cache_that_cannot_be_written_is_told_and_done_without(folder: Path, entries: Path) -> None:
    entries.parent.mkdir(parents=True)
    entries.write_text("a file where the folder should be")
    images = read(folder)
    assert images.notes == (uncached(entries, "Not a directory"),)
    assert_same(images, read(folder, cached=False))
    assert opened(folder).notes == images.notes


def test_a_disk_that_is_full_is_told_and_nothing_is_left(
    folder: Path, entries: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []

    def write(descriptor: int, content: bytes, position: int) -> int:
        written.append(position)
        if len(written) > 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(descriptor, content[:100], position)

    real = os.pwrite
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", write)
        images = read(folder)
    assert images.notes == (uncached(entries, "No space left on device"),)
    assert_same(images, read(folder, cached=False))
    assert not list(entries.iterdir())


def test_a_set_that_does_not_fit_on_the_disk_is_not_begun(
    folder: Path, entries: Path, decoded: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache.shutil, "disk_usage", lambda _: cache.shutil._ntuple_diskusage(10**6, 10**6, 1000))
    assert read(folder).notes == (uncached(entries, "No space left on device"),)
    assert decoded == files(folder)


def test_what_is_written_in_pieces_is_written_whole(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.pwrite
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", lambda descriptor, content, place: real(descriptor, content[:1000], place))
        images = read(folder)
    assert images.notes == ()
    assert_same(images, read(folder, cached=False))


def test_an_error_of_whoever_is_told_is_no_error_of_the_cache(folder: Path, entries: Path) -> None:
    told: list[int] = []

    def tell(done: int, _: int) -> None:
        told.append(done)
        if len(told) == 1:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        read_images(files(folder), SIZE, False, Reading(tell=tell))
    assert not list(entries.iterdir())


KILLED = """
import sys, os
from pathlib import Path
from nnviz.data.images.image_reading import read_images
from nnviz.data.reading import Reading
read_images(sorted(Path(sys.argv[1]).rglob("*.*")), 8, False, Reading(tell=lambda *_: os.kill(os.getpid(), 9)))
"""


def test_what_a_killed_process_left_is_not_used_and_is_cleaned_up(folder: Path, entries: Path) -> None:
    process = subprocess.run([sys.executable, "-c", KILLED, str(folder)], check=False)
    assert process.returncode == -9
    assert only(entries).suffix == ".draft"
    assert_same(read(folder), read(folder, cached=False))
    assert only(entries).suffix == ".images"


def test_a_draft_that_another_process_removes_before_it_is_locked_is_made_again(
    folder: Path, entries: Path, decoded: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def mkstemp(*arguments: Any, **options: Any) -> Any:
        descriptor, name = real(*arguments, **options)
        made.append(name)
        if len(made) == 1:
            cache._remove_orphans(entries)
        return descriptor, name

    made: list[str] = []
    real = cache.tempfile.mkstemp
    monkeypatch.setattr(cache.tempfile, "mkstemp", mkstemp)
    images = read(folder)
    assert len(made) == 2
    assert images.notes == ()
    assert decoded == files(folder)
    assert only(entries).suffix == ".images"


def test_two_who_make_the_same_entry_do_not_disturb_each_other(folder: Path, entries: Path) -> None:
    others: list[Images] = []

    def tell(done: int, total: int) -> None:
        if done < total:
            others.append(read(folder))

    mine = read_images(files(folder), SIZE, False, Reading(tell=tell))
    assert len(others) == 1
    assert_same(mine, others[0])
    assert_same(mine, read(folder, cached=False))
    assert only(entries).suffix == ".images"


def test_the_entries_used_longest_ago_go_and_never_the_new_one(
    folder: Path, entries: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = []
    for age, size in enumerate((8, 9, 10)):
        read(folder, size=size)
        paths.append(max(entries.iterdir(), key=lambda path: path.stat().st_size))
        os.utime(paths[-1], ns=(age, age))
    read(folder, size=8)
    total = sum(path.stat().st_size for path in paths)
    monkeypatch.setattr(cache, "MOST_BYTES", total)
    read(folder, size=3)
    assert [path.exists() for path in paths] == [True, False, True]
    monkeypatch.setattr(cache, "MOST_BYTES", 1)
    read(folder, size=11)
    assert only(entries).stat().st_size > 122 * 11 * 11 * 3


def test_an_old_entry_that_cannot_be_removed_does_not_cost_the_new_one(
    folder: Path, entries: Path, decoded: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unlink(path: Path, missing_ok: bool = False) -> None:
        if path == old:
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
        real(path, missing_ok)

    read(folder, size=9)
    old, real = only(entries), Path.unlink
    monkeypatch.setattr(cache, "MOST_BYTES", 1)
    monkeypatch.setattr(Path, "unlink", unlink)
    decoded.clear()
    assert read(folder).notes == ()
    assert decoded == files(folder)


def test_splits_stay_in_the_mapped_file(folder: Path) -> None:
    opened(folder)
    dataset = opened(folder)
    inputs = [split.inputs for split in (dataset.train, dataset.validation, dataset.test)]
    assert all(isinstance(rows, Rows) for rows in inputs)
    assert all(rows.base is inputs[0].base for rows in inputs)
    assert not inputs[0].base.flags.owndata
    assert not inputs[0].base.flags.writeable


def test_to_open_a_set_takes_less_memory_than_the_set(folder: Path) -> None:
    def peak(cached: bool) -> int:
        tracemalloc.start()
        dataset = open_image_folder(folder, 256, False, np.random.default_rng(0), Reading(cached))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert dataset.train.inputs.shape == (84, 256, 256, 3)
        return most

    whole = 122 * 256 * 256 * 3
    assert peak(cached=False) > whole
    assert peak(cached=True) < whole / 2
    assert peak(cached=True) < whole / 10


def test_the_standardization_is_that_of_the_training_pixels(folder: Path) -> None:
    for cached in (False, True, True):
        dataset = opened(folder, cached)
        pixels = np.asarray(dataset.train.inputs, np.float64)
        found = dataset.standardization
        np.testing.assert_allclose(found.mean, pixels.mean(axis=(0, 1, 2)), rtol=1e-15)
        np.testing.assert_allclose(found.deviation, pixels.std(axis=(0, 1, 2)), rtol=1e-14)
        again = Standardization.of(dataset.train.inputs)
        np.testing.assert_array_equal(found.mean, again.mean)
        np.testing.assert_array_equal(found.deviation, again.deviation)
