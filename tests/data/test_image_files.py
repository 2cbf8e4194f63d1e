from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nnviz.data.image_files import read_image
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
