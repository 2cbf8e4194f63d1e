"""Exported networks in onnxruntime, in onnx's reference evaluator and in PyTorch: the answers of nnviz."""

import copy
import importlib.util
import json

import numpy as np
import pytest
from msgspec.structs import replace

from nnviz.export.onnx_graph import IR, OPSET, OnnxForm
from nnviz.export.torch_module import TorchForm
from tests.export.drawn import SEEDS, drawn

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
from onnx.reference import ReferenceEvaluator  # noqa: E402

pytestmark = pytest.mark.oracle

ONNX_TOLERANCE, TORCH_TOLERANCE = 1e-5, 1e-6
# How PyTorch rounds in float32, in several layers, depends on the processor.
ROUNDING = 32 * float(np.finfo(np.float32).eps)
MORE_SEEDS = range(SEEDS.stop + 48)


def onnx_of(blueprint, tmp_path):
    [content] = OnnxForm().contents(blueprint, tmp_path / "model.onnx")
    return content


def session_of(content):
    return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])


def torch_of(blueprint, folder):
    """The module that a process finds which has nothing but the two files."""
    form, target = TorchForm(), folder / "model.safetensors"
    for path, content in zip(form.paths(target), form.contents(blueprint, target), strict=True):
        path.write_bytes(content)
    spec = importlib.util.spec_from_file_location("model_torch", form.paths(target)[1])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_onnxruntime_and_the_reference_evaluator_say_what_nnviz_says(dtype, tmp_path):
    for seed in MORE_SEEDS:
        one = drawn(seed, dtype)
        content = onnx_of(one.blueprint, tmp_path)
        model = onnx.load_from_string(content)
        onnx.checker.check_model(model, full_check=True)
        assert (model.ir_version, model.opset_import[0].version) == (IR, OPSET) == (8, 17)
        session, fed = session_of(content), one.fed()
        [read], [said] = session.get_inputs(), session.get_outputs()
        assert (read.shape[0], said.shape[0], read.type) == ("n", "n", "tensor(float)")
        network = one.blueprint.experiment.network
        for n in (1, len(fed)):
            [answers] = session.run(None, {read.name: fed[:n]})
            assert answers.shape == (n, said.shape[1])
            assert one.furthest(np.concatenate([answers, one.answers[n:]])) < ONNX_TOLERANCE, network
        assert one.furthest(ReferenceEvaluator(model).run(None, {read.name: fed})[0]) < ONNX_TOLERANCE, network


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_torch_module_takes_its_state_and_says_what_nnviz_says(dtype, tmp_path):
    for seed in MORE_SEEDS:
        one = drawn(seed, dtype)
        module = torch_of(one.blueprint, tmp_path)
        model = module.load()
        assert not model.training
        fed = torch.from_numpy(one.fed())
        with torch.no_grad():
            said, exact = model(fed), copy.deepcopy(model).double()(fed.double())
        assert said.dtype == torch.float32
        assert one.furthest(said.numpy()) < ROUNDING, one.blueprint.experiment.network
        if dtype == "float64":
            # What is left is that of the weights, which are written in float32.
            assert one.furthest(exact.numpy()) < TORCH_TOLERANCE, one.blueprint.experiment.network
        # As PyTorch writes it, it is the same state.
        assert model.state_dict().keys() == module.load_file(tmp_path / "model.safetensors").keys()


def test_small_probabilities_keep_their_digits(tmp_path):
    """onnxruntime's own Sigmoid gives 0 for them."""
    told = set()
    for seed in SEEDS:
        one = drawn(seed)
        if one.blueprint.answer not in ("pair", "sigmoids"):
            continue
        told.add(one.blueprint.answer)
        last = one.blueprint.layers[-1].name
        outputs = len(one.blueprint.arrays[f"{last}.biases"])
        z = np.linspace(-60, 20, outputs, dtype=np.float32)
        zeros = np.zeros_like(one.blueprint.arrays[f"{last}.weights"])
        arrays = one.blueprint.arrays | {f"{last}.weights": zeros, f"{last}.biases": z}
        blueprint = replace(one.blueprint, arrays=arrays)
        session = session_of(onnx_of(blueprint, tmp_path))
        [answers] = session.run(None, {session.get_inputs()[0].name: one.fed()[:1]})
        exact = 1 / (1 + np.exp(-z.astype(float)))
        if one.blueprint.answer == "pair":
            exact = np.concatenate([1 / (1 + np.exp(z.astype(float))), exact])
            exact = exact if blueprint.task.positive_class == 1 else exact[::-1]
        np.testing.assert_allclose(answers[0], exact, rtol=1e-5)
    assert told == {"pair", "sigmoids"}


def test_the_file_says_what_goes_in_and_what_comes_out(tmp_path):
    pictures = next(one for one in map(drawn, SEEDS) if one.blueprint.is_of_pictures and one.blueprint.task.class_names)
    model = onnx.load_from_string(onnx_of(pictures.blueprint, tmp_path))
    facts = {entry.key: entry.value for entry in model.metadata_props}
    height, width, channels = pictures.blueprint.input_shape
    assert facts["input"].startswith(f"float32 (n, {channels}, {height}, {width}): channels, rows, columns; ")
    assert facts["input"].endswith("from 0 to 1, not standardised")
    assert tuple(json.loads(facts["classes"])) == pictures.blueprint.task.class_names
    assert model.producer_name == "nnviz"
