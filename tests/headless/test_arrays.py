"""The commands with a source of arrays: what was learnt from it holds for image files, too."""

import json
import re

import numpy as np
import pytest
from PIL import Image

from nnviz.training.assembly import open_dataset
from nnviz.training.evaluation import predict
from nnviz.training.run import load_run


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


def test_several_numbers_are_each_scored_in_their_own_unit(nnviz, tmp_path, monkeypatch):
    """A length in metres and a price: what is said of the one must not depend on the other."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(120, 3))
    y = np.stack([x[:, 0] / 10, 30_000 * x[:, 1] + 200_000], axis=1)
    np.savez(tmp_path / "two.npz", x=x, y=y)
    trained = nnviz("train", "two.npz", "--network", "dense 8 relu", "--epochs", "9", "--out", "run", "--json")
    assert trained.returncode == 0, trained.stderr
    told = json.loads(trained.stdout)
    run = load_run(tmp_path / "run")
    monkeypatch.chdir(tmp_path)
    test = open_dataset(run.experiment).test
    errors = predict(run.network, test.inputs, run.encoder).astype(np.float64) - test.labels
    of_mean = np.array(run.task.targets.mean) - test.labels
    for score, errors_of in ((told["test"], errors), (told["mean_prediction"]["test"], of_mean)):
        assert list(score["rmse"]) == list(score["mae"]) == ["output 0", "output 1"]
        assert list(score["rmse"].values()) == pytest.approx(np.sqrt((errors_of**2).mean(axis=0)).tolist())
        assert list(score["mae"].values()) == pytest.approx(np.abs(errors_of).mean(axis=0).tolist())
    tested = json.loads(nnviz("test", "run", "--json").stdout)
    assert {name: tested[name] for name in ("rmse", "mae")} == {name: told["test"][name] for name in ("rmse", "mae")}
    assert tested["mean_prediction"] == told["mean_prediction"]["test"]
    metrics = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert metrics[-1]["rmse"] == told["validation"]["rmse"]
    for report in (nnviz("test", "run").stdout, nnviz("train", "two.npz", "--steps", "9").stdout):
        lines = [line.split() for line in report.splitlines() if re.match(r"    output [01] ", line)]
        sizes = [float(line[2].replace(",", "")) for line in lines]
        assert all(small < 1 < 1000 < large for small, large in zip(sizes[::2], sizes[1::2], strict=True)), report
        assert len(lines) in (2, 6)
