"""The commands with tables: what is predicted is told in its own unit, and a run can be scored again."""

import json

import pytest
from PIL import Image


def write(path, rows, header="size,colour,price"):
    path.write_text("\n".join([header, *rows, ""]))


def price(i):
    return 100_000 + 1000 * i + (20_000 if i % 3 else 0)


@pytest.fixture
def houses(tmp_path):
    """200 houses whose price follows from size and colour; one has no size, another no price."""
    rows = [f"{i if i != 7 else ''},{'red' if i % 3 else 'blue'},{price(i) if i != 8 else ''}" for i in range(200)]
    write(tmp_path / "houses.csv", rows)
    return "houses.csv"


def test_numbers_are_scored_in_their_own_unit_beside_the_mean(nnviz, houses, tmp_path):
    trained = nnviz("train", houses, "--out", "run", "--json")
    assert trained.returncode == 0, trained.stderr
    assert "houses.csv: skipped 1 row whose target is blank (line 10)" in trained.stderr
    assert "houses.csv: 1 blank cell in size (1)" in trained.stderr
    assert "the target is the last of 3 columns, 'price', a number; --target chooses another" in trained.stderr
    told = json.loads(trained.stdout)
    assert told == json.loads((tmp_path / "run" / "result.json").read_text())
    assert told["test"]["accuracy"] is None
    of_mean = told["mean_prediction"]["test"]
    assert 0 < told["test"]["mae"] < told["test"]["rmse"] < of_mean["rmse"] / 5
    tested = json.loads(nnviz("test", "run", "--json").stdout)
    assert {key: tested[key] for key in ("loss", "accuracy", "rmse", "mae")} == told["test"]
    assert tested["mean_prediction"] == of_mean
    for command in (["train", houses, "--out", "other"], ["test", "run"]):
        report = nnviz(*command).stdout
        assert f"{of_mean['rmse']:,.0f}" in report
        assert "RMSE of the mean" in report


def test_another_table_is_scored_by_the_medians_and_categories_of_the_first(nnviz, houses, tmp_path):
    nnviz("train", houses, "--target", "price", "--epochs", "9", "--out", "run")
    own = json.loads(nnviz("test", "run", "--json").stdout)
    # The same houses, with columns in another order and one that is new, and without a blue one among the first.
    lines = [line.split(",") for line in (tmp_path / houses).read_text().splitlines()]
    write(tmp_path / "new.csv", [f"{p},{i},{c},{s}" for i, (s, c, p) in enumerate(lines[1:])], "price,id,colour,size")
    again = json.loads(nnviz("test", "run", "--data", "new.csv", "--json").stdout)
    assert (again["rmse"], again["examples"]) == (own["rmse"], own["examples"])
    # Prices in another currency are predicted as well as they are, and far off.
    write(tmp_path / "dear.csv", [f"{s},{c},{p and f'{p}00'}" for s, c, p in lines[1:]])
    assert json.loads(nnviz("test", "run", "--data", "dear.csv", "--json").stdout)["rmse"] > 50 * own["rmse"]
    write(tmp_path / "less.csv", ["1,2", "2,3"], "size,price")
    done = nnviz("test", "run", "--data", "less.csv")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "less.csv: there is no column 'colour', which the network has learnt from" in done.stderr


def adult(i):
    work = "?" if i % 9 == 0 else ("State-gov", "Private")[i % 2]
    return f"{25 + i % 40}, {work}, {i % 16}, {'>50K' if i % 40 > 22 else '<=50K'}"


def test_all_of_another_table_is_scored(nnviz, tmp_path):
    write(tmp_path / "adult.data", map(adult, range(120)), "")
    write(tmp_path / "adult.test", [f"{adult(i)}." for i in range(1000, 1090)], "|1x3 Cross validator")
    nnviz("train", "adult.data", "--epochs", "5", "--out", "run")
    done = nnviz("test", "run", "--data", "adult.test", "--json")
    assert done.stderr.endswith(
        "adult.test: all of it, 90 examples, is scored, because the run was trained on adult.data\n"
    )
    tested = json.loads(done.stdout)
    assert (tested["split"], tested["examples"]) == ("all", 90)
    said = [json.loads(line)["label"] for line in nnviz("predict", "run", "adult.test", "--json").stdout.splitlines()]
    right = [label == adult(i).rsplit(", ", 1)[1] for i, label in enumerate(said, 1000)]
    assert (len(said), sum(right) / len(right)) == (90, pytest.approx(tested["accuracy"]))
    report = nnviz("test", "run", "--data", "adult.test").stdout
    assert "all: rows are labels, columns what the network said" in report
    assert "\n  all " in report
    # Of what it was trained on, wherever that is now, what was set aside is scored.
    for name in ("adult.data", "copy.data"):
        (tmp_path / name).write_text((tmp_path / "adult.data").read_text())
        done = nnviz("test", "run", "--data", name, "--json")
        assert (json.loads(done.stdout)["split"], json.loads(done.stdout)["examples"]) == ("test", 18)
    assert "copy.data: its training examples are those that the run was trained on" in done.stderr


def test_the_test_split_of_another_source_is_scored(nnviz, houses, tmp_path):
    lines = (tmp_path / houses).read_text().splitlines()
    (tmp_path / "mine").mkdir()
    write(tmp_path / "mine" / "train.csv", lines[1:160], lines[0])
    write(tmp_path / "mine" / "test.csv", lines[160:], lines[0])
    trained = json.loads(nnviz("train", "mine", "--epochs", "2", "--out", "run", "--json").stdout)
    tested = json.loads(nnviz("test", "run", "--json").stdout)
    assert (tested["split"], tested["examples"], tested["rmse"]) == ("test", 41, trained["test"]["rmse"])
    nnviz("train", houses, "--epochs", "2", "--out", "other")
    tested = json.loads(nnviz("test", "other", "--data", "mine", "--json").stdout)
    assert (tested["split"], tested["examples"]) == ("test", 41)


def test_a_table_is_not_taken_for_other_numbers(nnviz, houses):
    nnviz("train", houses, "--target", "colour", "--epochs", "2", "--out", "run")
    for other in ("gauss", "pets"):
        done = nnviz("test", "run", "--data", other)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_a_network_of_pictures_is_not_asked_about_numbers(nnviz, trained, houses):
    for other in ("xor", houses):
        done = nnviz("test", trained["run"], "--data", other)
        assert (done.returncode, done.stdout) == (2, "")
        assert "the run was trained on left and right from inputs of 8×8×3" in done.stderr


def test_the_keys_of_a_table_can_stand_in_a_file(nnviz, houses, tmp_path):
    (tmp_path / "my.toml").write_text(
        f'[data]\nsource = "{houses}"\ntarget = "colour"\ntask = "classify"\n[stopping]\nepochs = 2\n'
    )
    trained = nnviz("train", "--config", "my.toml", "--out", "run", "--json")
    assert trained.returncode == 0, trained.stderr
    assert json.loads(trained.stdout)["test"]["accuracy"] is not None
    assert 'target = "colour"' in (tmp_path / "run" / "experiment.toml").read_text()
    wrong = nnviz("train", houses, "--task", "guess")
    assert "data.task: expected one of classify, regress; got 'guess'" in wrong.stderr


def told_of(nnviz, *arguments):
    done = nnviz("data", *arguments, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def inputs_of(told):
    return [feature["name"] for feature in told["inputs"]["features"]]


def classes_of(told):
    return [each["name"] for each in told["classes"] or []]


@pytest.fixture
def passengers(tmp_path):
    rows = [f"{i + 1},{i * 7919 % 9001},{('cat', 'dog')[i % 2]},{i % 9 / 2},{'xy'[i * 7 // 4 % 2]}" for i in range(80)]
    write(tmp_path / "passengers.csv", rows, "PassengerId,ticket no,kind,size,class")
    return "passengers.csv"


@pytest.mark.parametrize(
    ("kept", "more"),
    [
        ([], []),
        (["--keep", "passengerid", "--keep", "2"], ["PassengerId", "ticket no"]),
        (["--keep", "1,ticket no"], ["PassengerId", "ticket no"]),
    ],
)
def test_a_column_is_kept(nnviz, passengers, kept, more):
    told = told_of(nnviz, passengers, *kept)
    assert inputs_of(told) == [*more, "kind=cat", "kind=dog", "size"]
    if not kept:
        assert "--keep takes one in" in nnviz("train", passengers, "--epochs", "1").stderr
        return
    nnviz("train", passengers, *kept, "--epochs", "1", "--out", "run")
    of_run = nnviz("data", "run", "--json")
    assert of_run.stderr == "nnviz: run: a run on passengers.csv, of 4 training steps (ended by: epochs)\n"
    assert inputs_of(json.loads(of_run.stdout)) == inputs_of(told)
    assert json.loads(nnviz("test", "run", "--json").stdout)["examples"] == 12


def test_a_column_that_is_not_there_is_not_kept(nnviz, passengers):
    done = nnviz("train", passengers, "--keep", "name")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "there is no column 'name' for what to keep; there are 5: PassengerId, ticket no," in done.stderr


@pytest.mark.parametrize(
    ("chosen", "target", "classes", "inputs"),
    [
        ([], "class", ["x", "y"], ["kind=cat", "kind=dog", "size"]),
        (["--target", "KIND"], "kind", ["cat", "dog"], ["size", "class=x", "class=y"]),
        (["--target", "3"], "kind", ["cat", "dog"], ["size", "class=x", "class=y"]),
        (["--target", "size"], "size", [], ["kind=cat", "kind=dog", "class=x", "class=y"]),
        (["--target", "size", "--task", "classify"], "size", ["0", "0.5", "1"], ["kind=cat"]),
    ],
)
def test_a_target_is_chosen(nnviz, passengers, chosen, target, classes, inputs):
    told = told_of(nnviz, passengers, *chosen)
    assert classes_of(told)[:3] == classes
    assert inputs_of(told)[: len(inputs)] == inputs
    assert [each["name"] for each in told["targets"] or []] == ([] if classes else [target])


@pytest.mark.parametrize("form", ["{i:03}ab", "{i:03}ab.png", "C:\\\\me\\\\train_images\\\\{i:03}ab.png"])
def test_a_column_of_images_is_read_with_or_without_their_endings(nnviz, tmp_path, form):
    (tmp_path / "train_images").mkdir()
    for i in range(24):
        Image.new("RGB", (8, 8), (i * 10, 90, 255 * (i % 2))).save(tmp_path / "train_images" / f"{i:03}ab.png")
    write(tmp_path / "train.csv", [f"{form.format(i=i)},{i},{i % 2}" for i in range(24)], "id_code,age,diagnosis")
    chosen = ["--image-column", "id_code", "--image-size", "8", "--target", "diagnosis"]
    told = told_of(nnviz, "train.csv", *chosen)
    assert (told["input_shape"], told["examples"]["train"], classes_of(told)) == ([8, 8, 3], 16, ["0", "1"])
    assert not told["skipped"]
    trained = nnviz("train", "train.csv", *chosen, "--network", "dense 8 relu", "--epochs", "5", "--out", "run")
    assert trained.returncode == 0, trained.stderr
    said = json.loads(nnviz("predict", "run", "train_images/001ab.png", "--json").stdout)
    assert said["label"] in ("0", "1")
    write(tmp_path / "ages.csv", [f"{form.format(i=i)},{20 + i * i}" for i in range(24)], "id_code,age")
    told = told_of(nnviz, "ages.csv", *chosen[:4])
    assert [each["name"] for each in told["targets"]] == ["age"]


def test_columns_that_cannot_be_both_are_refused(nnviz, passengers):
    for chosen, said in (
        (["--image-column", "kind", "--text-column", "class"], "images or texts are learnt from, not both"),
        (["--image-column", "class", "--target", "class"], "column 'class' is both target and images"),
        (["--image-column", "photo"], "there is no column 'photo' for the images; there are 5: "),
    ):
        done = nnviz("train", passengers, *chosen)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert said in done.stderr
