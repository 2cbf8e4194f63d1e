"""A run that begins from given weights: those, and no others; and what is wrong with a file is said in one line."""

import re
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from nnviz.data.written.known_weights import KNOWN_WEIGHTS
from nnviz.errors import InputError
from nnviz.experiment import combine, read_tables
from nnviz.options import Options
from nnviz.training.assembly import assemble

LAYERS = "dense 7 batchnorm tanh, dense 5 relu"


def tables(path, **network):
    return {"network": {"layers": LAYERS, "weights": str(path), **network}}


def arrays_of(trainer):
    """Copies of what a file of first weights has to hold."""
    parameters = trainer.network.parameters
    return {name: array.copy() for name, array in {**parameters.named(), **parameters.named_statistics()}.items()}


@pytest.fixture
def arrays(dataset):
    """Other numbers than chance gives, of this network's names and shapes."""
    made = arrays_of(assemble(combine({"network": {"layers": LAYERS}}), dataset))
    generator = np.random.default_rng(4)
    return {name: generator.uniform(0.1, 0.9, array.shape).astype(array.dtype) for name, array in made.items()}


def test_a_run_begins_with_them_and_says_so(dataset, arrays, tmp_path):
    save_file(arrays, tmp_path / "w.safetensors")
    trainer = assemble(combine(tables(tmp_path / "w.safetensors")), dataset)
    for name, array in arrays_of(trainer).items():
        np.testing.assert_array_equal(array, arrays[name], err_msg=name)
    np.testing.assert_array_equal(trainer.first.values, trainer.network.parameters.values)
    assert trainer.begins_from == str(tmp_path / "w.safetensors")
    trainer.step()
    trainer.restart()
    np.testing.assert_array_equal(arrays_of(trainer)["dense2.weights"], arrays["dense2.weights"])


def without(name):
    return lambda arrays: arrays.pop(name)


def put(name, change):
    return lambda arrays: arrays.update({name: change(arrays.get(name))})


def with_nan(array):
    array[2, 3] = np.nan
    return array


WRONG = {
    "missing": (
        without("dense2.weights"),
        "there is no 'dense2.weights' of shape (7, 5), which this network needs; it has",
    ),
    "missing statistics": (without("batchnorm1.mean"), "there is no 'batchnorm1.mean' of shape (7,)"),
    "empty": (dict.clear, "there is no 'dense1.weights' of shape (6, 7), which this network needs; it has nothing"),
    "extra": (put("dense9.weights", lambda _: np.ones(3, np.float32)), "'dense9.weights' belongs to no layer of this"),
    "shape": (
        put("dense2.biases", lambda _: np.ones(4, np.float32)),
        "'dense2.biases' has shape (4,), and this network needs (5,)",
    ),
    "transposed": (
        put("dense2.weights", lambda array: np.ascontiguousarray(array.T)),
        "'dense2.weights' has shape (5, 7), and this network needs (7, 5); it is transposed: rows are inputs here",
    ),
    "type": (
        put("dense2.weights", lambda array: array.astype(np.int32)),
        "has the type int32, and floats are expected",
    ),
    "not finite": (put("dense2.weights", with_nan), "'dense2.weights' has a number at [2, 3] that is not finite"),
    "too large": (
        put("dense2.weights", lambda array: np.full(array.shape, 1e300)),
        "'dense2.weights' has a number at [0, 0] that is not finite in float32",
    ),
}


@pytest.mark.parametrize(("change", "told"), WRONG.values(), ids=WRONG)
def test_the_first_thing_that_does_not_fit_is_named_with_what_was_expected(dataset, arrays, tmp_path, change, told):
    change(arrays)
    path = tmp_path / "w.safetensors"
    save_file(arrays, path)
    with pytest.raises(InputError, match=f"^{re.escape(str(path))}: .*{re.escape(told)}") as error:
        assemble(combine(tables(path)), dataset)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"not tensors", "damaged or not a file of safetensors"), (b"", "damaged or not a file of safetensors")],
)
def test_a_file_of_something_else_is_refused(dataset, tmp_path, content, told):
    (tmp_path / "w").write_bytes(content)
    with pytest.raises(InputError, match=f"w: {told}"):
        assemble(combine(tables(tmp_path / "w")), dataset)


def test_an_experiment_names_the_file_in_full_and_by_its_digest(arrays, tmp_path, monkeypatch, dataset):
    monkeypatch.chdir(tmp_path)
    save_file(arrays, "w.safetensors")
    experiment = Options.of(source="xor", network=LAYERS, weights="w.safetensors").experiment()
    assert experiment.network.weights == str(tmp_path / "w.safetensors")
    (tmp_path / "experiment.toml").write_text(experiment.to_toml(), encoding="utf-8")
    again = combine(read_tables(tmp_path / "experiment.toml"))
    assert again == experiment
    np.testing.assert_array_equal(assemble(again, dataset).first.values, assemble(experiment, dataset).first.values)
    save_file({**arrays, "dense2.biases": arrays["dense2.biases"] + 1}, "w.safetensors")
    with pytest.raises(InputError, match="it is not the file that the run began with; give --weights anew"):
        assemble(again, dataset)
    given_anew = Options.of(config=tmp_path / "experiment.toml", weights="w.safetensors").experiment()
    assert assemble(given_anew, dataset).network.parameters.named()["dense2.biases"][0] > 1
    with pytest.raises(InputError, match="nowhere: cannot be read"):
        Options.of(source="xor", weights="nowhere").experiment()


def test_a_checkpoint_of_the_same_network_is_one_too(dataset, arrays, tmp_path):
    beside = {"optimizer.velocity": np.ones(3, np.float32), "good.statistics": np.ones(6)}
    save_file({**arrays, **beside}, tmp_path / "w.safetensors", {"nnviz": "{}"})
    trainer = assemble(combine(tables(tmp_path / "w.safetensors")), dataset)
    np.testing.assert_array_equal(arrays_of(trainer)["dense1.weights"], arrays["dense1.weights"])


# The worked example


def test_the_worked_example_begins_with_the_published_weights_unless_the_network_is_another():
    assert Options.of(source="worked").experiment().network.weights == "worked"
    assert Options.of(source="worked", network="dense 3 sigmoid").experiment().network.weights is None
    assert set(KNOWN_WEIGHTS["worked"]) == {f"dense{k}.{kind}" for k in (1, 2) for kind in ("weights", "biases")}


def worked_trainer(**options):
    from nnviz.training.assembly import open_dataset

    experiment = Options.of(source="worked", **options).experiment()
    return assemble(experiment, open_dataset(experiment))


def test_the_worked_example_gives_what_is_published():
    """Matt Mazur, A Step by Step Backpropagation Example (2015): numbers of nine decimals."""
    trainer = worked_trainer()
    trainer.step()
    engine, named = trainer.engine, trainer.network.parameters.named()
    np.testing.assert_allclose(engine.outputs[1], [[0.3775, 0.3925]], atol=1e-12)
    np.testing.assert_allclose(engine.outputs[2], [[0.593269992, 0.596884378]], atol=1e-9)
    np.testing.assert_allclose(engine.outputs[3][0, 0], 1.105905967, atol=1e-9)
    np.testing.assert_allclose(engine.scores.prediction, [[0.751365070, 0.772928465]], atol=1e-9)
    assert engine.scores.mean == pytest.approx(0.298371109, abs=1e-9)
    slopes = engine.output_gradients
    np.testing.assert_allclose(slopes[3][0, 0], 0.138498562, atol=1e-9)
    np.testing.assert_allclose(slopes[2][0, 0], 0.036350306, atol=1e-9)
    weights = [[0.149780716, 0.24975114], [0.19956143, 0.29950229]]
    np.testing.assert_allclose(named["dense1.weights"], weights, atol=5e-9)
    weights = [[0.35891648, 0.511301270], [0.408666186, 0.561370121]]
    np.testing.assert_allclose(named["dense2.weights"], weights, atol=1e-9)
    # There, the biases stay. (Printed is 0.291027924; the new weights that are printed too give this.)
    named["dense1.biases"][...], named["dense2.biases"][...] = 0.35, 0.60
    assert trainer.assess(trainer.dataset.train).score.loss == pytest.approx(0.291027774, abs=1e-9)


def test_what_it_means_that_the_biases_are_trained_too():
    trainer = worked_trainer()
    trainer.step()
    assert trainer.assess(trainer.dataset.train).score.loss == pytest.approx(0.280471, abs=1e-6)
    assert Path(trainer.dataset.name).name == "worked"
