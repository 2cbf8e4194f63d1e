"""Pictures changed by chance, alike every time at the same place of a run."""

import numpy as np
import pytest

from nnviz.data.augmentation import Augmentation
from nnviz.data.batches import Batches
from nnviz.data.encoder import Encoder
from nnviz.data.split import Split
from nnviz.data.standardization import Standardization

CHANGES = ("flip", "shift", "rotate", "brightness")


def pictures(n: int = 6, height: int = 12, width: int = 10, channels: int = 3) -> np.ndarray:
    """Smooth pictures without any symmetry."""
    y, x = np.mgrid[:height, :width]
    ramp = np.stack([10 + 9 * x + 3 * y, 200 - 8 * y, 40 + x * y], axis=-1)[..., :channels]
    return np.stack([np.clip(ramp + 5 * (k % 7), 0, 255) for k in range(n)]).astype(np.uint8)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("channels", [1, 3])
def test_each_change_keeps_size_and_type_and_leaves_the_stored_pictures_alone(change: str, channels: int) -> None:
    stored = pictures(channels=channels)
    before = stored.copy()
    changed = Augmentation([change], 3)(stored, 0, 0)
    assert (changed.shape, changed.dtype) == (stored.shape, np.uint8)
    assert (changed != stored).any()
    np.testing.assert_array_equal(stored, before)


def test_the_same_place_of_a_run_changes_alike_and_another_one_does_not() -> None:
    stored = pictures()
    augment = Augmentation(CHANGES, 3)
    again = Augmentation(CHANGES, 3)
    np.testing.assert_array_equal(augment(stored, 2, 5), again(stored, 2, 5))
    for other in (augment(stored, 2, 6), augment(stored, 3, 5), Augmentation(CHANGES, 4)(stored, 2, 5)):
        assert (other != augment(stored, 2, 5)).any()


def test_a_flip_exchanges_left_and_right_of_about_half_of_the_pictures() -> None:
    stored = pictures(200)
    flipped = Augmentation(["flip"], 3)(stored, 0, 0)
    mirrored = (flipped == stored[:, :, ::-1]).all(axis=(1, 2, 3))
    same = (flipped == stored).all(axis=(1, 2, 3))
    np.testing.assert_array_equal(mirrored, ~same)
    assert 70 < mirrored.sum() < 130


def test_a_shift_moves_whole_pixels_by_up_to_an_eighth() -> None:
    stored = np.random.default_rng(0).integers(0, 256, (60, 16, 16, 3), dtype=np.uint8)
    shifted = Augmentation(["shift"], 3)(stored, 0, 0)
    offsets = set()
    for picture, moved in zip(stored, shifted, strict=True):
        fits = [
            (down, right)
            for down in range(-2, 3)
            for right in range(-2, 3)
            if (np.roll(picture, (down, right), (0, 1))[2:-2, 2:-2] == moved[2:-2, 2:-2]).all()
        ]
        assert len(fits) == 1
        offsets.update(fits)
    assert {down for down, _ in offsets} == {right for _, right in offsets} == {-2, -1, 0, 1, 2}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("height", "width"), [(16, 40), (33, 8), (1, 5)])
def test_a_flip_comes_before_a_shift_and_what_is_left_empty_is_the_mirror_image(height, width, channels) -> None:
    stored = np.random.default_rng(0).integers(0, 256, (40, height, width, channels), dtype=np.uint8)
    flipped = Augmentation(["flip"], 3)(stored, 0, 0)
    margin = max(height, width) // 8 + 1
    padded = np.pad(flipped, ((0, 0), (margin, margin), (margin, margin), (0, 0)), mode="symmetric")
    for place, moved in zip(padded, Augmentation(["flip", "shift"], 3)(stored, 0, 0), strict=True):
        windows = np.lib.stride_tricks.sliding_window_view(place, (height, width), (0, 1))
        assert (windows == np.moveaxis(moved, 2, 0)).all(axis=(2, 3, 4)).any()


def test_a_turn_keeps_the_middle_and_is_a_turn() -> None:
    """A picture of x alone changes along y when it is turned, by the tangent of the angle, at most 15 degrees."""
    x = np.arange(41)[None, :, None] * 6
    stored = np.broadcast_to(x, (30, 41, 41, 1)).astype(np.uint8)
    turned = Augmentation(["rotate"], 3)(stored, 0, 0)[..., 0].astype(float)
    np.testing.assert_allclose(turned[:, 20, 20], 120, atol=1)
    tilt = (turned[:, 25, 20] - turned[:, 15, 20]) / (turned[:, 20, 25] - turned[:, 20, 15])
    angles = np.degrees(np.arctan(tilt))
    assert np.abs(angles).max() < 15.5
    assert angles.std() > 4


def test_brightness_multiplies_each_picture_by_one_factor() -> None:
    stored = np.full((50, 4, 4, 1), 100, np.uint8)
    changed = Augmentation(["brightness"], 3)(stored, 0, 0)
    assert (changed == changed[:, :1, :1]).all()
    assert changed.min() >= 70
    assert changed.max() <= 130
    assert len(np.unique(changed)) > 10


def test_a_batch_has_the_changed_pictures_and_what_the_network_reads_is_made_of_them() -> None:
    stored = pictures(10)
    split = Split(stored, np.arange(10) % 2, [""] * 10)
    encoder = Encoder(Standardization.of(stored), np.eye(2))
    batches = Batches(split, encoder, 4, 7, Augmentation(CHANGES, 3))
    plain = Batches(split, encoder, 4, 7)
    for step in (0, 2, 4):
        batch = batches.load(step)
        assert batch.seen is not None
        np.testing.assert_array_equal(batch.inputs, encoder.inputs(batch.seen))
        np.testing.assert_array_equal(batch.indices, plain.load(step).indices)
        assert plain.load(step).seen is None
        assert (batch.inputs != plain.load(step).inputs).any()
