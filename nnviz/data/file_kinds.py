"""What a file is, told by the ending of its name alone. Light to import."""

import re
from pathlib import Path
from typing import Literal

from nnviz.data.other_forms import advice_on

Kind = Literal["image", "text", "table", "unreadable", "other"]

TEXT_SUFFIX = ".txt"
IMAGE_SUFFIXES = (
    ".png",
    ".jpg",
    ".jpeg",
    ".gif",
    ".bmp",
    ".webp",
    ".tif",
    ".tiff",
    ".ppm",
    ".pgm",
    ".avif",
    ".jp2",
    ".ico",
)
TABLE_FILE = re.compile(r".*\.(csv|tsv|tab|data)(\.gz)?")
TABLE_OR_OTHER = re.compile(r".*\.(dat|txt|test|train|valid)(\.gz)?")
"""Files that are called so may be tables, and are taken for some where they are given by themselves."""


def kind_of(path: Path) -> Kind:
    """Unreadable is a form that is known and not read; other is any ending that says nothing, or none."""
    name = path.name.lower()
    if name.endswith(IMAGE_SUFFIXES):
        return "image"
    if name.endswith(TEXT_SUFFIX):
        return "text"
    if TABLE_FILE.fullmatch(name):
        return "table"
    return "unreadable" if advice_on(path) else "other"


def may_be_table(path: Path) -> bool:
    """Whether a file that is given by itself is called as a table may be."""
    return kind_of(path) == "table" or TABLE_OR_OTHER.fullmatch(path.name.lower()) is not None


def is_image(path: Path) -> bool:
    """Whether the file's name ends as one of an image."""
    return kind_of(path) == "image"


def may_be_text(path: Path) -> bool:
    """Whether the file's name does not say that it is something else than text."""
    return kind_of(path) in ("text", "other")
