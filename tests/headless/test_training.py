"""`nnviz train` as a user and a script meet it: streams, exit codes and what is kept."""

import contextlib
import json
import os
import pty
import re
import signal
import subprocess
import sys

import numpy as np
import pytest

from nnviz.runs.trained_network import load_run
from tests.waiting import wait_for

SMALL = ["--image-size", "8", "--network", "dense 8 relu"]
ENDLESS = [*SMALL, "--steps", "100000000"]


def start(*arguments, **streams):
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    return subprocess.Popen([sys.executable, "-m", "nnviz", *map(str, arguments)], **streams)


def only_child(directory):
    [child] = directory.iterdir()
    return child


def test_the_result_is_one_json_object_and_the_run_is_kept(nnviz, pictures, tmp_path):
    done = nnviz("train", pictures, *SMALL, "--epochs", 3, "--json")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    result = json.loads(done.stdout)
    assert list(result) == [
        *("run", "steps", "epochs", "seconds", "examples_per_second", "parameters", "stopped_by", "kept_step"),
        *("train", "validation", "test", "accuracy_interval", "commonest_class"),
        *("learning_rate_changes", "weight_changes", "option_changes", "parted_from", "health"),
    ]
    assert list(result["health"]) == ["alerts", "quiet", "unable"]
    per_epoch = -(-42 // 16)
    assert (result["steps"], result["epochs"], result["stopped_by"]) == (3 * per_epoch, 3, "epochs")
    assert result["parameters"] == 8 * 8 * 3 * 8 + 8 + 8 * 2 + 2
    for split in ("train", "validation", "test"):
        assert result[split]["loss"] > 0
        assert 0 <= result[split]["accuracy"] <= 1

    run = only_child(tmp_path / "runs")
    assert result["run"] == f"runs/{run.name}"
    assert sorted(str(path.relative_to(run)) for path in run.rglob("*") if path.is_file()) == [
        "checkpoints/final.safetensors",
        "checkpoints/log.jsonl",
        "experiment.toml",
        "metrics.jsonl",
        "result.json",
    ]
    assert json.loads((run / "result.json").read_text()) == result
    assert load_run(run).experiment.stopping.epochs == 3
    metrics = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [line["split"] for line in metrics] == ["train", "validation"] * (len(metrics) // 2)
    assert metrics[-1]["loss"] == result["validation"]["loss"]
    # The score of the network that is kept, on all training examples, is not the mean of the steps that led to it.
    assert "loss" not in metrics[-2]
    assert metrics[-2]["mean_step_loss"] != result["train"]["loss"]


@pytest.mark.parametrize("command", ["train", "run"])
def test_without_a_terminal_no_escape_sequence_reaches_a_pipe(nnviz, pictures, tmp_path, command, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    done = nnviz(command, pictures, *SMALL, "--out", "kept")
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert "\r" not in done.stdout + done.stderr
    for told in ("loss over training steps", "left", "right", "train  ", "validation  ", "stopped by: epochs"):
        assert told in done.stdout
    assert (tmp_path / "kept" / "result.json").is_file()
    assert ("no terminal" in done.stderr) == (command == "run")


def test_the_same_order_gives_the_same_numbers(nnviz, pictures):
    first, second = (json.loads(nnviz("train", pictures, *SMALL, "--steps", 30, "--json").stdout) for _ in range(2))
    for split in ("train", "validation", "test"):
        assert first[split] == second[split]
    assert first["run"] != second["run"]


@pytest.mark.parametrize("learning_rate", ["1e6", "1e30"])
def test_a_diverging_run_says_so_and_keeps_finite_numbers(nnviz, pictures, learning_rate):
    done = nnviz(
        "train", pictures, *SMALL, "--network", "dense 64 relu, dense 64 relu", "--lr", learning_rate, "--json"
    )
    assert done.returncode == 3, done.stderr
    result = json.loads(done.stdout, parse_constant=pytest.fail)
    assert result["stopped_by"] == "diverged"
    assert sum(line.startswith("nnviz: training diverged") for line in done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert "Warning" not in done.stderr


def test_a_diverged_run_can_be_opened_and_tested(nnviz, pictures, tmp_path):
    nnviz("train", pictures, *SMALL, "--lr", "1e38", "--out", "bad")
    assert np.isfinite(load_run(tmp_path / "bad").network.parameters.values).all()
    assert nnviz("test", "bad").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere"], "nowhere: no such folder"),
        (["--network", "dnse 3"], "network: no layer is called 'dnse'"),
        (["--lr", "-1"], "options: training.learning_rate: expected a number >= 1e-38"),
        (
            ["--optimizer", "sdg"],
            "options: training.optimizer: expected one of sgd, nesterov, rmsprop, adam, adamw; got 'sdg'",
        ),
        (["--class-weights", "cat=much"], "--class-weights: 'cat=much' is not a class and its weight"),
        (["--class-weights", "wasp=2"], "training.class_weights: no class is called 'wasp'; there are cat and dog"),
        (
            ["--augment", "flip,zoom"],
            "options: data.augment[1]: expected one of flip, shift, rotate, brightness; got 'zoom'",
        ),
        (["--schedule", "cosine", "--seconds", "1"], "training.schedule: 'cosine' has to know where the run ends"),
        (["--network", "dense 3, conv 4 3x3"], "network: 'conv 4 3x3' needs a picture"),
        (["--network", "conv 4 3x3, pool 40"], "network: 'pool 40' is larger than its input of 32×32"),
        (["--config", "no.toml"], "no.toml: cannot be read"),
        (["--config", "bad.toml"], "bad.toml: [training] unknown key 'lr'"),
        (["--out", "taken"], "taken: already exists and is not empty"),
        (["--out", "bad.toml/run"], "bad.toml/run: "),
        (["pets", "--image-size", "0"], "options: data.image_size: expected a whole number >= 1"),
    ],
)
def test_what_the_user_gave_wrong_is_told_in_one_line(nnviz, tmp_path, arguments, told):
    (tmp_path / "bad.toml").write_text("[training]\nlr = 3\n")
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "thesis.tex").touch()
    done = nnviz("train", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"nnviz: {told}")


def test_a_usage_error_is_the_users(nnviz):
    for arguments in (["train", "--epochs", "x"], ["train", "--nonsense"], ["tran"], ["predict"]):
        done = nnviz(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert "Traceback" not in done.stderr


def test_skipped_files_are_counted_and_named(nnviz, pictures, tmp_path):
    folder = tmp_path / "mine"
    for name in ("left", "right"):
        (folder / name).mkdir(parents=True)
        for picture in sorted((pictures / name).iterdir())[:10]:
            (folder / name / picture.name).write_bytes(picture.read_bytes())
    for i in range(5):
        (folder / "left" / f"broken\x1b[31m{i}.png").write_bytes(b"no picture")
    done = nnviz("train", folder, *SMALL, "--json")
    assert done.returncode == 0, done.stderr
    [line] = [line for line in done.stderr.splitlines() if "skipped" in line]
    assert line.startswith("nnviz: skipped 5 files: 5 not an image (left/broken")
    assert line.endswith(" and 2 more)")
    assert "\x1b" not in done.stderr, "a file's name must not reach the terminal as a command"


def test_ctrl_c_keeps_the_run_and_prints_what_there_is(pictures, tmp_path):
    trainer = start("train", pictures, *ENDLESS, "--json", cwd=tmp_path)
    assert b"to train on" in trainer.stderr.readline()
    wait_for(lambda: list(tmp_path.glob("runs/*/metrics.jsonl")))
    trainer.send_signal(signal.SIGINT)
    output, errors = trainer.communicate()
    assert trainer.returncode == 130, errors
    result = json.loads(output)
    assert result["stopped_by"] == "interrupted"
    assert result["steps"] > 0
    assert b"Traceback" not in errors
    run = only_child(tmp_path / "runs")
    assert load_run(run).step == result["kept_step"] == result["steps"]
    assert json.loads((run / "result.json").read_text()) == result


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_that_asks_to_end_keeps_the_run(pictures, tmp_path, number):
    trainer = start("train", pictures, *ENDLESS, "--json", "--out", "kept", cwd=tmp_path)
    assert b"the run goes to kept" in trainer.stderr.readline()
    trainer.send_signal(number)
    output, errors = trainer.communicate()
    assert trainer.returncode == 130, errors
    acknowledged = f"nnviz: {number.name}: the training step is finished, and the run is kept"
    assert acknowledged in errors.decode().splitlines()
    assert errors.decode().splitlines()[-1] == "nnviz: to go on with it: nnviz train --resume kept"
    result = json.loads(output)
    assert (result["run"], result["stopped_by"]) == ("kept", "interrupted")
    assert load_run(tmp_path / "kept").step == result["steps"] > 0


def test_a_hangup_that_is_ignored_stays_so(pictures, tmp_path):
    command = [sys.executable, "-m", "nnviz", "train", str(pictures), *ENDLESS, "--out", "kept"]
    program = (
        "import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    )
    trainer = subprocess.Popen([sys.executable, "-c", program, *command], stderr=subprocess.PIPE, cwd=tmp_path)
    assert b"the run goes to kept" in trainer.stderr.readline()
    trainer.send_signal(signal.SIGHUP)
    trainer.send_signal(signal.SIGTERM)
    _, errors = trainer.communicate()
    assert trainer.returncode == 130
    assert b"SIGTERM" in errors
    assert b"SIGHUP" not in errors


# It goes on at each signal that comes from its first example on.
ENDLESS_EVALUATION = """if True:
    import os, signal, sys
    from nnviz.training import evaluation
    in_order = evaluation.in_order
    received, sent = os.pipe()
    os.set_blocking(sent, False)
    def endlessly(split, encoder, size):
        signal.set_wakeup_fd(sent, warn_on_full_buffer=False)
        for batch in in_order(split, encoder, 1):
            print("evaluating", file=sys.stderr, flush=True)
            os.read(received, 1)
            yield batch
    evaluation.in_order = endlessly
"""


def test_no_evaluation_keeps_one_who_wants_out_and_a_second_signal_says_what_it_leaves_out(pictures, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(ENDLESS_EVALUATION)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    options = ["--json", "--out", "kept", "--patience", "100"]
    trainer = start("train", pictures, *SMALL, *options, cwd=tmp_path, env=environment)
    assert b"the run goes to kept" in trainer.stderr.readline()
    assert trainer.stderr.readline() == b"evaluating\n"
    # The validation split has six examples, and with the others there are sixty to be scored in the end.
    for words, following in (
        (b"the training step is finished, and the run is kept", b"evaluating\n"),
        (
            b"the run is kept, without the scores",
            b"nnviz: not all scores were waited for; 'nnviz test kept' scores the network\n",
        ),
    ):
        trainer.send_signal(signal.SIGINT)
        assert words in trainer.stderr.readline()
        assert trainer.stderr.readline() == following
    output, _ = trainer.communicate()
    assert trainer.returncode == 130
    result = json.loads(output)
    assert result["train"] is None
    assert load_run(tmp_path / "kept").step == result["steps"]
    assert not (tmp_path / "kept" / "metrics.jsonl").exists(), "an evaluation that was left is not recorded"


def test_a_reader_that_goes_away_is_no_fault(pictures, tmp_path):
    trainer = start("train", pictures, *SMALL, "--out", "kept", cwd=tmp_path)
    trainer.stdout.close()
    errors = trainer.stderr.read()
    assert trainer.wait() == 141
    assert b"Traceback" not in errors
    assert b"Broken" not in errors
    assert (tmp_path / "kept" / "result.json").is_file()


def test_a_terminal_sees_a_bar_that_goes_away_again(pictures, tmp_path):
    ours, theirs = pty.openpty()
    trainer = start("train", pictures, *ENDLESS, "--json", cwd=tmp_path, stderr=theirs)
    os.close(theirs)
    seen = b""
    while b"examples/s" not in seen:
        seen += os.read(ours, 1 << 16)
    trainer.send_signal(signal.SIGINT)
    with contextlib.suppress(OSError):  # which is how the end of a terminal is told
        while more := os.read(ours, 1 << 16):
            seen += more
    output, _ = trainer.communicate()
    os.close(ours)
    assert "\x1b" not in output.decode()
    assert json.loads(output)["stopped_by"] == "interrupted"
    bars = [part.removesuffix("\x1b[K") for part in seen.decode().split("\r") if "░" in part]
    pattern = r"░+  +0% epoch [\d,]+ · [\d,]+ examples/s · [\d:]+ (s|min|h) left( · .+)?"
    assert re.fullmatch(pattern, bars[0]), bars[0]
    assert max(map(len, bars)) < 80
    assert "\r\x1b[K" in seen.decode().rpartition("░")[2]
    # Where the step takes long to be finished, a bar comes once more after that.
    assert "\r\x1b[Knnviz: SIGINT: the training step is finished, and the run is kept" in seen.decode()


def test_what_ails_a_network_is_told_on_stderr_and_kept_with_the_run(nnviz, pictures, tmp_path):
    done = nnviz("train", pictures, *SMALL, "--steps", 120, "--lr", "1e-7", "--json")
    assert done.returncode == 0, done.stderr
    health = json.loads(done.stdout)["health"]
    told = [alert for alert in health["alerts"] if alert["rule"] == "updates-too-small"]
    assert [alert["layer"] for alert in told] == ["dense1", "dense2"]
    [line] = [line for line in done.stderr.splitlines() if line.endswith("(updates-too-small)")]
    assert told[0]["seen"] in line
    assert "So it is with 1 other layer." in line
    assert "dead-units" in health["quiet"]
    assert health["unable"]["targets-badly-scaled"] == "the targets are classes"
    assert json.loads((only_child(tmp_path / "runs") / "result.json").read_text())["health"] == health
