"""The commands with a source of arrays: what was learnt from it holds for image files, too."""

import json

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def arrays(pictures, tmp_path):
    """The pictures as gray arrays, in a file of their own."""
    paths = sorted(pictures.rglob("*.png"))
    gray = np.stack([np.asarray(Image.open(path).convert("L")) for path in paths])
    np.savez(tmp_path / "arrays.npz", x=gray, y=np.array([path.parent.name for path in paths]))
    return "arrays.npz"


def test_a_run_on_arrays_scores_and_predicts_image_files(nnviz, arrays, pictures):
    trained = nnviz("train", arrays, "--network", "dense 8 relu", "--epochs", "9", "--out", "run", "--json")
    assert trained.returncode == 0, trained.stderr
    told = json.loads(trained.stdout)
    own, other = (json.loads(nnviz("test", "run", *more, "--json").stdout) for more in ([], ["--data", pictures]))
    assert own["loss"] == told["test"]["loss"]
    # Both are split alike, class by class and in the same order.
    assert (other["loss"], other["confusion"]) == (own["loss"], own["confusion"])
    large = pictures.parent / "large.png"
    Image.open(pictures / "left" / "00.png").resize((32, 32), Image.Resampling.NEAREST).save(large)
    for path in (pictures / "left" / "00.png", large):
        predicted = nnviz("predict", "run", path, "--json")
        assert json.loads(predicted.stdout)["label"] == "left", predicted.stderr


def test_a_run_on_arrays_has_no_image_size_in_its_file_unless_it_was_given(nnviz, arrays, tmp_path):
    nnviz("train", arrays, "--steps", "1", "--out", "own")
    nnviz("train", arrays, "--steps", "1", "--image-size", "4", "--out", "smaller")
    assert "image_size" not in (tmp_path / "own" / "experiment.toml").read_text()
    assert "image_size = 4" in (tmp_path / "smaller" / "experiment.toml").read_text()
    assert "inputs of 8×8×1" in nnviz("test", "own", "--data", "pets").stderr
    assert "inputs of 4×4×1" in nnviz("test", "smaller", "--data", "pets").stderr


def test_images_are_not_squeezed_into_what_is_no_square(nnviz, tmp_path, pictures):
    np.savez(tmp_path / "wide.npz", x=np.zeros((6, 4, 9), np.uint8), y=np.arange(6) % 2)
    nnviz("train", "wide.npz", "--steps", "1", "--out", "run")
    done = nnviz("predict", "run", pictures)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "nnviz: run: this network sees 4×9, not squares; train one with --image-size\n"
