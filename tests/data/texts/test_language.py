"""The built-in lines of ten languages."""

from nnviz.data.sources import find_source, suggested
from nnviz.data.written.language import open_language
from nnviz.experiment import combine
from nnviz.training.assembly import assemble, open_dataset


def test_each_language_has_as_much_of_everything() -> None:
    dataset = open_language()
    assert len(dataset.class_names) == 10
    assert not dataset.skipped
    for split, lines in ((dataset.train, 40), (dataset.validation, 10), (dataset.test, 10)):
        assert split.labels.tolist() == [label for label in range(10) for _ in range(lines)]
    texts = [text for split in (dataset.train, dataset.validation, dataset.test) for text in split.texts or ()]
    assert len(set(texts)) == len(texts) == 600


def test_unseen_lines_are_known_within_the_suggested_epochs() -> None:
    tables = {"data": {"source": "language"}, "training": {"threads": 1, "seed": 1}}
    experiment = combine(suggested(find_source("language")), tables)
    dataset = open_dataset(experiment)
    trainer = assemble(experiment, dataset)
    while not trainer.stopped_by:
        trainer.step()
    assert (trainer.assess(dataset.test).score.accuracy or 0) >= 0.93
