"""Texts in files, whose classes nobody knows, counted as a run has counted those that it learnt from."""

import re
from pathlib import Path

from nnviz.data.ngrams import NGrams
from nnviz.data.text_file import NAMES, encoding_of, read_content
from nnviz.data.texts.text_dataset import LONGEST
from nnviz.data.unlabelled import Unlabelled
from nnviz.errors import InputError
from nnviz.wording import count, integer

_LINE_END = re.compile(r"\r\n|\r|\n")


def read_lines(path: Path, ngrams: NGrams) -> Unlabelled:
    """Each line of the file is a text; those that are blank or too long are left out and counted.

    Raises InputError if the file cannot be read, or no line is left.
    """
    content, notes = _read(path)
    lines = _LINE_END.split(content)
    # What follows the last line's end is not a line.
    blank = sum(not line.strip() for line in lines[:-1])
    if blank:
        notes.append(f"{count(blank, 'blank line')} left out")
    texts = {number: line.strip() for number, line in enumerate(lines, start=1) if line.strip()}
    usable = {number: text for number, text in texts.items() if len(text) <= LONGEST}
    long = len(texts) - len(usable)
    if long:
        notes.append(f"skipped {count(long, 'line')} of more than {integer(LONGEST)} characters")
    if not usable:
        raise InputError(f"{path}: holds no text; give one in each line, of at most {integer(LONGEST)} characters")
    return Unlabelled(list(usable), ngrams.counts(list(usable.values())), notes)


def read_whole_file(path: Path, ngrams: NGrams) -> Unlabelled:
    """All that the file holds is one text. Raises InputError if it cannot be read, is blank or too long."""
    content, notes = _read(path)
    text = " ".join(content.split())
    if not text or len(text) > LONGEST:
        raise InputError(
            f"{path}: {f'more than {integer(LONGEST)} characters' if text else 'holds no text'}; give another"
        )
    return Unlabelled([None], ngrams.counts([text]), notes)


def _read(path: Path) -> tuple[str, list[str]]:
    """The text of the file, and what to say of it."""
    content = read_content(path)
    encoding = encoding_of(path, content)
    notes = [f"read as {NAMES[encoding]}, because it is not UTF-8"] if encoding in NAMES else []
    return content.decode(encoding), notes
