"""Splits under the names that people use, and classes that are called nearly so."""

import pytest

from nnviz.data.split_names import means_unlabelled, role_of, roles_among


@pytest.mark.parametrize(
    ("names", "role"),
    [
        (
            "train Train TRAIN training Training training_set Training-Set trainset seg_train train2017 Train_Data",
            "train",
        ),
        ("val Val valid validate validation VALIDATION dev dev_set val2017 valid_images validationSet", "validation"),
        ("test Test testing TESTING test_set test1 seg_test testing-images holdout eval Evaluation testImages", "test"),
    ],
)
def test_a_name_by_itself_means_a_split(names: str, role: str) -> None:
    assert {name: role_of(name) for name in names.split()} == dict.fromkeys(names.split(), role)


@pytest.mark.parametrize("name", ["steam train", "testudo", "valley", "devil", "trains", "train test", "cat", "2", ""])
def test_other_names_mean_none(name: str) -> None:
    assert role_of(name) is None


def test_names_that_differ_in_the_split_alone_are_splits() -> None:
    news = {"20news-bydate-train": "train", "20news-bydate-test": "test"}
    assert roles_among([*news, "misc"]) == news
    assert roles_among(["train station", "test tube", "valley"]) == {}
    assert roles_among(["steam_train"]) == {}


def test_eval_tests_unless_there_is_another_one_to_test_on() -> None:
    assert roles_among(["train", "eval"]) == {"train": "train", "eval": "test"}
    assert roles_among(["eval", "train", "test"]) == {"train": "train", "test": "test", "eval": "validation"}
    assert roles_among(["eval", "train", "test", "dev"])["eval"] == "test"


def test_the_plainest_of_two_names_comes_first() -> None:
    assert list(roles_among(["valid_images", "val", "train"])) == ["train", "val", "valid_images"]


@pytest.mark.parametrize(("name", "unlabelled"), [("unsup", True), ("Unlabeled_X", True), ("label", False)])
def test_what_has_no_labels_says_so(name: str, unlabelled: bool) -> None:
    assert means_unlabelled(name) is unlabelled
