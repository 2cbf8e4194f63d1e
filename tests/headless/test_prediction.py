"""`nnviz predict`: what a trained network says of single pictures."""

import json

import pytest


def test_predictions_agree_with_the_scores_of_the_training(nnviz, trained, pictures):
    done = nnviz("predict", trained["run"], pictures, "--json")
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["image"] for one in told] == sorted(str(path) for path in pictures.rglob("*.png"))
    for one in told:
        assert list(one) == ["image", "label", "probabilities"]
        assert sum(one["probabilities"].values()) == pytest.approx(1, abs=1e-6)
        assert one["label"] == max(one["probabilities"], key=one["probabilities"].get)
    right = sum(f"/{one['label']}/" in one["image"] for one in told)
    counts = {"train": 42, "validation": 8, "test": 10}
    assert right == round(sum(trained[split]["accuracy"] * count for split, count in counts.items()))
    assert right > 30, "it has learnt something, so that this compares more than chance"


def test_a_picture_that_cannot_be_read_does_not_stop_the_others(nnviz, trained, pictures, tmp_path):
    (tmp_path / "notes.txt").write_text("no picture")
    good = pictures / "left" / "00.png"
    done = nnviz("predict", trained["run"], "notes.txt", good, "missing.png")
    assert done.returncode == 2
    assert done.stdout.startswith(f"{good}: ")
    assert done.stdout.count("\n") == 1
    assert [line.split(": ")[1] for line in done.stderr.splitlines()] == ["notes.txt", "missing.png"]


def test_a_single_output_names_both_classes(nnviz, pictures):
    nnviz("train", pictures, "--image-size", "8", "--output", "single", "--grayscale", "--epochs", "9", "--out", "run")
    done = nnviz("predict", "run", pictures / "left" / "00.png", pictures / "right" / "00.png", "--json")
    left, right = (json.loads(line) for line in done.stdout.splitlines())
    assert left["probabilities"].keys() == {"left", "right"}
    assert left["probabilities"]["left"] > right["probabilities"]["left"]
    assert sum(left["probabilities"].values()) == pytest.approx(1)
