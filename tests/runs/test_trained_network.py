"""A run that was kept can be opened again, and a damaged one says so."""

import json
import os

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from nnviz.data.ngrams import NGrams
from nnviz.data.tables.table_encoding import Feature, TableEncoding
from nnviz.data.texts.text_encoding import TextEncoding
from nnviz.errors import InputError
from nnviz.runs.account import account
from nnviz.runs.checkpoint_file import sealed
from nnviz.runs.digests import digest
from nnviz.runs.directory import RunDirectory
from nnviz.runs.paths import free_path, new_run_path, refuse_unusable
from nnviz.runs.trained_network import load_run
from nnviz.training.evaluation import assess

CHECKPOINT = "checkpoints/final.safetensors"


@pytest.fixture
def kept(make_trainer, make_experiment, tmp_path):
    """A trainer after some steps, and the directory that keeps it."""
    settings = {"stopping": {"steps": 20}, "optimizer": "adam"}
    trainer = make_trainer(**settings)
    directory = RunDirectory(tmp_path / "deep" / "run", make_experiment(**settings))
    while trainer.stopped_by is None:
        evaluation = trainer.step()
        if evaluation:
            directory.add(evaluation)
    directory.keep(trainer)
    directory.finish(account(trainer))
    return trainer, directory.path


def test_a_kept_network_says_the_same_as_before(kept, make_experiment, dataset):
    trainer, path = kept
    loaded = load_run(path)
    assert loaded.experiment == make_experiment(stopping={"steps": 20}, optimizer="adam")
    assert (loaded.task, loaded.step) == (dataset.task, 20)
    assert loaded.network.parameters.values.tobytes() == trainer.network.parameters.values.tobytes()
    again = assess(loaded.network, loaded.task, dataset.test, loaded.encoder)
    assert again.score == trainer.assess(dataset.test).score
    assert not list(path.rglob("*.part"))


def test_pytorch_could_open_the_checkpoint_and_find_names(kept):
    trainer, path = kept
    tensors = load_file(path / CHECKPOINT)
    assert {"dense1.weights", "dense1.biases", "optimizer.sum", "standardization.mean"} <= tensors.keys()
    np.testing.assert_array_equal(tensors["optimizer.square_sum"], trainer.update_rule.optimizer.state()["square_sum"])


def test_the_same_training_gives_the_same_bytes(make_trainer, make_experiment, tmp_path):
    kept = set()
    for attempt in range(4):
        trainer = make_trainer(optimizer="adam", schedule="plateau")
        trainer.step()
        directory = RunDirectory(tmp_path / str(attempt), make_experiment())
        directory.keep(trainer)
        kept.add((directory.path / CHECKPOINT).read_bytes())
    assert len(kept) == 1


def test_what_is_not_a_tensor_stands_in_strict_json(make_trainer, make_experiment, tmp_path):
    """Nothing has been evaluated yet: a plateau has no best loss."""
    trainer = make_trainer(schedule="plateau", learning_rate=0.25)
    trainer.step()
    RunDirectory(tmp_path, make_experiment()).keep(trainer)
    with safe_open(tmp_path / CHECKPOINT, framework="numpy") as file:
        [(key, text)] = file.metadata().items()
    told = json.loads(text, parse_constant=pytest.fail)
    assert key == "nnviz"
    assert told["place"] == {
        "step": 1,
        "learning_rate": 0.25,
        "schedule": {"factor": 1.0, "best": None, "since": 0},
        "done": 0,
        "chosen_rate": None,
    }


def test_a_checkpoint_of_an_earlier_run_is_opened(kept):
    """Before they were one, each fact had a key of its own, and a plateau's best loss could be infinite."""
    trainer, path = kept
    with safe_open(path / CHECKPOINT, framework="numpy") as file:
        told = json.loads(file.metadata()["nnviz"])
    told["place"]["schedule"] = {"factor": 1.0, "best": float("inf"), "waited": 0}
    metadata = {
        "nnviz.task": json.dumps(told["task"]),
        "nnviz.place": json.dumps(told["place"]),
        "nnviz.trained_on": told["trained_on"],
    }
    save_file(load_file(path / CHECKPOINT), path / CHECKPOINT, metadata)
    loaded = load_run(path)
    assert (loaded.task, loaded.step, loaded.encoding) == (trainer.dataset.task, 20, None)
    assert loaded.trained_on == told["trained_on"] == digest(trainer.dataset.train)
    assert loaded.network.parameters.values.tobytes() == trainer.network.parameters.values.tobytes()


def test_metrics_have_a_line_for_each_split_of_each_evaluation(kept):
    trainer, path = kept
    records = [json.loads(line) for line in (path / "metrics.jsonl").read_text().splitlines()]
    assert len(records) == 2 * len(trainer.history.evaluations)
    for evaluation, steps, validation in zip(trainer.history.evaluations, records[::2], records[1::2], strict=True):
        place = {"step": evaluation.step, "epoch": evaluation.epoch, "seconds": round(evaluation.seconds, 3)}
        assert steps == {**place, "split": "train", "mean_step_loss": evaluation.step_loss}
        score = evaluation.validation
        mistakes = evaluation.mistakes and evaluation.mistakes.plain()
        scores = {"loss": score.loss, "accuracy": score.accuracy, "mistakes": mistakes}
        assert validation == {**place, "split": "validation", **scores}


# As runs of version 0.1.0 keep what a run reads.
OLD = {
    '{"features":[],"target":"","class_names":["a","b"],"ngrams":{"buckets":64,"fewest":1,"most":3,"words":2},'
    '"text_column":"","image_column":"","whole_files":true}': TextEncoding(
        class_names=("a", "b"), ngrams=NGrams(buckets=64), whole_files=True
    ),
    '{"features":[{"name":"x","median":2.5,"categories":[],"blank":true,"offset":0.0}],"target":"y",'
    '"class_names":[],"ngrams":null,"text_column":"","image_column":"","whole_files":false}': TableEncoding(
        features=(Feature("x", 2.5, (), True),), target="y", class_names=()
    ),
    '{"features":[],"target":"mood","class_names":["a","b"],"ngrams":{"buckets":64,"fewest":1,"most":3,"words":2},'
    '"text_column":"body","image_column":"","whole_files":false}': TableEncoding(
        target="mood", class_names=("a", "b"), ngrams=NGrams(buckets=64), text_column="body"
    ),
}


@pytest.mark.parametrize(("told", "encoding"), OLD.items())
def test_how_examples_were_read_is_understood_of_older_runs_too(kept, told, encoding):
    _, path = kept
    checkpoint = path / CHECKPOINT
    with safe_open(checkpoint, framework="numpy") as file:
        facts = json.loads(file.metadata()["nnviz"])
    metadata = {"nnviz.task": json.dumps(facts["task"]), "nnviz.place": json.dumps(facts["place"])}
    save_file(load_file(checkpoint), checkpoint, {**metadata, "nnviz.table": told})
    assert load_run(path).encoding == encoding


def _cut(path):
    path.write_bytes(path.read_bytes()[:-200])


def _empty(path):
    path.write_bytes(b"")


def _other(path):
    save_file({"x": np.zeros(3)}, path)


@pytest.mark.parametrize("damage", [_cut, _empty, _other])
def test_a_damaged_checkpoint_is_named(kept, damage):
    _, path = kept
    damage(path / CHECKPOINT)
    with pytest.raises(InputError, match=r"final\.safetensors: (damaged|not a checkpoint)"):
        load_run(path)


def test_a_checkpoint_of_another_network_is_named(kept):
    _, path = kept
    toml = path / "experiment.toml"
    toml.write_text(toml.read_text().replace("dense 7", "dense 8"))
    with pytest.raises(InputError, match=r"dense1\.weights has shape \(6, 7\), experiment\.toml asks for \(6, 8\)"):
        load_run(path)


def _changed(path, change):
    """Write a checkpoint anew, with other tensors and facts."""
    with safe_open(path, framework="numpy") as file:
        facts = json.loads(file.metadata()["nnviz"])
    tensors = {name: array.copy() for name, array in load_file(path).items()}
    change(tensors, facts)
    facts.pop("checksum")
    path.write_bytes(sealed(tensors, facts))


def _tasks(**values):
    return lambda _, facts: facts["task"].update(values)


def _typed(name, dtype):
    return lambda tensors, _: tensors.update({name: tensors[name].astype(dtype)})


def _shaped(name, *shape):
    return lambda tensors, _: tensors.update({name: np.zeros(shape, np.float32)})


TEXTS = {"class_names": ["ant", "bee", "cow"], "whole_files": False}
TAMPERED = {
    "many inputs": (_tasks(input_shape=[10**9]), r"dense1\.weights has shape \(6, 7\), .* asks for \(1000000000, 7\)"),
    "huge pictures": (_tasks(input_shape=[10**6, 10**6, 3]), r"dense1\.weights has shape"),
    "more inputs than there are numbers": (_tasks(input_shape=[10**30]), r"dense1\.weights has shape"),
    "negative inputs": (_tasks(input_shape=[-6]), "not a checkpoint"),
    "no inputs": (_tasks(input_shape=[]), "not a checkpoint"),
    "two axes": (_tasks(input_shape=[2, 3]), "not a checkpoint"),
    "broken inputs": (_tasks(input_shape=[1.5]), "not a checkpoint"),
    "many classes": (_tasks(class_names=["ant"] * 10**6), "more outputs than it has weights"),
    "one class": (_tasks(class_names=["ant"]), r"dense3\.weights has shape \(5, 3\), .* asks for \(5, 1\)"),
    "many numbers": (_tasks(class_names=[], numbers=10**18), "more outputs than it has weights"),
    "negative numbers": (_tasks(class_names=[], numbers=-1), "not a checkpoint"),
    "a negative step": (lambda _, facts: facts["place"].update(step=-1), "not a checkpoint"),
    "many buckets": (lambda _, facts: facts.update(texts={**TEXTS, "ngrams": {"buckets": 10**12}}), "so many buckets"),
    "whole numbers": (_typed("dense1.weights", np.int8), r"dense1\.weights has the type int8"),
    "complex numbers": (_typed("dense3.biases", np.complex64), r"dense3\.biases has the type complex64"),
    "no numbers": (_shaped("dense1.weights", 0, 7), r"dense1\.weights has shape \(0, 7\)"),
    "one mean": (_shaped("standardization.mean", 1), r"standardization\.mean has shape \(1,\)"),
    "many deviations": (_shaped("standardization.deviation", 1000, 6), r"standardization\.deviation has shape"),
    "a part that is missing": (lambda tensors, _: tensors.pop("dense2.biases"), "not a checkpoint"),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_what_somebody_has_changed_is_told_before_anything_is_built(kept, monkeypatch, name):
    _, path = kept
    change, told = TAMPERED[name]
    _changed(path / CHECKPOINT, change)
    # Nothing is built, and no table of targets for a million classes.
    monkeypatch.setattr("nnviz.runs.trained_network.build_network", None)
    monkeypatch.setattr("nnviz.runs.trained_network.build_encoder", None)
    with pytest.raises(InputError, match=told) as refused:
        load_run(path)
    assert str(refused.value).startswith(str(path / CHECKPOINT))
    assert "\n" not in str(refused.value)


def test_an_example_that_memory_cannot_hold_is_told(kept, monkeypatch):
    monkeypatch.setattr("nnviz.runs.trained_network.available_bytes", lambda: 100)
    with pytest.raises(InputError, match="an example would fill 0 MB, and there are 0 MB of memory"):
        load_run(kept[1])


@pytest.mark.parametrize("facts", ["[" * 100_000 + "]" * 100_000, "\ufeff{}", "NaN", "null", "{", '{"task": 3}'])
def test_facts_that_are_none_are_told(kept, facts):
    checkpoint = kept[1] / CHECKPOINT
    save_file(load_file(checkpoint), checkpoint, {"nnviz": facts})
    with pytest.raises(InputError, match="not a checkpoint of nnviz"):
        load_run(kept[1])


@pytest.mark.parametrize("name", ["experiment.toml", CHECKPOINT])
@pytest.mark.parametrize("put", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_no_file_in_a_run_is_not_waited_for(kept, name, put):
    (kept[1] / name).unlink()
    put(kept[1] / name)
    with pytest.raises(InputError, match=r"not a finished run"):
        load_run(kept[1])


def test_a_directory_that_is_no_run_is_told_from_a_damaged_one(tmp_path):
    with pytest.raises(InputError, match=r"not a finished run \(experiment\.toml is missing\)"):
        load_run(tmp_path)


def test_no_run_is_kept_over_something_else(tmp_path):
    assert refuse_unusable(tmp_path) == tmp_path
    (tmp_path / "notes.txt").touch()
    for taken in (tmp_path, tmp_path / "notes.txt"):
        with pytest.raises(InputError, match="already exists"):
            refuse_unusable(taken)
    with pytest.raises(InputError, match=r"notes\.txt is not a directory that can be written to"):
        refuse_unusable(tmp_path / "notes.txt" / "run")
    (tmp_path / "a").touch()
    (tmp_path / "a-2").touch()
    assert free_path(tmp_path / "a") == tmp_path / "a-3"


@pytest.mark.parametrize("source", ["pets", ".", "/", "some/päts & co/", "a\nb"])
def test_a_new_run_has_a_name_of_one_plain_word(source):
    path = new_run_path(source)
    assert path.parent.name == "runs"
    assert all(c.isalnum() or c in "-_" for c in path.name)
    assert path != new_run_path(source)


def test_a_place_where_no_run_can_be_kept_is_the_users_to_mend(make_experiment, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"run: cannot be written to \(Not a directory\); choose another directory"):
        RunDirectory(tmp_path / "file" / "run", make_experiment())
