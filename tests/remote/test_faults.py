"""Whatever happens to one side, the other one ends or says so, and what was computed is kept."""

import json
import os
import pickle
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest
from msgspec import structs
from PIL import Image

from nnviz.errors import InputError, TrainerDiedError
from nnviz.experiment import combine
from nnviz.frame.frame import Frame, State
from nnviz.remote import client
from nnviz.remote.client import RemoteTrainer
from nnviz.remote.messages import PACES, Advance, Goal, Look, Order, Run
from nnviz.runs.checkpoint_rule import CheckpointRule
from nnviz.runs.ending import Ending
from nnviz.runs.trained_network import load_run
from tests.waiting import has_ended, wait_for

from .conftest import ask, first, look_until, straight

FULL_SPEED = PACES[-1]


def begin(trainer, running=True):
    """Get a trainer to a place where there is something to lose."""
    first(trainer)
    ask(trainer, Advance(Goal.STEP))
    if running:
        ask(trainer, Run(FULL_SPEED))


def wait_until_gone(pid):
    wait_for(lambda: has_ended(pid))


def assert_kept(path):
    """The run is whole, and the same as if it had been trained straight to where it ended."""
    run = load_run(path)
    assert json.loads((path / "result.json").read_text())["steps"] == run.step > 0
    metrics = path / "metrics.jsonl"
    for line in metrics.read_text().splitlines() if metrics.exists() else []:
        json.loads(line)
    expected = straight(run.experiment, run.step).network.parameters.values
    assert run.network.parameters.values.tobytes() == expected.tobytes()


@pytest.mark.parametrize("running", [False, True])
def test_a_killed_trainer_is_reported_and_can_be_had_again(start_remote, make_order, in_worker, running):
    in_worker("from nnviz.runs import keeper; keeper.MILESTONE_SECONDS = keeper.BEST_SECONDS = 1e9")
    order = make_order()
    trainer = start_remote(order)
    begin(trainer, running)
    look_until(trainer, lambda frame: not running or frame.moment.step > 100)
    os.kill(trainer.pid, signal.SIGKILL)
    for _ in range(2):
        with pytest.raises(TrainerDiedError, match="SIGKILL"):
            ask(trainer, Look())
    kept_something = order.out.exists()
    assert kept_something == running, "the metrics, if there were any"
    again = trainer.again()
    assert first(again).state is State.READY
    ask(again, Advance(Goal.STEP))
    ending = again.close()
    assert ending.directory == str(order.out.with_name("run-2") if kept_something else order.out)
    (killed,) = ending.earlier
    assert killed == Ending(None, None, "the trainer was killed by SIGKILL before its first checkpoint")


def test_a_trainer_outlives_a_killed_screen_just_to_keep_the_run(make_order, tmp_path):
    order = make_order()
    (tmp_path / "order").write_bytes(pickle.dumps(order))
    program = """if True:
        import pickle, signal, sys
        from pathlib import Path
        from nnviz.remote.client import RemoteTrainer
        from nnviz.remote.messages import PACES, Advance, Goal, Run
        trainer = RemoteTrainer(pickle.loads(Path(sys.argv[1]).read_bytes()))
        trainer.receive()
        for request in (Advance(Goal.STEP), Run(PACES[-1])):
            trainer.send(request)
            trainer.receive()
        print(trainer.pid, flush=True)
        signal.pause()
    """
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "order")], stdout=subprocess.PIPE) as screen:
        pid = int(screen.stdout.readline())
        screen.kill()
    wait_until_gone(pid)
    assert_kept(order.out)


@pytest.mark.parametrize("running", [False, True])
def test_a_trainer_that_nobody_can_ask_any_more_keeps_the_run_and_ends(start_remote, make_order, running):
    order = make_order()
    trainer = start_remote(order)
    begin(trainer, running)
    trainer._connection.close()
    wait_until_gone(trainer.pid)
    assert_kept(order.out)


@pytest.mark.parametrize("running", [False, True])
def test_a_trainer_that_is_told_to_end_keeps_the_run(start_remote, make_order, running):
    order = make_order()
    trainer = start_remote(order)
    begin(trainer, running)
    os.kill(trainer.pid, signal.SIGTERM)
    wait_until_gone(trainer.pid)
    assert_kept(order.out)
    with pytest.raises(TrainerDiedError, match=r"was told to end \(SIGTERM\); the run is kept in .*/run$"):
        ask(trainer, Look())
    assert (trainer.close().directory, trainer.close().exit_code) == (str(order.out), 1)


def test_a_trainer_that_is_told_to_end_in_the_midst_of_a_step_keeps_a_whole_one(start_remote, make_order, in_worker):
    in_worker("""if True:
        import os, signal
        from nnviz.training.engine import StepEngine
        update = StepEngine._update
        def update_and_be_told(self):
            update(self)
            if self.index == 6:
                os.kill(os.getpid(), signal.SIGTERM)
        StepEngine._update = update_and_be_told
    """)
    order = make_order()
    trainer = start_remote(order)
    begin(trainer)
    wait_until_gone(trainer.pid)
    assert_kept(order.out)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_the_whole_terminal_leaves_the_trainer_to_the_screen(start_remote, make_order, number):
    order = make_order()
    trainer = start_remote(order)
    begin(trainer)
    os.kill(trainer.pid, number)
    # A process has its signals before it answers what it is asked afterwards.
    for _ in range(2):
        assert ask(trainer, Look()).state is State.RUNNING
    assert trainer.close().directory == str(order.out)
    assert_kept(order.out)


@pytest.mark.parametrize("place", ["answer", "work"])
def test_a_fault_in_the_trainer_is_reported_with_its_reason_and_keeps_the_run(
    start_remote, make_order, in_worker, place
):
    in_worker(f"""if True:
        from nnviz.remote.service import Service
        {place} = Service.{place}
        def fail(self, given):
            if self.session.trainer.steps_done >= 50:
                raise ZeroDivisionError("the reason")
            return {place}(self, given)
        Service.{place} = fail
    """)
    order = make_order()
    trainer = start_remote(order)
    begin(trainer)
    with pytest.raises(TrainerDiedError, match="ZeroDivisionError: the reason"):
        look_until(trainer, lambda _: False)
    wait_until_gone(trainer.pid)
    assert_kept(order.out)
    details = re.match(r"the details are in (.+\.txt), please", trainer.close().details)
    assert "in fail" in Path(details[1]).read_text(encoding="utf-8")


def test_words_that_make_no_sense_end_the_talk_and_the_run_is_kept(start_remote, make_order):
    order = make_order()
    trainer = start_remote(order)
    begin(trainer)
    answers = trainer._connection.recv
    trainer._connection.recv = lambda: pickle.loads(pickle.dumps(answers())[:-9])
    ending = trainer.close()
    assert ending.directory == str(order.out)
    assert ending.trouble == "the trainer could not be understood (UnpicklingError); final is what it wrote last"
    assert_kept(order.out)


def test_a_fault_while_it_opens_is_told_with_its_reason(start_remote, make_order, in_worker):
    in_worker("""if True:
        import nnviz.training.assembly
        def fail(*_):
            raise ZeroDivisionError("the reason")
        nnviz.training.assembly.open_dataset = fail
    """)
    trainer = start_remote(make_order())
    with pytest.raises(TrainerDiedError, match=r"failed: ZeroDivisionError: the reason; the details are in .+\.txt"):
        first(trainer)
    assert trainer.close().directory is None


def test_what_broke_the_trainer_is_told_even_if_the_run_cannot_be_kept_either(start_remote, make_order, in_worker):
    in_worker("""if True:
        from nnviz.remote.service import Service
        def fail(self, called):
            raise ZeroDivisionError("the reason")
        def fail_too(self):
            raise ValueError("another one")
        Service.work, Service.conclude = fail, fail_too
    """)
    trainer = start_remote(make_order())
    begin(trainer)
    with pytest.raises(TrainerDiedError, match="the reason"):
        look_until(trainer, lambda _: False)


def test_data_that_cannot_be_trained_on_are_the_users_to_mend(start_remote, tmp_path):
    (tmp_path / "one" / "class").mkdir(parents=True)
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(tmp_path / "one" / "class" / "0.png")
    experiment = combine({"data": {"source": str(tmp_path / "one")}})
    trainer = start_remote(Order(experiment, tmp_path / "run"))
    with pytest.raises(InputError, match="only one class") as caught:
        first(trainer)
    assert caught.value.exit_code == 2
    assert trainer.close().directory is None
    assert not (tmp_path / "run").exists()


def test_nothing_that_the_trainer_says_reaches_the_terminal(start_remote, make_order, in_worker, capfd):
    in_worker("import sys; print('a stray print', flush=True); print('a warning', file=sys.stderr, flush=True)")
    trainer = start_remote(make_order())
    first(trainer)
    assert capfd.readouterr() == ("", "")


def test_a_file_in_the_working_directory_is_not_taken_for_a_module(start_remote, make_order, tmp_path, monkeypatch):
    for name in ("random", "secrets", "numpy"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('a homework of mine')")
    monkeypatch.chdir(tmp_path)
    assert isinstance(first(start_remote(make_order())), Frame)


def test_leaving_does_not_wait_for_the_data(start_remote, make_order, in_worker, tmp_path):
    opens = tmp_path / "opens"
    in_worker(f"""if True:
        import pathlib, signal
        import nnviz.training.assembly
        def open_dataset(*_):
            pathlib.Path({str(opens)!r}).touch()
            signal.pause()
        nnviz.training.assembly.open_dataset = open_dataset
    """)
    trainer = start_remote(make_order())
    wait_for(opens.exists)
    with ThreadPoolExecutor(1) as pool:
        said = pool.submit(trainer.receive)
        assert trainer.close() == Ending()
        with pytest.raises(TrainerDiedError):
            said.result()


def test_a_trainer_that_was_stopped_goes_on_to_keep_the_run(start_remote, make_order):
    order = make_order()
    trainer = start_remote(order)
    begin(trainer)
    os.kill(trainer.pid, signal.SIGSTOP)
    assert trainer.close().directory == str(order.out)
    assert_kept(order.out)


def test_a_trainer_that_hangs_is_not_waited_for_without_end_nor_without_a_word(
    start_remote, make_order, in_worker, monkeypatch, tmp_path
):
    hanging = tmp_path / "hanging"
    in_worker(f"""if True:
        import pathlib, signal
        from nnviz.remote.service import Service
        def hang(self, called):
            pathlib.Path({str(hanging)!r}).touch()
            while True:
                signal.pause()
        Service.work = hang
    """)
    monkeypatch.setattr(client, "HEARING_SECONDS", 0.3)
    order = structs.replace(make_order(), checkpoints=CheckpointRule(steps=10**9))
    trainer = start_remote(order)
    begin(trainer)
    wait_for(hanging.exists)
    ending = trainer.close()
    assert ending == Ending(None, None, "the trainer said nothing for 0.3 s, and was ended before its first checkpoint")
    assert ending.exit_code == 1
    assert has_ended(trainer.pid)
    assert not order.out.exists()


def test_many_starts_leave_no_descriptor_open(make_order):
    before = psutil.Process().num_fds()
    closed = []  # Kept, so that it is not their deletion that closes what they hold.
    for _ in range(50):
        closed.append(RemoteTrainer(make_order()))
        closed[-1].close()
    assert psutil.Process().num_fds() == before
