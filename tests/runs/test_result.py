"""What `result.json` says is written and read by one type."""

import json

import pytest

from nnviz.errors import InputError
from nnviz.frame.health_view import Alert, HealthAccount
from nnviz.runs.account import account, scored
from nnviz.runs.result import PartedFrom, RateChange, read_result
from nnviz.training.journal import Parted


@pytest.fixture
def result(make_trainer):
    """Of a run with everything that there can be to tell."""
    trainer = make_trainer(stopping={"steps": 5})
    trainer.journal.add(Parted(2, "runs/one"))
    trainer.step()
    trainer.change_rate(0.5)
    while trainer.stopped_by is None:
        trainer.step()
    alert = Alert("dead-units", "dense1", 3, "All are dead ∎.", "They learn nothing.", "A lower rate.")
    health = HealthAccount((alert,), ("diverging",), {"over-fitting": "there is no validation loss yet"})
    return type(account(trainer))(**{**fields(scored(account(trainer), trainer)), "run": "kept", "health": health})


def fields(result):
    return {name: getattr(result, name) for name in result.__struct_fields__}


def test_what_is_written_is_what_is_read(result, tmp_path):
    (tmp_path / "result.json").write_bytes(result.encoded())
    assert read_result(tmp_path) == result
    assert (result.steps, result.stopped_by, result.kept_step) == (5, "steps", 5)
    assert result.learning_rate_changes == (RateChange(1, 0.5),)
    assert result.parted_from == PartedFrom("runs/one", 2)


def test_it_is_json_that_anybody_can_read(result):
    told = json.loads(result.encoded())
    assert told["validation"]["loss"] == result.validation["loss"]
    assert told["learning_rate_changes"] == [{"step": 1, "learning_rate": 0.5}]
    assert told["health"]["alerts"][0]["seen"] == "All are dead ∎."
    assert "mean_prediction" not in told
    assert "∎" in result.encoded().decode(), "and so can people"


def test_one_of_an_earlier_nnviz_is_read(result, tmp_path):
    told = json.loads(result.encoded())
    for key in ("learning_rate_changes", "parted_from", "health"):
        del told[key]
    (tmp_path / "result.json").write_text(json.dumps(told))
    assert read_result(tmp_path).train == result.train
    assert read_result(tmp_path).health is None


@pytest.mark.parametrize("key", ["steps", "train", "kept_step"])
def test_what_is_of_another_kind_is_named(result, tmp_path, key):
    (tmp_path / "result.json").write_text(json.dumps({**json.loads(result.encoded()), key: "many"}))
    with pytest.raises(InputError, match=rf"result\.json: cannot be understood .*\$\.{key}"):
        read_result(tmp_path)
