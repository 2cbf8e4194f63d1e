"""Tables: what a column means, what is left out and how that is told, and that no file harms who opens it."""

import gzip
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from PIL import Image

from nnviz.array import Array
from nnviz.data import suggestions, text_file
from nnviz.data.dataset import Dataset
from nnviz.data.encoder import Encoder
from nnviz.data.sources import find_source, open_source, suggested
from nnviz.data.tables import delimited, table_encoding, usable_rows
from nnviz.data.tables.table import open_table
from nnviz.errors import InputError
from nnviz.experiment import Data, combine
from nnviz.runs.account import account, scored
from nnviz.runs.result import Result
from nnviz.training.assembly import assemble, open_dataset

SHARED = Path(__file__).parents[4] / "shared" / "data"
ROWS = 40


def written(folder: Path, text: str | bytes, name: str = "my.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def opened(path: Path, seed: int = 0, **data: Any) -> Dataset:
    dataset = open_table(path, Data(source=str(path), **data), np.random.default_rng(seed))
    assert all(len(split.inputs) == len(split.labels) == len(split.names) for split in splits(dataset))
    return dataset


def splits(dataset: Dataset) -> list[Any]:
    return [dataset.train, dataset.validation, dataset.test]


def by_line(dataset: Dataset) -> dict[int, tuple[Array, Any]]:
    """Line of the file → inputs and label of the example in it."""
    return {
        int(name.removeprefix("line ")): (inputs, label)
        for split in splits(dataset)
        for inputs, label, name in zip(split.inputs, split.labels, split.names, strict=True)
    }


def refused(path: Path, **data: Any) -> str:
    with pytest.raises(InputError) as error:
        opened(path, **data)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)
    return str(error.value)


def table(*rows: str, header: str = "width,height,kind", times: int = 1) -> str:
    return "\n".join([header, *rows * times, ""])


def plants(delimiter: str = ",") -> str:
    """40 rows of two numbers and a class, where the first number is the row's."""
    rows = [f"{i},{i * i / 4},{'tree' if i % 2 else 'bush'}" for i in range(ROWS)]
    return table(*rows).replace(",", delimiter)


# Text to columns -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoded", ["utf-8", "utf-8-sig"])
def test_every_cell_arrives_whatever_is_between_them(tmp_path: Path, delimiter: str, encoded: str) -> None:
    dataset = opened(written(tmp_path, plants(delimiter).encode(encoded)))
    assert (dataset.class_names, dataset.feature_names) == (("bush", "tree"), ("width", "height"))
    assert [len(split) for split in splits(dataset)] == [28, 6, 6]
    lines = by_line(dataset)
    assert sorted(lines) == list(range(2, ROWS + 2))
    for line, (inputs, label) in lines.items():
        i = line - 2
        assert (inputs.tolist(), label) == ([i, i * i / 4], i % 2)


def test_gzip_is_known_by_its_bytes(tmp_path: Path) -> None:
    path = written(tmp_path, gzip.compress(plants().encode()), "my.csv.gz")
    assert len(opened(path).train) == 28
    assert find_source(str(path)).format == "table"
    assert open_source(Data(source=str(path)), np.random.default_rng(0)).name == "my.csv.gz"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a,b,c\n1,x,0\n2,y,0\n3,x,1\n", ["a", "b", "c"]),
        ("1,x,0\n2,y,0\n3,x,1\n", ["column 1", "column 2", "column 3"]),
        ("colour,form\nred,box\nred,ball\nblue,box\nblue,ball\n", ["colour", "form"]),
        ("red,box\nred,ball\nblue,box\nblue,ball\n", ["column 1", "column 2"]),
        (",0,1,class\n0,5,6,2\n1,7,8,3\n", ["column 1", "0", "1", "class"]),
        ("a,a,b\n1,2,3\n4,5,6\n", ["a", "a (2)", "b"]),
        ("x,y\n?,1\n3,2\n", ["x", "y"]),
        ("?,1\n3,2\n", ["column 1", "column 2"]),
    ],
)
def test_a_header_is_told_from_a_first_row(tmp_path: Path, text: str, names: list[str]) -> None:
    assert list(delimited.read_delimited(written(tmp_path, text)).names) == names


def test_quotes_hold_delimiters_and_line_breaks(tmp_path: Path) -> None:
    text = table('1,"a ""big"", old\none",tree', '2,"small",bush', header='width, "its, height",kind', times=6)
    rows = list(delimited.read_delimited(written(tmp_path, text)).rows())
    assert rows[:3] == [
        (2, ["1", 'a "big", old\none', "tree"]),
        (4, ["2", "small", "bush"]),
        (5, rows[0][1]),
    ]
    assert delimited.read_delimited(written(tmp_path, text)).names[1] == "its, height"


def test_stray_quotes_between_tabs_swallow_no_row(tmp_path: Path) -> None:
    rows = ["ham\tGo on", 'ham\t"Hello, she said', "spam\tWin", 'ham\tBye"', 'spam\t"all"'] * 4
    assert [line for line, _ in delimited.read_delimited(written(tmp_path, "\n".join(rows), "m.tsv")).rows()] == [
        *range(1, 21)
    ]


def test_latin_1_is_read_and_said(tmp_path: Path) -> None:
    dataset = opened(written(tmp_path, plants().replace("tree", "bärenklau").encode("latin-1")))
    assert dataset.class_names == ("bush", "bärenklau")
    assert dataset.notes[0] == "read as Latin-1, because it is not UTF-8"


def test_rows_of_another_length_are_counted(tmp_path: Path) -> None:
    dataset = opened(written(tmp_path, plants() + "1,2\n3,4,bush,5\n\n,,\n"))
    assert "skipped 2 rows (lines 42 and 43: not the 3 cells that the others have)" in dataset.notes
    assert len(by_line(dataset)) == ROWS


def test_numbers_may_have_a_comma_where_semicolons_are_between(tmp_path: Path) -> None:
    dataset = opened(written(tmp_path, "x;y\n" + "".join(f"{i},5;{i}\n" for i in range(30))))
    assert sorted(inputs[0] for inputs, _ in by_line(dataset).values()) == [i + 0.5 for i in range(30)]


# Columns to numbers --------------------------------------------------------------------------------------------------


def test_blanks_are_the_training_median_and_say_so(tmp_path: Path) -> None:
    blanks = dict(enumerate(["", "NA", "?", "nan", "inf", "1e99"]))
    dataset = opened(written(tmp_path, table(*(f"{blanks.get(i, i)},{i % 2}" for i in range(ROWS)), header="x,y")))
    assert dataset.feature_names == ("x", "x blank")
    assert any(note.startswith("6 blank cells in x (6): ") for note in dataset.notes)
    train = dataset.train.inputs
    median = np.median(train[train[:, 1] == 0, 0])
    for line, (inputs, _) in by_line(dataset).items():
        assert inputs.tolist() == ([median, 1] if line - 2 in blanks else [line - 2, 0])


def test_blanks_outside_the_training_rows_are_told_apart(tmp_path: Path) -> None:
    train = opened(written(tmp_path, table(*(f"{i},{i % 5},{i % 2}" for i in range(ROWS)), header="x,z,y"))).train
    learnt = {int(name.removeprefix("line ")) - 2 for name in train.names}
    rows = [f"{i if i in learnt else ''},{'' if i < 9 else i % 5},{i % 2}" for i in range(ROWS)]
    dataset = opened(written(tmp_path, table(*rows, "5,,", header="x,z,y")))
    assert dataset.feature_names == ("x", "z", "z blank")
    assert dataset.filled == {"x": 12, "z": 9}
    assert dataset.notes[-2:] == (
        "9 blank cells in z (9): a number becomes the column's median, and one more input says that it was blank",
        "12 blank cells in x (12), where no row to train on has one: a number becomes the column's median, a word none "
        "of the known ones, and no input says that it was blank",
    )


def test_words_are_one_hot_and_blank_is_a_category(tmp_path: Path) -> None:
    colours = ["red", "blue", "", "red"]
    rows = [f"{colours[i % 4]},{i},{i % 2}" for i in range(ROWS)]
    dataset = opened(written(tmp_path, table(*rows, header="colour,x,y")))
    assert dataset.feature_names == ("colour=blue", "colour=red", "colour blank", "x")
    expected = {"blue": [1, 0, 0], "red": [0, 1, 0], "": [0, 0, 1]}
    for line, (inputs, _) in by_line(dataset).items():
        assert inputs[:3].tolist() == expected[colours[(line - 2) % 4]]


def test_what_cannot_be_learnt_from_is_left_out_and_told(tmp_path: Path) -> None:
    rows = [f"name {i},{i // 2 if i % 9 else f'typo {i}'},7,word {i // 2},,{i},{i % 2}" for i in range(400)]
    dataset = opened(written(tmp_path, table(*rows, header="name,mixed,same,many,empty,x,y")))
    assert dataset.feature_names == ("x",)
    (note,) = [note for note in dataset.notes if note.startswith("left out 5 columns: name (another text in each row)")]
    assert "'typo 0' in line 2 is not a number" in note
    assert "same (the same everywhere)" in note
    assert "different words, and 100 are the most) and empty (blank everywhere)" in note


def test_ten_thousand_categories_take_no_memory(tmp_path: Path) -> None:
    """An input for each of them would take 200 million numbers."""
    path = written(tmp_path, table(*(f"word {i // 2},{i},{i % 2}" for i in range(20_000)), header="word,x,y"))
    tracemalloc.start()
    dataset = opened(path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert dataset.feature_names == ("x",)
    assert most < 20_000_000


def test_a_constant_that_rounding_moves_stays_harmless(tmp_path: Path) -> None:
    dataset = opened(written(tmp_path, table(*(f"{'' if i % 3 else 0.1},{i},{i % 2}" for i in range(ROWS)))))
    inputs = Encoder(dataset.standardization, None).inputs(dataset.train.inputs)
    assert abs(inputs).max() < 5


@pytest.mark.parametrize(
    ("first", "step", "name", "offset"),
    [
        (1_700_000_000_000, 100, "ms − 1.7e12", 1.7e12),
        (-1_013_250, 0.5, "ms + 1.013e6", -1.013e6),
        (5_000, 1, "ms", 0.0),
        (3.0, 1e-17, "ms", 0.0),
    ],
)
def test_numbers_far_from_0_stay_apart(tmp_path: Path, first: float, step: float, name: str, offset: float) -> None:
    rows = [f"{first + step * i if i != 5 else ''},{i},{i % 2}" for i in range(ROWS)]
    path = written(tmp_path, table(*rows, header="ms,n,y"))
    dataset = opened(path)
    assert dataset.feature_names[0] == name
    lines = by_line(dataset)
    for i in set(range(ROWS)) - {5}:
        value = first + step * i - offset
        assert lines[i + 2][0][0] == pytest.approx(value, abs=step / 100, rel=0 if offset else 1e-6)
    assert dataset.encoding is not None
    again = open_table(path, Data(source="o"), np.random.default_rng(0), dataset.encoding)
    np.testing.assert_array_equal(again.train.inputs, dataset.train.inputs)
    inputs = Encoder(dataset.standardization, None).inputs(dataset.train.inputs)
    assert inputs[:, 0].std() == pytest.approx(1, abs=0.01) or step < 1e-9


# The target ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "task", "classes"),
    [
        (lambda i: i % 2, None, ("0", "1")),
        (lambda i: i % 2 - 0.5, None, ()),
        (lambda i: i % 11, None, tuple(map(str, range(11)))),
        (lambda i: i % 11 + 2, None, ()),
        (lambda i: i * i // 1500, None, ()),
        (lambda i: i % 3, "regress", ()),
        (lambda i: i % 20 + 0.5, "classify", tuple(str(i + 0.5) for i in range(20))),
        (lambda i: "no" if i % 3 else "yes", None, ("no", "yes")),
    ],
)
def test_what_the_target_is(tmp_path: Path, values: Any, task: str | None, classes: tuple[str, ...]) -> None:
    path = written(tmp_path, table(*(f"{i},{values(i)}" for i in range(200)), header="x,y"))
    dataset = opened(path, task=task)
    assert dataset.class_names == classes
    for line, (_, label) in by_line(dataset).items():
        assert classes[label] == str(values(line - 2)) if classes else label.tolist() == [values(line - 2)]
    if not classes:
        targets = dataset.task.targets
        assert targets is not None
        assert (targets.names, targets.mean) == (("y",), (pytest.approx(dataset.train.labels.mean()),))


@pytest.mark.parametrize("target", ["height", "HEIGHT", "2"])
def test_the_target_is_named_or_numbered(tmp_path: Path, target: str) -> None:
    dataset = opened(written(tmp_path, plants()), target=target)
    assert (dataset.feature_names, dataset.class_names) == (("width", "kind=bush", "kind=tree"), ())
    assert not [note for note in dataset.notes if "--target" in note]


def test_without_a_choice_the_screen_says_what_was_chosen(tmp_path: Path) -> None:
    told = opened(written(tmp_path, plants())).caveats
    assert told == ("The target is the last of 3 columns, 'kind', a class; --target chooses another.",)


def test_rows_without_target_are_counted(tmp_path: Path) -> None:
    dataset = opened(written(tmp_path, plants() + "1,2,\n3,4,?\n"))
    assert "skipped 2 rows whose target is blank (lines 42 and 43)" in dataset.notes
    assert len(by_line(dataset)) == ROWS


def test_the_same_seed_gives_the_same_split(tmp_path: Path) -> None:
    path = written(tmp_path, plants())
    first, again, other = (opened(path, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.train.inputs, again.train.inputs)
    assert first.train.names != other.train.names


# Another table, by the encoding of the first -------------------------------------------------------------------------


def test_another_table_is_read_as_the_first_one_was(tmp_path: Path) -> None:
    rows = [f"{i if i % 7 else ''},{'abc'[i % 3]},{i % 2}" for i in range(ROWS)]
    first = opened(written(tmp_path, table(*rows, header="x,letter,y")))
    other = written(
        tmp_path,
        table(*(f"{i % 2},9,,{letter}" for i, letter in enumerate("abcd" * 5)), header="y,z,x,letter"),
        "o.csv",
    )
    again = open_table(other, Data(source="o"), np.random.default_rng(0), first.encoding)
    assert again.task == first.task
    assert again.feature_names == first.feature_names == ("x", "x blank", "letter=a", "letter=b", "letter=c")
    assert first.encoding is not None
    median = first.encoding.features[0].median
    for line, (inputs, _) in by_line(again).items():
        assert inputs.tolist() == [median, 1, *("abcd"[(line - 2) % 4] == letter for letter in "abc")]
    assert "words that no training row has, in 5 cells, count as none of the known ones" in again.notes


@pytest.mark.parametrize(
    ("header", "row", "wrong"),
    [
        ("width,kind", "1,tree", "there is no column 'height', which the network has learnt from; there are width"),
        ("width,height", "1,2", "there is no column 'kind' for the target"),
        ("width,height,kind", "1,2,cactus", "line 2: 'cactus' in the target, column 'kind', is none of the classes"),
        ("width,height,kind", "1,tall,tree", "line 2: 'tall' in column 'height' is not a number"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(tmp_path: Path, header: str, row: str, wrong: str) -> None:
    first = opened(written(tmp_path, plants()))
    other = written(tmp_path, table(row, row, header=header), "other.csv")
    with pytest.raises(InputError) as error:
        open_table(other, Data(source="o"), np.random.default_rng(0), first.encoding)
    assert wrong in str(error.value)


def test_columns_that_were_numbered_are_found_by_name_in_another_order(tmp_path: Path) -> None:
    first = opened(written(tmp_path, plants()), target="2", task="regress")
    other = written(tmp_path, table(*(f"{i * i / 4},{'ab'[i % 2]},{i}" for i in range(9)), header="height,kind,width"))
    again = open_table(other, Data(source="o", target="2", task="regress"), np.random.default_rng(0), first.encoding)
    assert (again.target_names, again.feature_names) == (("height",), first.feature_names)
    renamed = written(tmp_path, table("1,2,a", "2,3,b", header="width,height,kinds"))
    with pytest.raises(InputError, match="there is no column '2' for the target"):
        open_table(renamed, Data(source="o"), np.random.default_rng(0), replace(first.encoding, target="2"))


# What is refused -----------------------------------------------------------------------------------------------------

LETTERS = "abcdefghijklmnop"


@pytest.mark.parametrize(
    ("text", "data", "wrong"),
    [
        ("", {}, "the file is empty"),
        (" \n\n", {}, "the file is empty"),
        (b"PK\x03\x04 data", {}, "no text (byte 2 is 3)"),
        ("1\n2\n3\n", {}, "there is only one column"),
        (plants(), {"target": "size"}, "there is no column 'size' for the target; there are 3: width, height and kind"),
        (plants(), {"target": "4"}, "there is no column '4'"),
        (
            plants(),
            {"target": "kind", "task": "regress"},
            "line 2: 'bush' in the target, column 'kind', is not a number",
        ),
        (table("1,5", "2,5", "3,5", header="x,y"), {}, "the target, column 'y', is 5 in every row"),
        (table("1,a", "2,a", "3,a", header="x,y"), {}, "is 'a' in every row; two classes are needed"),
        (table("1,a", "2,", "3,", header="x,y"), {}, "too few rows: 1 with something in the target"),
        (table(*(f"1,{c}" for c in LETTERS), header="x,y"), {}, "16 different values in 16 rows, too many for classes"),
        (table("7,a", "7,b", header="x,y", times=5), {}, "no column can be learnt from: x (the same everywhere)"),
        ('x,y\n1,2\n3,"4\n5,6\n', {}, "line 3: a quotation mark is not closed"),
        (f"x,y\n1,2\n3,{'4' * 200_000}\n", {}, "line 3: a cell has more than 131,072 characters"),
        (f"x,y\n{'1,' * 600_000}\n", {}, "the row that begins in line 2 has more than 1,048,576 characters"),
        (",".join("1" * 10_001) + "\n", {}, "10,001 columns, and 10,000 are the most"),
        ("x,y\n1,2\n" + "1,2,3\n4,5,6,7\n" * 2 + "1\n", {}, "most rows do not fit together as one table"),
    ],
)
def test_what_is_no_table_is_refused_in_one_line(tmp_path: Path, text: Any, data: Any, wrong: str) -> None:
    assert wrong in refused(written(tmp_path, text), **data)


def test_a_damaged_gzip_is_refused(tmp_path: Path) -> None:
    assert "cut short" in refused(written(tmp_path, gzip.compress(plants().encode())[:-20], "my.csv.gz"))


@pytest.mark.parametrize(
    ("module", "limit", "value", "wrong"),
    [
        (text_file, "LONGEST_TEXT", 100, "more than 100 bytes of text"),
        (usable_rows, "MOST_CELLS", 100, "more than 100 cells"),
        (usable_rows, "MOST_WORDS", 1, "more than 1 different words"),
        (table_encoding, "MOST_NUMBERS", 10, "are more than 10 numbers"),
    ],
)
def test_what_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: Any, limit: str, value: int, wrong: str
) -> None:
    monkeypatch.setattr(module, limit, value)
    assert wrong in refused(written(tmp_path, plants()))


def test_a_column_that_turns_to_words_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usable_rows, "CHUNK_CELLS", 6)
    rows = [f"{'007' if i < 30 else 'x'},{i},{i % 2}" for i in range(ROWS)]
    assert opened(written(tmp_path, table(*rows, header="code,n,y"))).feature_names == ("code=007", "code=x", "n")


def test_settings_of_tables_are_refused_for_what_is_none() -> None:
    with pytest.raises(InputError, match=r"data\.target: only tables \(\.csv, \.tsv\)"):
        open_source(Data(source="pets", target="x"), np.random.default_rng(0))


# Whatever a file holds -----------------------------------------------------------------------------------------------

CELLS = st.sampled_from(["", "1", "-2.5", "1e300", "1e-300", "NaN", "?", "a", "b", '"', '"q"', "1_0", "ä", " x ", "٣"])
TABLES = st.tuples(st.sampled_from(",;\t|"), st.lists(st.lists(CELLS, max_size=5), max_size=30))
TEXTS = TABLES.map(lambda drawn: "\n".join(drawn[0].join(row) for row in drawn[1]).encode())


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(max_size=300) | st.text(max_size=300).map(str.encode) | TEXTS,
    target=st.none() | st.sampled_from(["1", "2", "a", "column 1"]),
    task=st.sampled_from([None, "classify", "regress"]),
)
@example(b"x,y\n1,\xff\n2,a\n3,a", None, None)
@example(b'"x","y"\n"1","a"\n"2","b"\n', None, None)
@example(gzip.compress(b"1,2\n3,4\n") + b"\0\1", None, None)
def test_nothing_but_a_dataset_or_an_input_error_comes_out(
    tmp_path: Path, content: bytes, target: str | None, task: Any
) -> None:
    path = written(tmp_path, content)
    try:
        dataset = opened(path, target=target, task=task)
    except InputError as refusal:
        message = str(refusal)
        assert "\n" not in message
        return
    assert len(dataset.train)
    assert len(dataset.feature_names) == dataset.task.input_shape[0]
    encoder = Encoder(dataset.standardization, None)
    for split in splits(dataset):
        assert split.inputs.dtype == np.float32
        assert np.isfinite(encoder.inputs(split.inputs)).all()
        assert np.isfinite(split.labels).all()
    again = open_table(path, Data(source="x"), np.random.default_rng(0), dataset.encoding)
    np.testing.assert_array_equal(again.train.inputs, dataset.train.inputs)
    np.testing.assert_array_equal(again.train.labels, dataset.train.labels)


# Images that a table names -------------------------------------------------------------------------------------------


def images(folder: Path, path: str = "pictures/{:02}.png") -> Path:
    """30 pictures that get brighter, a table beside them, and a row without its picture."""
    (folder / "pictures").mkdir()
    for i in range(30):
        Image.new("L", (12, 8), 8 * i).save(folder / "pictures" / f"{i:02}.png")
    rows = [f"{path.format(i)},{i / 8},{'dark' if i < 15 else 'light'}" for i in range(31)]
    return written(folder, table(*rows, header="image,speed,kind"))


@pytest.mark.parametrize("name", ["pictures/{:02}.png", r"C:\Users\me\pictures\{:02}.png", "/far/pictures/{:02}.png"])
@pytest.mark.parametrize("target", ["speed", "kind"])
def test_images_are_found_beside_the_table(tmp_path: Path, name: str, target: str) -> None:
    dataset = opened(images(tmp_path, name), target=target, image_column="image", image_size=8, grayscale=True)
    assert [(skip.name, skip.reason) for skip in dataset.skipped] == [("line 32: 30.png", "no such file")]
    assert dataset.class_names == (("dark", "light") if target == "kind" else ())
    assert len(by_line(dataset)) == 30
    for line, (pixels, label) in by_line(dataset).items():
        i = line - 2
        assert (pixels.shape, set(pixels.ravel().tolist())) == ((8, 8, 1), {8 * i})
        assert label == (i >= 15) if target == "kind" else label.tolist() == [i / 8]


def test_images_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    path = images(tmp_path)
    (tmp_path / "pictures" / "03.png").write_text("no picture")
    dataset = opened(path, target="speed", image_column="1")
    assert [skip.reason for skip in dataset.skipped] == ["no such file", "not an image"]


def test_a_column_of_images_that_was_numbered_is_found_by_name_in_another_order(tmp_path: Path) -> None:
    first = opened(images(tmp_path), target="2", image_column="1")
    rows = [f"{i % 9},pictures/{i:02}.png" for i in range(20)]
    other = written(tmp_path, table(*rows, header="speed,image"), "o.csv")
    data = Data(source="o", target="2", image_column="1")
    again = open_table(other, data, np.random.default_rng(0), first.encoding)
    assert (len(by_line(again)), again.target_names) == (20, ("speed",))


def test_a_column_without_images_is_refused(tmp_path: Path) -> None:
    path = images(tmp_path)
    wrong = refused(path, target="kind", image_column="speed")
    assert "0 images of column 'speed' can be used (line 2: 0.0: no such file)" in wrong
    assert "is both target and images" in refused(path, target="kind", image_column="kind")


# Real tables ---------------------------------------------------------------------------------------------------------


def real(name: str) -> str:
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"shared/data/{name} is not here")
    return str(path)


def trained(source: str, **data: Any) -> Result:
    """What comes out under the suggested settings."""
    tables = {"data": {"source": source, **data}, "training": {"threads": 1}}
    experiment = combine(suggested(find_source(source)), tables)
    trainer = assemble(experiment, open_dataset(experiment))
    while trainer.stopped_by is None:
        trainer.step()
    return scored(account(trainer), trainer)


def test_suggestions_are_for_columns_or_for_images(tmp_path: Path) -> None:
    for name in ("a.csv", "a.TSV.gz"):
        (tmp_path / name).write_text("")
    one, other = (find_source(str(tmp_path / name)) for name in ("a.csv", "a.TSV.gz"))
    assert suggested(one) == suggested(other) == suggestions.FOR_TABLES
    assert suggested(one, pictured=True) == suggestions.FOR_IMAGES


def test_iris() -> None:
    assert trained(real("tables/iris.csv")).test["accuracy"] >= 0.93


def test_miles_per_gallon() -> None:
    result = trained(real("tables/mpg.csv"), target="mpg")
    assert result.test["rmse"] < 3.5 < result.mean_prediction["test"]["rmse"]


def test_digits_without_header() -> None:
    result = trained(real("tables/digits.csv.gz"))
    assert result.test["accuracy"] >= 0.94


def test_housing_has_its_blanks_counted() -> None:
    dataset = opened(Path(real("tables/housing.csv")), target="median_house_value")
    assert any(note.startswith("207 blank cells in total_bedrooms (207)") for note in dataset.notes)
    assert {"total_bedrooms blank", "ocean_proximity=INLAND"} < set(dataset.feature_names)
    assert sum(map(len, splits(dataset))) == 20_640


def test_messages_keep_every_row() -> None:
    text = delimited.read_delimited(Path(real("text/sms.tsv")))
    assert len(list(text.rows())) == 5574


@pytest.mark.parametrize(("log", "target", "column"), [("", "steering", "image"), ("_original", "4", "1")])
def test_driving(log: str, target: str, column: str) -> None:
    path = Path(real(f"driving/driving_log{log}.csv"))
    dataset = opened(path, target=target, image_column=column, image_size=16)
    assert sum(map(len, splits(dataset))) == 2027
    assert len(dataset.skipped) == (2026 if log else 0)
    assert dataset.task.numbers == 1
