"""Numbers as people write them, decided for a whole column."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnviz.data.tables import column_readers, usable_rows
from nnviz.data.tables.number_form import Evidence, NumberForm, best_form, signs_of
from tests.data.tables.opening import column, labels, opened, told, written


def read(cells: Sequence[str], decimals: str = "", delimiter: str = ",") -> list[float | None]:
    found = best_form(Counter(map(signs_of, cells)), Evidence(decimals, delimiter))
    assert found is not None
    return [found[0].number(cell) for cell in cells]


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["140,0", "76,25"], [140.0, 76.25]),
        (["1,616", "900", "1,000,250"], [1616.0, 900.0, 1000250.0]),
        (["$1,250", "$900.50", "($3)", "-$4", "$-5"], [1250.0, 900.5, -3.0, -4.0, -5.0]),
        (["58.7%", "81%", "0"], [58.7, 81.0, 0.0]),
        (["−3.8", "–2", "5"], [-3.8, -2.0, 5.0]),
        (["1 234,5", "12"], [1234.5, 12.0]),
        (["1\u202f234,5", "1\u00a0000"], [1234.5, 1000.0]),
        (["1'250.50", "3", "1’000"], [1250.5, 3.0, 1000.0]),
        (["12 kg", "13.5 kg", "0"], [12.0, 13.5, 0.0]),
        (["52 m2", "113 m2"], [52.0, 113.0]),
        (["1,25,000", "99"], [125000.0, 99.0]),
        (["1.234,56-", "5,00"], [-1234.56, 5.0]),
        (["€ 1.250,00", "€ 3,50"], [1250.0, 3.5]),
        (["1.234.567", "12"], [1234567.0, 12.0]),
        (["0,125", "2,375"], [0.125, 2.375]),
        (["5e3", "1,5"], [5000.0, 1.5]),
        (["12.5", "1,250.75"], [12.5, 1250.75]),
        (["1234 b", "5", "6.5 p", "7"], [1234.0, 5.0, 6.5, 7.0]),
    ],
)
def test_cells_are_read_as_they_are_meant(cells: list[str], numbers: list[float]) -> None:
    assert read(cells) == numbers


@pytest.mark.parametrize(
    ("cells", "decimals", "delimiter", "first"),
    [
        (["1.692", "1.398"], ",", ";", 1692),
        (["1.692", "1.398"], "", ";", 1.692),
        (["1.692", "543"], "", ";", 1692),
        (["1.692", "543", "894"], "", ",", 1692),
        (["1.692", "1", "2"], "", ",", 1.692),
        (["1.692", "2750"], "", ";", 1.692),
        (["1.692", "0.543"], ",", ";", 1.692),
        (["1,250", "2,375"], "", ";", 1.25),
        (["1,250", "900"], "", ";", 1250),
        (["1,250", "2,375"], "", ",", 1250),
        (["1,250", "2,375"], ",", "\t", 1.25),
        (["1,250", "2,375"], ".", ";", 1250),
    ],
)
def test_a_mark_before_three_digits_is_told_by_what_stands_beside(
    cells: list[str], decimals: str, delimiter: str, first: float
) -> None:
    assert read(cells, decimals, delimiter)[0] == first


@pytest.mark.parametrize(
    "cells", [["12.03.2004"], ["18:30"], ["A12", "B7"], ["1-5"], ["2020Q1", "2020Q3"], ["1_000"], ["(5"]]
)
def test_what_is_no_number_is_none(cells: list[str]) -> None:
    found = best_form(Counter(map(signs_of, cells)), Evidence("", ","))
    assert found is None or all(found[0].number(cell) is None for cell in cells)


UNITS = ["", "$", "€"], ["", "%", " kg"]
AMERICAN = st.builds(NumberForm, st.just("."), st.sampled_from(["", ","]), *map(st.sampled_from, UNITS))
EUROPEAN = st.builds(NumberForm, st.just(","), st.sampled_from(["", ".", " ", "'"]), st.just(""), st.just(" €"))


@settings(deadline=None)
@given(form=AMERICAN | EUROPEAN, cents=st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=20))
def test_any_money_that_is_written_is_read_again(form: NumberForm, cents: list[int]) -> None:
    cells = []
    for amount in cents:
        whole, rest = divmod(abs(amount), 100)
        digits = f"{whole:,}".replace(",", form.thousands) + f"{form.decimal}{rest:02}"
        cells.append("-" * (amount < 0) + form.written(digits))
    assert read(cells) == [amount / 100 for amount in cents]


def italy(rows: int = 60) -> list[tuple[float, int, float]]:
    return [(40 + i * 2.3, 300 + i * 37, 100 + i * 5.5) for i in range(rows)]


def european(number: float, decimals: int) -> str:
    return f"{number:,.{decimals}f}".translate(str.maketrans(",.", ".,"))


def test_a_european_table_is_read_and_said(tmp_path: Path) -> None:
    rows = "".join(f"{european(a, 1)};{european(b, 0)};{european(c, 1)}\n" for a, b, c in italy())
    dataset = opened(written(tmp_path, f"m2;abitanti;indice\n{rows}"))
    expected = np.array(italy())
    assert column(dataset, "m2") == pytest.approx(expected[:, 0].round(1), rel=1e-6)
    assert column(dataset, "abitanti") == expected[:, 1].tolist()
    assert labels(dataset) == pytest.approx(expected[:, 2].round(1), rel=1e-6)
    assert told(dataset, "read as numbers: m2 ('40,0' is 40), abitanti ('1.003' is 1003) and indice ('100,0' is 100)")


def test_another_table_is_read_in_the_forms_that_a_run_has_learnt(tmp_path: Path) -> None:
    rows = "".join(f"{european(a, 1)};{european(b, 0)};{european(c, 1)}\n" for a, b, c in italy())
    first = opened(written(tmp_path, f"m2;abitanti;indice\n{rows}"))
    other = written(tmp_path, "m2;abitanti;indice\n40;1.692;1.250\n50;2.543;2.500\n", "other.csv")
    again = opened(other, encoding=first.encoding)
    assert (column(again, "abitanti"), labels(again)) == ([1692, 2543], [1250, 2500])
    plain = opened(written(tmp_path, "m2,abitanti,indice\n" + "".join(f"{a},{b},{c}\n" for a, b, c in italy())))
    assert column(opened(other, encoding=plain.encoding), "abitanti") == pytest.approx([1.692, 2.543])


def test_a_column_is_decided_by_all_of_its_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usable_rows, "CHUNK_CELLS", 1)
    monkeypatch.setattr(usable_rows, "CHUNK_ROWS", 10)
    late = [f"{'1,250' if i == 59 else 900 + i}" for i in range(60)]
    words = [f"{i % 3}" if i < 30 else "x" for i in range(60)]
    rows = "".join(f'"{a}",{b},{1.5 + i},{i % 2}\n' for i, (a, b) in enumerate(zip(late, words, strict=True)))
    dataset = opened(written(tmp_path, f"rent,code,n,y\n{rows}"))
    assert column(dataset, "rent") == [900 + i for i in range(59)] + [1250]
    assert dataset.feature_names == ("rent", "code=0", "code=1", "code=2", "code=x", "n")


def test_one_odd_word_among_numbers_is_a_blank_with_its_line(tmp_path: Path) -> None:
    rows = [f"{i * 0.37:.2f},{i * i % 17},{i % 5 * 0.3:.1f}" for i in range(60)]
    dataset = opened(written(tmp_path, "\n".join(["a,b,y", *rows, "Total,,123.4", ""])))
    assert dataset.feature_names == ("a", "a blank", "b", "b blank")
    assert dataset.filled == {"a": 1, "b": 1}
    assert told(dataset, "words among numbers count as blank: 'Total' in column a (line 62)")


def test_a_word_for_what_is_missing_is_a_blank_too(tmp_path: Path) -> None:
    rows = "".join(f"{'unknown' if i % 4 == 0 else i * 0.37},{i % 2}\n" for i in range(80))
    dataset = opened(written(tmp_path, f"age,y\n{rows}"))
    assert dataset.filled == {"age": 20}
    assert told(dataset, "'unknown' in column age (lines 2, 6, 10 and 17 more)")


@pytest.mark.parametrize("cells", [["0", "1", "2", "3+"], ["A/5 21171", "113803", "PC 17599", "349909"], ["3", "x"]])
def test_words_beside_few_or_no_more_numbers_stay_words(tmp_path: Path, cells: list[str]) -> None:
    rows = "".join(f"{cells[i % len(cells)]},{i * i % 19},{i % 2}\n" for i in range(60))
    dataset = opened(written(tmp_path, f"code,n,y\n{rows}"))
    assert dataset.feature_names == (*(f"code={cell}" for cell in sorted(cells)), "n")


def test_units_are_part_of_the_names_of_classes(tmp_path: Path) -> None:
    rows = "".join(f"{i * 0.3:.1f},{i % 3 + 3}G\n" for i in range(60))
    assert opened(written(tmp_path, f"x,net\n{rows}")).class_names == ("3G", "4G", "5G")


@pytest.mark.parametrize("chunk", [7, 1 << 15])
def test_whole_numbers_are_the_same_however_few_bytes_hold_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(usable_rows, "CHUNK_CELLS", chunk)
    monkeypatch.setattr(usable_rows, "CHUNK_ROWS", 1)
    numbers = [0, 255, 256, -1, 32767, -32768, 32768, 70000, 3] * 5
    dataset = opened(written(tmp_path, "n,y\n" + "".join(f"{n},{i % 2}\n" for i, n in enumerate(numbers))))
    assert column(dataset, "n") == numbers
    assert column_readers._compact(np.array([1.0, 255.0])).dtype == np.uint8
