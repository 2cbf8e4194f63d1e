"""Whether a file is the same as it was. Light to import."""

import hashlib
from pathlib import Path

from nnviz.errors import InputError


def file_digest(path: Path) -> str:
    """The SHA-256 of what is in a file. Raises InputError if it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
