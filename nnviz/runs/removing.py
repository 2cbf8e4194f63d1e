"""Removing a run, and nothing but a run."""

import shutil
from pathlib import Path

from nnviz.errors import InputError
from nnviz.runs.claim import LOCK, Claim
from nnviz.runs.paths import (
    ALERTS,
    CHECKPOINTS,
    EXPERIMENT,
    FIRST_WEIGHTS,
    JOURNAL,
    LOG,
    METRICS,
    RESULT,
)

FILES = (ALERTS, EXPERIMENT, FIRST_WEIGHTS, JOURNAL, LOG, METRICS, RESULT, LOCK)


def refuse_unremovable(path: Path) -> None:
    """Raises InputError if there is no run of nnviz, or there is more than that."""
    if path.is_symlink():
        raise InputError(f"{path}: leads to another place; remove what is there instead")
    if not (path / EXPERIMENT).is_file():
        raise InputError(f"{path}: not a run of nnviz; what others wrote is theirs to delete")
    others = sorted(found.name for found in path.iterdir() if not _is_own(found))
    if others:
        raise InputError(f"{path}: {others[0]} in it is not nnviz's; move it away first")


def remove(path: Path) -> None:
    """Delete a run. Raises InputError if it is none, if it is being trained, or the disk refuses."""
    refuse_unremovable(path)
    try:
        claim = Claim.again(path)
    except InputError as error:
        raise InputError(str(error).replace("wait until it has ended", "it cannot be deleted now")) from None
    try:
        shutil.rmtree(path)
    except OSError as error:
        raise InputError(f"{error.filename}: cannot be deleted ({error.strerror})") from None
    finally:
        claim.release()


def _is_own(found: Path) -> bool:
    name = found.name.removesuffix(".part")
    return found.is_dir() and not found.is_symlink() if name == CHECKPOINTS else name in FILES
