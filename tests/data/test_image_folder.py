from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nnviz.data.dataset import Array, Dataset
from nnviz.data.image_folder import open_image_folder, read_image
from nnviz.errors import InputError

RED, GREEN, BLUE = (200, 30, 40), (20, 180, 60), (30, 50, 220)


def picture(path: Path, colour: tuple[int, int, int] = RED, size: tuple[int, int] = (8, 8)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)


def folder_of(root: Path, counts: dict[str, int]) -> Path:
    """Class folder → number of images, each of another colour."""
    for name, count in counts.items():
        for i in range(count):
            picture(root / name / f"{i:03}.png", (i, len(name), 77))
    return root


def opened(root: Path, seed: int = 0, size: int = 4, grayscale: bool = False) -> Dataset:
    return open_image_folder(root, size, grayscale, np.random.default_rng(seed))


def counts(dataset: Dataset) -> list[list[int]]:
    return [
        np.bincount(split.labels, minlength=len(dataset.class_names)).tolist()
        for split in (dataset.train, dataset.validation, dataset.test)
    ]


# One image ---------------------------------------------------------------------------------------------------------


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


# What is skipped ---------------------------------------------------------------------------------------------------


def noise(size: int) -> Array:
    return np.random.default_rng(0).integers(0, 256, (size, size, 3), np.uint8)


def test_what_cannot_be_read_is_skipped_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder_of(tmp_path, {"cat": 3, "dog": 3})
    Image.fromarray(noise(40)).save(tmp_path / "whole.jpg")
    (tmp_path / "cat" / "cut.jpg").write_bytes((tmp_path / "whole.jpg").read_bytes()[:900])
    (tmp_path / "cat" / "liar.png").write_text("a text")
    (tmp_path / "cat" / "notes.txt").write_text("a text")
    (tmp_path / "cat" / ".DS_Store").write_text("")
    picture(tmp_path / "dog" / "inner" / "bomb.png", size=(90, 90))
    picture(tmp_path / "dog" / "inner" / "suspicious.png", size=(60, 60))
    (tmp_path / "dog" / "gone.png").symlink_to(tmp_path / "nowhere.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 3000)
    dataset = opened(tmp_path)
    assert {skipped.name: skipped.reason for skipped in dataset.skipped} == {
        "whole.jpg": "in no class's folder",
        "cat/cut.jpg": "truncated",
        "cat/liar.png": "not an image",
        "cat/notes.txt": "not an image",
        "dog/gone.png": "no such file",
        "dog/inner/bomb.png": "too large",
        "dog/inner/suspicious.png": "too large",
    }
    np.testing.assert_array_equal(np.sum(counts(dataset), axis=0), [3, 3])


def test_no_damaged_image_raises_or_writes_a_warning(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    """Every format cut anywhere, and with bytes overwritten: skipped or read, never an exception."""
    generator = np.random.default_rng(0)
    folder_of(tmp_path, {"a": 1, "b": 1})
    image = Image.fromarray(noise(24))
    for suffix in ("png", "jpg", "gif", "bmp", "tif", "webp", "ppm", "ico"):
        image.save(tmp_path / f"whole.{suffix}")
        content = (tmp_path / f"whole.{suffix}").read_bytes()
        for i, cut in enumerate(generator.integers(1, len(content), 12)):
            (tmp_path / "a" / f"cut{i}.{suffix}").write_bytes(content[:cut])
            damaged = bytearray(content)
            for position in generator.integers(0, min(len(content), 200), 6):
                damaged[position] = generator.integers(256)
            (tmp_path / "a" / f"damaged{i}.{suffix}").write_bytes(damaged)
    dataset = opened(tmp_path)
    assert len(dataset.skipped) > 50
    assert len(recwarn) == 0


# Splits ------------------------------------------------------------------------------------------------------------


def names(dataset: Dataset) -> list[list[str]]:
    return [list(split.names) for split in (dataset.train, dataset.validation, dataset.test)]


def test_a_plain_folder_is_split_70_15_15_within_each_class(tmp_path: Path) -> None:
    dataset = opened(folder_of(tmp_path, {"cat": 100, "dog": 20}))
    assert counts(dataset) == [[70, 14], [15, 3], [15, 3]]
    assert len({name for split in names(dataset) for name in split}) == 120


def test_images_keep_their_labels_and_names_through_the_split(tmp_path: Path) -> None:
    dataset = opened(folder_of(tmp_path, {"cat": 20, "zebra": 20}))
    for split in (dataset.train, dataset.validation, dataset.test):
        for image, label, name in zip(split.inputs, split.labels, split.names, strict=True):
            class_name, file = name.split("/")
            assert class_name == dataset.class_names[label]
            assert image[0, 0].tolist() == [int(file[:3]), len(class_name), 77]


def test_the_generator_alone_decides_the_split(tmp_path: Path) -> None:
    folder_of(tmp_path, {"cat": 30, "dog": 30})
    assert names(opened(tmp_path, seed=1)) == names(opened(tmp_path, seed=1))
    assert names(opened(tmp_path, seed=1)) != names(opened(tmp_path, seed=2))


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        (["train"], [[70, 70], [15, 15], [15, 15]]),
        (["Train", "TEST"], [[85, 85], [15, 15], [100, 100]]),
        (["train", "valid"], [[100, 100], [100, 100], [0, 0]]),
        (["train", "Validation", "test"], [[100, 100], [100, 100], [100, 100]]),
    ],
)
def test_folders_for_the_splits_are_obeyed(tmp_path: Path, folders: list[str], expected: list[list[int]]) -> None:
    for name in folders:
        folder_of(tmp_path / name, {"cat": 100, "dog": 100})
    dataset = opened(tmp_path, size=2)
    assert counts(dataset) == expected
    assert all(name.startswith(folders[0]) for name in dataset.train.names)
    if "TEST" in folders:
        assert all(name.startswith("TEST/") for name in dataset.test.names)


def test_standardization_comes_from_the_training_split_alone(tmp_path: Path) -> None:
    folder_of(tmp_path / "train", {"a": 10, "b": 10})
    for name in ("a", "b"):
        picture(tmp_path / "test" / name / "white.png", (255, 255, 255))
    dataset = opened(tmp_path, size=2)
    np.testing.assert_allclose(dataset.standardization.mean, dataset.train.inputs.mean(axis=(0, 1, 2)))


# Errors ------------------------------------------------------------------------------------------------------------


def test_a_folder_without_two_classes_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        opened(tmp_path / "nowhere")
    picture(tmp_path / "loose.png")
    with pytest.raises(InputError, match=r"not a folder; put"):
        opened(tmp_path / "loose.png")
    with pytest.raises(InputError, match=r"there is no class, and two are needed; put the images of each class"):
        opened(tmp_path)
    folder_of(tmp_path, {"cat": 2})
    with pytest.raises(InputError, match=r"only one class, cat/, and two are needed"):
        opened(tmp_path)


def test_a_class_without_an_image_is_named(tmp_path: Path) -> None:
    folder_of(tmp_path, {"cat": 2})
    (tmp_path / "dog").mkdir()
    with pytest.raises(InputError, match=r"dog: holds no usable image; put some there"):
        opened(tmp_path)
    (tmp_path / "dog" / "readme.txt").write_text("")
    with pytest.raises(InputError, match=r"dog: holds no usable image \(dog/readme\.txt: not an image\)"):
        opened(tmp_path)


def test_splits_that_do_not_fit_each_other_are_refused(tmp_path: Path) -> None:
    folder_of(tmp_path / "test", {"cat": 2, "dog": 2})
    with pytest.raises(InputError, match=r"there is no train/ with a folder for each class"):
        opened(tmp_path)
    folder_of(tmp_path / "train", {"cat": 2, "bird": 2})
    with pytest.raises(InputError, match=r"test/dog: no such class in .*train; add it there"):
        opened(tmp_path)
