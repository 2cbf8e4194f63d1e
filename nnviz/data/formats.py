"""What a path holds, told by names alone. Light to import, and nothing is read but a folder's list of names."""

import os
import re
from itertools import islice
from pathlib import Path
from typing import Literal

Format = Literal["images", "texts", "idx", "cifar", "npz", "table"]

TEXT_SUFFIX = ".txt"
TABLE_FILE = re.compile(r".*\.(csv|tsv)(\.gz)?")
FIRST_FILES = 500
IDX_FILE = re.compile(r"(images|labels).*(idx|ubyte)")
IDX_SET = re.compile(r"(train|t10k)-(images-idx3|labels-idx1)-ubyte")
CIFAR_10_FILE = re.compile(r"(data_batch_\d+|test_batch)\.bin")
CIFAR_100_FILE = re.compile(r"(train|test)\.bin")


def format_of(path: Path) -> Format | None:
    """The format of the folder or file at `path`, None if it is no file that can be opened."""
    if path.is_dir():
        return _format_of_folder(path)
    if path.suffix.lower() == ".npz":
        return "npz"
    if TABLE_FILE.fullmatch(path.name.lower()):
        return "table"
    return "idx" if IDX_FILE.search(idx_key(path.name)) else None


def idx_key(name: str) -> str:
    """The name of an IDX file as its first publisher wrote it: some copies are unpacked, some have dots for dashes."""
    return name.lower().removesuffix(".gz").replace(".", "-")


def _format_of_folder(folder: Path) -> Format:
    try:
        paths = list(folder.iterdir())
    except OSError:
        return "images"  # Whose reader says what is wrong with the folder.
    if any(IDX_SET.fullmatch(idx_key(path.name)) for path in paths):
        return "idx"
    if any(CIFAR_10_FILE.fullmatch(path.name) for path in paths):
        return "cifar"
    # Other people's files, too, are called train.bin, and may lie beside folders of images.
    folders = any(path.is_dir() and not path.name.startswith(".") for path in paths)
    if not folders and any(CIFAR_100_FILE.fullmatch(path.name) for path in paths):
        return "cifar"
    return "texts" if _is_mostly_texts(folder) else "images"


def _is_mostly_texts(folder: Path) -> bool:
    """Whether most files, of the first that are found below the folder, are texts."""
    names = (name for _, _, files in os.walk(folder) for name in files if not name.startswith("."))
    first = [name.lower().endswith(TEXT_SUFFIX) for name in islice(names, FIRST_FILES)]
    return 2 * sum(first) > len(first)
