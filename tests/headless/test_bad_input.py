"""Whatever a user gives that is wrong: one clear line and exit 2, or a counted warning where the rest is usable."""

import gzip
import io
import math
import os
import re
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from PIL import Image

from tests.headless.command import Told, in_this_process

Make = Callable[[Path], object]


@pytest.fixture
def nnviz(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    """Run a command in an empty directory: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    # How far it is would be told where the machine is slow.
    monkeypatch.setattr("nnviz.headless.reading_progress.LINE_SECONDS", math.inf)
    return in_this_process(monkeypatch, capfd)


# What is given -----------------------------------------------------------------------------------------------------


def picture(path: Path, size: tuple[int, int] = (8, 8)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(0).integers(0, 256, (*size[::-1], 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def animals(folder: Path, count: int = 10) -> Path:
    """A folder of two classes with nothing wrong."""
    for name in ("cat", "dog"):
        for i in range(count):
            picture(folder / name / f"{i}.png")
    return folder


def png(width: int, height: int, packed: bytes = b"") -> bytes:
    """A gray PNG of one bit a pixel that claims that size."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">2I5B", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def rows(*lines: str) -> Make:
    return lambda folder: (folder / "x.csv").write_text("\n".join([*lines, ""]))


def content(name: str, whole: bytes) -> Make:
    def make(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(whole)

    return make


def mnist(folder: Path, images: bytes, labels: bytes) -> None:
    (folder / "x").mkdir()
    (folder / "x" / "train-images-idx3-ubyte").write_bytes(images)
    (folder / "x" / "train-labels-idx1-ubyte").write_bytes(labels)


def idx(*shape: int, magic: bytes = b"\0\0\x08", stored: int | None = None) -> bytes:
    count = int(np.prod(shape)) if stored is None else stored
    whole = np.arange(count) % 2
    return magic + bytes([len(shape)]) + struct.pack(f">{len(shape)}I", *shape) + whole.astype(np.uint8).tobytes()


def npz(**arrays: object) -> Make:
    return lambda folder: np.savez(folder / "x.npz", **arrays)  # type: ignore[arg-type]


def npz_bomb(folder: Path) -> None:
    """An array of 2 GB, which is not all there."""
    with zipfile.ZipFile(folder / "x.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": (1 << 31, 1)})
        with archive.open("x.npy", "w", force_zip64=True) as member:
            member.write(header.getvalue())
            for _ in range(64):
                member.write(bytes(1 << 20))
        labels = io.BytesIO()
        np.save(labels, np.arange(2) % 2)
        archive.writestr("y.npy", labels.getvalue())


def lying_npz(folder: Path) -> None:
    """A member that says it is small, and goes on."""
    npz(x=np.zeros((1000, 500)), y=np.arange(1000) % 2)(folder)
    whole = bytearray((folder / "x.npz").read_bytes())
    with zipfile.ZipFile(folder / "x.npz") as archive:
        at = whole.index(b"PK\x01\x02")
        assert archive.infolist()[0].filename == "x.npy"
    struct.pack_into("<I", whole, at + 24, 600)
    (folder / "x.npz").write_bytes(whole)


def packed_bomb(folder: Path) -> None:
    with gzip.open(folder / "x.csv.gz", "wb", compresslevel=1) as file:
        for _ in range(300):
            file.write(b"1,2\n" * (1 << 18))


def shut(folder: Path) -> None:
    path = folder / "x.csv"
    path.write_text("a,b\n1,2\n")
    path.chmod(0)


def empty_classes(folder: Path) -> None:
    for name in ("cat", "dog"):
        (folder / "x" / name).mkdir(parents=True)


def broken_images(folder: Path) -> None:
    for name in ("cat", "dog"):
        for i in range(3):
            content(f"x/{name}/{i}.png", b"no picture at all")(folder)


WORDS = ["a,b,kind", *(f"{i},{i % 7},{'xy'[i % 2]}" for i in range(60))]
MANY = ["a,kind", *(f"{i},k{i}" for i in range(10_000))]

REFUSED: dict[str, tuple[Make, list[str], str]] = {
    "nothing": (lambda _: None, ["nowhere"], r"nowhere: no such folder or file, and not a built-in name; give "),
    "a name that no file can have": (lambda _: None, ["a" * 300], r"a{300}: File name too long; check the name, and"),
    "a file of no format": (content("x", b"\x00\x01"), ["x"], r"x: nothing that can be opened; give "),
    "a text that is no table": (content("x", b"hello"), ["x"], r"x: there is only one column; a table has "),
    "an empty folder": (
        lambda f: (f / "x").mkdir(),
        ["x"],
        r"x: there is no class, and two are needed; put the images",
    ),
    "one class": (lambda f: picture(f / "x/cat/1.png"), ["x"], r"x: there is only one class, cat/, and two are needed"),
    "classes without images": (empty_classes, ["x"], r"x/cat: holds no usable image; put some there, or take"),
    "broken images": (broken_images, ["x"], r"x/cat: holds no usable image \(cat/2.png: not an image\); put some"),
    "a folder called as a table": (lambda f: (f / "x.csv").mkdir(), ["x.csv"], r"x.csv: there is no class, and two"),
    "a pipe": (lambda f: os.mkfifo(f / "x.csv"), ["x.csv"], r"x.csv: not a file; put it there"),
    "an endless device": (lambda f: (f / "x.csv").symlink_to("/dev/zero"), ["x.csv"], r"x.csv: not a file; put it"),
    "a device": (lambda _: None, ["/dev/zero"], r"/dev/zero: nothing that can be opened; give "),
    "IDX: magic": (
        lambda f: mnist(f, idx(9, 4, 4, magic=b"\0\1\x08"), idx(9)),
        ["x"],
        r"x/train-images-idx3-ubyte: starts with the bytes 00 01 08 03, and an IDX file of images with 00 00 08 03;",
    ),
    "IDX: counts": (
        lambda f: mnist(f, idx(9, 4, 4), idx(8)),
        ["x"],
        r"x/train-images-idx3-ubyte: 9 images, but 8 labels in x/train-labels-idx1-ubyte; give a pair",
    ),
    "IDX: too short": (
        lambda f: mnist(f, idx(9, 4, 4, stored=100), idx(9)),
        ["x"],
        r"x/train-images-idx3-ubyte: too short: the 9×4×4 images that its header announces take 144 bytes from byte 16 "
        r"on, and 100 are there; the file is damaged; get it again",
    ),
    "IDX: announces too much": (
        lambda f: mnist(f, idx(2**32 - 1, 4000, 4000, stored=100), idx(9)),
        ["x"],
        r"x/train-images-idx3-ubyte: the 4294967295×4000×4000 images that its header announces take [\d,]+ bytes, and",
    ),
    "table: no such column": (
        rows(*WORDS),
        ["x.csv", "--target", "colour"],
        r"x.csv: there is no column 'colour' for the target; there are 3: a, b and kind",
    ),
    "table: target of one value": (
        rows("a,b", *(f"{i},yes" for i in range(30))),
        ["x.csv"],
        r"x.csv: the target, column 'b', is 'yes' in every row; two classes are needed to tell apart",
    ),
    "table: target of one number": (
        rows("a,b", *(f"{i},1.5" for i in range(30))),
        ["x.csv"],
        r"x.csv: the target, column 'b', is 1.5 in every row; there is nothing to predict",
    ),
    "table: 10,000 classes": (
        rows(*MANY),
        ["x.csv"],
        r"x.csv: the target, column 'kind', has 10,000 different values in 10,000 rows, too many for classes; choose",
    ),
    "table: target of nothing but NaN": (
        rows("a,b", *(f"{i},nan" for i in range(30))),
        ["x.csv"],
        r"x.csv: too few rows: 0 with something in the target, column 'b'; two are the least",
    ),
    "table: empty": (content("x.csv", b""), ["x.csv"], r"x.csv: the file is empty; give one with a row for each"),
    "table: one column": (rows("a", "1", "2"), ["x.csv"], r"x.csv: there is only one column; a table has one for"),
    "table: one row": (rows("1,2,3"), ["x.csv"], r"x.csv: too few rows: 1 with something in the target"),
    "table: names alone": (rows("a,b,c"), ["x.csv"], r"x.csv: too few rows"),
    "table: UTF-16": (
        content("x.csv", "\n".join(WORDS).encode("utf-16")),
        ["x.csv"],
        r"x.csv: no text \(byte 3 is 0\); save it as UTF-8 text",
    ),
    "table: null bytes": (
        content("x.csv", b"a,b\n1,\x002\n"),
        ["x.csv"],
        r"x.csv: no text \(byte 6 is 0\); save it as UTF-8 text",
    ),
    "table: rows of another table": (
        rows("a,b,c", "1,2,3", *("1,2" for _ in range(500)), *("1,2,3,4" for _ in range(600))),
        ["x.csv"],
        r"x.csv: .*most rows do not fit together as one table",
    ),
    "table: open quote": (
        rows("a,b", '1,"2', *("1,2" for _ in range(50))),
        ["x.csv"],
        r"x.csv: line 2: a quotation mark is not closed",
    ),
    "table: bomb": (packed_bomb, ["x.csv.gz"], r"x.csv.gz: more than 268,435,456 bytes of text, which are the most;"),
    "npz: bomb": (
        npz_bomb,
        ["x.npz"],
        r"x.npz: its arrays take 2,147,483,664 bytes, and 1,073,741,824 are the most that are read; give fewer",
    ),
    "npz: a member that goes on": (lying_npz, ["x.npz"], r"x.npz: "),
    "npz: objects": (
        npz(x=np.array([{}, {}], object), y=np.arange(2)),
        ["x.npz"],
        r"x.npz: 'x' holds \|O, objects of Python \(pickle\), which are never loaded; store plain numbers or",
    ),
    "npz: no zip": (content("x.npz", b"hello"), ["x.npz"], r"x.npz: no .npz file, or damaged \(.*\); the file is"),
    "npz: another zip": (
        lambda f: zipfile.ZipFile(f / "x.npz", "w").writestr("a.txt", "hello"),
        ["x.npz"],
        r"x.npz: holds no array; call the examples 'x' and their labels 'y', those of other splits",
    ),
    "npz: counts": (
        npz(x=np.zeros((5, 2)), y=np.arange(4)),
        ["x.npz"],
        r"x.npz: 'x' of type <f8 and shape \(5, 2\), but 'y' of type <i8 and shape \(4,\); give one label for each",
    ),
    "npz: NaN": (
        npz(x=np.array([[1.0, np.nan], [2, 3]]), y=np.arange(2)),
        ["x.npz"],
        r"x.npz: 'x'\[0, 1\] is NaN, which is not a finite float32; leave that example out",
    ),
}


@pytest.mark.parametrize("command", ["data", "train"])
@pytest.mark.parametrize("name", REFUSED)
def test_one_clear_line_and_exit_2(nnviz: Callable[..., Told], tmp_path: Path, command: str, name: str) -> None:
    make, arguments, expected = REFUSED[name]
    make(tmp_path)
    code, out, err = nnviz(command, *arguments)
    assert (code, out) == (2, "")
    assert re.fullmatch(rf"nnviz: {expected}.*\n", err), err
    assert not (tmp_path / "runs").exists()


# What is usable but for a part of it -------------------------------------------------------------------------------


def with_file(name: str, whole: bytes) -> Make:
    def make(folder: Path) -> None:
        animals(folder / "x")
        content(f"x/{name}", whole)(folder)

    return make


def with_image(name: str, size: tuple[int, int]) -> Make:
    def make(folder: Path) -> None:
        picture(animals(folder / "x") / name, size)

    return make


def cut(folder: Path) -> None:
    whole = picture(animals(folder / "x") / "cat" / "cut.png", (64, 64))
    whole.write_bytes(whole.read_bytes()[:5000])


def lonely(folder: Path) -> None:
    picture(animals(folder / "x") / "fox" / "1.png")


def disguised(folder: Path) -> None:
    jpeg = picture(animals(folder / "x") / "cat" / "is.jpg")
    jpeg.rename(jpeg.with_name("is.png"))


WARNED: dict[str, tuple[Make, str, str | None]] = {
    "a truncated image": (cut, "x", "1 truncated: cat/cut.png"),
    "a text": (with_file("cat/a.png", b"hello"), "x", "1 not an image: cat/a.png"),
    "a claim": (with_file("dog/a.png", png(60_000, 60_000)), "x", "1 too large: dog/a.png"),
    "a bomb": (
        with_file("dog/a.png", png(40_000, 40_000, zlib.compress(bytes(5001 * 40_000), 1))),
        "x",
        "1 too large: dog/a.png",
    ),
    "a file in no class": (with_file("readme.md", b"hello"), "x", "1 in no class's folder: readme.md"),
    "a class of one": (lonely, "x", "1 class with too few images to be scored on any: fox (1)"),
    "a tiny image": (with_image("cat/a.png", (1, 1)), "x", None),
    "a long image": (with_image("cat/a.png", (20_000, 3)), "x", None),
    "a JPEG called PNG": (disguised, "x", None),
    "ragged rows": (
        rows(*WORDS, "1,2", "1,2,3,4"),
        "x.csv",
        "skipped 2 rows (lines 62 and 63: not the 3 cells that the others have)",
    ),
    "NaN and infinity": (
        rows("a,b,kind", *(f"{[i, 'nan', 'inf', '1e999'][i % 4]},{i},{'xy'[i % 2]}" for i in range(60))),
        "x.csv",
        "45 blank cells in a (45): a number becomes the column's median",
    ),
    "10,000 categories": (
        rows("a,b,kind", *(f"{i},k{i // 2},{'xy'[i % 2]}" for i in range(20_000))),
        "x.csv",
        "left out 1 column: b (",
    ),
    "a byte order mark": (content("x.csv", b"\xef\xbb\xbf" + "\n".join(WORDS).encode()), "x.csv", None),
    "Latin-1": (
        content("x.csv", "\n".join(WORDS).replace("x", "é").encode("latin-1")),
        "x.csv",
        "read as Latin-1, because it is not UTF-8",
    ),
}


@pytest.mark.parametrize("name", WARNED)
def test_the_rest_is_usable_and_what_is_not_is_counted(nnviz: Callable[..., Told], tmp_path: Path, name: str) -> None:
    make, source, expected = WARNED[name]
    make(tmp_path)
    code, out, err = nnviz("data", source)
    assert (code, err) == (0, "")
    assert expected is None or expected in out
    if expected is None:
        # Nothing is left out: 10 of each class and another one, or all 60 rows.
        assert "skipped" not in out
        assert re.search(rf"2 classes +{'14 +4 +3' if source == 'x' else '42 +8 +10'}\n", out), out
    code, _, err = nnviz("train", source, "--network", "", "--steps", "2", "--out", "run")
    assert code == 0
    assert "Traceback" not in err
    if expected is not None:
        counted, _, name = expected.rpartition(": ")
        assert expected in err or f"{counted} ({name})" in err


# What is not permitted, and what changes -----------------------------------------------------------------------------


@pytest.fixture
def nobody() -> Iterator[list[str]]:
    """A command before the command that takes the superuser's rights away."""
    if os.geteuid():
        yield []
    elif subprocess.run(["setpriv", "--version"], capture_output=True).returncode == 0:
        yield ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all"]
    else:
        pytest.skip("the superuser may read everything, and there is no setpriv")


def test_what_may_not_be_read_is_told(nobody: list[str]) -> None:
    # Others may not look into the directories of pytest.
    with TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)
        shut(root)
        folder = animals(root / "x")
        picture(folder / "cat" / "inner" / "1.png")
        (folder / "cat" / "inner").chmod(0)
        (folder / "dog" / "3.png").chmod(0)
        command = [*nobody, sys.executable, "-m", "nnviz", "data", "--no-cache"]
        environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
        hidden = animals(root / "hidden")
        hidden.chmod(0)
        table, images, inside = (
            subprocess.run([*command, source], cwd=root, capture_output=True, text=True, env=environment)
            for source in ("x.csv", "x", "hidden/cat")
        )
        (folder / "cat" / "inner").chmod(0o755)
    assert table.stderr == "nnviz: x.csv: cannot be read (Permission denied); check its permissions\n"
    assert table.returncode == 2
    assert inside.stderr.startswith("nnviz: hidden/cat: ")
    assert "Permission denied" in inside.stderr
    assert (inside.returncode, inside.stderr.count("\n")) == (2, 1)
    assert images.returncode == 0, images.stderr
    assert "1 folder that cannot be read: Permission denied: cat/inner" in images.stdout
    assert "1 not permitted to read it: dog/3.png" in images.stdout


def test_a_file_that_shrinks_while_it_is_read_is_told(
    nnviz: Callable[..., Told], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nnviz.data import bounded

    mnist(tmp_path, idx(200, 20, 20), idx(200))
    measured = bounded._size

    def size(file: io.BufferedReader) -> int:
        before = measured(file)
        os.truncate(file.name, before - 1)
        return before

    monkeypatch.setattr(bounded, "_size", size)
    code, out, err = nnviz("data", "x")
    assert (code, out) == (2, "")
    assert re.fullmatch(r"nnviz: x/train-images-idx3-ubyte: too short: .* take 80,000 .*79,999 are there; .*\n", err)


def test_run_without_a_terminal_says_the_same(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "nnviz", "run", "nowhere"],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[1:] == [done.stderr.splitlines()[-1]]
    assert done.stderr.splitlines()[1].startswith("nnviz: nowhere: no such folder or file")
