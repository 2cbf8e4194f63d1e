"""Tables with a column of texts."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnviz.data import suggestions
from nnviz.data.dataset import Dataset
from nnviz.data.sources import find_source, suggested
from nnviz.data.tables.table import open_table
from nnviz.data.tables.table_encoding import TableEncoding
from nnviz.data.texts.text_dataset import standardization_of
from nnviz.errors import InputError
from nnviz.experiment import Data, combine
from nnviz.training.assembly import assemble, open_dataset

SMS = Path(__file__).parents[4] / "shared" / "data" / "text" / "sms.tsv"
ROWS = [
    f"{i}\t{('calm', 'angry')[i % 2]}\tthis is message number {'abcdefgh'[i % 8] * (i + 1)} to you" for i in range(40)
]


def written(folder: Path, rows: list[str]) -> Path:
    path = folder / "mail.tsv"
    path.write_text("\n".join(["count\tmood\tbody", *rows, ""]))
    return path


def opened(path: Path, encoding: TableEncoding | None = None, **choices: Any) -> Dataset:
    return open_table(path, Data(source=str(path), **choices), np.random.default_rng(0), encoding)


def test_the_column_of_texts_is_found(tmp_path: Path) -> None:
    path = written(tmp_path, ROWS)
    dataset = opened(path)
    assert dataset.class_names == ("angry", "calm")
    assert dataset.train.inputs.dtype == np.uint8
    assert dataset.train.texts is not None
    assert dataset.train.texts[0].startswith("this is message number")
    assert "the text is column 'body', the target 'mood', and 1 other column left out: count" in dataset.notes[0]
    assert suggested(find_source(str(path))) == suggestions.FOR_TEXTS


def test_what_is_chosen_wins(tmp_path: Path) -> None:
    path = written(tmp_path, ROWS)
    assert opened(path, text_column="", target="mood").feature_names == ("count",)
    assert suggested(find_source(str(path)), text_column="") == suggestions.FOR_TABLES
    by_mood = opened(path, text_column="mood", target="1", task="regress")
    assert by_mood.train.texts is not None
    assert set(by_mood.train.texts) == {"calm", "angry"}
    assert by_mood.task.numbers == 1
    with pytest.raises(InputError, match="'body' is both target and text"):
        opened(path, text_column="body", target="body")


def test_rows_without_text_are_counted(tmp_path: Path) -> None:
    dataset = opened(written(tmp_path, [*ROWS, "7\tcalm\t", "8\tangry\t"]))
    assert dataset.notes[-1] == "skipped 2 rows without text (lines 42 and 43)"
    with pytest.raises(InputError, match="too few rows: 0 with text in column 'body'"):
        opened(written(tmp_path, ["7\tcalm\t", "8\tangry\t"]), text_column="body", target="mood")


def test_another_table_is_read_by_the_encoding_of_the_first(tmp_path: Path) -> None:
    first = opened(written(tmp_path, ROWS))
    other = tmp_path / "other.csv"
    other.write_text("body,mood\n" + "".join(f'"word {i}, oh","{"calm" if i % 3 else "angry"}"\n' for i in range(9)))
    dataset = opened(other, first.encoding)
    assert dataset.task == first.task
    assert dataset.encoding == first.encoding
    other.write_text("text,mood\na b,calm\nc d,angry\n")
    with pytest.raises(InputError, match="there is no column 'body'"):
        opened(other, first.encoding)


def test_a_column_of_texts_that_was_numbered_is_found_by_name_in_another_order(tmp_path: Path) -> None:
    first = opened(written(tmp_path, ROWS), text_column="3", target="2")
    other = tmp_path / "other.csv"
    other.write_text("body,mood,count\n" + "".join(f"words {i},{'calm' if i % 3 else 'angry'},{i}\n" for i in range(9)))
    dataset = opened(other, first.encoding, text_column="3", target="2")
    assert dataset.train.texts is not None
    assert all(text.startswith("words ") for text in dataset.train.texts)


def test_rare_counts_are_not_enlarged_more_than_the_mean_one() -> None:
    counts = np.random.default_rng(0).poisson([3.0, 1.0, 0.01, 0], (500, 4)).astype(np.uint8)
    variance = counts.var(axis=0)
    measured = standardization_of(counts)
    assert measured.mean == pytest.approx(counts.mean(axis=0))
    assert measured.deviation**2 == pytest.approx(np.maximum(variance, variance.mean()), rel=1e-5)
    assert standardization_of(np.ones((3, 2), np.uint8)).deviation.tolist() == [1, 1]


@pytest.mark.skipif(not SMS.is_file(), reason="shared/data/text/sms.tsv is not here")
def test_real_messages_are_told_apart() -> None:
    source = str(SMS)
    experiment = combine(
        suggested(find_source(source)), {"data": {"source": source}, "training": {"threads": 1, "seed": 3}}
    )
    dataset = open_dataset(experiment)
    assert sum(map(len, (dataset.train, dataset.validation, dataset.test))) == 5574
    trainer = assemble(experiment, dataset)
    while not trainer.stopped_by:
        trainer.step()
    assessment = trainer.assess(dataset.test)
    confusion = assessment.confusion
    assert confusion is not None
    assert (assessment.score.accuracy or 0) >= 0.97
    assert confusion[1, 1] >= 0.9 * confusion[1].sum()
