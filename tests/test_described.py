"""Every key of an experiment is described once, and command line, TOML errors and README follow from that."""

import re
from pathlib import Path

import pytest

from nnviz.about import Effect
from nnviz.described import KEYS, Key
from nnviz.errors import InputError
from nnviz.experiment import Experiment, combine
from nnviz.options import PARAMETERS, Options

README = Path(__file__).parents[1] / "README.md"
BY_PLACE = {key.place: key for key in KEYS}


def test_every_field_of_an_experiment_is_described():
    experiment = Experiment()
    fields = {f"{table}.{name}" for table in ("data", "network", "training", "stopping") for name in
              getattr(experiment, table).__struct_fields__}  # fmt: skip
    assert {*BY_PLACE} == fields
    assert all(key.about.help.endswith(".") and key.of(experiment) == key.default for key in KEYS)
    assert {key.parameter for key in KEYS if key.is_asked} <= {*PARAMETERS}
    assert [key.place for key in KEYS if not key.is_asked] == ["network.weights_digest"]


def bound_of(told: str, kind: type) -> float:
    return kind(re.search(r"[<>]=? ([\d.e+-]+)", told)[1])  # type: ignore[index]


@pytest.mark.parametrize("key", [key for key in KEYS if key.kind in (int, float)], ids=lambda key: key.place)
def test_bounds_are_those_that_an_experiment_refuses_beyond(key: Key):
    for bound, beyond in ((key.least, -1), (key.most, 1)):
        assert bound is not None
        limit, is_allowed = bound
        with pytest.raises(InputError, match=re.escape(key.place)) as refused:
            combine({key.table: {key.name: key.kind(limit) + beyond * (2 if key.kind is int else abs(limit) + 1)}})
        assert bound_of(str(refused.value), key.kind) == limit
        if is_allowed:
            assert key.of(combine({key.table: {key.name: key.kind(limit)}})) == limit
        else:
            with pytest.raises(InputError):
                combine({key.table: {key.name: key.kind(limit)}})


@pytest.mark.parametrize("key", [key for key in KEYS if key.choices], ids=lambda key: key.place)
def test_choices_are_those_that_an_experiment_takes(key: Key):
    for choice in key.choices:
        value = [choice] if key.is_several else choice
        assert combine({key.table: {key.name: value}})
    with pytest.raises(InputError, match=re.escape(key.place)):
        combine({key.table: {key.name: ["no such"] if key.is_several else "no such"}})


VALUES = {
    "data.augment": ["flip", "flip,shift"],
    "data.keep": ["a,b"],
    "data.grayscale": ["yes", "no"],
    "data.text_column": ["", "''", "body"],
    "network.layers": ["", "dense 3 relu, dropout 0.5"],
    "training.class_weights": ["", "balanced", "cat=1.5,dog=1e-05"],
    "training.learning_rate": ["0.1", "1e-05", "0.30000000000000004"],
    "training.clip": ["", "2.5"],
    "training.changes": ["120:lr=0.001;130:clip=;140:augment=flip,shift", "0:epochs=7"],
    "training.seed": ["9223372036854775807"],
}


@pytest.mark.parametrize(("place", "texts"), VALUES.items())
def test_what_is_read_is_written_as_it_was(place: str, texts: list[str]):
    key = BY_PLACE[place]
    for text in texts:
        value = key.read(text)
        made = key.of(combine({key.table: {key.name: value} if value is not None else {}}))
        assert key.written(made) == text
        if key.name != "changes":
            assert made == (tuple(value) if isinstance(value, list) else value)


@pytest.mark.parametrize(
    ("place", "text", "told"),
    [
        ("training.seed", "3.5", "training.seed: expected a whole number, got '3.5'"),
        ("training.clip", "much", "training.clip: expected a number, got 'much'"),
        ("data.grayscale", "maybe", "data.grayscale: expected yes or no, got 'maybe'"),
        ("training.changes", "lr=3", "--change: 'lr=3' is no step with an option that a run can change on its way"),
        ("training.changes", "3:seed=3", "--change: '3:seed=3' is no step with an option"),
        ("training.changes", "3:lr=x", "training.learning_rate: expected a number, got 'x'"),
        ("training.class_weights", "cat=many", "--class-weights: 'cat=many' is not a class and its weight"),
    ],
)
def test_what_cannot_be_read_is_told(place: str, text: str, told: str):
    with pytest.raises(InputError, match=re.escape(told)):
        BY_PLACE[place].read(text)


def test_what_a_number_may_be_is_shown_as_the_minus_that_is_printed():
    assert BY_PLACE["training.learning_rate"].read("1e−3") == 0.001


def row(key: Key) -> str:
    default = key.written(key.default)
    cells = [
        f"`{key.option}`",
        f"`{key.place}`",
        key.values.replace("|", "\\|"),
        f"`{default}`" if default else "",
        str(key.about.effect),
    ]
    return f"| {' | '.join(cells)} |"


def test_the_table_of_options_in_the_readme_is_what_is_described():
    rows = [row(key) for key in KEYS if key.is_asked]
    told = [line for line in README.read_text(encoding="utf-8").splitlines() if re.match(r"\| `(--|SOURCE)", line)]
    assert told == rows, "the table in README.md is to be:\n" + "\n".join(rows)
    assert {key.about.effect for key in KEYS} == set(Effect)


def test_an_option_given_twice_is_one_that_holds_several():
    given = Options.of(keep=["a", "b,c"], augment="flip, shift", class_weights="cat=2", source="pets")
    experiment = given.experiment()
    assert experiment.data.keep == ("a", "b,c")
    assert experiment.data.augment == ("flip", "shift")
    assert experiment.training.class_weights == {"cat": 2.0}
