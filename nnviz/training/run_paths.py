"""Where runs are kept. Light to import: the command line asks before anything is trained."""

import os
import secrets
from datetime import date
from pathlib import Path

from nnviz.errors import InputError


def new_run_path(source: str) -> Path:
    """`runs/<date>-<source>-<id>` below the working directory."""
    name = "".join(c if c.isalnum() or c in "-_" else "-" for c in Path(source).resolve().name if source) or "run"
    return Path("runs") / f"{date.today().isoformat()}-{name}-{secrets.token_hex(2)}"


def free_path(path: Path) -> Path:
    """`path` if nothing is kept there, else the first of `path-2`, `path-3`, … that is free."""
    number, free = 1, path
    while _is_taken(free):
        number += 1
        free = path.with_name(f"{path.name}-{number}")
    return free


def claim(path: Path) -> Path:
    """`path`, if a new run may be kept there. Raises InputError if something is there already, or nothing can be."""
    refuse_unwritable(str(path))
    if _is_taken(path):
        raise InputError(f"{path}: already exists and is not empty; choose another directory with --out")
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


def _is_taken(path: Path) -> bool:
    return path.exists() and (not path.is_dir() or any(path.iterdir()))
