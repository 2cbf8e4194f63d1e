"""Where the rows of a table begin, how they are cut, and what its columns are called."""

from pathlib import Path

import pytest

from nnviz.data.tables.delimited import read_delimited
from tests.data.tables.opening import by_line, column, labels, opened, refused, told, written

NAMES = "temp,wind,class"


def weather(*above: str, delimiter: str = ",", end: str = "") -> str:
    """Some lines, and 24 rows of two numbers and a class."""
    rows = (f"{11 + i * 0.7:.1f},{i * i % 7 + 0.5},{'dry' if i % 2 else 'wet'}" for i in range(24))
    return "\n".join([*above, *(row.replace(",", delimiter) + end for row in rows), ""])


def names_in(path: Path) -> tuple[str, ...]:
    return read_delimited(path).names


@pytest.mark.parametrize(
    ("above", "said"),
    [
        ([NAMES], ""),
        (["# station 7", "# units: C, m/s", NAMES], "2 lines above the names, which are in line 3, are left out"),
        (["# station 7", f"# {NAMES}"], "1 line above the names, which are in line 2, is left out"),
        (["Weather of a place", "", NAMES], "1 line above the names, which are in line 3, is left out"),
        (["Weather of a place,,", NAMES], "1 line above the names, which are in line 2, is left out"),
        (["Station,7", "From,2004", NAMES], "2 lines above the names, which are in line 3, are left out"),
        ([NAMES, "°C,m/s,"], "line 2, between the names and the first row, left out"),
        ([NAMES, "How warm?,How windy?,How is it?", "{a},{b},{c}"], "lines 2 and 3, between the names and the first"),
        ([",,", NAMES], ""),
        (["sep=,", NAMES], "line 1, which says what is between cells, left out"),
    ],
)
def test_names_are_found_below_and_above_what_is_not_a_row(tmp_path: Path, above: list[str], said: str) -> None:
    dataset = opened(written(tmp_path, weather(*above)))
    assert (dataset.feature_names, dataset.class_names) == (("temp", "wind"), ("dry", "wet"))
    assert sorted(by_line(dataset)) == list(range(len(above) + 1, len(above) + 25))
    assert column(dataset, "temp")[:3] == pytest.approx([11, 11.7, 12.4])
    assert not said or told(dataset, said)


def test_a_table_without_names_may_begin_below_something_else(tmp_path: Path) -> None:
    dataset = opened(written(tmp_path, weather("|1x3 Cross validator")))
    assert dataset.feature_names == ("column 1", "column 2")
    assert len(by_line(dataset)) == 24
    assert told(dataset, "1 line above the first row, in line 2, is left out")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (",0,1,2,3\n" + "0,1.5,2.5,3,a\n1,2.5,0.5,1,b\n" * 3, ["column 1", "0", "1", "2", "3"]),
        ("0,1,2,3\n" + "1.5,2.5,3.5,1\n2.5,0.5,1.5,0\n" * 3, ["0", "1", "2", "3"]),
        ("country,1990,2000,2010\nA,5,6,7\nB,1,2,9\nC,4,4,4\n", ["country", "1990", "2000", "2010"]),
        ("1,2,3,4\n2,3,4,5\n3,4,5,6\n5,6,7,8\n", ["column 1", "column 2", "column 3", "column 4"]),
        ("1stFlr,2ndFlr,3Ssn\n1,2,3\n5,3,2\n8,8,1\n", ["1stFlr", "2ndFlr", "3Ssn"]),
        ("5.1,unknown,3\n2.2,7,4\n3.2,8,5\n", ["column 1", "column 2", "column 3"]),
        ("text\tlabel\nI like it a lot\tpos\nI hate it a lot\tneg\nfine with me\tpos\n", ["text", "label"]),
        ("s,s,kind\nx,y,\n" + "1.5,2.5,a\n2.5,0.5,b\n" * 3, ["s x", "s y", "kind"]),
        (",X1,X2,Y\nID,LIMIT,SEX,default\n" + "1,2.5,1,0\n2,3.5,2,1\n" * 3, ["ID", "LIMIT", "SEX", "default"]),
    ],
)
def test_names_may_be_numbers_and_stand_in_two_rows(tmp_path: Path, text: str, names: list[str]) -> None:
    assert list(names_in(written(tmp_path, text))) == names


def test_a_name_less_belongs_to_the_row_names_of_r(tmp_path: Path) -> None:
    rows = "".join(f"{8000 + 7 * i},{'MB'[i % 2]},{i * 0.3:.1f}\n" for i in range(60))
    dataset = opened(written(tmp_path, f'"diagnosis","radius"\n{rows}'))
    assert told(dataset, "the names are one fewer than the columns: the first column has none")
    assert (dataset.feature_names, dataset.target_names or dataset.class_names) == (("radius",), ("B", "M"))
    assert told(dataset, "left out 1 column: column 1 (another number in each row)")
    rows = "".join(f"{i % 4},{'MB'[i % 2]},{i * 0.3:.1f}\n" for i in range(60))
    assert names_in(written(tmp_path, f"code,kind\n{rows}")) == ("code", "kind", "column 3")


def test_a_name_more_is_told(tmp_path: Path) -> None:
    dataset = opened(written(tmp_path, weather(f"{NAMES},remarks")))
    assert dataset.feature_names == ("temp", "wind")
    assert told(dataset, "the names are one more than the columns: 'remarks', the last one, is left out")
    dataset = opened(written(tmp_path, weather(f"{NAMES},")))
    assert dataset.feature_names == ("temp", "wind")
    assert told(dataset, "the names end in one more that is blank, which is left out")


@pytest.mark.parametrize("names", [f"{NAMES},,", NAMES, f"{NAMES},a,b"])
def test_blank_columns_at_the_end_are_dropped_before_a_target_is_chosen(tmp_path: Path, names: str) -> None:
    dataset = opened(written(tmp_path, weather(names, end=",,")))
    assert dataset.class_names == ("dry", "wet")
    assert told(dataset, "2 blank columns at the end left out: ")
    assert len(by_line(dataset)) == 24


def test_delimiters_at_the_end_of_some_rows_leave_these_as_they_are(tmp_path: Path) -> None:
    dataset = opened(written(tmp_path, weather(NAMES) + "1,2,dry,,\n3,4,wet,\n5,6,wet,x\n"))
    assert len(by_line(dataset)) == 26
    assert told(dataset, "skipped 1 row (line 28: not the 3 cells that the others have)")


def test_names_that_come_again_are_no_row(tmp_path: Path) -> None:
    text = weather(NAMES)
    dataset = opened(written(tmp_path, text + text))
    assert dataset.class_names == ("dry", "wet")
    assert told(dataset, "skipped 1 row (line 26: the names of the columns again)")
    assert len(by_line(dataset)) == 48


def test_blanks_may_be_between_cells(tmp_path: Path) -> None:
    rows = "".join(f' {i / 7:8.5f}   {i % 5}  {"?" if i == 3 else i}.\t"ford pinto {i % 3}"\n' for i in range(40))
    dataset = opened(written(tmp_path, rows, "auto.data"), target="3")
    assert dataset.feature_names[:3] == ("column 1", "column 2", "column 4=ford pinto 0")
    assert labels(dataset) == [float(i) for i in range(40) if i != 3]
    named = "a b kind\n" + "".join(f"{i}  {i % 3}   {'xy'[i % 2]}\n" for i in range(12))
    assert names_in(written(tmp_path, named, "my.txt")) == ("a", "b", "kind")


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (
            "This is a text.\nIt has lines, and commas.\nNothing else\nis here at all.\n",
            "there is only one column; a table",
        ),
        ("1 1:0.5 3:2\n-1 2:0.25 7:1\n" * 5, "rows of LIBSVM, which are numbers of columns and their values"),
    ],
)
def test_text_of_another_form_is_refused_in_one_line(tmp_path: Path, text: str, wrong: str) -> None:
    assert wrong in refused(written(tmp_path, text, "my.txt"))


def test_thousands_with_blanks_do_not_cut_a_cell(tmp_path: Path) -> None:
    rows = "".join(f"1 {200 + i},5;{i % 7}\n" for i in range(20))
    assert column(opened(written(tmp_path, f"pop;kind\n{rows}"), target="kind"), "pop")[:2] == [1200.5, 1201.5]


def test_lines_of_fasttext_are_labels_and_texts(tmp_path: Path) -> None:
    lines = [f"__label__{['sauce', 'tea'][i % 2]} how do I make number {i} come out well?" for i in range(40)]
    dataset = opened(written(tmp_path, "\n".join([*lines, "__label__tea __label__cup which cup is it", ""]), "a.txt"))
    assert (dataset.class_names, labels(dataset)[-1]) == (("sauce", "tea"), "tea")
    assert dataset.train.texts is not None
    assert dataset.train.texts[0].startswith("how do I make number")
    assert told(dataset, "1 row (line 41) with several labels: the first one counts")


def test_windows_characters_are_told_from_latin_ones(tmp_path: Path) -> None:
    text = weather("preis €,wind,class").replace("dry", "‘dry’")
    dataset = opened(written(tmp_path, text.encode("cp1252")))
    assert (dataset.feature_names[0], dataset.class_names[1]) == ("preis €", "‘dry’")
    assert dataset.notes[0] == "read as Windows-1252, because it is not UTF-8"
