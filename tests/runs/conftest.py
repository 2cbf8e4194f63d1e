"""The small trainers that the tests of training use."""

from tests.training.conftest import dataset, make_experiment, make_picture_trainer, make_trainer, picture_dataset

__all__ = ["dataset", "make_experiment", "make_picture_trainer", "make_trainer", "picture_dataset"]
