"""The NumPy program says what nnviz says, in a process that has never heard of nnviz."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nnviz.errors import InputError
from nnviz.export import onnx_graph
from nnviz.export.numpy_program import NumpyForm
from tests.export.drawn import ANSWERS, KINDS, SEEDS, Drawn, drawn

FRESH = """
import importlib, pathlib, sys
import numpy as np
for folder in sorted(pathlib.Path().iterdir()):
    sys.path.insert(0, str(folder))
    model = importlib.import_module(f"model_{folder.name}")
    stored = np.load(folder / "stored.npy")
    one_by_one = np.concatenate([model.predict(stored[k : k + 1]) for k in range(len(stored))])
    np.save(folder / "said.npy", np.stack([model.predict(stored), one_by_one]))
assert not [name for name in sys.modules if name.startswith("nnviz")]
"""
# By rounding alone: 1e-5 has ten times the room that float32 takes of six layers.
TOLERANCES = {"float32": 1e-5, "float64": 1e-12}


def write(folder: Path, one: Drawn, name: str) -> None:
    form, target = NumpyForm(), folder / name
    for path, content in zip(form.paths(target), form.contents(one.blueprint, target), strict=True):
        path.write_bytes(content)


@pytest.mark.parametrize("dtype", TOLERANCES)
def test_networks_by_chance_say_in_numpy_alone_what_they_say_in_nnviz(dtype: str, tmp_path: Path) -> None:
    networks = {f"n{seed}": drawn(seed, dtype) for seed in SEEDS}
    for name, one in networks.items():
        (tmp_path / name).mkdir()
        write(tmp_path / name, one, f"model_{name}.py")
        np.save(tmp_path / name / "stored.npy", one.stored)
    done = subprocess.run([sys.executable, "-c", FRESH], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for name, one in networks.items():
        for said in np.load(tmp_path / name / "said.npy"):
            assert one.furthest(said) < TOLERANCES[dtype], one.blueprint.experiment.network


def test_every_kind_of_layer_and_of_answer_is_among_them() -> None:
    blueprints = [drawn(seed).blueprint for seed in SEEDS]
    assert {layer.kind for each in blueprints for layer in each.layers} == KINDS
    assert {each.answer for each in blueprints} == ANSWERS


def test_the_program_is_as_short_as_the_network(tmp_path: Path) -> None:
    one = drawn(SEEDS[1])
    write(tmp_path, one, "model.py")
    text = (tmp_path / "model.py").read_text()
    body = text[text.index("def predict") :].splitlines()
    assert len(body) <= 4 + 2 * len(one.blueprint.layers)


@pytest.mark.parametrize("name", ["my-model.py", "class.py", "1.py"])
def test_a_name_that_nobody_could_import_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="Python imports no file of that name"):
        NumpyForm().paths(Path(name))


def test_what_no_file_of_onnx_can_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_graph, "MOST_BYTES", 100)
    with pytest.raises(InputError, match="a file of ONNX holds 2 GB at most"):
        onnx_graph.OnnxForm().contents(drawn(SEEDS[1]).blueprint, Path("model.onnx"))
