"""The commands with a source of arrays: what was learnt from it holds for image files, too."""

import json
import re

import numpy as np
import pytest
from PIL import Image

from nnviz.runs.trained_network import load_run
from nnviz.training.assembly import open_dataset
from nnviz.training.evaluation import predict


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
    # All of the pictures are scored, which are the arrays in another form.
    sizes = {"train": 42, "validation": 8, "test": 10}
    assert (other["split"], other["examples"]) == ("all", sum(sizes.values()))
    loss = sum(told[role]["loss"] * size for role, size in sizes.items()) / sum(sizes.values())
    assert other["loss"] == pytest.approx(loss, rel=1e-5)
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
    assert nnviz("predict", "run", "wide.npz").stdout.count("\n") == 6


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
    # Of the test split, and of all three.
    for report, count in ((nnviz("test", "run").stdout, 2), (nnviz("train", "two.npz", "--steps", "9").stdout, 6)):
        lines = [line.split() for line in report.splitlines() if re.match(r"    output [01] ", line)]
        sizes = [float(line[2].replace(",", "")) for line in lines]
        assert all(small < 1 < 1000 < large for small, large in zip(sizes[::2], sizes[1::2], strict=True)), report
        assert len(lines) == count


def lines_of(done):
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_elements_of_arrays_are_predicted_as_the_run_scored_them(nnviz, arrays, tmp_path):
    """The same pictures as an array, with labels or without, as numbers from 0 to 1, and as image files."""
    told = json.loads(nnviz("train", arrays, "--epochs", "9", "--network", "", "--out", "run", "--json").stdout)
    x, y = np.load(tmp_path / arrays)["x"], np.load(tmp_path / arrays)["y"]
    np.save(tmp_path / "pictures.npy", x)
    np.savez(tmp_path / "unit.npz", x_test=x / 255)
    whole, alone, unit = (
        lines_of(nnviz("predict", "run", name, "--json")) for name in (arrays, "pictures.npy", "unit.npz")
    )
    assert [one["label"] for one in whole] == [one["label"] for one in alone] == [one["label"] for one in unit]
    assert whole[3].keys() == {"file", "array", "index", "label", "probabilities"}
    assert (whole[3]["array"], alone[3]["array"], unit[3]["array"], unit[3]["index"]) == ("x", "pictures", "x_test", 3)
    right = sum(one["label"] == label for one, label in zip(whole, y, strict=True))
    counts = {"train": 42, "validation": 8, "test": 10}
    assert right == round(sum(told[split]["accuracy"] * count for split, count in counts.items()))
    assert nnviz("predict", "run", "pictures.npy").stdout.startswith("pictures.npy pictures[0]: ")


def test_rows_of_numbers_are_predicted(nnviz, tmp_path):
    x = np.random.default_rng(0).normal(size=(60, 3))
    np.savez(tmp_path / "rows.npz", x=x, y=x @ [1.0, -2.0, 0.5])
    nnviz("train", "rows.npz", "--epochs", "60", "--network", "", "--out", "run")
    predicted = [one["prediction"]["output 0"] for one in lines_of(nnviz("predict", "run", "rows.npz", "--json"))]
    assert np.corrcoef(predicted, x @ [1.0, -2.0, 0.5])[0, 1] > 0.99
    np.save(tmp_path / "narrow.npy", x[:, :2])
    done = nnviz("predict", "run", "narrow.npy")
    assert done.stderr == "nnviz: narrow.npy: 'narrow' holds examples of 2, and the network reads 3\n"
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n")
    told = "nnviz: rows.csv: nothing with arrays in it; give an .npz or .npy file with what the network reads\n"
    assert nnviz("predict", "run", "rows.csv").stderr == told


def test_published_sets_are_predicted_scored_and_described(nnviz, tmp_path):
    generator = np.random.default_rng(0)
    x, y = generator.integers(0, 100, (40, 8, 8), np.uint8), (np.arange(40) % 2).astype(np.uint8)
    x[y == 1, :4] += 150
    (tmp_path / "MNIST" / "raw").mkdir(parents=True)
    for prefix in ("train", "t10k"):
        header = np.array([0, 0, 8, 3, *(0, 0, 0, 40), *(0, 0, 0, 8), *(0, 0, 0, 8)], np.uint8)
        raw = tmp_path / "MNIST" / "raw"
        (raw / f"{prefix}-images-idx3-ubyte").write_bytes(header.tobytes() + x.tobytes())
        (raw / f"{prefix}-labels-idx1-ubyte").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 40]) + y.tobytes())
    for kind, array in (("imgs", x), ("labels", y)):
        np.savez(tmp_path / f"kmnist-test-{kind}.npz", array)
    trained = nnviz("train", "MNIST", "--epochs", "9", "--network", "", "--out", "run")
    assert "MNIST: what is read lies in MNIST/raw/" not in trained.stderr
    assert "MNIST: what is read lies in raw/" in trained.stderr
    predicted = lines_of(nnviz("predict", "run", "MNIST", "--json"))
    assert [one["label"] for one in predicted] == [*map(str, y), *map(str, y)]
    assert {one["array"] for one in predicted} == {"t10k-images-idx3-ubyte", "train-images-idx3-ubyte"}
    for source in ("MNIST", "MNIST/raw/t10k-labels-idx1-ubyte", "kmnist-test-imgs.npz"):
        assert json.loads(nnviz("test", "run", "--data", source, "--json").stdout)["accuracy"] == 1
    assert json.loads(nnviz("data", "kmnist-test-labels.npz", "--json").stdout)["examples"]["train"] == 28
