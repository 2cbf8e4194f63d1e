"""Where runs are kept, and what their files are called. Light to import: the command line asks before all else."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from nnviz.errors import InputError
from nnviz.runs.claim import is_claimed, is_taken, taken
from nnviz.whole_file import NAME_BYTES

EXPERIMENT, METRICS, JOURNAL, RESULT = "experiment.toml", "metrics.jsonl", "journal.jsonl", "result.json"
ALERTS = "alerts.jsonl"
FIRST_WEIGHTS = "first.safetensors"
"""The file of weights that the run began with, where they were given."""
CHECKPOINTS, FINAL, LOG = "checkpoints", "final.safetensors", "log.jsonl"

SOURCE_BYTES = 100
"""Of a run's name, what is left to the name of its source."""


def new_run_path(source: str) -> Path:
    """`runs/<date>-<source>-<id>` below the working directory."""
    word = "".join(c if c.isalnum() or c in "-_" else "-" for c in Path(source).resolve().name if source)
    name = _cut(word, SOURCE_BYTES) or "run"
    return Path("runs") / f"{date.today().isoformat()}-{name}-{os.urandom(4).hex()}"


def free_path(path: Path) -> Path:
    """`path` if nothing is kept there, else the first of `path-2`, `path-3`, … that is free."""
    return next(free for free in _family(path) if not is_taken(free) and not is_claimed(free))


def last_run(path: Path) -> Path | None:
    """The last of `path`, `path-2`, … that is there: where the newest run of one order is."""
    last = None
    for member in _family(path):
        if not member.is_dir():
            return last
        last = member
    raise AssertionError  # there is no end to a family


def _family(path: Path) -> Iterator[Path]:
    yield path
    number = 2
    while True:
        suffix = f"-{number}"
        yield path.with_name(_cut(path.name, NAME_BYTES - len(suffix)) + suffix)
        number += 1


def _cut(name: str, most: int) -> str:
    """The beginning of a name, in at most so many bytes."""
    return os.fsencode(name)[:most].decode(errors="ignore")


def is_run(path: Path) -> bool:
    """Whether a directory is one of a run, if maybe not whole; not where nobody may look: whoever reads it says why."""
    with contextlib.suppress(OSError):
        return (path / EXPERIMENT).is_file() or any(path.glob(f"{CHECKPOINTS}/*.safetensors"))
    return False


def step_file(path: Path, step: int) -> Path:
    """The checkpoint of that training step."""
    return path / CHECKPOINTS / f"step-{step:09}.safetensors"


def step_of(file: Path) -> int:
    """The training step that a checkpoint is called by."""
    number = file.stem.removeprefix("step-")
    return int(number) if number.isdecimal() else 0


def while_training(path: Path) -> list[Path]:
    """The checkpoints that a run has written while it went on, in their order."""
    return sorted((path / CHECKPOINTS).glob("step-*.safetensors"))


def newest_checkpoint(path: Path) -> Path | None:
    """The network that a run ended with; of a run that has not ended, what it wrote last; None if there is nothing."""
    final = path / CHECKPOINTS / FINAL
    return final if final.exists() else max(while_training(path), default=None)


def spare_folders(name: str) -> Iterator[Path]:
    """New directories in places where a user can nearly always write, named after a run that could not be kept."""
    for place in spare_places():
        with contextlib.suppress(OSError):
            yield Path(tempfile.mkdtemp(prefix=f"nnviz-{_cut(name, SOURCE_BYTES)}-", dir=place))


def spare_places() -> list[Path]:
    """The user's home, and the directory for temporary files."""
    return [Path(os.path.expanduser("~")), Path(tempfile.gettempdir())]


def refuse_unusable(path: Path) -> Path:
    """`path`, if a new run may be kept there. Raises InputError if something is there already, or nothing can be."""
    refuse_unwritable(str(path))
    if is_taken(path):
        raise InputError(taken(path))
    parent = next(p for p in (path, *path.absolute().parents) if p.exists())
    if not (parent.is_dir() and os.access(parent, os.W_OK)):
        raise InputError(f"{path}: {parent} is not a directory that can be written to; choose another one with --out")
    return path


def refuse_unwritable(text: str) -> None:
    """Raises InputError for a name that is not UTF-8: the files of a run could not hold it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InputError(f"{text}: this name is not UTF-8, and cannot be kept with a run; rename it") from None
