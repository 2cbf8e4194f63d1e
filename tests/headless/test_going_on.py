"""`nnviz train --resume`: a run goes on, and what it says of that."""

import json

import pytest

from nnviz.errors import InputError
from nnviz.runs.checkpoint_rule import CheckpointRule, checkpoint_rule
from nnviz.runs.trained_network import load_run
from tests.headless.command import in_this_process
from tests.terminal import RUN, opened

XOR = ["train", "xor", "--examples", "40", "--network", "dense 3 tanh"]


@pytest.fixture
def nnviz(tmp_path, monkeypatch, capfd):
    """Run a command in an empty directory: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    return in_this_process(monkeypatch, capfd)


def timeless(said):
    return {**json.loads(said), "run": "", "seconds": 0, "examples_per_second": 0}


def test_a_run_that_goes_on_comes_to_what_a_longer_one_comes_to(nnviz, tmp_path):
    assert nnviz(*XOR, "--steps", 20, "--out", "short")[0] == 0
    code, said, told = nnviz("train", "--resume", "short", "--steps", 50, "--json")
    assert (code, told) == (0, "nnviz: xor: the run in short goes on from step 20\n")
    _, longer, _ = nnviz(*XOR, "--steps", 50, "--out", "long", "--json")
    assert timeless(said) == timeless(longer)
    short, long = (load_run(tmp_path / name).network.parameters.values for name in ("short", "long"))
    assert short.tobytes() == long.tobytes()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--lr", "0.5"], "--lr: a run goes on as it began, with 0.005"),
        (["--network", "dense 4"], "--network: a run goes on as it began, with dense 3 tanh"),
        (["--patience", "3"], "--patience: a run goes on as it began, with none"),
        (["--batch-size", "3"], "--batch-size: a run goes on as it began, with "),
        (["circles"], "SOURCE: a run goes on as it began, with xor"),
        (["--out", "elsewhere"], "--out: a run goes on in its own directory"),
        (["--steps", "10"], "--steps: 10 is less than the run has already"),
        ([], r"it has come to its end (by steps)"),
    ],
)
def test_what_must_not_change_is_refused_by_the_name_of_its_option(nnviz, options, told):
    nnviz(*XOR, "--steps", 20, "--out", "kept")
    code, said, errors = nnviz("train", "--resume", "kept", *options)
    assert (code, said, errors.count("\n")) == (2, "", 1), errors
    assert told in errors


def test_options_that_are_as_they_were_are_not_in_the_way(nnviz):
    nnviz(*XOR, "--steps", 20, "--out", "kept")
    assert nnviz(*XOR, "--steps", 22, "--resume", "kept")[0] == 0


@pytest.mark.parametrize("run", ["nothing", "file", "folder"])
def test_what_is_not_a_run_is_told(nnviz, tmp_path, run):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    code, _, errors = nnviz("train", "--resume", run)
    assert (code, errors) == (2, f"nnviz: {run}: not a run (experiment.toml is missing); 'nnviz train' makes one\n")


def test_a_run_that_was_left_on_the_screen_goes_on_without_it(nnviz, tmp_path):
    with opened(tmp_path, f"{RUN} xor --out kept --epochs 2") as terminal:
        terminal.read_until("READY")
        # In the middle of a training step.
        terminal.type("\rnn")
        terminal.read_until("PAUSED")
        terminal.type("q")
        left = terminal.read_until("exit code ").rpartition("\x1b[?1049l")[2]
    assert "nnviz: to go on with it: nnviz train --resume kept" in left
    code, said, _ = nnviz("train", "--resume", "kept", "--json")
    assert code == 0
    assert timeless(said) == timeless(nnviz("train", "xor", "--epochs", 2, "--json")[1])


@pytest.mark.parametrize(
    ("every", "keep", "rule"),
    [
        (None, None, CheckpointRule(None, None, 1_000_000_000)),
        ("500", "200MB", CheckpointRule(500, None, 200_000_000)),
        ("60s", "1.5 gb", CheckpointRule(None, 60.0, 1_500_000_000)),
        (" 5m ", "0", CheckpointRule(None, 300.0, 0)),
        ("0.5h", "12KB", CheckpointRule(None, 1800.0, 12_000)),
    ],
)
def test_when_checkpoints_are_made_is_said_in_steps_or_in_time(every, keep, rule):
    assert checkpoint_rule(every, keep) == rule


@pytest.mark.parametrize("every", ["", "0", "-3", "1.5", "0s", "s", "60 x", "1e9", "5 0", "٣"])
def test_what_is_neither_is_refused(every):
    with pytest.raises(InputError, match=r"--checkpoint-every: '.*' is neither training steps, as in 500, nor a time"):
        checkpoint_rule(every, None)


@pytest.mark.parametrize("keep", ["", "GB", "-1GB", "1XB", "one"])
def test_what_is_no_size_is_refused(keep):
    with pytest.raises(InputError, match=r"--keep-checkpoints: '.*' is not a size, as in 1GB or 500MB"):
        checkpoint_rule(None, keep)
