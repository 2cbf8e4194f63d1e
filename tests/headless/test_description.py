"""`nnviz data`: what there is to learn from, told to people and to programs."""

import json
import os
import re
import sys
from typing import get_args

import numpy as np
import pytest
from PIL import Image

from nnviz.data.formats import Format
from nnviz.data.sources import BUILT_IN
from nnviz.headless.description import IN_WORDS


def folder_of(root, counts):
    for name, count in counts.items():
        (root / name).mkdir(parents=True)
        for i in range(count):
            Image.new("RGB", (4, 4), (i, 50, 200)).save(root / name / f"{i:02}.png")


def described(nnviz, *arguments):
    done = nnviz("data", *arguments, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_without_a_source_every_built_in_one_is_listed(nnviz):
    listed = nnviz("data").stdout.splitlines()
    assert [line.split()[0] for line in listed] == list(BUILT_IN)
    assert [source["name"] for source in json.loads(nnviz("data", "--json").stdout)["built_in"]] == list(BUILT_IN)
    assert all(len(line.split()) > 5 for line in listed)


def test_every_format_has_words():
    assert set(IN_WORDS) == set(get_args(Format))


@pytest.mark.parametrize("source", BUILT_IN)
def test_built_in_sources_are_described(nnviz, source):
    told = described(nnviz, source)
    assert told["format"].startswith("built in, ")
    assert bool(told["classes"]) != bool(told["targets"])
    assert told["taken"] == []


def test_a_folder_is_described_with_counts_values_and_what_was_skipped(nnviz, tmp_path):
    folder_of(tmp_path / "mine", {"cat": 20, "dog": 10})
    (tmp_path / "mine" / "cat" / "a.txt").write_text("no picture")
    (tmp_path / "mine" / "cat" / "b.txt").write_text("no picture")
    (tmp_path / "mine" / "readme.md").write_text("no picture")
    told = described(nnviz, "mine", "--image-size", "6", "--grayscale", "--seed", "3")
    assert told["input_shape"] == [6, 6, 1]
    assert told["classes"] == [
        {"name": "cat", "train": 14, "validation": 3, "test": 3},
        {"name": "dog", "train": 7, "validation": 2, "test": 1},
    ]
    assert told["examples"] == {"train": 21, "validation": 5, "test": 4}
    assert (told["taken"], told["seed"]) == (["validation", "test"], 3)
    assert told["skipped"] == [
        {"reason": "not an image", "kind": "file", "count": 2, "names": ["cat/a.txt", "cat/b.txt"]},
        {"reason": "in no class's folder", "kind": "file", "count": 1, "names": ["readme.md"]},
    ]
    text = nnviz("data", "mine").stdout
    assert "mine: a folder of images\n" in text
    assert "  an example is 32×32×3 bytes, here from 0 to 200\n" in text
    assert "  split 70% / 15% / 15%, by chance (seed 0)\n" in text
    assert "  cat           14           3     3\n" in text
    assert "  2 classes     21           5     4\n" in text
    assert "skipped 3 files:\n  2 not an image: cat/a.txt and cat/b.txt\n" in text
    assert "to be trained with: dense 256 relu, dense 64 relu; sgd, learning rate 0.002, batches of 16, 20 ep" in text


def test_training_tells_what_was_skipped_by_cause(nnviz, tmp_path):
    folder_of(tmp_path / "mine", {"cat": 5, "dog": 5})
    for i in range(5):
        (tmp_path / "mine" / "dog" / f"{i}.txt").write_text("no picture")
    (tmp_path / "mine" / "readme.md").write_text("no picture")
    done = nnviz("train", "mine", "--steps", "2", "--out", "run")
    assert (
        "nnviz: skipped 6 files: 5 not an image (dog/0.txt, dog/1.txt, dog/2.txt and 2 more); "
        "1 in no class's folder (readme.md)\n"
    ) in done.stderr


def test_rows_of_a_table_that_are_skipped_are_called_rows(nnviz, tmp_path):
    folder_of(tmp_path / "mine", {"cat": 8})
    rows = [f"mine/cat/{i:02}.png,{i % 2}.5" for i in range(8)]
    (tmp_path / "my.csv").write_text("\n".join(["image,angle", *rows, ",1.5", "gone.png,2.5", ""]))
    assert "skipped 2 rows:\n  1 no image named: line 10\n" in nnviz("data", "my.csv", "--image-column", "image").stdout
    done = nnviz("train", "my.csv", "--image-column", "image", "--steps", "2", "--out", "run")
    assert "skipped 2 rows: 1 no image named (line 10); 1 no such file (line 11: gone.png)\n" in done.stderr


def test_hundreds_of_classes_are_told_in_short_and_to_programs_in_full(nnviz, tmp_path):
    folder_of(tmp_path / "mine", {f"class{i:03}": 1 + i % 4 for i in range(300)})
    assert len(described(nnviz, "mine", "--image-size", "1")["classes"]) == 300
    text = nnviz("data", "mine", "--image-size", "1").stdout
    assert len(text.splitlines()) < 30
    assert "  290 more       1–2         0–1   0–1\n" in text
    assert "  300 classes    " in text
    trained = nnviz("train", "mine", "--image-size", "1", "--steps", "2", "--network", "", "--out", "run")
    assert len(trained.stdout.splitlines()) < 60
    assert all(len(line) < 400 for line in (trained.stdout + trained.stderr).splitlines())


def test_long_names_that_are_alike_at_their_beginnings_or_ends_are_told_apart(nnviz, tmp_path):
    beginning, ending = "the class whose name is long and ends in", "and the rest of it is the same for both of them"
    alike = [f"{beginning} 1", f"{beginning} 2", f"1 {ending}", f"2 {ending}", f"{beginning} 3 {ending}"]
    folder_of(tmp_path / "mine", dict.fromkeys([*alike, f"{beginning} 4 {ending}"], 5))
    text = nnviz("data", "mine", "--image-size", "1").stdout
    names = [line.split("  ")[1] for line in text.split("validation  test\n")[1].splitlines()[:6]]
    assert len(set(names)) == 6
    assert all(1 < len(name) <= 30 for name in names)
    header = ",".join([f"{beginning} {k}" for k in range(4)])
    (tmp_path / "many.csv").write_text("\n".join([header, *(f"{i},{i % 7},{i % 5},{i / 3}" for i in range(50)), ""]))
    text = nnviz("data", "many.csv", "--task", "regress").stdout
    inputs = re.findall(r"(?m)^  (\S.*?)  ", text.split("deviation\n")[2])[:3]
    assert len(set(inputs)) == 3


def test_numbers_to_predict_and_columns_are_described(nnviz, tmp_path):
    rows = [f"{i if i % 10 else ''},{'red' if i % 2 else 'blue'},{i / 2}" for i in range(100)]
    (tmp_path / "houses.csv").write_text("\n".join(["size,colour,price", *rows, ""]))
    told = described(nnviz, "houses.csv")
    (price,) = told["targets"]
    assert price["name"] == "price"
    assert price["train"].keys() == {"min", "mean", "max", "deviation"}
    assert 0 <= price["train"]["min"] < price["train"]["mean"] < price["train"]["max"] <= 49.5
    size, red = told["inputs"]["features"][0], told["inputs"]["features"][-1]
    assert (size["name"], size["blanks"]) == ("size", 10)
    assert (red["name"], red["max"], red["blanks"]) == ("colour=red", 1, 0)
    text = nnviz("data", "houses.csv").stdout
    assert "to predict" in text
    assert "an example is 4 numbers, here" in text
    (tmp_path / "one.csv").write_text("a,y\n" + "".join(f"{i},{i % 2}\n" for i in range(20)))
    assert "an example is 1 number, here" in nnviz("data", "one.csv").stdout
    assert "blanks filled" in text
    assert "note: 10 blank cells in size (10)" in text
    chosen = described(nnviz, "houses.csv", "--target", "colour")
    assert [one["name"] for one in chosen["classes"]] == ["blue", "red"]


def test_blanks_are_counted_whichever_rows_they_are_in(nnviz, tmp_path):
    rows = [f"{'' if i == 3 else i},{i % 4},{'' if i % 9 == 2 else 'ab'[i % 2]},{i}" for i in range(40)]
    for name in range(6):
        # By chance the one blank is in another split.
        (tmp_path / f"{name}.csv").write_text("\n".join(["x,x blank,word,y", *rows, "", ""]))
        features = described(nnviz, f"{name}.csv", "--seed", name, "--task", "regress")["inputs"]["features"]
        counts = {feature["name"]: feature["blanks"] for feature in features}
        assert (counts["x"], counts["word=a"], counts["word blank"]) == (1, 0, 0)


def test_splits_that_the_source_has_are_told(nnviz, tmp_path):
    for role in ("train", "test"):
        folder_of(tmp_path / "mine" / role, {"cat": 20, "dog": 20})
    assert described(nnviz, "mine")["taken"] == ["validation"]
    assert (
        "  validation is 15% of what the source has to train on, by chance (seed 0)\n" in nnviz("data", "mine").stdout
    )
    assert "  split as the source says\n" in nnviz("data", "pets").stdout


def test_arrays_are_described(nnviz, tmp_path):
    np.savez(tmp_path / "x.npz", x=np.arange(40.0).reshape(20, 2), y=np.arange(40.0).reshape(20, 2))
    told = described(nnviz, "x.npz")
    assert told["format"] == "arrays of NumPy"
    assert [target["name"] for target in told["targets"]] == ["output 0", "output 1"]
    assert (told["inputs"]["min"], told["inputs"]["max"]) == (0, 39)


def test_a_run_means_the_data_of_its_experiment(nnviz, trained, pictures):
    of_run = nnviz("data", trained["run"], "--json")
    assert of_run.returncode == 0
    assert of_run.stderr == f"nnviz: {trained['run']}: a run on {pictures}, of 12 training steps (ended by: epochs)\n"
    told = json.loads(of_run.stdout)
    assert (told["source"], told["input_shape"]) == (str(pictures), [8, 8, 3])
    assert told["settings"] == {
        "layers": "dense 8 relu",
        "optimizer": "sgd",
        "learning_rate": 0.01,
        "batch_size": 16,
        "epochs": 4,
    }


@pytest.mark.skipif(sys.platform == "darwin", reason="names of files are UTF-8 here")
def test_names_that_are_no_utf8_can_be_told_kept_and_tested(nnviz, tmp_path):
    folder_of(tmp_path / "mine", {"a": 9, os.fsdecode(b"l\xf6we"): 9})
    bad = tmp_path / os.fsdecode(b"m\xfcll")
    (tmp_path / "mine").rename(bad)
    assert described(nnviz, bad)["classes"][1]["name"] == "löwe"
    refused = nnviz("train", bad)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.endswith("m�ll: this name is not UTF-8, and cannot be kept with a run; rename it\n")
    bad.rename(tmp_path / "mine")
    assert nnviz("train", "mine", "--steps", "2", "--out", "run", "--json").returncode == 0
    assert json.loads(nnviz("test", "run", "--json").stdout)["classes"] == ["a", "löwe"]
    assert nnviz("train", "mine", "--out", os.fsdecode(b"r\xfcn")).returncode == 2
