"""However often training is begun again, nothing is left of what was there before."""

import gc
import threading
import weakref

from nnviz.nn import workers
from nnviz.remote import messages as m
from nnviz.remote.client import LocalTrainer

from .conftest import ask


def test_a_trainer_is_gone_with_its_thread_as_soon_as_another_begins(make_order, monkeypatch):
    monkeypatch.setattr(workers, "WORTH_DIVIDING", 0)
    before = threading.active_count()
    trainer = LocalTrainer(make_order(threads=2))
    gc.disable()
    try:
        for _ in range(3):
            ask(trainer, m.Advance(m.Goal.STEP))
            assert threading.active_count() == before + 1
            old = weakref.ref(trainer.service.session.trainer)
            ask(trainer, m.Reseed())
            assert old() is None, "it waits for the garbage collection"
            assert threading.active_count() == before
    finally:
        gc.enable()


def test_training_that_begins_again_has_no_more_threads(make_order, monkeypatch):
    monkeypatch.setattr(workers, "WORTH_DIVIDING", 0)
    before = threading.active_count()
    trainer = LocalTrainer(make_order(threads=2))
    for _ in range(3):
        ask(trainer, m.Advance(m.Goal.STEP))
        ask(trainer, m.Restart())
        assert threading.active_count() == before + 1
    trainer.close()
    assert threading.active_count() == before
