"""RunDirectory: what was asked, what was measured and what came out, in files."""

import contextlib
import errno
import json
import os
import shutil
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from nnviz.errors import InputError, UnkeptError
from nnviz.experiment import Experiment
from nnviz.file_digest import file_digest
from nnviz.runs.checkpoint_file import encode_network, encode_state, slimmed
from nnviz.runs.checkpoint_rule import DEFAULT
from nnviz.runs.claim import Claim, is_taken
from nnviz.runs.digests import Origin, origin_of
from nnviz.runs.metrics import written_line
from nnviz.runs.milestones import LAST, superfluous
from nnviz.runs.paths import (
    ALERTS,
    CHECKPOINTS,
    EXPERIMENT,
    FINAL,
    FIRST_WEIGHTS,
    JOURNAL,
    LOG,
    METRICS,
    RESULT,
    spare_folders,
    spare_places,
    step_file,
    step_of,
    while_training,
)
from nnviz.runs.result import Result
from nnviz.training.history import Evaluation
from nnviz.training.stopping import DIVERGED
from nnviz.training.trainer import Trainer
from nnviz.training.trainer_state import TrainerState
from nnviz.whole_file import append_whole, flush, write_whole
from nnviz.wording import listed

# When there is a new checkpoint, so many older ones are written anew, of so many that are looked at.
SLIMMED, LOOKED_AT = 2, 8


class RunDirectory:
    """The directory of one run, which is nobody else's until it is released.

    Whatever happens to it meanwhile, what was kept before stays readable, and what cannot be written raises
    UnkeptError, with the reason.

    Raises InputError if there is another run already, or the directory cannot be written to.
    """

    def __init__(self, path: Path, experiment: Experiment, budget: int = DEFAULT.budget) -> None:
        self._begin(Claim(path), experiment, budget)

    def _begin(self, claim: Claim, experiment: Experiment, budget: int) -> None:
        self.path = claim.path
        self._experiment = experiment
        self._budget = budget
        self._claim = claim
        # What the files of lines have, or get as soon as they can be written; and how much of it the trainer told.
        # A bytearray, since bytes would be copied as a whole for each line.
        self._lines = {name: bytearray() for name in (METRICS, JOURNAL, ALERTS)}
        # The same while the directory is left to others.
        self._packed: dict[str, bytes] = {}
        self._journaled = self._alerted = 0
        self._ended_at: int | None = None
        # Checkpoints with nothing in them any more that only a run needs which goes on.
        self._slim: set[int] = set()
        self._origin: Origin | None = None

    @classmethod
    def again(cls, claim: Claim, experiment: Experiment, budget: int, lines: dict[str, bytes]) -> "RunDirectory":
        """The directory of a run that goes on: its metrics, journal and alerts have these lines, and no others.

        Raises UnkeptError if that cannot be written.
        """
        directory = cls.__new__(cls)
        directory._begin(claim, experiment, budget)
        directory._lines |= {name: bytearray(content) for name, content in lines.items()}
        directory._journaled, directory._alerted = (lines[name].count(b"\n") for name in (JOURNAL, ALERTS))
        for name, content in lines.items():
            file = claim.path / name
            with directory._told(name):
                if content != (file.read_bytes() if file.exists() else b""):
                    write_whole(file, content)
        return directory

    def begin_with(self, metrics: bytes) -> None:
        """Have these lines of metrics, from the run that this one shares its beginning with, as soon as it has more."""
        self._lines[METRICS] = bytearray(metrics)

    def add(self, evaluation: Evaluation) -> None:
        """Have an evaluation in the metrics from the next writing on, one line for each split."""
        self._lines[METRICS] += b"".join(msgspec.json.encode(record) + b"\n" for record in evaluation.records())

    def write_metrics(self) -> None:
        """Write the evaluations that were added."""
        with self._told():
            self._prepare()

    def checkpoint(self, trainer: Trainer) -> None:
        """Write the trainer's state down while training goes on.

        When it is safe, those before it go that are not worth their place.
        """
        state = trainer.state()
        content = self._encoded(trainer, state)
        with self._told():
            self._prepare()
            for name in self._lines:
                # A checkpoint must not be on the disk before what belongs to it.
                if (self.path / name).exists():
                    flush(self.path / name)
            write_whole(step_file(self.path, state.engine.step), content)
        self._set_aside_end()
        self._thin_out(state.best.step if state.best else None)

    def _set_aside_end(self) -> None:
        """What was kept when the run was left is not its end any more, once it has gone on."""
        if self._ended_at is not None:
            with contextlib.suppress(OSError):
                (self.path / CHECKPOINTS / FINAL).replace(step_file(self.path, self._ended_at))
                (self.path / RESULT).unlink(missing_ok=True)
            self._ended_at = None

    def _thin_out(self, best: int | None) -> None:
        with contextlib.suppress(OSError):
            files = {step_of(file): file for file in while_training(self.path)}
            if sum(file.stat().st_size for file in files.values()) > self._budget:
                self._slim_down([file for step, file in files.items() if step not in self._slim][:-LAST])
            sizes = [file.stat().st_size for file in files.values()]
            _remove(files[step] for step in superfluous([*files], sizes, self._budget, best))

    def _slim_down(self, files: Sequence[Path]) -> None:
        """Have the first of these take less room: no more of them than keeps pace with those that come."""
        written = 0
        for file in files[:LOOKED_AT]:
            if written == SLIMMED:
                break
            with contextlib.suppress(InputError):
                if (content := slimmed(file)) is not None:
                    write_whole(file, content)
                    written += 1
            self._slim.add(step_of(file))

    def echo(self, step: int, seconds: float, following: str | None) -> None:
        """Write down what replay has to give: the digest of the numbers one step after a checkpoint, if it is known.

        The seconds are here too, and not in the checkpoint: equal trainings make equal ones. Where it cannot be
        written, nothing is lost but a check.
        """
        line = json.dumps({"step": step, "seconds": round(seconds, 3), "next": following}).encode()
        with contextlib.suppress(OSError):
            append_whole(self.path / CHECKPOINTS / LOG, line + b"\n")

    def keep(self, trainer: Trainer) -> str | None:
        """Write the state that the run is to be remembered by, with the metrics: elsewhere, if it has to be.

        `path` is where it is then, and the reason is returned. Raises UnkeptError if it can be written nowhere.
        """
        kept, state = trainer.kept(), trainer.state()
        can_go_on = trainer.stopped_by != DIVERGED
        end = self._encoded(trainer, state) if can_go_on else b""
        is_end = can_go_on and kept.step == state.engine.step
        self._note(trainer)
        content = end if is_end else encode_network(trainer, kept, self._origin_of(trainer))
        try:
            self._prepare()
            write_whole(self.path / CHECKPOINTS / FINAL, content)
        except OSError as error:
            asked, self.path = self.path, self._kept_elsewhere(content, error)
            return f"{asked}: cannot be written ({error.strerror})"
        _remove([step_file(self.path, kept.step)])
        if can_go_on and not is_end:
            # Where there is no room for it, the run goes on from where it was written down last.
            with contextlib.suppress(OSError):
                write_whole(step_file(self.path, state.engine.step), end)
                self.echo(state.engine.step, trainer.seconds, None)
        self._ended_at = kept.step
        self.echo(kept.step, trainer.seconds, None)
        return None

    def finish(self, result: Result) -> None:
        """Write what came out, and what stopped it."""
        with self._told(RESULT):
            write_whole(self.path / RESULT, result.encoded())

    def release(self) -> None:
        """Leave the directory to others; if nothing is in it, it goes."""
        self._claim.release()
        # Of hundreds of branches that were left, the lines were most of what they take.
        self._packed |= {name: zlib.compress(lines) for name, lines in self._lines.items()}
        self._lines = {}

    def take_back(self) -> None:
        """Have it again, after it was left to others, to go on with the run.

        Raises InputError if another process has it, or has gone on with the run.
        """
        self._lines |= {name: bytearray(zlib.decompress(packed)) for name, packed in self._packed.items()}
        self._packed = {}
        if not is_taken(self.path):
            self._claim = Claim(self.path)
            return
        claim, file = Claim.again(self.path), self.path / METRICS
        if (file.read_bytes() if file.exists() else b"") != self._lines[METRICS]:
            claim.release()
            raise InputError(f"{self.path}: another nnviz has gone on with it")
        self._claim = claim

    def _encoded(self, trainer: Trainer, state: TrainerState) -> bytes:
        self._note(trainer)
        return encode_state(trainer, state, self._experiment, self._origin_of(trainer))

    def _origin_of(self, trainer: Trainer) -> Origin:
        self._origin = self._origin or origin_of(trainer.dataset)
        return self._origin

    def _note(self, trainer: Trainer) -> None:
        """Have the journal and the alerts as long as the trainer's are."""
        log, alerts = trainer.journal.log, trainer.standing.alerts
        self._lines[JOURNAL] += b"".join(map(written_line, log[self._journaled :]))
        self._lines[ALERTS] += b"".join(map(written_line, alerts[self._alerted :]))
        self._journaled, self._alerted = len(log), len(alerts)

    def _prepare(self) -> None:
        """See to it that the directory is there, is ours, and has all that is known so far. Raises OSError."""
        if not self._claim.holds:
            self._claim.release()
            try:
                self._claim = Claim(self.path)
            except InputError:
                raise OSError(errno.EEXIST, "it was removed, and something else is there") from None
        self._fill(self.path)

    def _fill(self, folder: Path) -> None:
        """Write what is not there yet of all that is known so far. Raises OSError."""
        with os.scandir(folder) as entries:
            sizes = {entry.name: entry.stat(follow_symlinks=False).st_size for entry in entries}
        # First: without it, nothing else there is of use.
        if EXPERIMENT not in sizes:
            write_whole(folder / EXPERIMENT, self._experiment.to_toml().encode())
        if FIRST_WEIGHTS not in sizes:
            self._copy_first_weights(folder / FIRST_WEIGHTS)
        if CHECKPOINTS not in sizes:
            (folder / CHECKPOINTS).mkdir()
        for name, lines in self._lines.items():
            written = sizes.get(name, 0)
            if written < len(lines):
                append_whole(folder / name, bytes(lines[written:]))

    def _copy_first_weights(self, copy: Path) -> None:
        """Keep the file of weights that the run began with, if there was one: it may not stay where it is."""
        net = self._experiment.network
        if net.weights is None or net.weights_digest is None:
            return
        with contextlib.suppress(InputError):
            # One that has changed since is of no use.
            if file_digest(Path(net.weights)) == net.weights_digest:
                write_whole(copy, Path(net.weights).read_bytes())

    def _kept_elsewhere(self, content: bytes, why: OSError) -> Path:
        """Keep the run in a new directory in one of the places where a user can nearly always write."""
        for folder in spare_folders(self.path.name):
            try:
                self._fill(folder)
                write_whole(folder / CHECKPOINTS / FINAL, content)
                return folder
            except OSError:
                shutil.rmtree(folder, ignore_errors=True)
        places = listed([str(place) for place in spare_places()])
        raise UnkeptError(f"{self.path}: the run cannot be kept there ({why.strerror}), nor in {places}")

    @contextlib.contextmanager
    def _told(self, name: str = "") -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise UnkeptError(f"{self.path / name}: cannot be written ({error.strerror})") from None


def _remove(files: Iterable[Path]) -> None:
    """Remove files that are not needed any more; one that cannot be removed does no harm."""
    for file in files:
        with contextlib.suppress(OSError):
            file.unlink()
