"""`nnviz export`: what is written and told, and what is refused."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nnviz.errors import InputError
from nnviz.export.blueprint import blueprint_of
from nnviz.outside_text import printable
from nnviz.runs.trained_network import load_run
from tests.headless.command import in_this_process

TABLE = "age,city,name\n" + "".join(f"{20 + k},{'ab'[k % 2]},{'yes' if k % 3 else 'no'}\n" for k in range(30))
ASKED = """
import json, sys
import numpy as np
sys.path.insert(0, {folder!r})
import model
print(json.dumps(model.predict(np.load({examples!r})).tolist()))
"""


@pytest.fixture
def command(monkeypatch, capfd):
    return in_this_process(monkeypatch, capfd)


@pytest.fixture(scope="module")
def run(trained):
    return Path(trained["run"])


def asked(folder, examples):
    """What model.py in a folder says of examples."""
    np.save(folder / "examples.npy", examples)
    program = ASKED.format(folder=str(folder), examples=str(folder / "examples.npy"))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_program_says_of_a_picture_what_predict_says(command, run, pictures, tmp_path):
    code, out, err = command("export", run, tmp_path / "model.py")
    assert (code, err) == (0, "")
    assert out.startswith(f"{tmp_path}/model.py and {tmp_path}/model.npz: run ")
    assert "in   pictures, float32 (n, 8, 8, 3): rows, columns, channels; red, green and blue from 0 to 255" in out
    assert "out  probabilities, float32 (n, 2): of the classes, in their order: left and right\n" in out
    assert (tmp_path / "model.py").read_text() in out
    picture = pictures / "left" / "00.png"
    [said] = asked(tmp_path, np.asarray(Image.open(picture))[None])
    told = json.loads(command("predict", run, picture, "--json")[1])
    assert said == pytest.approx(list(told["probabilities"].values()), abs=1e-6)


def test_a_place_of_the_run_is_exported_as_predict_takes_it(command, run, pictures, tmp_path):
    picture = pictures / "right" / "07.png"
    examples = np.asarray(Image.open(picture))[None]
    command("export", run, tmp_path / "model.py", "--at-step", "start")
    [first] = asked(tmp_path, examples)
    told = json.loads(command("predict", run, picture, "--json", "--at-step", "start")[1])
    assert first == pytest.approx(list(told["probabilities"].values()), abs=1e-6)
    code, out, _ = command("export", run, tmp_path / "model.py", "--force", "--json")
    assert code == 0
    assert json.loads(out) == {
        "run": str(run),
        "step": 12,
        "files": [str(tmp_path / "model.py"), str(tmp_path / "model.npz")],
        "input": {
            "name": "pictures",
            "shape": [None, 8, 8, 3],
            "meaning": "rows, columns, channels; red, green and blue from 0 to 255, not standardised",
            "names": [],
        },
        "output": {
            "name": "probabilities",
            "shape": [None, 2],
            "meaning": "of the classes, in their order",
            "names": ["left", "right"],
        },
    }
    assert asked(tmp_path, examples)[0] != first


def test_a_table_is_told_by_the_names_of_its_inputs(command, tmp_path):
    (tmp_path / "people.csv").write_text(TABLE)
    options = ["--steps", "2", "--network", "dense 3 tanh", "--out", tmp_path / "run"]
    assert command("train", tmp_path / "people.csv", *options)[0] == 0
    code, out, _ = command("export", tmp_path / "run", tmp_path / "model.py")
    assert code == 0
    assert "in   rows, float32 (n, 3): a table's columns in the order of the input names" in out
    assert "1 in '… blank' where the cell is blank: age, city=a and city=b\n" in out
    assert "INPUTS = ('age', 'city=a', 'city=b')" in out
    (tmp_path / "new.csv").write_text("age,city\n31,b\n")
    told = json.loads(command("predict", tmp_path / "run", tmp_path / "new.csv", "--json")[1])
    [said] = asked(tmp_path, np.array([[31, 0, 1]]))
    assert said == pytest.approx(list(told["probabilities"].values()), abs=1e-6)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("model.pt", "'.pt' is the ending of none; a network is exported as .onnx (ONNX), .safetensors (PyTorch), .py"),
        ("model", "its name has no ending"),
        ("my-model.py", "Python imports no file of that name"),
        ("nowhere/model.py", "cannot be written (No such file or directory)"),
    ],
)
def test_a_name_that_will_not_do_is_refused_in_one_line(command, run, tmp_path, name, said):
    code, out, err = command("export", run, tmp_path / name)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_there_stays_unless_it_is_to_be_replaced(command, run, tmp_path):
    (tmp_path / "model_torch.py").write_text("mine")
    target = tmp_path / "model.safetensors"
    code, _, err = command("export", run, target)
    assert (code, err.count("\n")) == (2, 1)
    assert f"{tmp_path}/model_torch.py: there already; choose another name, or replace with --force" in err
    assert not target.exists()
    assert command("export", run, target, "--force")[0] == 0
    assert "class Model(nn.Module):" in (tmp_path / "model_torch.py").read_text()


def test_what_is_no_run_and_a_run_without_weights_are_told(command, run, tmp_path):
    code, _, err = command("export", tmp_path, tmp_path / "model.py")
    assert (code, err.count("\n")) == (2, 1)
    assert "not a finished run" in err
    (tmp_path / "experiment.toml").write_bytes((run / "experiment.toml").read_bytes())
    code, _, err = command("export", tmp_path, tmp_path / "model.py")
    assert (code, err.count("\n")) == (2, 1)
    assert "checkpoints/final.safetensors is missing" in err


def test_weights_that_are_no_numbers_are_refused(run):
    trained = load_run(run)
    trained.network.parameters.values[3] = np.nan
    with pytest.raises(InputError, match=r"dense1.weights holds what is no finite number; choose an earlier place"):
        blueprint_of(trained, "run")


def test_without_the_package_onnx_one_line_says_what_to_install(command, run, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    code, _, err = command("export", run, tmp_path / "model.onnx")
    assert (code, err.count("\n")) == (2, 1)
    assert "ONNX needs the package onnx, which is not installed; 'pip install onnx'" in err
    assert not list(tmp_path.iterdir())


def test_names_of_outside_stay_what_they_are_and_break_no_program(command, pictures, tmp_path):
    """Quotes, line breaks and bytes that are no text, in names of classes and of the run."""
    strange = ['"""\n\\', os.fsdecode(b"\xff'")]
    for name, own in zip(strange, ("left", "right"), strict=True):
        (tmp_path / "source" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "source" / name).symlink_to(pictures / own)
    run = tmp_path / '"""\nimport nothing'
    command("train", tmp_path / "source", "--image-size", "8", "--network", "dense 2", "--steps", "1", "--out", run)
    for name in ("model.py", "model.safetensors"):
        code, out, err = command("export", run, tmp_path / name)
        assert code == 0, err
        assert all(printable(line) == line for line in out.splitlines())
    compile((tmp_path / "model_torch.py").read_bytes(), "module", "exec")
    [said] = asked(tmp_path, np.zeros((1, 8, 8, 3), np.uint8))
    assert sum(said) == pytest.approx(1)
    program = "import model; print(ascii(model.CLASSES))"
    named = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
    told = json.loads(command("export", run, tmp_path / "model.py", "--force", "--json")[1])
    assert named.stdout == f"{tuple(told['output']['names'])!a}\n"
    assert strange[0] in told["output"]["names"]
