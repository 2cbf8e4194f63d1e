"""The text of a table → its columns.

What a column is, and how its numbers are written, is decided by all of its cells: it is read again where its first rows
have misled.
"""

from collections.abc import Collection, Iterator, Mapping

from nnviz.data.tables.column_readers import PlainReader, Reader, WordReader
from nnviz.data.tables.columns import Column, Columns, Numbers
from nnviz.data.tables.delimited import DelimitedText
from nnviz.data.tables.number_form import Evidence, NumberForm
from nnviz.data.tables.usable_rows import UsableRows
from nnviz.outside_text import LISTED_NAMES, excerpt, listed_names
from nnviz.wording import count, listed, listed_lines, trimmed

DIGITS = 12


def read_columns(
    text: DelimitedText, words: Collection[str] = (), forms: Mapping[str, NumberForm] | None = None
) -> Columns:
    """Read all rows of the table.

    Columns named in `words` are words, whatever their cells are. `forms` are those in which a run has read columns:
    they count where marks can be understood in two ways.

    Raises InputError naming the line if the text is not a table, if it is too large, or most rows are ragged.
    """
    known = forms or {}
    rows = UsableRows(text)
    readers: dict[int, Reader] = {}
    pending: dict[int, Reader] = {
        place: WordReader() if name in words else PlainReader() for place, name in enumerate(text.names)
    }
    while pending:
        rows.read(pending)
        readers |= pending
        pending = _again(text, readers, known)
    columns = {text.names[place]: reader.column() for place, reader in sorted(readers.items())}
    return Columns(columns, rows.lines(), (*rows.notes(), *_notes(columns)))


def without_blank_end(columns: Columns, needed: Collection[str]) -> Columns:
    """The columns but for those at the end that are blank in each row, as delimiters there make, and not needed."""
    names = list(columns.by_name)
    while len(names) > 2 and names[-1] not in needed and columns.by_name[names[-1]].blank.all():
        names.pop()
    blank = list(columns.by_name)[len(names) :]
    if not blank:
        return columns
    told = f"{count(len(blank), 'blank column')} at the end left out: {listed_names(blank)}"
    return Columns({name: columns.by_name[name] for name in names}, columns.lines, (*columns.notes, told))


def _again(text: DelimitedText, readers: Mapping[int, Reader], known: Mapping[str, NumberForm]) -> dict[int, Reader]:
    """What has to be read once more, by the place of the column, and by what."""
    decimals = {place: reader.decimal() for place, reader in readers.items()}
    again = {}
    for place, reader in readers.items():
        others = {mark for other, mark in decimals.items() if mark and other != place}
        next_reader = reader.again(Evidence(others, text.dialect.delimiter, known.get(text.names[place])))
        if next_reader is not None:
            again[place] = next_reader
    return again


def _notes(columns: Mapping[str, Column]) -> Iterator[str]:
    """What to say of numbers that no computer writes so, and of words among numbers."""
    numbers = {name: column for name, column in columns.items() if isinstance(column, Numbers)}
    written = [
        f"{excerpt(name)} ('{excerpt(column.sample[0])}' is {trimmed(column.sample[1], DIGITS)})"
        for name, column in numbers.items()
        if column.sample is not None
    ]
    if written:
        yield f"read as numbers: {listed(written, LISTED_NAMES)}"
    odd = [_odd(name, column) for name, column in numbers.items() if column.odds]
    if odd:
        yield f"words among numbers count as blank: {listed(odd, LISTED_NAMES)}"


def _odd(name: str, column: Numbers) -> str:
    words = listed([f"'{excerpt(cell)}'" for cell in dict.fromkeys(cell for cell, _ in column.odd)])
    return f"{words} in column {excerpt(name)} ({listed_lines([line for _, line in column.odd], column.odds)})"
