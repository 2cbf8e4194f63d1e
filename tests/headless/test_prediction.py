"""`nnviz predict`: what a trained network says of single pictures."""

import json
import re

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file

from nnviz.runs.checkpoint_file import FACTS, sealed
from nnviz.wording import fixed


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


def test_a_folder_that_is_linked_in_a_circle_is_gone_through_once(nnviz, trained, pictures, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "left").symlink_to(pictures / "left")
    (tmp_path / "mine" / "round").symlink_to(tmp_path / "mine")
    done = nnviz("predict", trained["run"], "mine")
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 30)
    assert done.stderr == "nnviz: mine: skipped 1 file: 1 link in a circle (round)\n"


def test_a_folder_with_nothing_to_read_is_told(nnviz, trained, tmp_path):
    (tmp_path / "empty").mkdir()
    done = nnviz("predict", trained["run"], "empty")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "nnviz: empty: nothing there that this network can read\n"


@pytest.mark.parametrize(("source", "told"), [("xor", "no class (equal NaN, mixed NaN)"), ("waves", "height NaN")])
def test_weights_that_are_no_numbers_give_valid_json(nnviz, tmp_path, source, told):
    nnviz("train", source, "--steps", "3", "--out", "run")
    checkpoint = tmp_path / "run" / "checkpoints" / "final.safetensors"
    with safe_open(checkpoint, framework="numpy") as file:
        metadata = file.metadata()
    tensors = {name: array.copy() for name, array in load_file(checkpoint).items()}
    tensors["dense1.weights"][:] = np.nan
    told_of_itself = {name: fact for name, fact in json.loads(metadata[FACTS]).items() if name != "checksum"}
    checkpoint.write_bytes(sealed(tensors, told_of_itself))
    np.save(tmp_path / "points.npy", np.float32([[0.1, 0.2], [0.3, 0.4]]))
    done = nnviz("predict", "run", "points.npy", "--json")
    assert (done.returncode, done.stderr) == (0, "")

    def refuse(constant):
        raise ValueError(f"JSON knows no {constant}")

    for line in done.stdout.splitlines():
        said = json.loads(line, parse_constant=refuse)
        assert set(said.get("probabilities", said.get("prediction")).values()) == {None}
        assert said.get("label") is None
    done = nnviz("predict", "run", "points.npy")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"points.npy points[0]: {told}\n")


@pytest.mark.parametrize("output", [(), ("--output", "hill")])
def test_numbers_are_predicted_from_pictures(nnviz, output):
    nnviz("train", "road", "--steps", "300", "--image-size", "16", *output, "--out", "run")
    nnviz("draw", "road", "pictures", "-n", "9")
    done = nnviz("predict", "run", "pictures/road-001.png", "pictures/road-002.png")
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"(pictures/road-00\d.png: steering −?[01]\.\d\d\d\n){2}", done.stdout)
    first = json.loads(nnviz("predict", "run", "pictures/road-001.png", "--json").stdout)
    assert first.keys() == {"image", "prediction"}
    assert f"steering {fixed(first['prediction']['steering'], 3)}\n" in done.stdout


def test_rows_of_a_table_are_predicted_without_their_target(nnviz, tmp_path):
    rows = [f"{i % 17},{'red' if i % 3 else 'blue'},{i % 17 + 5 * (i % 3 == 0)}.5" for i in range(200)]
    (tmp_path / "all.csv").write_text("\n".join(["size,colour,price", *rows, ""]))
    nnviz("train", "all.csv", "--target", "price", "--out", "run")
    (tmp_path / "new.csv").write_text("colour,other,size\nred,x,3\nred,y,9\nblue,z,3\ngreen,z\ngreen,z,4\n")
    done = nnviz("predict", "run", "new.csv", "missing.csv", "--json")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["line"] for one in told] == [2, 3, 4, 6]
    assert {one["file"] for one in told} == {"new.csv"}
    small, large, blue, _ = (one["prediction"]["price"] for one in told)
    assert small == pytest.approx(3.5, abs=1)
    assert large == pytest.approx(9.5, abs=1)
    assert blue == pytest.approx(8.5, abs=1)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "nnviz: new.csv: skipped 1 row (line 5: not the 3 cells that the others have)",
        "nnviz: new.csv: words that no training row has, in 1 cell, count as none of the known ones",
        "nnviz: missing.csv: no such file; put it there",
    ]
    assert re.match(r"new\.csv line 2: price \d\.\d\d\n", nnviz("predict", "run", "new.csv").stdout)
    (tmp_path / "less.csv").write_text("size,other\n1,2\n3,4\n")
    less = nnviz("predict", "run", "less.csv")
    assert (less.returncode, less.stdout) == (2, "")
    assert "less.csv: there is no column 'colour', which the network has learnt from" in less.stderr


def test_texts_are_predicted_line_by_line(nnviz, tmp_path):
    nnviz("train", "language", "--epochs", "8", "--out", "run")
    (tmp_path / "new.txt").write_text("the cat that was there with them\n\ndie Katze und der Hund sind nicht da\n")
    done = nnviz("predict", "run", "new.txt", "--json")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(one["line"], one["label"]) for one in told] == [(1, "english"), (3, "german")]


def test_texts_in_a_table_are_predicted(nnviz, tmp_path):
    words = {"spam": "win a prize now and call us", "ham": "see you at home for dinner tonight"}
    rows = [f"{kind}\t{text} {i}" for i in range(60) for kind, text in words.items()]
    (tmp_path / "all.tsv").write_text("\n".join(["kind\tmessage", *rows, ""]))
    nnviz("train", "all.tsv", "--target", "kind", "--text-column", "message", "--out", "run")
    (tmp_path / "new.tsv").write_text("message\tfrom\nsee you at dinner\tme\ncall now to win\tyou\n")
    told = [json.loads(line) for line in nnviz("predict", "run", "new.tsv", "--json").stdout.splitlines()]
    assert [one["label"] for one in told] == ["ham", "spam"]
    (tmp_path / "new.txt").write_text("see you, at dinner\ncall now to win\n")
    told = [json.loads(line) for line in nnviz("predict", "run", "new.txt", "--json").stdout.splitlines()]
    assert [(one["line"], one["label"]) for one in told] == [(1, "ham"), (2, "spam")]


def test_a_document_is_predicted_as_a_whole_where_documents_were_learnt(nnviz, tmp_path):
    for kind, text in {"spam": "win a prize now\n\ncall us", "ham": "see you at home\nfor dinner tonight"}.items():
        (tmp_path / "docs" / kind).mkdir(parents=True)
        for i in range(30):
            (tmp_path / "docs" / kind / f"{i:02}.txt").write_text(f"{text} {i}\n")
    nnviz("train", "docs", "--epochs", "6", "--out", "run")
    (tmp_path / "docs" / "ham" / "notes.md").write_text("no text")
    done = nnviz("predict", "run", "docs", "docs/spam/00.txt", "--json")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert (len(told), told[-1]["file"], told[-1]["label"]) == (61, "docs/spam/00.txt", "spam")
    assert all(one.keys() == {"file", "label", "probabilities"} for one in told)
    assert sum(f"/{one['label']}/" in one["file"] for one in told) > 55
    assert done.stderr == "nnviz: docs: skipped 1 file: 1 no .txt file (ham/notes.md)\n"
    (tmp_path / "blank.txt").write_text("\u3000\n")
    blank = nnviz("predict", "run", "blank.txt")
    assert (blank.returncode, blank.stderr) == (2, "nnviz: blank.txt: holds no text; give another\n")


def predicted_lines(done):
    """The number of the line that each prediction names."""
    return [json.loads(line)["line"] for line in done.stdout.splitlines()]


def test_what_is_left_out_of_lines_and_rows_of_text_is_counted(nnviz, tmp_path):
    rows = [f"{kind},{text} {i}" for i in range(40) for kind, text in (("a", "win a prize"), ("b", "see you soon"))]
    (tmp_path / "all.csv").write_text("\n".join(["kind,text", *rows, ""]))
    nnviz("train", "all.csv", "--text-column", "text", "--target", "kind", "--epochs", "3", "--out", "run")
    (tmp_path / "old.txt").write_bytes("caf\xe9 soon\n\n \nwin\n".encode("latin-1"))
    done = nnviz("predict", "run", "old.txt", "--json")
    assert predicted_lines(done) == [1, 4]
    assert done.stderr.splitlines() == [
        "nnviz: old.txt: read as Latin-1, because it is not UTF-8",
        "nnviz: old.txt: 2 blank lines left out",
    ]
    (tmp_path / "new.csv").write_bytes("n,text\n1,caf\xe9\n2,\n3,win\n".encode("latin-1"))
    done = nnviz("predict", "run", "new.csv", "--json")
    assert predicted_lines(done) == [2, 4]
    assert done.stderr.splitlines() == [
        "nnviz: new.csv: read as Latin-1, because it is not UTF-8",
        "nnviz: new.csv: skipped 1 row without text (line 3)",
    ]
    (tmp_path / "none.csv").write_text("n,text\n1,\n2,\n")
    none = nnviz("predict", "run", "none.csv")
    assert (none.returncode, none.stdout, none.stderr.count("\n")) == (2, "", 1)
    assert "none.csv: no row has a text in column 'text'" in none.stderr
    (tmp_path / "one.csv").write_text('text\nsee you, soon\n"win,\nwin"\n\tsoon\tyou\n')
    one = nnviz("predict", "run", "one.csv", "--json")
    assert predicted_lines(one) == [2, 3, 5], one.stderr


def test_a_table_of_the_one_column_that_is_needed_is_enough(nnviz, tmp_path):
    (tmp_path / "all.csv").write_text("\n".join(["x,y", *(f"{i / 10},{i / 5 + 1}" for i in range(90)), ""]))
    nnviz("train", "all.csv", "--epochs", "3", "--out", "run")
    (tmp_path / "new.csv").write_text("x\n0.1\n0.5\n")
    done = nnviz("predict", "run", "new.csv", "--json")
    assert predicted_lines(done) == [2, 3], done.stderr
    (tmp_path / "empty.csv").write_text(",,\n")
    assert nnviz("predict", "run", "empty.csv").stderr.count("\n") == 1


def test_rows_without_names_are_predicted_and_scored_where_none_had_any(nnviz, tmp_path):
    words = {"spam": "win a prize now and call us", "ham": "see you at home for dinner tonight"}
    rows = [f"{kind}\t{text} {i}" for i in range(60) for kind, text in words.items()]
    (tmp_path / "all.tsv").write_text("\n".join([*rows, ""]))
    trained = nnviz("train", "all.tsv", "--target", "1", "--text-column", "2", "--epochs", "6", "--out", "run")
    assert trained.returncode == 0, trained.stderr
    # Its first row looks like names: no word of it comes again.
    new = ["spam\tcall to win", *(f"ham\tsee you at dinner {i}" for i in range(8)), *["spam\tcall us now"] * 7]
    (tmp_path / "new.tsv").write_text("\n".join(["egg\tcall to win", *new[1:], ""]))
    done = nnviz("predict", "run", "new.tsv", "--json")
    assert predicted_lines(done) == list(range(1, 17)), done.stderr
    (tmp_path / "new.tsv").write_text("\n".join(["SPAM\tcall to win", *new[1:], ""]))
    assert "line 1: 'SPAM' in the target" in nnviz("test", "run", "--data", "new.tsv").stderr


def test_a_network_that_no_file_fits_says_so(nnviz):
    nnviz("train", "gauss", "--steps", "2", "--out", "run")
    done = nnviz("predict", "run", "x.csv")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert (
        done.stderr == "nnviz: x.csv: no such file or folder; give an .npz or .npy file with what the network reads\n"
    )
