"""Arrays in PyTorch's order, against loops that anybody can read."""

import json

import numpy as np
from safetensors.numpy import load

from nnviz.experiment import combine
from nnviz.export.blueprint import Blueprint, blueprint_of
from nnviz.export.channels_first import channels_first
from nnviz.export.torch_module import TorchForm
from nnviz.runs.trained_network import TrainedNetwork
from nnviz.training.assembly import build_encoder, build_network
from tests.tui import chance

ROWS, COLUMNS = 4, 6


def blueprint(layers: str) -> Blueprint:
    """A network for pictures of 4×6 in three colours, whose statistics and biases are all different."""
    data = chance.pictures(ROWS, COLUMNS)
    experiment = combine({"network": {"layers": layers}})
    network = build_network(experiment, data.task)
    for vector in (network.parameters.values, network.parameters.statistics):
        vector[...] = np.random.default_rng(5).permutation(len(vector)) + 1
    encoder = build_encoder(experiment, data.task, data.standardization)
    trained = TrainedNetwork(experiment, data.task, network.for_evaluation(), encoder, data.standardization, 7)
    return blueprint_of(trained, "run")


def test_kernels_have_outputs_first_and_the_picture_last() -> None:
    made = blueprint("conv 2 3x3 relu")
    weight, ours = channels_first(made)["conv1"]["weight"], made.arrays["conv1.weights"]
    assert weight.shape == (2, 3, 3, 3)
    for out, channel, row, column in np.ndindex(weight.shape):
        assert weight[out, channel, row, column] == ours[row, column, channel, out]


def test_a_dense_layer_finds_each_number_of_a_map_where_it_stands_there() -> None:
    for layers, name in (("dense 5", "dense1"), ("flatten batchnorm relu, dense 5", "dense1")):
        made = blueprint(layers)
        arrays = channels_first(made)
        weight, ours = arrays[name]["weight"], made.arrays[f"{name}.weights"]
        theirs = [(c, r, k) for c in range(3) for r in range(ROWS) for k in range(COLUMNS)]
        for place, (channel, row, column) in enumerate(theirs):
            here = (row * COLUMNS + column) * 3 + channel
            assert weight[:, place].tolist() == ours[here].tolist()
            if "batchnorm1" in arrays:
                assert arrays["batchnorm1"]["running_var"][place] == made.arrays["batchnorm1.variance"][here]
                assert arrays["batchnorm1"]["weight"][place] == made.arrays["batchnorm1.scales"][here]
        # What comes after it is in the order of its units.
        assert arrays["dense2"]["weight"].tolist() == made.arrays["dense2.weights"].T.tolist()


def test_safetensors_hold_the_numbers_where_the_names_say(tmp_path) -> None:
    made = blueprint("conv 2 3x3 batchnorm relu, pool 2, dense 4 tanh")
    form, target = TorchForm(), tmp_path / "my model.safetensors"
    assert form.paths(target) == (target, tmp_path / "my_model_torch.py")
    weights, module = form.contents(made, target)
    state = load(weights)
    assert {name: array.shape for name, array in state.items()} == {
        "scale": (3, 1, 1),
        "shift": (3, 1, 1),
        "layers.conv1.weight": (2, 3, 3, 3),
        **{f"layers.batchnorm1.{name}": (2,) for name in ("weight", "bias", "running_mean", "running_var")},
        "layers.batchnorm1.num_batches_tracked": (),
        "layers.dense1.weight": (4, 12),
        "layers.dense1.bias": (4,),
        "layers.dense2.weight": (2, 4),
        "layers.dense2.bias": (2,),
    }
    assert state["layers.dense2.weight"].tolist() == made.arrays["dense2.weights"].T.tolist()
    assert state["layers.batchnorm1.num_batches_tracked"] == 7
    assert form.contents(made, target) == (weights, module)
    compile(module, "module", "exec")
    header = json.loads(weights[8 : 8 + int.from_bytes(weights[:8], "little")])
    facts = json.loads(header["__metadata__"]["nnviz"])
    assert json.loads(facts["classes"]) == ["dark", "light"]
    assert facts["input"].startswith("float32 (n, 3, 4, 6): channels, rows, columns; red, green and blue from 0 to 1")
