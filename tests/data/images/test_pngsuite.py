"""The PNG test suite of W. van Schaik: every valid file is the right picture, and every x* file is unreadable."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nnviz.array import Array
from nnviz.data.images.image_files import read_image
from nnviz.errors import InputError

SUITE = Path(__file__).parents[4] / "shared" / "data" / "odd" / "pngsuite"
FILES = sorted(SUITE.glob("*.png"))
pytestmark = pytest.mark.skipif(not FILES, reason="the PNG suite is not here")


def as_pillow_shows(path: Path, side: int) -> Array:
    """(side, side, 3) int: Pillow's own conversion to colours, on white; the middle of what is not square."""
    with Image.open(path) as image:
        if image.mode.startswith("I"):
            values = np.asarray(image, np.float64)
            colours = np.repeat((values / 257)[..., None], 3, axis=2)
        else:
            shown = image.convert("RGBA")
            colours = np.asarray(Image.alpha_composite(Image.new("RGBA", shown.size, "white"), shown))[..., :3]
    height, width = colours.shape[:2]
    top, left = (height - side) // 2, (width - side) // 2
    return colours[top : top + side, left : left + side].astype(int)


@pytest.mark.parametrize("path", [path for path in FILES if path.name[0] != "x"], ids=lambda path: path.stem)
def test_a_valid_file_is_the_right_picture(path: Path) -> None:
    with Image.open(path) as image:
        side = min(image.size)
    seen = read_image(path, side, grayscale=False)
    assert np.abs(seen - as_pillow_shows(path, side)).max() <= 1


@pytest.mark.parametrize("path", [path for path in FILES if path.name[0] == "x"], ids=lambda path: path.stem)
def test_a_corrupt_file_is_named_as_unreadable(path: Path) -> None:
    with pytest.raises(InputError, match=rf"{path.name}: (not an image|damaged|truncated)"):
        read_image(path, 32, grayscale=False)
