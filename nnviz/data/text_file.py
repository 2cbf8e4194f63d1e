"""A file of text, plain or gzip: all of it, if it is text and not too large, and how it is encoded."""

import gzip
import re
from pathlib import Path

from nnviz.data.bounded import CHUNK, GZIP, Readable, check_file, faults_of
from nnviz.errors import InputError

LONGEST_TEXT = 1 << 28
PEEKED = 1024
BOM = b"\xef\xbb\xbf"

# No text has these: they are what files of bytes begin with.
_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def read_content(path: Path) -> bytes:
    """The bytes of the file. Raises InputError if it cannot be read, or is empty, too large or no text."""
    check_file(path)
    with faults_of(path), path.open("rb") as file:
        packed = file.read(len(GZIP)) == GZIP
        file.seek(0)
        content = _all_of(path, gzip.GzipFile(fileobj=file) if packed else file)
    if not content.strip():
        raise InputError(f"{path}: the file is empty; give one with a row for each example")
    found = _NO_TEXT.search(content, 0, CHUNK)
    if found:
        raise InputError(f"{path}: no text (byte {found.start():,} is {content[found.start()]}); save it as UTF-8 text")
    return content


def looks_like_text(path: Path) -> bool:
    """Whether the file begins as one of text does, and not as one of bytes; not whether it holds any."""
    # What is no file, such as a pipe, would be waited for without end.
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return not _NO_TEXT.search(file.read(PEEKED))
    except OSError:
        return False


def encoding_of(path: Path, content: bytes) -> str:
    """UTF-8, with or without a byte order mark; whatever is not UTF-8 can be read as Latin-1."""
    try:
        content.decode()
    except UnicodeDecodeError:
        return "latin-1"
    except MemoryError:
        raise InputError(f"{path}: too large for the memory here; give fewer rows") from None
    return "utf-8-sig" if content.startswith(BOM) else "utf-8"


def _all_of(path: Path, file: Readable) -> bytes:
    content = bytearray()
    while chunk := file.read(CHUNK):
        content += chunk
        if len(content) > LONGEST_TEXT:
            raise InputError(f"{path}: more than {LONGEST_TEXT:,} bytes of text, which are the most; give fewer rows")
    return bytes(content)
