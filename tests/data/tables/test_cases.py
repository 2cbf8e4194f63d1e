"""Small files that were read wrongly once, each after a report: what is right for each."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnviz.experiment import combine
from nnviz.training.assembly import assemble, open_dataset
from tests.data.tables.opening import by_line, column, labels, opened, told

CASES = Path(__file__).parents[4] / "shared" / "cases"


def case(name: str) -> Path:
    path = CASES / name
    if not path.is_file():
        pytest.skip(f"shared/cases/{name} is not here")
    return path


@pytest.mark.parametrize(
    ("name", "rows", "target", "classes", "inputs"),
    [
        ("trailing-delimiters/weather.csv", 80, "class", "dry wet", "temp wind rain"),
        ("header-of-numbers/noindex_words.csv", 100, "4", "cat dog", "0 1 2 3"),
        ("header-of-numbers/noindex_numbers.csv", 100, "4", "0 1", "0 1 2 3"),
        ("header-of-numbers/index_words.csv", 100, "4", "cat dog", "0 1 2 3"),
        ("header-not-first/sep.csv", 80, "class", "dry wet", "temp wind"),
        ("header-not-first/hash.csv", 80, "class", "dry wet", "temp wind"),
        ("header-not-first/title.csv", 80, "class", "dry wet", "temp wind"),
        (
            *("header-of-another-length/cancer_trailing_comma_in_header.csv", 120, "diagnosis", "B M"),
            "radius_mean texture_mean area_mean smooth_mean",
        ),
        ("header-of-another-length/write_table.csv", 120, "diagnosis", "B M", "radius texture area smooth"),
        ("european-numbers/italy.csv", 120, "indice", "", "m2 abitanti"),
        ("numbers-for-people/thousands.csv", 120, "price", "", "m2 sqft share"),
        ("numbers-for-people/percent_target.csv", 100, "score", "", "hours"),
        ("numbers-for-people/thousands_feature.csv", 90, "left", "no yes", "salary age"),
        ("numbers-for-people/rent.csv", 200, "rent", "", "m2 rooms"),
        ("numbers-for-people/mixed_thousands.csv", 300, "rent", "", "m2 rooms"),
        ("numbers-for-people/minus.csv", 120, "b", "down up", "a"),
        ("one-word-among-numbers/header_repeated.csv", 118, "y", "no yes", "a b"),
        ("label-first/mushrooms.csv", 160, "class", "e p", ""),
        ("label-first/digits.csv", 60, "label", "0 1 2 3", ""),
        ("few-rows-of-0-and-1/small.csv", 25, "y", "0 1", "h"),
        ("few-rows-of-0-and-1/and_gate.csv", 4, "y", "0 1", "x1 x2"),
        ("row-number-as-input/glass.csv", 160, "column 5", "1 2 3 4", "column 2,column 3,column 4"),
    ],
)
def test_it_opens_as_what_it_is(name: str, rows: int, target: str, classes: str, inputs: str) -> None:
    path = case(name)
    dataset = opened(path)
    assert dataset.class_names == tuple(classes.split())
    assert dataset.target_names == (() if classes else (target,))
    assert told(dataset, f"'{target}'")
    assert len(by_line(dataset)) == rows
    if inputs:
        assert dataset.feature_names == tuple(inputs.split("," if "," in inputs else " "))
    again = opened(path, encoding=dataset.encoding)
    np.testing.assert_array_equal(again.train.inputs, dataset.train.inputs)


def test_all_messages_are_used() -> None:
    dataset = opened(case("trailing-delimiters/spam.csv"))
    assert (dataset.class_names, len(by_line(dataset))) == (("ham", "spam"), 200)
    assert dataset.train.texts is not None


@pytest.mark.parametrize(
    ("name", "which", "first"),
    [
        ("european-numbers/italy.csv", "abitanti", [1692, 894, 543, 1398]),
        ("european-numbers/italy.csv", "m2", [140.0, 76.0, 40.8, 114.9]),
        ("numbers-for-people/thousands.csv", "sqft", [1616, 1603, 1778, 1481]),
        ("numbers-for-people/thousands.csv", "share", [26.9, 66.5, 82.3, 98.6]),
        ("numbers-for-people/thousands_feature.csv", "salary", [39806, 56131, 63997, 57534]),
        ("numbers-for-people/minus.csv", "a", [-3.8, -3.0, -4.0, 2.2]),
    ],
)
def test_numbers_are_what_is_meant(name: str, which: str, first: list[float]) -> None:
    assert column(opened(case(name)), which)[:4] == pytest.approx(first)


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("thousands.csv", [384945, 369098, 419336]),
        ("percent_target.csv", [58.7, 81.7, 70.9]),
        ("rent.csv", [900, 950, 1000]),
        ("mixed_thousands.csv", [600, 617, 634]),
    ],
)
def test_targets_are_what_is_meant(name: str, first: list[float]) -> None:
    assert labels(opened(case(f"numbers-for-people/{name}")))[:3] == pytest.approx(first)


def test_a_footer_is_a_blank_that_is_named() -> None:
    dataset = opened(case("one-word-among-numbers/footer.csv"))
    assert dataset.feature_names == ("a", "a blank", "b", "b blank")
    assert dataset.filled == {"a": 1, "b": 1}
    assert told(dataset, "'Total' in column a (line 122)")


def test_24_signs_are_24_classes() -> None:
    dataset = opened(case("label-first/sign_24_classes.csv"))
    assert dataset.class_names == tuple(str(i) for i in range(25) if i != 9)
    assert len(dataset.feature_names) == 36


def test_images_without_their_ending_are_found() -> None:
    dataset = opened(case("ids-without-suffix/train.csv"), image_column="id_code", image_size=8)
    assert (len(by_line(dataset)), dataset.class_names, dataset.skipped) == (12, ("0", "1"), ())


def test_noise_that_is_sorted_by_class_is_not_learnt_by_its_row_number() -> None:
    tables: dict[str, Any] = {
        "data": {"source": str(case("row-number-as-input/glass.csv"))},
        "training": {"threads": 1},
        "stopping": {"epochs": 30},
    }
    experiment = combine(tables)
    trainer = assemble(experiment, open_dataset(experiment))
    while trainer.stopped_by is None:
        trainer.step()
    accuracy = trainer.assess(trainer.dataset.test).score.accuracy
    assert accuracy is not None
    assert accuracy < 0.6
