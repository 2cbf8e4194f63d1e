"""RunDirectory: what was asked, what was measured and what came out, in files."""

import contextlib
import errno
import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from nnviz.errors import InputError, UnkeptError
from nnviz.experiment import Experiment
from nnviz.runs.checkpoint_file import encode_network, encode_state
from nnviz.runs.claim import Claim
from nnviz.runs.digests import Origin, origin_of
from nnviz.runs.metrics import written_entry
from nnviz.runs.paths import (
    CHECKPOINTS,
    EXPERIMENT,
    FINAL,
    JOURNAL,
    METRICS,
    RESULT,
    spare_folders,
    spare_places,
    step_file,
    while_training,
)
from nnviz.training.history import Evaluation
from nnviz.training.stopping import DIVERGED
from nnviz.training.trainer import Trainer
from nnviz.training.trainer_state import TrainerState
from nnviz.whole_file import append_whole, write_whole
from nnviz.wording import listed


class RunDirectory:
    """The directory of one run, which is nobody else's until it is released.

    Whatever happens to it meanwhile, what was kept before stays readable, and what cannot be written raises
    UnkeptError, with the reason.

    Raises InputError if there is another run already, or the directory cannot be written to.
    """

    def __init__(self, path: Path, experiment: Experiment) -> None:
        self.path = path
        self._experiment = experiment
        self._claim = Claim(path)
        self._metrics = self._journal = b""
        self._journaled = 0
        self._origin: Origin | None = None

    def record(self, evaluation: Evaluation) -> None:
        """Add an evaluation to the metrics, one line for each split."""
        self._metrics += b"".join(json.dumps(record).encode() + b"\n" for record in evaluation.records())
        with self._told():
            self._prepare()

    def checkpoint(self, trainer: Trainer) -> None:
        """Write the trainer's state down while training goes on. The one before is removed when this one is safe."""
        state = trainer.state()
        content = self._encoded(trainer, state)
        with self._told():
            self._prepare()
            earlier = while_training(self.path)
            file = step_file(self.path, state.engine.step)
            write_whole(file, content)
            _remove(path for path in earlier if path != file)

    def keep(self, trainer: Trainer) -> str | None:
        """Write the state that the run is to be remembered by, with the metrics: elsewhere, if it has to be.

        `path` is where it is then, and the reason is returned. Raises UnkeptError if it can be written nowhere.
        """
        kept, state = trainer.kept(), trainer.state()
        if kept.step == state.engine.step and trainer.stopped_by != DIVERGED:
            content = self._encoded(trainer, state)
        else:
            self._note(trainer)
            content = encode_network(trainer, kept, self._origin_of(trainer))
        try:
            self._prepare()
            write_whole(self.path / CHECKPOINTS / FINAL, content)
        except OSError as error:
            asked, self.path = self.path, self._kept_elsewhere(content, error)
            return f"{asked}: cannot be written ({error.strerror})"
        _remove(while_training(self.path))
        return None

    def finish(self, result: dict[str, Any]) -> None:
        """Write what came out, and what stopped it."""
        with self._told(RESULT):
            write_whole(self.path / RESULT, (json.dumps(result, indent=2, ensure_ascii=False) + "\n").encode())

    def release(self) -> None:
        """Leave the directory to others; if nothing is in it, it goes."""
        self._claim.release()

    def _encoded(self, trainer: Trainer, state: TrainerState) -> bytes:
        self._note(trainer)
        return encode_state(trainer, state, self._experiment, self._origin_of(trainer))

    def _origin_of(self, trainer: Trainer) -> Origin:
        self._origin = self._origin or origin_of(trainer.dataset)
        return self._origin

    def _note(self, trainer: Trainer) -> None:
        """Have the journal as long as the trainer's is."""
        self._journal += b"".join(map(written_entry, trainer.journal.log[self._journaled :]))
        self._journaled = len(trainer.journal.log)

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
        (folder / CHECKPOINTS).mkdir(exist_ok=True)
        if not (folder / EXPERIMENT).exists():
            write_whole(folder / EXPERIMENT, self._experiment.to_toml().encode())
        for name, lines in ((METRICS, self._metrics), (JOURNAL, self._journal)):
            file = folder / name
            written = file.stat().st_size if file.exists() else 0
            if written < len(lines):
                append_whole(file, lines[written:])

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
