"""TensorBoard's event files: what PyTorch, tensorboardX, Lightning, Keras, TensorFlow and Hugging Face write.

Tried with tensorboard 2.21.0, torch 2.13.0, tensorboardX 2.6.5, keras 3.15.1. A run is a folder with any number of
files whose names hold `tfevents`.

| trap | what nnviz does |
| --- | --- |
| a scalar is a simple_value, or (TF 2, Keras, `summary.Writer`) a tensor of one number | reads both, keeps all |
| the name of the plugin stands in a tag's first record only | remembered for each file |
| several files in a folder, live ones too | an offset for each; what goes on in another file is one curve |
| files by name are not in the order of time | ordered by their first value |
| a restart repeats steps | the later values stand, the earlier ones are kept as an attempt |
| the last record is cut: its writer is at it | waits for the rest |
| a wrong CRC in the middle, at which TensorBoard stops without a word | says so, and goes on with the next record |
| `add_scalars` makes a folder for each curve, all with one tag | curves of the run that the folder lies in |
| Keras writes a folder `train` and a folder `validation` | splits of the run that they lie in |
| values are float32: 0.1 is 0.10000000149 | kept as they are |
| NaN and infinities are stored as such | kept as such |
| an empty file | a run that has begun |
"""

from collections.abc import Collection, Iterator
from pathlib import Path

from nnviz.logs.event_records import HEADER, Framed, ScalarReader, framed, next_record
from nnviz.logs.logged_run import LoggedRun
from nnviz.logs.naming import metric_and_split, split_of
from nnviz.logs.tail import CUT, Tail
from nnviz.wording import integer

KIND = "TensorBoard"
PIECE = 1 << 21
"""Bytes that are read at a time; more where one record is larger."""


def is_event_file(path: Path) -> bool:
    """Whether a file is called as TensorBoard looks for them."""
    return "tfevents" in path.name


def first_tag(path: Path) -> str | None:
    """The first tag that a file has a value of; None if there is none yet. Raises InputError if it cannot be read."""
    reader = ScalarReader()
    for data, records in _pieces(Tail(path)):
        scalars, _ = reader.read(data, records)
        if scalars:
            return min(scalars, key=lambda tag: scalars[tag].records[0])
    return None


def is_curve_folder(folder: str, tag: str) -> bool:
    """Whether `add_scalars` would call a folder so, for one of the curves of a tag."""
    return folder.startswith(tag.replace("/", "_") + "_")


def _pieces(tail: Tail) -> Iterator[tuple[bytes, Framed]]:
    """What has been added, a piece at a time, each with its records; they are taken when the next piece is wanted.

    Where a length is damaged, the next piece begins with the next record. At the end of the file it may yet come.
    """
    most = PIECE
    while True:
        data = tail.more(most)
        records = framed(data)
        yield data, records
        tail.take(records.end)
        is_end = len(data) < most
        if records.damaged:
            following = next_record(data, records.end + 1)
            if following is None and is_end:
                return
            tail.take((len(data) - HEADER + 1 if following is None else following) - records.end)
        elif is_end:
            return
        elif not records.end:
            most *= 2


class TensorBoardReader:
    """The event files of one run."""

    def __init__(self, run: LoggedRun) -> None:
        self.runs = [run]
        self._files: dict[Path, _EventFile] = {}
        self._strands = 0

    def set_files(self, files: Collection[Path]) -> None:
        """The files of the run that are there, in its own folder or one below it."""
        for path in self._files.keys() - set(files):
            self.runs[0].forget(self._files.pop(path).strand)
        for path in files:
            if path not in self._files:
                folder = "" if path.parent == self.runs[0].source else path.parent.name
                self._files[path] = _EventFile(path, self._strands, folder)
                self._strands += 1

    def read(self) -> None:
        """Take what has been written since the last time. Raises InputError if a file cannot be read."""
        for _ in self.reading():
            pass

    def reading(self) -> Iterator[None]:
        """The same, a piece at a time. Whoever stops in between goes on from there the next time."""
        (run,) = self.runs
        run.waiting = ""
        for file in self._files.values():
            yield from file.reading(run)


class _EventFile:
    """One file, read from where it was.

    folder  the name of its folder where that says what its tags do not
    """

    def __init__(self, path: Path, strand: int, folder: str) -> None:
        self._tail = Tail(path)
        self.strand, self._folder = strand, folder
        self._scalars = ScalarReader()

    def reading(self, run: LoggedRun) -> Iterator[None]:
        if self._tail.is_anew():
            run.forget(self.strand)
            self._scalars = ScalarReader()
        is_first = True
        for data, records in _pieces(self._tail):
            # The piece before is done with by now, and of this one nothing is.
            if not is_first:
                yield
            is_first = False
            self._record(run, data, records)
        run.waiting = CUT if len(data) > records.end and not records.damaged else run.waiting

    def _record(self, run: LoggedRun, data: bytes, records: Framed) -> None:
        scalars, damaged = self._scalars.read(data, records)
        places = [int(records.starts[number]) - HEADER for number in damaged]
        for place in [*places, records.end] if records.damaged else places:
            at = integer(self._tail.offset + place)
            run.note(f"{self._tail.path.name}: damaged at byte {at}; that record is left out")
        for tag, found in scalars.items():
            name, named = self._named(tag)
            run.record(name, found.steps, found.values, found.times, self.strand, named)

    def _named(self, tag: str) -> tuple[str, tuple[str, str]]:
        """What a tag's curve is called, and its metric and split."""
        if not self._folder:
            return tag, metric_and_split(tag)
        if split := split_of(self._folder):
            return f"{self._folder}/{tag}", (metric_and_split(tag)[0], split)
        if is_curve_folder(self._folder, tag):
            curve = self._folder[len(tag) + 1 :]
            split = split_of(curve)
            return f"{tag}/{curve}", (tag if split else f"{tag}/{curve}", split)
        return f"{self._folder}/{tag}", metric_and_split(tag)
