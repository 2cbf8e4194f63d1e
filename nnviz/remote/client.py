"""The screen's end: a trainer that is asked, in a process of its own or, for tests, in this one."""

import contextlib
import signal
import subprocess
from collections.abc import Callable
from itertools import chain, repeat
from pathlib import Path
from typing import Protocol

from msgspec.structs import replace

from nnviz.errors import InputError, TrainerDiedError
from nnviz.remote.hearing import Hearing
from nnviz.remote.messages import Answer, Close, Closing, Died, Look, Order, Request
from nnviz.remote.opening_progress import OpeningProgress
from nnviz.remote.worker_process import Worker
from nnviz.runs.claim import clear
from nnviz.runs.ending import Ending
from nnviz.runs.paths import CHECKPOINTS, FINAL, free_path, last_run, newest_checkpoint, step_of, while_training
from nnviz.training.interruption import Interruption
from nnviz.wording import duration

# A trainer says that it has heard as soon as its step is done; one that hangs must not keep the screen.
HEARING_SECONDS = 20.0
# Then it writes the run down, which takes a moment, or long where the disk is slow.
KEEPING_SECONDS = 60.0
# What it said last was its last word.
ENDING_SECONDS = 5.0


class AskableTrainer(Protocol):
    """A trainer that says what it is asked for, one thing at a time.

    A new one says, without being asked, how far its opening is, again and again, and then its first frame.
    """

    def send(self, request: Request) -> None:
        """Ask for something; the answer is what it says next."""

    async def has_spoken(self) -> None:
        """Wait until there is something to receive; meanwhile the event loop has other work."""

    def watch(self, ended: Callable[[], None] | None) -> None:
        """Have this called on the event loop, once, when it ends while nobody waits for what it says; or no more."""

    def receive(self) -> "Answer | OpeningProgress":
        """What the trainer says next. Raises TrainerDiedError, or InputError if the run cannot be opened or kept."""

    def hurry(self) -> None:
        """Have it leave whatever evaluation goes on: somebody wants out."""

    def give_up(self) -> None:
        """End it at once, whatever it is doing."""

    def close(self) -> Ending:
        """Have the run kept and the trainer ended, however it is; how it ended, the second time too."""

    def goes_on_from(self) -> int | None:
        """The training step from which a new trainer would go on, for one that died; None: it would begin anew."""

    def again(self) -> "AskableTrainer":
        """A new trainer, for one that died: it goes on from the run's last checkpoint.

        Without any, it is one of the same order, and its run is kept in a directory of its own.
        """


class RemoteTrainer:
    """A trainer in a process of its own; it ends with this object's process, however that ends."""

    def __init__(self, order: Order, worker: Worker | None = None, earlier: tuple[Ending, ...] = ()) -> None:
        worker = worker or Worker()
        self._order = order
        self._ready = False
        self._is_new = not order.out.exists()
        self._earlier = earlier
        self._ending: Ending | None = None
        self._is_writing = False
        self._connection, self._process = worker.connection, worker.process
        connection = self._connection
        self._hearing = Hearing(lambda: -1 if connection.closed else connection.fileno())
        self.send(order)

    @property
    def pid(self) -> int:
        """The process number of the trainer."""
        return self._process.pid

    def send(self, request: Request | Order) -> None:
        # If it died, it may have said why before it did: that is still to be received.
        with contextlib.suppress(OSError):
            self._connection.send(request)

    async def has_spoken(self) -> None:
        await self._hearing.has_spoken()

    def watch(self, ended: Callable[[], None] | None) -> None:
        self._hearing.watch(ended)

    def receive(self) -> "Answer | OpeningProgress":
        try:
            said: Answer | OpeningProgress = self._connection.recv()
        except (EOFError, OSError):
            raise self._death() from None
        if isinstance(said, Died):
            self._ending = _of_dead(said)
            if said.exit_code == InputError.exit_code:
                raise InputError(said.reason)
            raise self._death()
        self._ready = self._ready or not isinstance(said, OpeningProgress)
        return said

    def _death(self) -> TrainerDiedError:
        """What is to be said of a trainer that says nothing any more."""
        if self._ending is None:
            how = f"the trainer {self._how_it_ended()}"
            if not self._ready:
                return TrainerDiedError(how)
            self._ending = self._found(how)
        more = self._ending.where if self._ready else self._ending.details
        return TrainerDiedError("; ".join(filter(None, [self._ending.trouble, more])))

    def _how_it_ended(self) -> str:
        try:
            code = self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            return "does not answer any more"
        if code < 0:
            return f"was killed by {signal.Signals(-code).name}"
        return f"ended by itself (exit code {code})"

    def hurry(self) -> None:
        if self._ready:
            # One that somebody has stopped would hear nothing.
            self._process.send_signal(signal.SIGCONT)
            self._process.send_signal(signal.SIGUSR1)

    def give_up(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()

    def close(self) -> Ending:
        if self._ending is None:
            self._ending = self._closed()
        self._connection.close()
        if not self._is_writing:
            self._end()
        return replace(self._ending, earlier=(*self._earlier, *self._ending.earlier))

    def _closed(self) -> Ending:
        if not self._ready:
            # Nothing has been computed, and to read all examples may take long.
            self.give_up()
            self._end()
            self._clear()
            return Ending()
        self.hurry()
        self.send(Close())
        try:
            return self._last_words()
        except (EOFError, OSError):
            return self._found(f"the trainer {self._how_it_ended()}")
        except Exception as fault:
            return self._parted(fault)

    def _parted(self, fault: Exception) -> Ending:
        """How the run ended if the talk with the trainer makes no sense: alone, it keeps the run and ends."""
        self._connection.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(KEEPING_SECONDS)
        return self._found(f"the trainer could not be understood ({type(fault).__name__})")

    def _last_words(self) -> Ending:
        """How the run ended; what it was asked for before, it says before. Raises EOFError, OSError."""
        patience = HEARING_SECONDS
        while self._connection.poll(patience):
            match self._connection.recv():
                case Closing():
                    patience = KEEPING_SECONDS
                case Died() as died:
                    return _of_dead(died)
                case Ending() as ending:
                    return ending
        if patience == KEEPING_SECONDS:
            self._is_writing = True
            directory = str(last_run(self._order.out))
            return Ending(None, directory, "the trainer is still writing the run down, and goes on without the screen")
        self.give_up()
        self._end()
        return self._found(f"the trainer said nothing for {duration(HEARING_SECONDS)}, and was ended")

    def _end(self) -> None:
        """Wait for the end of a process that has nothing more to do."""
        try:
            self._process.wait(ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            self.give_up()
            self._process.wait()

    def _found(self, trouble: str) -> Ending:
        """What has become of the run, if the trainer could not say so: its last checkpoint is there, or nothing."""
        directory = last_run(self._order.out)
        checkpoint = directory and newest_checkpoint(directory)
        if checkpoint is not None:
            return Ending(None, str(directory), f"{trouble}; {checkpoint.stem} is what it wrote last")
        self._clear()
        return Ending(None, None, f"{trouble} before its first checkpoint")

    def _clear(self) -> None:
        """Remove the directory that a killed trainer may have made, and not come to write to."""
        if self._is_new:
            clear(self._order.out)

    def goes_on_from(self) -> int | None:
        run = self._kept()
        return None if run is None else _last_step(run)

    def _kept(self) -> Path | None:
        """The run that is to go on, if it came to a checkpoint; one that could not be taken up is not tried twice."""
        could_begin = self._ready or self._order.resumed is None
        run = Path(self._ending.directory) if could_begin and self._ending and self._ending.directory else None
        return run if run and newest_checkpoint(run) is not None else None

    def again(self) -> "RemoteTrainer":
        ending, run = self.close(), self._kept()
        if run is not None:
            return RemoteTrainer(replace(self._order, resumed=run), earlier=ending.earlier)
        earlier = (*ending.earlier, replace(ending, result=None, earlier=()))
        return RemoteTrainer(replace(_elsewhere(self._order), resumed=None), earlier=earlier)


class LocalTrainer:
    """The same trainer in this process, for pictures and tests: nothing of it depends on how fast the machine is.

    A running one trains `steps` whenever it is asked, without an end if that is None; at a slow pace, what is due by
    `clock`, in seconds, which stands unless another one is given.
    """

    def __init__(self, order: Order, steps: int | None = 20, clock: Callable[[], float] = lambda: 0.0) -> None:
        from nnviz.remote.service import Service

        self._order = order
        self._steps = steps
        self._clock = clock
        self._asked: Request = Look()
        self._interruption = Interruption()
        self.service = Service(order, interruption=self._interruption, clock=clock)

    def send(self, request: Request) -> None:
        self._asked = request

    async def has_spoken(self) -> None:
        return

    def watch(self, ended: Callable[[], None] | None) -> None:
        """Nothing: it ends with this process."""

    def receive(self) -> "Answer | OpeningProgress":
        if self.service.waits() == 0:
            left = repeat(False) if self._steps is None else chain(repeat(False, self._steps), repeat(True))
            self.service.work(left.__next__)
        answer = self.service.answer(self._asked)
        self.service.keep_up()
        return answer

    def hurry(self) -> None:
        self._interruption.ask()

    def give_up(self) -> None:
        return

    def close(self) -> Ending:
        return self.service.conclude()

    def goes_on_from(self) -> int | None:
        return None

    def again(self) -> "LocalTrainer":
        return LocalTrainer(_elsewhere(self._order), self._steps, self._clock)


def _elsewhere(order: Order) -> Order:
    return replace(order, out=free_path(order.out))


def _last_step(run: Path) -> int | None:
    """How many training steps are done at the last checkpoint of a run, as far as its name or the result tells."""
    # It takes longer to import than all that is needed to start the trainer's process.
    from nnviz.runs.result import read_result

    steps = [step_of(file) for file in while_training(run)]
    with contextlib.suppress(InputError):
        result = read_result(run)
        steps += [result.steps] if result and (run / CHECKPOINTS / FINAL).is_file() else []
    return max(steps, default=None)


def _of_dead(died: Died) -> Ending:
    """What has become of the run of a trainer that said why it ends."""
    ending = died.ending or Ending()
    reason = died.reason if died.exit_code == InputError.exit_code else f"the trainer {died.reason}"
    return replace(ending, trouble="; ".join(filter(None, [reason, ending.trouble])), details=died.details)
