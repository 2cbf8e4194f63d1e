"""`nnviz test` says what `nnviz train` said of the same network."""

import json
import shutil

import numpy as np
from PIL import Image

from nnviz.wording import number


def test_a_run_scores_on_unseen_examples_as_it_did_when_it_was_trained(nnviz, trained, pictures):
    done = nnviz("test", trained["run"], "--json")
    assert done.returncode == 0, done.stderr
    tested = json.loads(done.stdout)
    assert {key: tested[key] for key in ("loss", "accuracy")} == trained["test"]
    assert (tested["split"], tested["examples"], tested["classes"]) == ("test", 10, ["left", "right"])
    confusion = np.array(tested["confusion"])
    assert confusion.sum(axis=1).tolist() == [5, 5]
    assert np.trace(confusion) / 10 == tested["accuracy"]
    assert tested["source"] == str(pictures)


def test_people_get_a_table(nnviz, trained):
    done = nnviz("test", trained["run"])
    assert done.returncode == 0, done.stderr
    assert "left  right" in done.stdout
    assert number(trained["test"]["loss"], 4) in done.stdout
    assert "\x1b" not in done.stdout


def test_without_a_test_split_validation_is_scored(nnviz, pictures, tmp_path):
    for role in ("train", "val"):
        shutil.copytree(pictures, tmp_path / "mine" / role)
    result = json.loads(
        nnviz("train", "mine", "--image-size", "8", "--steps", "9", "--out", "run", "--json").stdout,
    )
    assert result["test"] is None
    tested = json.loads(nnviz("test", "run", "--json").stdout)
    assert (tested["split"], tested["examples"]) == ("validation", 60)
    assert {key: tested[key] for key in ("loss", "accuracy")} == result["validation"]


def test_a_source_that_is_gone_can_be_given_anew(nnviz, pictures, tmp_path):
    shutil.copytree(pictures, tmp_path / "mine")
    result = json.loads(nnviz("train", "mine", "--image-size", "8", "--out", "run", "--json").stdout)
    (tmp_path / "mine").rename(tmp_path / "moved")
    gone = nnviz("test", "run")
    assert (gone.returncode, gone.stdout, gone.stderr.count("\n")) == (2, "", 1)
    assert gone.stderr.startswith("nnviz: mine: no such folder")
    assert "--data" in gone.stderr
    again = json.loads(nnviz("test", "run", "--data", "moved", "--json").stdout)
    assert again["loss"] == result["test"]["loss"]


def test_another_source_must_have_the_same_classes(nnviz, trained):
    done = nnviz("test", trained["run"], "--data", "pets")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "pets: it holds cat and dog" in done.stderr
    assert "left and right" in done.stderr


def test_what_is_no_run_is_told(nnviz, pictures):
    done = nnviz("test", pictures)
    assert (done.returncode, done.stdout) == (2, "")
    assert "not a finished run" in done.stderr


def test_the_standardization_is_the_runs_own(nnviz, trained, pictures, tmp_path):
    for path in pictures.rglob("*.png"):
        darker = Image.open(path).point(lambda value: value // 3)
        target = tmp_path / "dark" / path.relative_to(pictures)
        target.parent.mkdir(parents=True, exist_ok=True)
        darker.save(target)
    dark = json.loads(nnviz("test", trained["run"], "--data", "dark", "--json").stdout)
    assert dark["loss"] > 1.05 * trained["test"]["loss"], "dark pictures must not be brightened by their own statistics"


def test_a_source_that_has_changed_since_is_told(nnviz, pictures, tmp_path):
    changed = tmp_path / "changed"
    shutil.copytree(pictures, changed)
    nnviz("train", changed, "--steps", "2", "--out", "run")
    assert nnviz("test", "run").stderr == ""
    first = min((changed / "left").iterdir())
    shutil.copy(first, first.with_name("zz-new.png"))
    done = nnviz("test", "run")
    assert done.returncode == 0
    assert "has changed since the run" in done.stderr


def test_everything_about_two_classes_is_in_the_object(nnviz, trained):
    tested = json.loads(nnviz("test", trained["run"], "--json").stdout)
    labels, said = np.array(tested["confusion"]).sum(axis=1), np.array(tested["confusion"]).sum(axis=0)
    for k, (name, score) in enumerate(zip(tested["classes"], tested["each_class"], strict=True)):
        right = tested["confusion"][k][k]
        assert score == {
            "class": name,
            "examples": labels[k],
            "said": said[k],
            "right": right,
            "precision": right / said[k] if said[k] else None,
            "recall": right / labels[k],
            "f1": 2 * right / (labels[k] + said[k]),
        }
    for measure in ("accuracy_interval", "commonest_class"):
        assert trained[measure]["test"] == tested[measure]
    assert trained["accuracy_interval"]["train"] is None
    assert tested["commonest_class"] == {"class": "left", "accuracy": 0.5}
    low, high = tested["accuracy_interval"]
    assert 0 <= low <= tested["accuracy"] <= high <= 1
    bins, thresholds = tested["calibration"]["bins"], tested["thresholds"]
    assert sum(each["examples"] for each in bins) == 10
    assert thresholds["class"] == "right"
    assert thresholds["recall"][0] == thresholds["false_positive_rate"][0] == 1
    assert {len(thresholds[name]) for name in ("threshold", "precision", "recall", "false_positive_rate")} == {
        len(set(thresholds["threshold"]))
    }
    # Every example is either right on its side of one half, or counted as a mistake in the table.
    half = next((k for k, value in enumerate(thresholds["threshold"]) if value >= 0.5), None)
    assert said[1] == 0 if half is None else thresholds["recall"][half] == tested["confusion"][1][1] / 5
