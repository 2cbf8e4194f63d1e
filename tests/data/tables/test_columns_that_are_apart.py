"""Which column is the target, and why; what is not learnt from; and the column that says the split."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnviz.data.sources import open_source
from nnviz.errors import InputError
from nnviz.experiment import Data
from tests.data.tables.opening import column, labels, opened, refused, told, written


def table(header: str, row: Callable[[int], str], rows: int = 60) -> str:
    return "\n".join([header, *map(row, range(rows)), ""])


def wave(i: int) -> str:
    """Numbers that neither count nor are ids."""
    return f"{i * i % 23},{i * 0.37 % 5:.2f}"


# The target ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "label",
        "Class",
        "TARGET",
        "y",
        "species",
        "diagnosis",
        "Survived",
        "Outcome",
        "target_class",
        "is fraud",
        "Churn",
    ],
)
@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_a_column_of_that_name_is_the_target_wherever_it_stands(tmp_path: Path, name: str, place: str) -> None:
    def row(i: int) -> str:
        a, b = wave(i).split(",")
        cells = {"first": ["no", a, b], "middle": [a, "no", b], "last": [a, b, "no"]}[place]
        return ",".join("yes" if cell == "no" and i % 3 else cell for cell in cells)

    header = {"first": f"{name},a,b", "middle": f"a,{name},b", "last": f"a,b,{name}"}[place]
    dataset = opened(written(tmp_path, table(header, row)))
    assert labels(dataset) == ["yes" if i % 3 else "no" for i in range(60)]
    assert told(dataset, f"the target is '{name}', because of its name, a class; --target chooses another")


def test_the_surest_name_comes_first_and_the_others_are_told(tmp_path: Path) -> None:
    path = written(tmp_path, table("class,survived,fare,alone", lambda i: f"{'abc'[i % 3]},{i % 2},{wave(i)}"))
    dataset = opened(path)
    assert dataset.class_names == ("0", "1")
    assert told(dataset, "the target is 'survived', because of its name (also called like one: class)")
    assert opened(path, target="class").class_names == ("a", "b", "c")


@pytest.mark.parametrize(
    ("header", "target"),
    [("x,y,kind", "kind"), ("y,a,kind", "y"), ("a,b,kind", "kind"), ("y,x,label", "label")],
)
def test_y_is_a_coordinate_beside_x(tmp_path: Path, header: str, target: str) -> None:
    dataset = opened(written(tmp_path, table(header, lambda i: f"{wave(i)},{'ab'[i % 2]}")))
    assert told(dataset, f"'{target}'", "--target chooses another")


def test_without_names_the_only_words_before_measured_numbers_are_the_target(tmp_path: Path) -> None:
    measured = "{0:.2f},{1:.3f},{2:.1f}".format
    rows = "".join(
        f"{842302 + i * 7919 % 90000},{'MB'[i % 2]},{measured(i * 0.7 % 3, i / 7, i % 9 / 2)}\n" for i in range(80)
    )
    dataset = opened(written(tmp_path, rows, "wdbc.data"))
    assert labels(dataset)[:2] == ["M", "B"]
    assert told(dataset, "'column 2', because it alone has words")
    assert told(dataset, "left out 1 column: column 1 (another number in each row)")
    rows = "".join(f"{'MFI'[i % 3]},{i * 0.7 % 3:.2f},{1 + i * i % 29}\n" for i in range(200))
    assert opened(written(tmp_path, rows, "abalone.data")).target_names == ("column 3",)


@pytest.mark.parametrize(
    ("header", "row", "advice"),
    [
        ("mpg,cylinders,name", lambda i: f"{10 + i / 3:.1f},{i % 3 + 3},ford pinto {i}", "likely it is --target mpg"),
        ("a,kind,name", lambda i: f"{i / 3:.1f},{'xy'[i % 2]},n{i}", "likely it is --target kind"),
        ("digit,p0,p1", lambda i: f"{i % 10},{i * i % 251},0", "likely it is --target digit"),
        ("the kind,p0,p1", lambda i: f"{i % 4},{i * i % 251},0", "likely it is --target 'the kind'"),
    ],
)
def test_a_refusal_names_the_likely_column(tmp_path: Path, header: str, row: Callable[[int], str], advice: str) -> None:
    assert advice in refused(written(tmp_path, table(header, row)))


# Classes or a quantity -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "rows", "why"),
    [
        ("out", lambda i: int(i == 3), 4, "classes, because it has only 0 and 1"),
        ("out", lambda i: -1 if i % 2 else 1, 8, "classes, because it has only −1 and 1"),
        ("out", lambda i: 3 if i % 2 else 7, 8, "classes, because it has only 3 and 7"),
        ("label", lambda i: i % 24 + (i % 24 > 8), 96, "classes, because it is called so and has 24 different whole"),
        ("letter_class", lambda i: i % 26 * 10, 60, "classes, because it is called so and has 26 different whole"),
        ("out", lambda i: i % 3 + 4, 60, "classes, because it has only 3 different whole numbers"),
        ("out", lambda i: i % 3, 9, "classes, because it counts from 0 to 2, and has each of them 3 times at least"),
        ("out", lambda i: i % 24 + 1, 96, "classes, because it counts from 1 to 24"),
        ("out", lambda i: i * i % 37, 60, "a quantity, because it has 19 different whole numbers in 60 rows"),
        ("out", lambda i: int(i**0.5), 60, "a quantity, because it has 8 different whole numbers in 60 rows"),
        ("out", lambda i: i % 3 + 0.5, 60, "a quantity, because it has numbers with fractions"),
        ("label", lambda i: i * 3, 60, "a quantity, because it has 60 different whole numbers in 60 rows"),
    ],
)
def test_whole_numbers_are_classes_or_a_quantity_for_a_reason(
    tmp_path: Path, name: str, value: Callable[[int], Any], rows: int, why: str
) -> None:
    path = written(tmp_path, table(f"a,b,{name}", lambda i: f"{wave(i)},{value(i)}", rows))
    dataset = opened(path)
    assert bool(dataset.class_names) == why.startswith("classes")
    other, instead = ("regress", "a quantity") if dataset.class_names else ("classify", "classes")
    assert told(dataset, f"'{name}' is taken for {why}", f"; --task {other} takes it for {instead}")
    if dataset.class_names or "fractions" in why:
        assert bool(opened(path, task=other).class_names) != bool(dataset.class_names)
    assert labels(dataset) == [str(value(i)) if dataset.class_names else value(i) for i in range(rows)]


def test_a_task_that_is_chosen_needs_no_reason(tmp_path: Path) -> None:
    dataset = opened(written(tmp_path, table("a,b,out", lambda i: f"{wave(i)},{i % 2}")), task="regress")
    assert not told(dataset, "is taken for")


def test_labels_that_all_end_in_a_dot_lose_it(tmp_path: Path) -> None:
    train = written(tmp_path, table("a,b,income", lambda i: f"{wave(i)},{'<=50K' if i % 3 else '>50K'}"))
    test = written(tmp_path, table("a,b,income", lambda i: f"{wave(i)},{'<=50K.' if i % 3 else '>50K.'}"), "adult.test")
    first = opened(train)
    again = opened(test, encoding=first.encoding)
    assert labels(again) == labels(first)
    dataset = opened(test)
    assert dataset.class_names == first.class_names
    assert told(dataset, "the dots at the end of the words in 'income' left out")
    assert labels(opened(train, encoding=dataset.encoding)) == labels(first)


# What is not learnt from ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("anything", lambda i: i + 1, "counts the rows"),
        ("anything", lambda i: i + 1 + i // 9, "counts the rows"),
        ("PassengerId", lambda i: 892 + i, "counts the rows"),
        ("Unnamed: 0", lambda i: i, "counts the rows"),
        ("", lambda i: i, "counts the rows"),
        ("customer_id", lambda i: 1000 + i * 7919 % 90001, "another number in each row"),
        ("ID code", lambda i: 1000 + i * 7919 % 90001, "another number in each row"),
        ("who", lambda i: f"name {i}", "another text in each row"),
    ],
)
def test_what_tells_each_row_from_all_others_is_left_out_unless_it_is_kept(
    tmp_path: Path, name: str, value: Callable[[int], Any], why: str
) -> None:
    path = written(tmp_path, table(f"{name},a,b,kind", lambda i: f"{value(i)},{wave(i)},{'xy'[i // 30]}"))
    dataset = opened(path)
    called = name or "column 1"
    assert dataset.feature_names == ("a", "b")
    assert told(dataset, f"left out 1 column: {called} ({why}); --keep takes one in")
    kept = opened(path, keep=(called,))
    assert kept.feature_names[0].startswith(called)
    assert not told(kept, "left out")
    again = opened(path, encoding=kept.encoding)
    np.testing.assert_array_equal(again.train.inputs, kept.train.inputs)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("width", lambda i: i),
        ("year", lambda i: 1960 + i),
        ("count", lambda i: (i * 7) % 60),
        ("rows_id", lambda i: i // 2),
        ("x", lambda i: i + 1.5),
        ("steps", lambda i: 1 + 3 * i),
    ],
)
def test_what_only_grows_is_learnt_from(tmp_path: Path, name: str, value: Callable[[int], Any]) -> None:
    dataset = opened(written(tmp_path, table(f"{name},a,b,kind", lambda i: f"{value(i)},{wave(i)},{'xy'[i % 2]}")))
    assert dataset.feature_names == (name, "a", "b")


def test_columns_to_keep_may_be_listed_with_commas_and_have_one_in_their_name(tmp_path: Path) -> None:
    path = written(tmp_path, table('"a,b",id,n,kind', lambda i: f"{i + 1},{900 + i},{i * i % 23},{'xy'[i % 2]}"))
    assert opened(path).feature_names == ("n",)
    assert opened(path, keep=("a,b", "2")).feature_names == ("a,b", "id", "n")
    assert opened(path, keep=("id, n",)).feature_names == ("id", "n")
    assert "there is no column 'nosuch' for what to keep" in refused(path, keep=("nosuch",))


def test_what_cannot_be_learnt_from_cannot_be_kept(tmp_path: Path) -> None:
    path = written(tmp_path, table("who,a,kind", lambda i: f"name {i},{i * i % 23},{'xy'[i % 2]}", 200))
    wrong = "column 'who' cannot be kept: 140 different words, and 100 are the most"
    assert wrong in refused(path, keep=("who",))


def test_only_tables_have_columns_to_keep() -> None:
    with pytest.raises(InputError, match=r"data\.keep: only tables"):
        open_source(Data(source="pets", keep=("id",)), np.random.default_rng(0))


def test_a_row_number_gives_no_class_away(tmp_path: Path) -> None:
    """Noise, sorted by class, with a row number: from the others nothing can be learnt."""
    generator = np.random.default_rng(3)
    rows = "".join(f"{i + 1},{generator.normal():.3f},{generator.normal():.3f},{i // 40}\n" for i in range(160))
    dataset = opened(written(tmp_path, rows, "glass.csv"))
    assert dataset.feature_names == ("column 2", "column 3")
    assert told(dataset, "left out 1 column: column 1 (counts the rows)")


# The split -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "train", "validation", "test"),
    [
        ("split", "train", "val", "test"),
        ("Usage", "Training", "PublicTest", "PrivateTest"),
        ("set", "TRAIN", "dev", "testing"),
        ("part", "training_set", "validate", "test_set"),
    ],
)
def test_a_column_of_splits_is_the_split(tmp_path: Path, name: str, train: str, validation: str, test: str) -> None:
    roles = [train, train, validation, train, test]
    path = written(tmp_path, table(f"a,{name},b,kind", lambda i: f"{i * i % 23},{roles[i % 5]},{i % 7},{'xy'[i % 2]}"))
    dataset = opened(path)
    assert [len(split) for split in (dataset.train, dataset.validation, dataset.test)] == [36, 12, 12]
    assert dataset.validation.names[:2] == ["line 4", "line 9"]
    assert (dataset.feature_names, dataset.taken) == (("a", "b"), ())
    assert told(dataset, f"column '{name}' says which rows are for training, validation and test", "--keep takes it in")
    kept = opened(path, keep=(name,))
    assert (f"{name}={train}" in kept.feature_names, kept.taken) == (True, ("validation", "test"))
    assert opened(path, target=name).class_names == tuple(sorted({train, validation, test}))


def test_what_a_column_does_not_say_is_taken_by_chance_or_skipped(tmp_path: Path) -> None:
    roles = ["train", "train", "train", "test", ""]
    path = written(tmp_path, table("a,b,kind,split", lambda i: f"{wave(i)},{'xy'[i % 2]},{roles[i % 5]}"))
    dataset = opened(path)
    assert (len(dataset.train) + len(dataset.validation), len(dataset.test)) == (36, 12)
    assert dataset.taken == ("validation",)
    assert told(dataset, "12 rows where it is blank skipped")


@pytest.mark.parametrize(("name", "yes"), [("is_train", "train"), ("is_valid", "validation"), ("is_test", "test")])
@pytest.mark.parametrize("words", [("0", "1"), ("False", "True")])
def test_a_column_may_say_of_one_split_yes_or_no(tmp_path: Path, name: str, yes: str, words: tuple[str, str]) -> None:
    path = written(tmp_path, table(f"a,b,kind,{name}", lambda i: f"{wave(i)},{'xy'[i % 2]},{words[i % 4 == 0]}"))
    dataset = opened(path)
    # What is for training alone is what validation is taken from.
    said = {*getattr(dataset, yes).names, *(dataset.validation.names if yes == "train" else ())}
    assert said == {f"line {i + 2}" for i in range(60) if i % 4 == 0}
    assert dataset.feature_names == ("a", "b")


@pytest.mark.parametrize("words", [("train", "bus"), ("test", "test"), ("good", "bad")])
def test_other_words_are_no_split(tmp_path: Path, words: tuple[str, str]) -> None:
    dataset = opened(written(tmp_path, table("a,b,how,kind", lambda i: f"{wave(i)},{words[i % 2]},{'xy'[i % 3 == 0]}")))
    assert dataset.taken == ("validation", "test")


def test_texts_are_split_by_a_column_too(tmp_path: Path) -> None:
    roles = ["train", "train", "test"]
    rows = "".join(f"this is message number {'ab' * i} to you\t{'xy'[i % 2]}\t{roles[i % 3]}\n" for i in range(60))
    dataset = opened(written(tmp_path, f"body\tmood\tsplit\n{rows}", "mail.tsv"))
    assert dataset.train.texts is not None
    assert (dataset.class_names, len(dataset.test)) == (("x", "y"), 20)


# Lists of numbers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["{} {} {}", "[{}, {}, {}]", "{},{},{}"])
def test_a_list_of_numbers_in_each_cell_is_as_many_inputs(tmp_path: Path, form: str) -> None:
    cells = [form.format(i % 9, i * i % 256, i / 4) for i in range(60)]
    path = written(tmp_path, table("emotion,pixels", lambda i: f'{i % 3},"{cells[i]}"'))
    dataset = opened(path)
    assert dataset.feature_names == ("pixels 1", "pixels 2", "pixels 3")
    assert column(dataset, "pixels 2") == [i * i % 256 for i in range(60)]
    assert told(dataset, "each cell of pixels is 3 numbers, an input each")
    again = opened(path, encoding=dataset.encoding)
    np.testing.assert_array_equal(again.train.inputs, dataset.train.inputs)
