"""A directory is one process's alone, as long as it lives and no longer."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nnviz.errors import InputError
from nnviz.runs.claim import LOCK, Claim, clear

CLAIMANT = """if True:
    import sys, time
    from pathlib import Path
    from nnviz.errors import InputError
    from nnviz.runs.claim import Claim
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        claim = Claim(Path(sys.argv[1]))
        (claim.path / "experiment.toml").write_text(sys.argv[2])
        print("mine", flush=True)
        sys.stdin.readline()
    except InputError as error:
        print(error, flush=True)
"""


def start(path, name=""):
    command = [sys.executable, "-c", CLAIMANT, str(path), name]
    claimant = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert claimant.stdout.readline() == "ready\n"
    return claimant


def say(claimant):
    claimant.stdin.write("\n")
    claimant.stdin.flush()


@pytest.mark.parametrize("exists", [False, True])
def test_of_many_who_come_at_once_one_gets_it_and_the_others_are_told_in_one_line(tmp_path, exists):
    path = tmp_path / "deep" / "run"
    if exists:
        path.mkdir(parents=True)
    claimants = [start(path, str(number)) for number in range(6)]
    for claimant in claimants:
        say(claimant)
    said = [claimant.stdout.readline() for claimant in claimants]
    try:
        assert said.count("mine\n") == 1
        assert (path / "experiment.toml").read_text() == str(said.index("mine\n"))
        refused = {line for line in said if line != "mine\n"}
        assert refused <= {
            f"{path}: another nnviz is training into it; choose another directory with --out\n",
            f"{path}: already exists and is not empty; choose another directory with --out\n",
        }
    finally:
        for claimant in claimants:
            claimant.communicate("\n")


def test_no_crash_leaves_a_lock_behind(tmp_path):
    claimant = start(tmp_path / "run")
    say(claimant)
    assert claimant.stdout.readline() == "mine\n"
    (tmp_path / "run" / "experiment.toml").unlink()
    with pytest.raises(InputError, match="another nnviz is training into it"):
        Claim(tmp_path / "run")
    claimant.send_signal(signal.SIGKILL)
    claimant.communicate()
    assert (tmp_path / "run" / LOCK).exists()
    Claim(tmp_path / "run").release()


def test_what_was_made_and_not_used_goes_and_what_was_there_stays(tmp_path):
    Claim(tmp_path / "runs" / "a").release()
    assert not list(tmp_path.iterdir())
    (tmp_path / "mine").mkdir()
    Claim(tmp_path / "mine").release()
    assert not list((tmp_path / "mine").iterdir())
    used = Claim(tmp_path / "runs" / "b")
    other = Claim(tmp_path / "runs" / "c")
    (used.path / "experiment.toml").touch()
    for claim in (used, other):
        claim.release()
    assert [str(path.relative_to(tmp_path)) for path in sorted(tmp_path.rglob("*"))] == [
        *("mine", "runs", "runs/b", "runs/b/experiment.toml")
    ]


def _file(path: Path) -> None:
    path.write_text("mine")


def _link(path: Path) -> None:
    path.symlink_to("nowhere")


def _full(path: Path) -> None:
    path.mkdir()
    (path / "thesis.tex").touch()


@pytest.mark.parametrize("make", [_file, _link, _full])
def test_what_is_there_already_is_left_alone(tmp_path, make):
    make(tmp_path / "run")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError, match="run: already exists and is not empty"):
        Claim(tmp_path / "run")
    clear(tmp_path / "run")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_directory_that_is_gone_or_another_one_is_held_no_more(tmp_path):
    claim = Claim(tmp_path / "run")
    assert claim.holds
    claim.path.rename(tmp_path / "aside")
    assert not claim.holds
    claim.path.mkdir()
    assert not claim.holds
    claim.release()
    assert (tmp_path / "aside" / LOCK).exists(), "what is not held is not touched"


def test_a_file_system_without_locks_is_no_reason_not_to_train(tmp_path, monkeypatch):
    def no_locks(*_):
        raise OSError(37, "No locks available")

    monkeypatch.setattr("fcntl.flock", no_locks)
    claim = Claim(tmp_path / "run")
    (claim.path / "experiment.toml").touch()
    with pytest.raises(InputError, match="already exists and is not empty"):
        Claim(tmp_path / "run")
