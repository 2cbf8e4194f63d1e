"""What a list finds, in which order, what differs, and what is removed."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.collection.collection import Collection
from nnviz.collection.differences import differences
from nnviz.collection.filters import conditions
from nnviz.collection.listed_run import ListedRun
from nnviz.collection.order import ORDERS, ordered
from nnviz.errors import InputError
from nnviz.runs.claim import Claim
from nnviz.runs.removing import remove
from tests.collection.listed import append, listed, series, trained
from tests.logs.events import curve

ADAM = {"training.learning_rate": "0.003", "training.optimizer": "adam", "network.layers": "dense 64 relu"}
ADAMW = {"training.learning_rate": "0.03", "training.optimizer": "adamw", "network.layers": "dense 8 relu"}
OTHERS = {"config/lr": "1e-2", "optimizer": "Adam"}
RUNS = [
    listed("one", series([0.5, 0.25]), settings=ADAM),
    listed("two", series([0.5, 0.75]), settings=ADAMW, network="dense 8 relu"),
    listed("three", settings=OTHERS, by="W&B", source="", network=""),
]


def found(text: str) -> list[str]:
    wanted = conditions(text)
    return [run.name for run in RUNS if all(condition.holds(run) for condition in wanted)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["one", "two", "three"]),
        ("lr>0.005", ["two", "three"]),
        ("learning_rate<=0.003", ["one"]),
        ("training.learning_rate=3e-3", ["one"]),
        ("lr=0.01", ["three"]),
        ("optimizer=adam", ["one", "three"]),
        ("optimizer!=adam", ["two"]),
        ("lr>0.005 optimizer=adamw", ["two"]),
        ("W&b", ["three"]),
        ("adamw", ["two"]),
        ("best<0.3", ["one"]),
        ("best<9", ["one", "two"]),
        ("by=nnviz steps>=1", ["one", "two"]),
        ("'network=dense 8 relu'", ["two"]),
        ("optimizer>1", []),
        ("nosuch=1", []),
        ("nosuch!=1", []),
    ],
)
def test_runs_are_found_by_texts_and_settings(text: str, names: list[str]) -> None:
    assert found(text) == names


@pytest.mark.parametrize("text", ["lr>", "lr>abc", ">3", "'network"])
def test_what_cannot_be_compared_is_said(text: str) -> None:
    with pytest.raises(InputError, match=r"missing|not a number|no end"):
        conditions(text)


@given(st.text(max_size=20))
def test_whatever_is_typed_finds_or_is_refused(text: str) -> None:
    try:
        wanted = conditions(text)
    except InputError:
        return
    for run in RUNS:
        assert all(condition.holds(run) in (True, False) for condition in wanted)


accuracy = series([0.5, 0.75], "accuracy")
SORTED = [
    listed("run-10", series([3.0, 1.0]), size=1, written=5.0),
    listed("run-9", series([2.0]), size=3, written=7.0),
    listed("none", source="", network="", size=2, written=6.0),
    listed("other", accuracy, best=accuracy.highest, written=6.5),
    listed("lower", low := series([0.5, 0.625], "accuracy"), best=low.highest),
]


def names_by(column: str, backwards: bool = False) -> list[str]:
    return [run.name for run in ordered(SORTED, column, backwards)]


def test_the_best_and_the_newest_come_first_and_what_is_missing_last() -> None:
    assert names_by("best") == ["other", "lower", "run-10", "run-9", "none"]
    assert names_by("best", backwards=True) == ["run-9", "run-10", "lower", "other", "none"]
    assert names_by("run")[-2:] == ["run-9", "run-10"]
    assert names_by("age")[:3] == ["run-9", "other", "none"]
    assert names_by("size")[:2] == ["other", "lower"]
    assert names_by("source")[-1] == "none"
    for column in ORDERS:
        assert sorted(names_by(column)) == sorted(run.name for run in SORTED)


def test_differences_are_told_alone() -> None:
    assert differences([ADAM, ADAMW, {}]) == {
        "training.learning_rate": ["0.003", "0.03", None],
        "training.optimizer": ["adam", "adamw", None],
        "network.layers": ["dense 64 relu", "dense 8 relu", None],
    }
    assert differences([ADAM, dict(ADAM)]) == {}
    assert differences([{"a": "1"}, {"a": "1", "b": "2"}]) == {"b": [None, "2"]}


def look(collection: Collection) -> dict[str, ListedRun]:
    list(collection.looking())
    return {run.name: run for run in collection.runs}


def test_a_list_follows_what_is_trained_and_what_was_read_stays_as_it_was(tmp_path: Path) -> None:
    place = trained(tmp_path / "a", [0.5, 0.25])
    trained(tmp_path / "b", [math.nan])
    collection = Collection(tmp_path)
    before = look(collection)
    assert before["a"].best == (20, 0.25)
    assert [run.state for run in before.values()] == ["unfinished", "unfinished"]
    claim = Claim.again(place)
    append(place, [0.125])
    after = look(collection)
    assert (after["a"].best, after["a"].state, after["a"].reached) == ((30, 0.125), "running", 30)
    assert before["a"].best == (20, 0.25)
    assert len(before["a"].curves[0].points) == 2
    claim.release()
    remove(place)
    assert list(look(collection)) == ["b"]


def test_nothing_but_a_run_that_nobody_trains_is_removed(tmp_path: Path) -> None:
    place = trained(tmp_path / "run", [1.0])
    with pytest.raises(InputError, match="not a run of nnviz"):
        remove(tmp_path)
    claim = Claim.again(place)
    with pytest.raises(InputError, match="another nnviz is training into it"):
        remove(place)
    claim.release()
    (place / "thesis.tex").write_text("mine")
    with pytest.raises(InputError, match=r"thesis\.tex"):
        remove(place)
    (place / "thesis.tex").unlink()
    (tmp_path / "link").symlink_to(place)
    with pytest.raises(InputError, match="another place"):
        remove(tmp_path / "link")
    assert (place / "metrics.jsonl").exists()
    (place / "checkpoints").mkdir()
    remove(place)
    assert not place.exists()


def test_a_large_log_is_shown_while_it_is_read_and_whoever_stops_goes_on_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nnviz.logs.tensorboard.PIECE", 400)
    (tmp_path / "events.out.tfevents.1.a").write_bytes(curve("loss", range(100), range(100)))
    collection = Collection(tmp_path)
    looking = collection.looking()
    for _ in range(3):
        next(looking)
    collection.list_what_was_read()
    some = collection.runs[0].curves[0]
    assert 0 < some.total < 100
    looking.close()
    (run,) = look(collection).values()
    assert run.curves[0].points["mean"].tolist() == list(range(100))
    assert some.total < 100
