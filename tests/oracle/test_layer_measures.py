"""PyTorch as the judge of what is told of each layer: the same weights and batch, so the same numbers."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from nnviz.data.dataset import Dataset  # noqa: E402
from nnviz.data.split import Split  # noqa: E402
from nnviz.data.standardization import Standardization  # noqa: E402
from nnviz.experiment import combine  # noqa: E402
from nnviz.frame.layer_measures import MEASURES, Measure, measured, measures_of  # noqa: E402
from nnviz.training.assembly import assemble  # noqa: E402
from nnviz.training.engine_trace import EngineTrace  # noqa: E402
from tests.oracle.test_pytorch import Twin  # noqa: E402

pytestmark = pytest.mark.oracle

CLASSES = ("ant", "bee", "cow")
EVERY_LAYER = "conv 4 3x3 batchnorm relu, pool 2, conv 3 2x2 tanh, flatten, dense 6 leakyrelu, dense 5 sigmoid, dense 4"
RATE = 0.3


def a_dataset(shape):
    generator = np.random.default_rng(2)
    labels = np.arange(30) % 3
    inputs = generator.normal(size=(30, *shape)).astype(np.float32) * 3 + labels.reshape(-1, *[1] * len(shape))
    split = Split(inputs, labels.astype(np.int64), [str(i) for i in range(30)])
    return Dataset("blobs", CLASSES, split, split, split, Standardization.of(inputs))


def rms(tensor):
    return tensor.detach().double().pow(2).mean().sqrt().item()


@pytest.mark.parametrize(
    ("layers", "shape"), [(EVERY_LAYER, (7, 6, 2)), ("dense 9 relu, dense 7 tanh, dense 5 sigmoid", (4,))]
)
def test_the_measures_of_every_layer(layers, shape):
    settings = {"batch_size": 8, "dtype": "float64", "learning_rate": RATE, "momentum": 0.0, "seed": 3}
    trainer = assemble(combine({"network": {"layers": layers}, "training": settings}), a_dataset(shape))
    # Large enough that sigmoids and tanh get flat, and units silent.
    trainer.network.parameters.values[...] *= 4
    trace = EngineTrace(trainer.engine)
    twin = Twin(trainer.network)
    batch = trainer.engine.batch
    a, outputs = torch.as_tensor(batch.inputs.copy()), []
    for layer in twin.layers:
        a = twin.apply(layer, a)
        outputs.append(a)
    torch.nn.functional.cross_entropy(a, torch.as_tensor(batch.targets.copy())).backward()
    trainer.step()

    table, compared = measured(trace), set()
    for number, (layer, output) in enumerate(zip(trace.layers, outputs, strict=True)):
        expected = {Measure.MEAN: output.mean().item(), Measure.DEVIATION: output.std(correction=0).item()}
        for measure, kind in zip((Measure.WEIGHTS, Measure.BIASES), layer.parameters, strict=False):
            tensor = twin.named[f"{layer.name}.{kind}"]
            update = -RATE * tensor.grad
            expected[measure] = rms(tensor + update)
            if measure is Measure.WEIGHTS:
                expected |= {Measure.GRADIENT: rms(tensor.grad), Measure.UPDATE: rms(update)}
                expected[Measure.RATIO] = np.log10(rms(update) / rms(tensor + update))
        if layer.kind == "relu":
            expected[Measure.SILENT] = (output.flatten(0, -2) == 0).all(dim=0).double().mean().item()
        slopes = {"tanh": lambda y: 1 - y**2, "sigmoid": lambda y: 4 * y * (1 - y)}
        if layer.kind in slopes:
            expected[Measure.SATURATED] = (slopes[layer.kind](output) < 0.05).double().mean().item()
        assert set(expected) == measures_of(layer) - {Measure.DEAD}
        for measure, value in expected.items():
            found = table[number, MEASURES.index(measure)]
            assert found == pytest.approx(value, rel=1e-10, abs=1e-10), (layer.name, measure)
            compared.add(measure)
        others = [MEASURES.index(measure) for measure in MEASURES if measure not in expected]
        assert np.isnan(table[number, others]).all()
    assert compared == set(MEASURES) - {Measure.DEAD}
