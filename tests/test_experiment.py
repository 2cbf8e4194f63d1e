"""One description of a run, the same on disk as in memory, and errors that name the key."""

import os

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.change import Change
from nnviz.errors import InputError
from nnviz.experiment import (
    HIGHEST_RATE,
    LOWEST_RATE,
    SEEDS,
    Data,
    Experiment,
    Net,
    Stopping,
    Training,
    combine,
    read_tables,
)

POSITIVE = st.floats(LOWEST_RATE, HIGHEST_RATE)
COUNT = st.integers(1, 10**12)
TEXT = st.text(st.characters(codec="utf-8"))
STRENGTH = st.just(0.0) | POSITIVE
BELOW_1 = st.floats(0, 1, exclude_max=True)
CHANGE = st.one_of(
    st.builds(Change, COUNT, st.just("training.learning_rate"), POSITIVE),
    st.builds(Change, COUNT, st.just("training.clip"), st.none() | POSITIVE),
    st.builds(Change, COUNT, st.just("data.augment"), st.just(("flip", "shift"))),
    st.builds(Change, COUNT, st.just("stopping.steps"), COUNT),
)
TABLES = {
    Data: {
        "source": TEXT,
        "image_size": st.none() | st.integers(1, 1024),
        "grayscale": st.booleans(),
        "augment": st.lists(st.sampled_from(["flip", "shift", "rotate", "brightness"])).map(tuple),
        "target": st.none() | TEXT,
        "task": st.sampled_from([None, "classify", "regress"]),
        "image_column": st.none() | TEXT,
        "text_column": st.none() | TEXT,
        "keep": st.none() | st.lists(TEXT).map(tuple),
        "inputs": st.sampled_from([None, "standardized", "raw"]),
        "noise": st.none() | st.floats(0, 1),
        "examples": st.none() | st.integers(2, 1_000_000),
    },
    Net: {
        "layers": TEXT,
        "output": st.sampled_from([None, "softmax", "single", "sigmoid", "hill"]),
        "loss": st.sampled_from([None, "cross-entropy", "mse", "quadratic"]),
        "initial": st.sampled_from([None, "scaled", "normal"]),
        "weights": st.none() | TEXT,
        "weights_digest": st.none() | TEXT,
    },
    Training: {
        "optimizer": st.sampled_from(["sgd", "nesterov", "rmsprop", "adam", "adamw"]),
        "learning_rate": POSITIVE,
        "momentum": BELOW_1,
        "weight_decay": st.none() | STRENGTH,
        "l1": STRENGTH,
        "l2": STRENGTH,
        "clip": st.none() | POSITIVE,
        "schedule": st.sampled_from(["constant", "step", "cosine", "plateau"]),
        "warmup": STRENGTH,
        "drop_every": st.none() | COUNT,
        "drop": st.floats(0, 1, exclude_min=True, exclude_max=True),
        "class_weights": st.none() | st.just("balanced") | st.dictionaries(TEXT, POSITIVE),
        "label_smoothing": BELOW_1,
        "threads": st.sampled_from([None, 1, 2]),
        "batch_size": COUNT,
        "seed": st.integers(0, SEEDS - 1),
        "dtype": st.sampled_from(["float32", "float64"]),
        "changes": st.lists(CHANGE, max_size=3).map(tuple),
    },
    Stopping: {
        "epochs": COUNT,
        "steps": st.none() | COUNT,
        "seconds": st.none() | POSITIVE,
        "target_loss": st.none() | POSITIVE,
        "target_accuracy": st.none() | st.floats(0, 1),
        "patience": st.none() | COUNT,
    },
}
EXPERIMENTS = st.builds(
    lambda *tables: Experiment(**dict(zip(Experiment.__struct_fields__, tables, strict=True))),
    *(st.builds(table, **settings) for table, settings in TABLES.items()),
)


def test_all_settings_are_drawn():
    for table, settings in TABLES.items():
        assert tuple(settings) == table.__struct_fields__


@given(EXPERIMENTS)
def test_an_experiment_comes_back_from_toml_as_it_was(tmp_path_factory, experiment):
    path = tmp_path_factory.mktemp("toml") / "experiment.toml"
    path.write_text(experiment.to_toml(), encoding="utf-8", newline="\n")
    assert combine(read_tables(path)) == experiment


def test_a_run_of_so_many_steps_comes_back_without_epochs(tmp_path):
    experiment = combine({"stopping": {"epochs": 9}}, {"stopping": {"steps": 500}})
    assert experiment.stopping == Stopping(epochs=None, steps=500)
    (tmp_path / "e.toml").write_text(experiment.to_toml())
    assert combine(read_tables(tmp_path / "e.toml")) == experiment


def test_later_tables_win_key_by_key():
    suggested = {"training": {"learning_rate": 0.5, "batch_size": 4}, "stopping": {"epochs": 7, "patience": 2}}
    experiment = combine(suggested, {"training": {"batch_size": 8}}, {"stopping": {"epochs": 3}})
    assert experiment.training == Training(learning_rate=0.5, batch_size=8)
    assert experiment.stopping == Stopping(epochs=3, patience=2)


@pytest.mark.parametrize("limit", [{"steps": 5}, {"seconds": 5.0}])
def test_a_length_in_steps_or_seconds_lifts_earlier_epochs_but_not_its_own(limit):
    earlier = {"stopping": {"epochs": 7}}
    assert combine(earlier, {"stopping": limit}).stopping.epochs is None
    assert combine(earlier, {"stopping": {**limit, "epochs": 3}}).stopping.epochs == 3
    assert combine({"stopping": limit}, earlier).stopping.epochs == 7


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"trainin": {}}, "unknown key 'trainin'; there are [data], [network], [training], [stopping]"),
        (
            {"training": {"lr": 1}},
            "[training] unknown key 'lr'; there are optimizer, learning_rate, momentum, weight_decay, l1, l2, clip, "
            "schedule, warmup, drop_every, drop, class_weights, label_smoothing, threads, batch_size, seed, dtype, "
            "changes",
        ),
        ({"epochs": 3}, "'epochs' stands outside a table; there are [data], [network], [training], [stopping]"),
        ({"training": {"batch_size": "many"}}, "training.batch_size: expected a whole number, got a text"),
        ({"stopping": {"epochs": "all"}}, "stopping.epochs: expected a whole number, got a text"),
        ({"stopping": {"patience": 1.5}}, "stopping.patience: expected a whole number, got a number"),
        ({"data": {"grayscale": 1}}, "data.grayscale: expected true or false, got a whole number"),
        ({"network": {"layers": 64}}, "network.layers: expected a text, got a whole number"),
        ({"training": {"learning_rate": 0}}, "training.learning_rate: expected a number >= 1e-38"),
        ({"training": {"learning_rate": float("nan")}}, "training.learning_rate: expected a number >= 1e-38"),
        ({"training": {"learning_rate": float("inf")}}, "training.learning_rate: expected a number <= 1e+38"),
        ({"training": {"momentum": 1.0}}, "training.momentum: expected a number < 1.0"),
        ({"training": {"seed": -1}}, "training.seed: expected a whole number >= 0"),
        ({"data": {"image_size": 5000}}, "data.image_size: expected a whole number <= 1024"),
        ({"stopping": {"target_accuracy": 95}}, "stopping.target_accuracy: expected a number <= 1.0"),
        ({"stopping": {"steps": 0}}, "stopping.steps: expected a whole number >= 1"),
        (
            {"training": {"optimizer": "adm"}},
            "training.optimizer: expected one of sgd, nesterov, rmsprop, adam, adamw; got 'adm'",
        ),
        ({"network": {"output": "two"}}, "network.output: expected one of softmax, single, sigmoid, hill; got 'two'"),
        (
            {"training": {"changes": [{"step": 3, "key": "training.seed", "value": 1}]}},
            "training.changes: 'training.seed' is no key that a run can change on its way",
        ),
        (
            {"training": {"changes": [{"step": 3, "key": "training.clip", "value": -1.0}]}},
            "training.changes: training.clip: expected a number >= 1e-38",
        ),
        (
            {"training": {"changes": [{"step": -3, "key": "training.clip", "value": 1.0}]}},
            "training.changes: training steps are counted from 0, and -3 is none",
        ),
        ({"training": {"changes": [{"key": "x"}]}}, "training.changes[0]: object missing required field 'step'"),
        ({"network": {"loss": "mae"}}, "network.loss: expected one of cross-entropy, mse, quadratic; got 'mae'"),
    ],
)
def test_what_is_wrong_is_named_with_what_was_expected(tables, message):
    with pytest.raises(InputError) as error:
        combine(tables, origin="my.toml")
    assert str(error.value) == f"my.toml: {message}"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[training\n", "not a TOML file: Expected ']'"),
        (b"x = '\xff'\n", "not a TOML file"),
        (None, r"cannot be read \(No such file"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, content, message):
    path = tmp_path / "my.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=rf"my\.toml: {message}"):
        read_tables(path)


def test_an_experiment_cannot_be_changed_by_accident():
    experiment = Experiment()
    with pytest.raises(AttributeError):
        experiment.training.seed = 3  # type: ignore[misc]
    changed = experiment.with_training(seed=3)
    assert (changed.training.seed, experiment.training.seed) == (3, 0)
    assert msgspec.structs.replace(changed, training=experiment.training) == experiment


def test_a_mark_before_the_text_is_no_part_of_it(tmp_path):
    (tmp_path / "e.toml").write_text("[training]\nseed = 3\n", encoding="utf-8-sig")
    assert read_tables(tmp_path / "e.toml") == {"training": {"seed": 3}}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = " + "[" * 50_000 + "]" * 50_000, "not settings, which are not nested so deeply"),
        ("a = " + "{a = " * 5_000 + "1" + "}" * 5_000, "not settings, which are not nested so deeply"),
        ("#" * (1 << 21), "larger than 1,048,576 bytes"),
        ("[training]\nseed = 1e5", None),
    ],
)
def test_what_cannot_be_settings_is_told(tmp_path, text, told):
    (tmp_path / "e.toml").write_text(text)
    if told is None:
        with pytest.raises(InputError, match=r"training\.seed: expected a whole number, got a number"):
            combine(read_tables(tmp_path / "e.toml"))
    else:
        with pytest.raises(InputError, match=rf"e\.toml: {told}"):
            read_tables(tmp_path / "e.toml")


def test_a_pipe_that_nobody_writes_to_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "e.toml")
    with pytest.raises(InputError, match="a pipe, and not a file"):
        read_tables(tmp_path / "e.toml")


@pytest.mark.parametrize(
    ("table", "key", "value", "told"),
    [
        ("training", "learning_rate", 1e39, r"<= 1e\+38"),
        ("training", "learning_rate", 1e-39, ">= 1e-38"),
        ("training", "clip", 0.0, ">= 1e-38"),
        ("training", "l2", 1e300, r"<= 1e\+38"),
        ("training", "seed", 2**63, "<= 9223372036854775807"),
        ("stopping", "epochs", 10**13, "<= 1000000000000"),
    ],
)
def test_every_number_has_an_end_and_the_end_is_said(table, key, value, told):
    with pytest.raises(InputError, match=rf"{table}\.{key}: expected a (whole )?number {told}"):
        combine({table: {key: value}})
