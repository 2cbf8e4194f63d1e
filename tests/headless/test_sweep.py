"""`nnviz sweep`: its runs are those of `nnviz train`, whatever ends it, and it goes on where it was."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from nnviz.headless.sweep import Swept, sweep
from nnviz.runs.checkpoint_rule import CheckpointRule
from nnviz.runs.result import read_result
from nnviz.runs.trained_network import load_run
from nnviz.sweep_options import SweepOptions
from nnviz.sweeping.outcome import Outcome
from nnviz.sweeping.plan import Plan
from nnviz.sweeping.trial import Datasets, train_trial
from tests.headless.command import Command, in_this_process
from tests.waiting import wait_for

XOR = {"examples": "40", "network": ["dense 3 tanh"]}


def plan(**tried: str) -> Plan:
    given = {name: [texts] if isinstance(texts, str) else texts for name, texts in {**XOR, **tried}.items()}
    return SweepOptions(fixed={"source": "xor"}, tried=given).plan()


class Here:
    """Trains in this process, one run after the other, and notes which."""

    def __init__(self, before: Callable[..., None] = lambda *_: None) -> None:
        self.trained: list[str] = []
        self._before, self._datasets = before, Datasets()

    def __call__(self, works, interruption, tell) -> None:  # type: ignore[no-untyped-def]
        for work in works:
            self._before(work, interruption)
            self.trained.append(work.name)
            tell(train_trial(work, self._datasets, interruption, tell))


def swept(plan: Plan, out: Path, train: Here) -> Swept:
    return sweep(plan, out, True, CheckpointRule(steps=10), train)


def states(found: Swept) -> list[str]:
    return [outcome.state for outcome in found.outcomes]


def values(run: Path) -> bytes:
    return load_run(run).network.parameters.values.tobytes()


@pytest.fixture
def nnviz(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.chdir(tmp_path)
    return in_this_process(monkeypatch, capfd)


def test_its_runs_are_those_of_train_and_none_is_trained_twice(nnviz: Command, tmp_path: Path) -> None:
    two, here = plan(lr="0.01,0.1", seed="3,4", steps="30"), Here()
    found = swept(two, tmp_path / "many", here)
    assert (states(found), found.exit_code, len(here.trained)) == (["finished"] * 4, 0, 4)
    options = ["--examples", 40, "--network", "dense 3 tanh", "--steps", 30, "--threads", 1]
    nnviz("train", "xor", *options, "--lr", 0.1, "--seed", 4, "--out", "alone")
    name = two.trials[3].name
    assert name == "4-lr=0.1-seed=4"
    assert values(tmp_path / "many" / name) == values(tmp_path / "alone")
    kept = [json.loads((run / "result.json").read_text()) for run in (tmp_path / "many" / name, tmp_path / "alone")]
    for one in kept:
        one |= {"run": "", "seconds": 0, "examples_per_second": 0}
    assert kept[0] == kept[1]

    again = Here()
    assert states(swept(two, tmp_path / "many", again)) == ["finished"] * 4
    assert not again.trained
    # What came to nothing is trained, and nothing else.
    for file in sorted((tmp_path / "many" / name).rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    assert states(swept(two, tmp_path / "many", again)) == ["finished"] * 4
    assert again.trained == [name]
    assert values(tmp_path / "many" / name) == values(tmp_path / "alone")


def test_the_table_has_the_best_setting_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from nnviz.headless.sweep import print_json, print_report

    found = swept(plan(lr="0.00001,0.3", seed="0,1", steps="60"), tmp_path / "many", Here())
    capsys.readouterr()
    print_report(found)
    said = capsys.readouterr().out
    rows = [line.split() for line in said.splitlines() if line.startswith("  lr ")]
    assert [row[1] for row in rows][:2] == ["0.3", "1e-05"]
    print_json(found)
    told = json.loads(capsys.readouterr().out)
    best = told["settings"][0]
    losses = [read_result(tmp_path / "many" / run).validation["accuracy"] for run in best["runs"]]  # type: ignore
    assert best["results"]["validation/accuracy"]["mean"] == pytest.approx(sum(losses) / 2)
    assert told["runs"][0]["tried"] == {"lr": "1e-05", "seed": "0"}


def test_a_run_that_fails_or_diverges_is_told_and_the_others_finish(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = swept(plan(network=["dense 3", "conv 4 3x3"], lr="0.1,1e30", steps="30"), tmp_path / "many", Here())
    assert states(found) == ["finished", "diverged", "failed", "failed"]
    assert found.exit_code == 2, "what the user gave is wrong"
    told = capsys.readouterr().err
    assert told.count("failed: network: ") == 2
    assert "2-network=dense-3-lr=1e+30: diverged" in told
    assert "Traceback" not in told
    ends = {(): 0, ("diverged",): 3, ("failed", "diverged"): 1, ("interrupted", "failed", "diverged"): 130}
    codes = {"diverged": 3, "failed": 1, "interrupted": 130}
    for bad, code in ends.items():
        outcomes = [Outcome("a", "finished", ""), *(Outcome("b", state, "", codes[state]) for state in bad)]
        assert Swept(tmp_path, found.plan, tuple(outcomes), None).exit_code == code


def test_what_was_interrupted_goes_on_and_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    one = plan(lr="0.01,0.1", steps="60")
    whole = swept(one, tmp_path / "whole", Here())

    def interrupt(work, interruption) -> None:  # type: ignore[no-untyped-def]
        if work.name == one.trials[1].name:
            interruption.ask()

    found = swept(one, tmp_path / "many", Here(interrupt))
    assert (states(found), found.exit_code) == (["finished", "interrupted"], 130)
    assert read_result(tmp_path / "many" / one.trials[1].name).stopped_by == "interrupted"  # type: ignore[union-attr]
    later = Here()
    assert states(swept(one, tmp_path / "many", later)) == ["finished", "finished"]
    assert later.trained == [one.trials[1].name]
    for trial in one.trials:
        assert values(tmp_path / "many" / trial.name) == values(tmp_path / "whole" / trial.name)
    assert whole.exit_code == 0


def test_examples_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nnviz.sweeping import trial

    read: list[str] = []
    opened = trial.open_dataset

    def counted(experiment, reading):  # type: ignore[no-untyped-def]
        read.append(experiment.data.source)
        dataset = opened(experiment, reading)
        dataset.train.inputs.flags.writeable = False
        return dataset

    monkeypatch.setattr(trial, "open_dataset", counted)
    assert states(swept(plan(lr="0.01,0.1", seed="1,2", steps="5"), tmp_path / "many", Here())) == ["finished"] * 4
    assert len(read) == 1


SWEEP = ["sweep", "xor", "--network", "dense 3 tanh", "--lr", "0.01,0.1,0.2", "--jobs", "2", "--out", "many"]
CHECKPOINTS = ["--checkpoint-every", "300"]


@pytest.fixture
def begun(tmp_path: Path) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Starts a sweep in a process of its own, and waits until it has written checkpoints of two runs."""
    started: list[subprocess.Popen[str]] = []

    def begin(*options: str) -> "subprocess.Popen[str]":
        code = "import sys; sys.argv[0] = 'nnviz'; from nnviz.cli import main; main()"
        command = [sys.executable, "-c", code, *SWEEP, *CHECKPOINTS, *options]
        environment = {**os.environ, "PYTHONPATH": os.getcwd()}
        process = subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True,
        )  # fmt: skip
        started.append(process)
        wait_for(lambda: trained(tmp_path, 2))
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def trained(place: Path, many: int) -> bool:
    """Whether so many runs have written a checkpoint."""
    return len({file.parts[-3] for file in place.glob("many/*/checkpoints/step-*")}) == many


def test_a_process_that_is_killed_takes_its_own_run_alone_and_a_signal_keeps_the_others(
    begun: Callable[..., "subprocess.Popen[str]"], tmp_path: Path
) -> None:
    process = begun("--epochs", "100000")
    workers = [child for child in psutil.Process(process.pid).children() if "nnviz.sweeping.worker" in child.cmdline()]
    assert len(workers) == 2
    workers[0].kill()
    # Another process has taken up the third one.
    wait_for(lambda: trained(tmp_path, 3))
    # To all of its processes, as a terminal does it.
    os.killpg(process.pid, signal.SIGINT)
    out, told = process.communicate()
    assert process.returncode == 130, told
    assert told.count("its process was killed (SIGKILL, as when memory runs out)") == 1
    assert "SIGINT: the runs that are at work are kept; the same command goes on with them" in told
    results = [json.loads(path.read_text())["stopped_by"] for path in tmp_path.glob("many/*/result.json")]
    assert results == ["interrupted"] * 2
    assert "1 failed, and not part of a mean" in out
    assert "2 interrupted: " in out


def test_when_the_command_is_killed_its_processes_keep_their_runs(
    begun: Callable[..., "subprocess.Popen[str]"], tmp_path: Path
) -> None:
    process = begun("--epochs", "100000")
    workers = psutil.Process(process.pid).children()
    os.kill(process.pid, signal.SIGKILL)
    psutil.wait_procs(workers, timeout=60)
    assert not any(worker.is_running() for worker in workers)
    results = [json.loads(path.read_text())["stopped_by"] for path in tmp_path.glob("many/*/result.json")]
    assert results == ["interrupted"] * 2
