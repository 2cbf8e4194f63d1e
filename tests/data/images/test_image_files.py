import io
import os
import struct
import subprocess
import sys
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nnviz.data.images.image_files import decode, read_image, square
from nnviz.errors import InputError

RED, GREEN, BLUE = (200, 30, 40), (20, 180, 60), (30, 50, 220)


def picture(path: Path, colour: tuple[int, int, int] = RED, size: tuple[int, int] = (8, 8)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)


def test_a_colour_survives_and_grayscale_has_one_channel(tmp_path: Path) -> None:
    picture(tmp_path / "a.png", RED)
    colour = read_image(tmp_path / "a.png", 4, grayscale=False)
    assert (colour.dtype, colour.shape) == (np.uint8, (4, 4, 3))
    np.testing.assert_array_equal(colour[0, 0], RED)
    gray = read_image(tmp_path / "a.png", 4, grayscale=True)
    assert gray.shape == (4, 4, 1)
    assert gray[0, 0, 0] == round(0.299 * 200 + 0.587 * 30 + 0.114 * 40)


def test_an_image_of_the_right_size_is_not_touched(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 9, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_image(tmp_path / "a.png", 9, grayscale=False), pixels)


def test_the_middle_of_a_wide_image_is_kept_without_squashing(tmp_path: Path) -> None:
    pixels = np.zeros((20, 60, 3), np.uint8)
    pixels[:, 20:40] = GREEN
    Image.fromarray(pixels).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_image(tmp_path / "a.png", 20, grayscale=False), pixels[:, 20:40])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_obeyed(tmp_path: Path, orientation: int) -> None:
    quadrants = np.kron(np.array([[0, 80], [160, 240]], np.uint8), np.ones((16, 16), np.uint8))
    stored = Image.fromarray(quadrants)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "a.jpg", exif=exif, quality=95)
    seen = read_image(tmp_path / "a.jpg", 2, grayscale=True)[..., 0].astype(int)
    turns = {
        1: [[0, 80], [160, 240]],
        2: [[80, 0], [240, 160]],
        3: [[240, 160], [80, 0]],
        4: [[160, 240], [0, 80]],
        5: [[0, 160], [80, 240]],
        6: [[160, 0], [240, 80]],
        7: [[240, 80], [160, 0]],
        8: [[80, 240], [0, 160]],
    }
    assert np.abs(seen - turns[orientation]).max() < 25


def half_transparent() -> Image.Image:
    """Left half red, right half green that cannot be seen at all."""
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[:, :4] = (*RED, 255)
    pixels[:, 4:] = (*GREEN, 0)
    return Image.fromarray(pixels, "RGBA")


def palette_with_transparency() -> Image.Image:
    image = Image.new("P", (8, 8), 0)
    image.putpalette([*RED, *GREEN])
    image.paste(1, (4, 0, 8, 8))
    return image


def test_transparency_becomes_white(tmp_path: Path) -> None:
    half_transparent().save(tmp_path / "rgba.png")
    palette_with_transparency().save(tmp_path / "p.png", transparency=1)
    palette_with_transparency().save(tmp_path / "p.gif", transparency=1)
    half_transparent().convert("LA").save(tmp_path / "la.png")
    for name in ("rgba.png", "p.png", "p.gif"):
        seen = read_image(tmp_path / name, 8, grayscale=False)
        np.testing.assert_array_equal(seen[0, 0], RED, err_msg=name)
        np.testing.assert_array_equal(seen[0, 7], [255, 255, 255], err_msg=name)
    assert read_image(tmp_path / "la.png", 8, grayscale=True)[0, 7, 0] == 255


def shapes(mode: str) -> Image.Image:
    """Spots with soft edges, higher than a band: half of it transparent, and what cannot be seen is black."""
    y, x = np.mgrid[:311, :407]
    alpha = np.clip(8 * np.sin(x / 9) * np.sin(y / 7), 0, 1)
    colours = np.stack([x * 255 / 407, y * 255 / 311, 255 - x * 255 / 407], axis=-1) * (alpha[..., None] > 0)
    image = Image.fromarray(np.dstack([colours, 255 * alpha]).round().astype(np.uint8))
    return image if mode == "RGBA" else image.convert("RGB").quantize(64)


@pytest.mark.parametrize("mode", ["RGBA", "P"])
@pytest.mark.parametrize("size", [20, 311])
def test_the_edge_of_what_is_transparent_has_no_fringe(tmp_path: Path, mode: str, size: int) -> None:
    """As if all of it were put on white with exact numbers, and then made smaller."""
    image = shapes(mode)
    image.save(tmp_path / "a.png", **({"transparency": 0} if mode == "P" else {}))
    with Image.open(tmp_path / "a.png") as stored:
        pixels = np.asarray(stored.convert("RGBA"), np.float64)
    alpha = pixels[..., 3:] / 255
    composed = pixels[..., :3] * alpha + 255 * (1 - alpha)
    expected = np.asarray(square(Image.fromarray(composed.round().astype(np.uint8)), size))
    seen = read_image(tmp_path / "a.png", size, grayscale=False)
    assert np.abs(seen.astype(int) - expected).max() <= 1


MEMORY = """
import re, sys
from pathlib import Path
from nnviz.data.images.image_files import decode
def most():
    return 1024 * int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1])
before = most()
assert not isinstance(decode(Path(sys.argv[1]), 32, False), str)
print(most() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone tells the most memory of a process")
@pytest.mark.parametrize("mode", ["P", "RGB", "I;16"])
def test_an_image_takes_little_more_memory_than_its_pixels_and_its_colours(tmp_path: Path, mode: str) -> None:
    n = 4000
    transparency = {"transparency": 0} if mode == "P" else {}
    Image.new(mode, (n, n)).save(tmp_path / "a.png", compress_level=1, **transparency)
    code = [sys.executable, "-c", MEMORY, str(tmp_path / "a.png")]
    most = int(subprocess.run(code, capture_output=True, check=True).stdout)
    # As it is stored, and as RGB in four bytes, which RGB is from the first.
    whole = {"P": 1 + 4, "RGB": 4, "I;16": 2 + 4}[mode] * n * n
    assert whole < most < whole + 20_000_000


def test_sixteen_bits_are_scaled_and_not_clipped(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 256).round().astype(np.uint16).reshape(16, 16)
    Image.fromarray(ramp).save(tmp_path / "a.png")
    Image.fromarray(ramp).save(tmp_path / "a.tif")
    Image.fromarray(ramp.astype(np.int32)).save(tmp_path / "wide.tif")
    for name in ("a.png", "a.tif", "wide.tif"):
        seen = read_image(tmp_path / name, 16, grayscale=True)
        np.testing.assert_array_equal(seen[..., 0], np.arange(256).reshape(16, 16), err_msg=name)


def test_the_other_modes_show_what_was_stored(tmp_path: Path) -> None:
    Image.new("L", (8, 8), 90).save(tmp_path / "l.png")
    Image.new("1", (8, 8), 1).save(tmp_path / "one.png")
    Image.new("RGB", (8, 8), RED).convert("CMYK").save(tmp_path / "cmyk.jpg", quality=100)
    Image.fromarray(np.linspace(-3, 5, 64, dtype=np.float32).reshape(8, 8)).save(tmp_path / "float.tif")
    assert read_image(tmp_path / "l.png", 4, grayscale=False)[0, 0].tolist() == [90, 90, 90]
    assert read_image(tmp_path / "one.png", 4, grayscale=False)[0, 0].tolist() == [255, 255, 255]
    np.testing.assert_allclose(read_image(tmp_path / "cmyk.jpg", 4, grayscale=False)[0, 0], RED, atol=6)
    stretched = read_image(tmp_path / "float.tif", 8, grayscale=True)
    assert (stretched[0, 0, 0], stretched[7, 7, 0]) == (0, 255)


def test_one_unreadable_image_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("not a picture")
    with pytest.raises(InputError, match=r"a\.png: not an image; give"):
        read_image(tmp_path / "a.png", 4, grayscale=False)
    with pytest.raises(InputError, match="no such file"):
        read_image(tmp_path / "b.png", 4, grayscale=False)


def test_a_checksum_that_is_wrong_makes_a_png_unreadable(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    content = bytearray((tmp_path / "a.png").read_bytes())
    content[content.index(b"IEND") - 5] ^= 1  # The last byte of what the picture's own chunk is followed by.
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.png: damaged; give"):
        read_image(tmp_path / "a.png", 4, grayscale=False)


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


@pytest.mark.parametrize(
    ("kept", "added", "reason"),
    [
        (-12, b"", "truncated"),
        (-14, b"", "truncated"),
        (-9, b"", "truncated"),
        (-12, png_chunk(b"tEXt", b"Title\0red")[:-1] + b"\0" + png_chunk(b"IEND", b""), "damaged"),
        (-12, b"\xff\xff\xff\xfftEXt", "truncated"),
    ],
)
def test_a_png_is_checked_to_its_end(tmp_path: Path, kept: int, added: bytes, reason: str) -> None:
    path = tmp_path / "a.png"
    picture(path)
    path.write_bytes(path.read_bytes()[:kept] + added)
    tracemalloc.start()
    with pytest.raises(InputError, match=rf"a\.png: {reason}; give"):
        read_image(path, 4, grayscale=False)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 10_000_000


def test_what_follows_the_picture_and_after_the_end_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    picture(path)
    path.write_bytes(path.read_bytes()[:-12] + png_chunk(b"tEXt", b"Title\0red") + png_chunk(b"IEND", b"") + b"more")
    assert read_image(path, 4, grayscale=False)[0, 0].tolist() == list(RED)


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a file; give"):
        read_image(tmp_path, 4, grayscale=False)


def test_nothing_is_written_about_a_damaged_tiff(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.tif"
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    Image.fromarray(noise).save(path, compression="tiff_lzw")
    content = bytearray(path.read_bytes())
    content[8:400] = bytes(range(196)) * 2
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.tif: damaged"):
        read_image(path, 4, grayscale=False)
    os.write(2, b"heard again")
    assert capfd.readouterr().err == "heard again"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(5, "Input/output error"), "could not be read now: Input/output error"),
        (OSError(24, "Too many open files"), "could not be read now: Too many open files"),
        (MemoryError(), "could not be read now: not enough memory"),
        (OSError(22, "Invalid argument"), "damaged"),
        (OSError("broken data stream"), "damaged"),
        (PermissionError(13, "Permission denied"), "not permitted to read it"),
    ],
)
def test_what_the_system_cannot_do_is_not_said_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    class Failing(io.BytesIO):
        def read(self, *_: object) -> bytes:
            raise error

    picture(tmp_path / "a.bmp")
    with monkeypatch.context() as patch:
        patch.setattr("builtins.open", lambda *_: Failing())
        assert decode(tmp_path / "a.bmp", 4, False) == reason


def test_nothing_is_logged_about_an_odd_tiff(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    Image.new("RGB", (9, 9)).save(path)
    content = bytearray(path.read_bytes())
    content[content.index(b"\x15\x01\x03\x00") + 8] = 132  # How many samples a pixel has.
    path.write_bytes(content)
    # Pytest takes what is logged, so that another process has to tell.
    code = "import sys; from pathlib import Path; from nnviz.data.images.image_files import decode; "
    code += "print(decode(Path(sys.argv[1]), 4, False))"
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("not an image\n", "")
