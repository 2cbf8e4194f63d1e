"""The commands: what they load, which of two settings wins, and how they fail."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from nnviz import __version__
from nnviz.errors import InputError
from nnviz.options import OWN, PARAMETERS, Options

# An interpreter may need what stands here, such as where its library is; what this one was told of threads it does not.
SURROUNDINGS = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
HEAVY = ("numpy", "textual", "plotext", "rich", "rich.console", "PIL")


def python(code, *arguments, cwd=None, **environment):
    """Run `code`, which has `main` and `sys.argv`, in an interpreter of its own."""
    program = f"import sys; sys.argv[0] = 'nnviz'; from nnviz.cli import main\n{code}"
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd=cwd,
        env={**SURROUNDINGS, "PYTHONPATH": str(Path.cwd()), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


LOADED = """
try: main()
except SystemExit as ended: assert not ended.code, ended.code
print('loaded', *(name for name in %r if name in sys.modules))
"""


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["train", "--help"], ["run", "--help"], ["data", "--help"], ["sweep", "--help"], ["--version"]],
)
def test_help_loads_nothing_heavy(arguments):
    done = python(LOADED % (HEAVY,), *arguments)
    assert done.stdout.splitlines()[-1] == "loaded", done.stderr


def test_a_command_makes_itself_alone():
    done = python(LOADED % (["nnviz.commands.sources", "nnviz.sweep_options"],), "run", "--help")
    assert done.stdout.splitlines()[-1] == "loaded", done.stderr


def test_training_never_loads_the_screen(tmp_path):
    done = python(LOADED % (HEAVY,), "train", "--steps", "2", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert not {"textual", "rich.console"} & set(done.stdout.splitlines()[-1].split())


def test_the_screen_is_painted_before_numpy_is_loaded():
    painted = "import nnviz.remote.client, nnviz.tui.app; print(*({'numpy', 'plotext', 'PIL'} & set(sys.modules)))"
    done = python(painted)
    assert (done.returncode, done.stdout) == (0, "\n"), done.stderr


THREADS = """
try: main()
except SystemExit: pass
import os
print(*({'numpy'} & set(sys.modules)), len(os.listdir('/proc/self/task')))
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="/proc/self/task, which lists threads, is not there")
def test_numpy_comes_without_threads_that_spin():
    # Of a command that computes nothing, so that nothing else has told BLAS of how many threads to have.
    assert python(THREADS, "data", "xor").stdout.splitlines()[-1] == "numpy 1"


def test_the_version_is_told():
    assert python("main()", "--version").stdout == f"nnviz {__version__}\n"


@pytest.mark.parametrize("command", ["run", "train", "screenshot"])
def test_every_command_that_trains_has_all_options(command):
    told = python("main()", command, "--help", COLUMNS="200").stdout
    assert "SOURCE" in told
    options = {f"--{name.replace('_', '-')}" for name in PARAMETERS} - {"--source"}
    assert options <= set(re.findall(r"(?m)^\W*(--[\w-]+)", told))


# Other than what each is without being asked for.
ASKED = {
    "network": "dense 3",
    "loss": "mse",
    "output": "single",
    "initial": "normal",
    "weights": "worked",
    "optimizer": "adam",
    "lr": 0.3,
    "momentum": 0.3,
    "schedule": "cosine",
    "warmup": 0.3,
    "drop": 0.3,
    "drop_every": 3,
    "weight_decay": 0.3,
    "l1": 0.3,
    "l2": 0.3,
    "clip": 0.3,
    "class_weights": "cat=3",
    "label_smoothing": 0.3,
    "augment": "flip",
    "threads": 1,
    "batch_size": 3,
    "epochs": 3,
    "steps": 3,
    "seed": 3,
    "dtype": "float64",
    "change": ["3:lr=0.1", "5:clip="],
    "image_size": 3,
    "grayscale": True,
    "target": "a",
    "task": "regress",
    "image_column": "a",
    "text_column": "a",
    "keep": ["a"],
    "inputs": "raw",
    "noise": 0.3,
    "examples": 3,
    "target_loss": 0.3,
    "target_accuracy": 0.3,
    "patience": 3,
    "seconds": 0.3,
}


def settings_of(experiment):
    """Name of the setting → its value."""
    tables = (experiment.data, experiment.network, experiment.training, experiment.stopping)
    return {name: getattr(table, name) for table in tables for name in table.__struct_fields__}


def test_every_option_reaches_the_experiment(monkeypatch):
    monkeypatch.setattr("nnviz.data.cores.available_cores", lambda: 2)
    assert set(ASKED) == {*PARAMETERS} - {*OWN, "source"}
    plain = settings_of(Options.of().experiment())
    called = {"network": "layers", "lr": "learning_rate", "change": "changes"}
    # What else is suggested then, or ends the run no more.
    follow = {"steps": {"epochs"}, "seconds": {"epochs"}, "image_column": set(plain), "text_column": set(plain)}
    for name, value in ASKED.items():
        found = settings_of(Options.of(**{name: value}).experiment())
        setting = called.get(name, name)
        changed = {key for key in plain if found[key] != plain[key]}
        assert setting in changed, name
        assert changed <= {setting} | follow.get(name, set()), name


def test_options_win_over_the_file_and_the_file_over_what_is_suggested(tmp_path):
    config = tmp_path / "my.toml"
    config.write_text('[data]\nimage_size = 12\n[training]\nlearning_rate = 0.5\nbatch_size = 4\noptimizer = "adam"\n')
    suggested = Options.of().experiment()
    chosen = Options.of(config=config, batch_size=2, loss="mse").experiment()
    assert chosen.data.image_size == 12
    assert (chosen.training.learning_rate, chosen.training.batch_size, chosen.training.optimizer) == (0.5, 2, "adam")
    assert chosen.network.loss == "mse"
    assert chosen.network.layers == suggested.network.layers
    assert chosen.stopping.epochs == suggested.stopping.epochs


def test_the_source_may_stand_in_the_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    config = tmp_path / "my.toml"
    config.write_text('[data]\nsource = "photos"\n')
    assert Options.of(config=config).experiment().data.source == "photos"
    assert Options.of(config=config, source="pets").experiment().data.source == "pets"
    assert Options.of().experiment().data.source == "pets"


def test_what_a_source_suggests_belongs_to_that_source(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    config = tmp_path / "my.toml"
    config.write_text('[data]\nsource = "photos"\n')
    photos, pets = Options.of(source="photos").experiment(), Options.of().experiment()
    assert Options.of(config=config).experiment().training == photos.training != pets.training


def test_steps_alone_decide_the_length_and_with_epochs_whichever_comes_first():
    assert Options.of(steps=9).experiment().stopping.epochs is None
    assert Options.of(seconds=9.0).experiment().stopping.epochs is None
    both = Options.of(steps=9, epochs=3).experiment().stopping
    assert (both.steps, both.epochs) == (9, 3)
    assert Options.of(patience=3).experiment().stopping.epochs == Options.of().experiment().stopping.epochs


def test_a_key_wrong_in_the_file_is_laid_to_the_file(tmp_path):
    config = tmp_path / "my.toml"
    config.write_text("[training]\nlearning_rate = -1\n")
    with pytest.raises(InputError, match=r"my\.toml: training\.learning_rate: expected a number >= 1e-38"):
        Options.of(config=config, lr=0.1).experiment()


BROKEN = "import nnviz.data.sources as s; s.suggested = lambda *_: 1 / 0\nmain()"


def test_a_fault_of_nnviz_is_one_line_and_a_way_to_more(tmp_path):
    done = python(BROKEN, "train", cwd=tmp_path, XDG_STATE_HOME=str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    told = re.fullmatch(
        r"nnviz: a fault of nnviz itself \(ZeroDivisionError: division by zero\); the details are in (.+\.txt), "
        "please send it along with a report\n",
        done.stderr,
    )
    assert told
    assert "ZeroDivisionError" in Path(told[1]).read_text(encoding="utf-8")
    shown = python(BROKEN, "train", cwd=tmp_path, XDG_STATE_HOME=str(tmp_path), NNVIZ_TRACEBACK="1").stderr
    assert "Traceback" in shown


def test_the_details_of_a_fault_are_kept_elsewhere_where_they_cannot_be_in_their_place(tmp_path):
    (tmp_path / "file").touch()
    places = {"XDG_STATE_HOME": str(tmp_path / "file"), "TMPDIR": str(tmp_path)}
    assert f"the details are in {tmp_path}/nnviz-fault-" in python(BROKEN, "train", cwd=tmp_path, **places).stderr
    done = python(
        f"import tempfile\ndef full(*_, **__): raise OSError(28, 'full')\ntempfile.mkstemp = full\n{BROKEN}",
        "train",
        cwd=tmp_path,
        **places,
    )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f"the details cannot be written down ({tmp_path}: full); NNVIZ_TRACEBACK=1 shows them" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["picture.png"], "picture.png: a screenshot is an SVG file; give a name that ends in .svg"),
        (["picture.svg", "--size", "80"], "--size: '80' is not a size such as 120x40"),
        (["picture.svg", "--size", "0x40"], "--size: '0x40' is not a size such as 120x40"),
        (["picture.svg", "nowhere"], "nowhere: no such folder or file, and not a built-in name"),
        (["picture.svg", "--keys", "f nosuchkey"], "--keys: no key is called 'nosuchkey'; write characters and names"),
        (["picture.svg", "--keys", "f foo+p"], "--keys: no key is called 'foo+p'"),
        (["picture.svg", "xor", "--keys", "u q"], "--keys: these keys leave the visualizer"),
    ],
)
def test_a_screenshot_that_cannot_be_made_is_told(tmp_path, arguments, told):
    done = python("main()", "screenshot", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"nnviz: {told}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("put", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/null")])
def test_no_screenshot_takes_the_place_of_what_is_not_a_file(tmp_path, put):
    put(tmp_path / "p.svg")
    done = python("main()", "screenshot", "p.svg", "xor", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "nnviz: p.svg: what is there is not a file; choose another name\n"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"source": "nowhere"}, "nowhere: no such folder"),
        ({"network": "dens 3"}, "no layer is called 'dens'"),
        ({"out": Path(__file__).parent}, "already exists"),
    ],
)
def test_what_shows_without_reading_examples_is_found_before_the_screen_opens(options, told):
    with pytest.raises(InputError, match=told):
        Options.of(**options).order()


def test_a_run_is_kept_where_it_was_asked_for(tmp_path, monkeypatch):
    # Where somebody works, there are runs.
    monkeypatch.chdir(tmp_path)
    assert Options.of(out=tmp_path / "run").order().out == tmp_path / "run"
    assert Options.of().order().out.parent == Path("runs")
    assert not Path("runs").exists(), "a directory is claimed when training begins"


def test_an_empty_source_is_not_taken_for_the_built_in_one():
    with pytest.raises(InputError, match="SOURCE is empty"):
        Options.of(source="").experiment()


def test_a_picture_of_a_run_that_blows_up_is_made_without_a_word(tmp_path):
    options = ("--lr", "1e38", "--keys", "u u b", "--size", "80x24")
    done = python("main()", "screenshot", tmp_path / "p.svg", "xor", *options, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
