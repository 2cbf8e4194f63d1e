"""What an array is, told by the name that somebody gave it."""

import pytest

from nnviz.data.arrays.array_names import Pair, meaning_of, paired


@pytest.mark.parametrize(
    ("names", "kind", "role"),
    [
        ("x X data images features x_train X_train xtrain trainX XTrain train_images training_data", "inputs", "train"),
        ("train_set_x train train_x kmnist-train-imgs", "inputs", "train"),
        ("y Y labels target y_train ytrain trainY train_labels train_set_y training_targets", "labels", "train"),
        ("x_val val_images valid_x x_dev xval X_valid validation_data", "inputs", "validation"),
        ("x_test testX test_images xtest test_set_x test", "inputs", "test"),
        ("y_test testY test_labels kmnist-test-labels", "labels", "test"),
        ("class_names label_names target_names", "class names", "train"),
    ],
)
def test_names_that_people_use(names: str, kind: str, role: str) -> None:
    told = {name: (meaning.kind, meaning.role) for name in names.split() if (meaning := meaning_of(name))}
    assert told == dict.fromkeys(names.split(), (kind, role))


@pytest.mark.parametrize("name", ["a", "arr_0", "cat", "mask", "train_test", ""])
def test_names_that_say_nothing(name: str) -> None:
    assert meaning_of(name) is None


def test_what_is_not_read_is_told_with_the_reason() -> None:
    found = paired(["data", "images", "target", "x_test", "y_val", "odd", "target_names"])
    assert found.pairs == {"train": Pair("images", "target")}
    assert found.class_names == "target_names"
    assert found.unread == {
        "data": "'images' is read instead",
        "x_test": "without labels",
        "y_val": "labels without examples",
        "odd": "of a name that does not say what it is",
    }


def test_of_several_sets_none_is_guessed() -> None:
    assert paired(["cat_x", "cat_y", "dog_x", "dog_y"]).collections == ("cat", "dog")
    assert paired(["x", "y", "dog_x", "dog_y"]).unread == dict.fromkeys(("dog_x", "dog_y"), "of another set")
    assert paired(["cat_x_test", "cat_y_test"]).pairs == {"train": Pair("cat_x_test", "cat_y_test")}
