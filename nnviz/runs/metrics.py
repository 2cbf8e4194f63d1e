"""The metrics, the journal and the alerts of a run, read from its directory."""

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from nnviz.errors import InputError
from nnviz.frame.health_view import Noticed
from nnviz.frame.task import Task
from nnviz.scores.distance import Distance, Distances
from nnviz.training.evaluation import Score
from nnviz.training.history import Evaluation
from nnviz.training.journal import Entry
from nnviz.training.mistakes import Mistakes

T = TypeVar("T")


def whole_lines(path: Path) -> list[bytes]:
    """The lines of a file, each with its end; none where there is no file.

    A last one without an end was not written to its end, and is left out. Raises InputError if it cannot be read.
    """
    try:
        with path.open("rb") as file:
            lines = file.readlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    return lines if not lines or lines[-1].endswith(b"\n") else lines[:-1]


def read_evaluations(path: Path, task: Task) -> list[Evaluation]:
    """All evaluations in a file of metrics; the last one is left out if not all of its lines are there.

    Raises InputError naming the line that is damaged.
    """
    records = [_record(path, number, line) for number, line in enumerate(whole_lines(path), 1)]
    return list(_evaluations(path, records, task.output_names(task.numbers)))


def lines_of_one(evaluations: Sequence[Evaluation]) -> int:
    """How many lines each evaluation of a run has in its file of metrics."""
    return 1 + (bool(evaluations) and evaluations[0].validation is not None)


def _record(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        raise _damaged(path, number)
    return record


def _damaged(path: Path, number: int) -> InputError:
    return InputError(f"{path}: line {number} is damaged, or not one of nnviz's")


def _evaluations(path: Path, records: list[dict[str, Any]], names: Sequence[str]) -> Iterator[Evaluation]:
    """Each evaluation: two records where there is a validation split."""
    lines = 1 + (len(records) > 1 and records[1].get("split") == "validation")
    for place in range(0, len(records) - lines + 1, lines):
        try:
            train, *judged = records[place : place + lines]
            score = _score(judged[0], names) if judged else None
            if train["split"] != "train" or (judged and judged[0]["step"] != train["step"]):
                raise ValueError
            loss, seconds = _number(train["mean_step_loss"]), float(train["seconds"])
            mistakes = msgspec.convert(judged[0].get("mistakes"), Mistakes | None) if judged else None
            yield Evaluation(int(train["step"]), int(train["epoch"]), seconds, loss, score, mistakes)
        except (KeyError, TypeError, ValueError, AttributeError, msgspec.ValidationError):
            raise _damaged(path, place + 1) from None


def _number(written: float | None) -> float:
    """JSON knows no infinity."""
    return math.inf if written is None else float(written)


def _score(record: dict[str, Any], names: Sequence[str]) -> Score:
    if record["split"] != "validation":
        raise ValueError
    accuracy = record["accuracy"]
    return Score(_number(record["loss"]), None if accuracy is None else float(accuracy), _distances(record, names))


def _distances(record: dict[str, Any], names: Sequence[str]) -> Distances:
    if "rmse" not in record:
        return ()
    rmse, mae = record["rmse"], record["mae"]
    if not isinstance(rmse, dict):
        return (Distance(names[0], _number(rmse), _number(mae)),)
    return tuple(Distance(name, _number(rmse[name]), _number(mae[name])) for name in rmse)


def written_line(entry: Entry | Noticed) -> bytes:
    """A line of the journal, or of the alerts."""
    return msgspec.json.encode(entry) + b"\n"


def read_log(path: Path) -> list[Entry]:
    """All that was ever added to a journal, as it came. Raises InputError naming the line that is damaged."""
    return _decoded(path, msgspec.json.Decoder(Entry))


def read_alerts(path: Path) -> list[Noticed]:
    """What the rules of health had to say, as it came up. Raises InputError naming the line that is damaged."""
    return _decoded(path, msgspec.json.Decoder(Noticed))


def _decoded(path: Path, decoder: msgspec.json.Decoder[T]) -> list[T]:
    found: list[T] = []
    for number, line in enumerate(whole_lines(path), 1):
        try:
            found.append(decoder.decode(line))
        except (msgspec.DecodeError, RecursionError):
            raise _damaged(path, number) from None
    return found
