"""How the rows of a table are cut into cells: what is between them, and whether one may stand in quotes.

The rows are read by the standard library's csv: it costs nothing to import, and it knows cells with delimiters, quotes
and line breaks inside. Where blanks are between cells, or labels before a text, a row is a line.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

import msgspec
from msgspec.structs import replace

from nnviz.data.tables.number_form import NO_NUMBERS, is_number
from nnviz.data.text_file import TextFile
from nnviz.errors import InputError
from nnviz.wording import integer

LONGEST_ROW = 1 << 20
HEAD = 2 * LONGEST_ROW
"""Characters from the file's start that tell how it is written."""
SAMPLE_ROWS = 200
FIRST_ROWS = 20
"""Those in which names of columns are looked for."""
DELIMITERS = {"\t": "tabs", ";": "semicolons", "|": "bars", ",": "commas", " ": "blanks"}
"""The comma comes behind the first three: it is written inside of cells and numbers, too."""
CONSISTENT = 0.9
UNCUT = "\x1f"
"""The delimiter of a table with one column: no text has it."""
LABELLED = "__label__"
"""What each label begins with in the lines of fastText, which are labels and then a text."""
COMMENTS = ("#", "%", "//", "|")

# The cells of tab-separated text that begin with a quote, up to where they end if a quote does not count.
_BEGUN_BY_QUOTE = re.compile(r'(?:^|(?<=\t))"([^\t\r\n]*)')
_BETWEEN_BLANKS = re.compile(r'"((?:[^"]|"")*)"|(\S+)')
_SPARSE = re.compile(r"\d+:\S+")
_CHOSEN = re.compile(r'"?sep=([,;|\t])"?[\r\s]*', re.IGNORECASE)

Row = tuple[int, list[str]]
"""The line that it begins in, and its cells without space around them."""


class Dialect(msgspec.Struct, frozen=True):
    """How rows are cut.

    delimiter  one of DELIMITERS, where a blank stands for any run of them; or UNCUT, or LABELLED
    quoted     whether a cell may stand in quotes
    chosen     whether the first line says what the delimiter is, as Excel writes `sep=;`, and is no row
    """

    delimiter: str
    quoted: bool = True
    chosen: bool = False


class Head(msgspec.Struct, frozen=True):
    """The beginning of a file, and whether that is all of it."""

    path: Path
    text: str
    is_whole: bool

    def sample(self, dialect: Dialect) -> list[Row]:
        """The first rows, at least one. Raises InputError naming the line where they cannot be cut."""
        sample: list[Row] = []
        room = LONGEST_ROW
        try:
            for row in cut(self.path, io.StringIO(self.text, newline=""), dialect):
                sample.append(row)
                room -= sum(map(len, row[1])) + len(row[1])
                if len(sample) == SAMPLE_ROWS or room < 0:
                    return sample
        except InputError:
            if self.is_whole or len(sample) < 2:
                raise
        # The last row may go on behind the head. What is not text but delimiters has no row at all.
        return (sample if self.is_whole else sample[:-1] or sample) or [(1, [""])]


def head_of(file: TextFile) -> Head:
    """The beginning of the file, as much as tells how it is written."""
    with file.opened() as text:
        read = text.read(HEAD)
        return Head(file.path, read, not text.read(1))


def all_rows(file: TextFile, dialect: Dialect) -> Iterator[Row]:
    """All rows of the file that have any text. Raises InputError naming the line where the text cannot be a table."""
    with file.opened() as text:
        yield from cut(file.path, text, dialect)


def find_dialect(head: Head, fewest_columns: int = 2, needed: Iterable[str] = ()) -> Dialect:
    """How the file is cut: so that one of the first rows has the names that are `needed`, else as most rows show.

    With one column, if that may be, nothing is between cells. Cells are taken to stand in quotes. Raises InputError if
    there are fewer columns.
    """
    chosen = _CHOSEN.fullmatch(head.text.split("\n", 1)[0])
    if chosen:
        return Dialect(chosen[1], chosen=True)
    if _is_labelled(head.text):
        return Dialect(LABELLED)
    samples = {delimiter: _cells(head, delimiter) for delimiter in DELIMITERS}
    delimiter = _with_names(samples, set(needed)) or _most_alike(samples)
    is_cut = max(map(len, samples[delimiter])) > 1
    if fewest_columns == 1 and not (is_cut and (delimiter == " " or _cuts_first(samples))):
        return Dialect(UNCUT)
    if not is_cut:
        raise InputError(
            f"{head.path}: there is only one column; a table has one for the target and at least one more, with "
            f"{', '.join(list(DELIMITERS.values())[:-1])} or blanks between them"
        )
    if delimiter == " " and _is_sparse(samples[" "]):
        raise InputError(
            f"{head.path}: rows of LIBSVM, which are numbers of columns and their values, are not read; save all "
            "columns as .csv, such as those of sklearn.datasets.load_svmlight_file(…)[0].toarray()"
        )
    return Dialect(delimiter)


def with_quotes_as_text(text: TextIO, dialect: Dialect) -> Dialect:
    """The same dialect; but in tab-separated text, if a cell begins with a quote and does not end with one, unquoted.

    There quotes are part of the text, as in messages: to heed them would merge rows.
    """
    is_text = dialect.delimiter == "\t" and not _has_consistent_quotes(text)
    return replace(dialect, quoted=False) if is_text else dialect


def is_comment(cells: Sequence[str]) -> bool:
    """Whether a row at the top of a file is a comment, or a line of another purpose than the others."""
    return cells[0].startswith(COMMENTS)


def cut(path: Path, text: TextIO, dialect: Dialect) -> Iterator[Row]:
    """The rows of the text that have any. Raises InputError naming the line where it cannot be a table."""
    lines = _Lines(path, text)
    if dialect.chosen:
        next(iter(lines), "")
    if dialect.delimiter in (" ", LABELLED):
        yield from _cut_lines(lines, _between_blanks if dialect.delimiter == " " else _behind_labels)
        return
    # Strict, because an open quote would else swallow all rows that follow it.
    reader = csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quoting=csv.QUOTE_MINIMAL if dialect.quoted else csv.QUOTE_NONE,
        skipinitialspace=True,
        strict=True,
    )
    line = lines.begin_row()
    try:
        for row in reader:
            cells = [cell.strip() for cell in row] if lines.padded else row
            if any(cells):
                yield line, cells
            line = lines.begin_row()
    except csv.Error as error:
        raise InputError(f"{path}: line {integer(line)}: {_readable(str(error))}") from None


class _Lines:
    """The lines of a text, in pieces that csv can put together to rows, but never to an endless one.

    padded  whether there may be space around a cell of the row that was begun
    """

    def __init__(self, path: Path, text: TextIO) -> None:
        self._path = path
        self._text = text
        self._begun = 0
        self._length = 0
        self.count = 0
        self.padded = False

    def begin_row(self) -> int:
        """The number of the line that the next row begins in."""
        self._length = 0
        self.padded = False
        self._begun = self.count + 1
        return self._begun

    def __iter__(self) -> Iterator[str]:
        while line := self._text.readline(LONGEST_ROW + 1):
            self.count += 1
            self._length += len(line)
            if self._length > LONGEST_ROW:
                raise InputError(
                    f"{self._path}: the row that begins in line {integer(self._begun)} has more than "
                    f"{integer(LONGEST_ROW)} characters; look there for a quotation mark that is not closed"
                )
            # Millions of cells of a table without any spaces are not asked for theirs.
            self.padded = self.padded or " " in line or "\t" in line
            yield line


def _cut_lines(lines: _Lines, cells_of: Callable[[str], list[str]]) -> Iterator[Row]:
    line = lines.begin_row()
    for text in lines:
        cells = cells_of(text)
        if any(cells):
            yield line, cells
        line = lines.begin_row()


def _between_blanks(line: str) -> list[str]:
    if '"' not in line:
        return line.split()
    return [word or quoted.replace('""', '"').strip() for quoted, word in _BETWEEN_BLANKS.findall(line)]


def _behind_labels(line: str) -> list[str]:
    """The first label, the text, and the other labels."""
    words = line.split()
    count = next((place for place, word in enumerate(words) if not word.startswith(LABELLED)), len(words))
    labels = [word.removeprefix(LABELLED) for word in words[:count]]
    return [*(labels[:1] or [""]), " ".join(words[count:]), *labels[1:]]


def _readable(fault: str) -> str:
    """What csv says of a row, in words that say what to do."""
    if "field larger" in fault:
        return "a cell has more than 131,072 characters; look there for a quotation mark that is not closed"
    return f"a quotation mark is not closed, or stands inside of a cell ({fault}); write it twice there"


def _cells(head: Head, delimiter: str) -> list[list[str]]:
    """The first rows that are no comments, as that delimiter cuts them; at least one."""
    try:
        sample = head.sample(Dialect(delimiter))
    except InputError:
        sample = head.sample(Dialect(delimiter, quoted=False))
    rows = [cells for _, cells in sample]
    return [cells for cells in rows if not is_comment(cells)] or rows


def _with_names(samples: Mapping[str, list[list[str]]], needed: set[str]) -> str | None:
    """The delimiter that cuts one of the first rows into the names that are needed."""
    found = (d for d, rows in samples.items() if any(needed <= set(cells) for cells in rows[:FIRST_ROWS]))
    return next(found, None) if needed else None


def _most_alike(samples: Mapping[str, list[list[str]]]) -> str:
    """The delimiter that cuts the first rows into most alike numbers of cells."""
    alike = {delimiter: _share_alike(rows) for delimiter, rows in samples.items()}
    blanks = alike.pop(" ")
    delimiter = next((d for d in alike if alike[d] >= CONSISTENT), None)
    # Where some rows are aligned by two tabs, blanks of any kind cut all of them alike.
    aligned = delimiter == "\t" and alike["\t"] < blanks == 1
    if aligned or (blanks >= CONSISTENT and (delimiter is None or _holds_rows(samples[delimiter]))):
        return " "
    return delimiter or max(alike, key=lambda delimiter: alike[delimiter])


def _share_alike(rows: Sequence[Sequence[str]]) -> float:
    """The share of rows with the most frequent number of cells, 0 if that is one."""
    widths = Counter(map(len, rows))
    width, count = widths.most_common(1)[0]
    return count / widths.total() if width > 1 else 0.0


def _holds_rows(rows: Sequence[Sequence[str]]) -> bool:
    """Whether most cells of a column are several numbers with blanks between: the cells of a row, all but some."""
    firsts = [cells[0].split() for cells in rows if cells[0]]
    several = sum(len(words) > 1 and all(is_number(w) or w.lower() in NO_NUMBERS for w in words) for words in firsts)
    thousands = sum(all(len(word) == 3 for word in words[1:]) for words in firsts)
    return several >= CONSISTENT * len(firsts) > 0 and thousands < several


def _is_sparse(rows: Sequence[Sequence[str]]) -> bool:
    """Whether all cells but the first are numbers of columns and their values, such as 3:0.5."""
    return all(_SPARSE.fullmatch(cell) for cells in rows for cell in cells[1:])


def _cuts_first(samples: Mapping[str, list[list[str]]]) -> bool:
    """Whether the first row, which holds the names, is cut by any sign."""
    return any(len(rows[0]) > 1 for delimiter, rows in samples.items() if delimiter != " ")


def _is_labelled(text: str) -> bool:
    lines = [line for line in text.splitlines()[:SAMPLE_ROWS] if line.strip()]
    return sum(line.startswith(LABELLED) for line in lines) >= CONSISTENT * len(lines) > 0


def _has_consistent_quotes(text: TextIO) -> bool:
    quoted = (line for line in iter(lambda: text.readline(LONGEST_ROW), "") if '"' in line)
    return all(found[1].endswith('"') for line in quoted for found in _BEGUN_BY_QUOTE.finditer(line))
