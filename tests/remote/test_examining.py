"""An example of the test split is looked at as it is judged, and the training stays as it is."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from nnviz.experiment import combine
from nnviz.frame.frame import Frame, State
from nnviz.frame.stages import Phase
from nnviz.remote import messages as m
from nnviz.remote.service import Service
from nnviz.runs.paths import free_path

TABLES = {
    "data": {"source": "pets", "image_size": 8},
    "network": {"layers": "dense 6 batchnorm relu, dropout 0.5, dense 5 tanh"},
    "training": {"batch_size": 16, "learning_rate": 0.01, "label_smoothing": 0.1, "l2": 0.01},
}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Service]]:
    """Services that have trained a little, and have asked the next batch."""
    started = []

    def begin() -> Service:
        started.append(service := Service(m.Order(combine(TABLES), free_path(tmp_path / "run"))))
        for _ in range(12):
            service.answer(m.Advance(m.Goal.UPDATE))
        service.answer(m.Advance(m.Goal.LOSS))
        return service

    yield begin
    for service in started:
        service.conclude(0.0)


@pytest.fixture
def service(start: Callable[[], Service]) -> Service:
    return start()


def seen(service: Service, request: m.Request) -> Frame:
    frame = service.answer(request)
    assert isinstance(frame, Frame)
    return frame


def test_what_is_said_of_it_is_what_the_evaluation_says(service: Service) -> None:
    trainer = service.session.trainer
    test = trainer.dataset.test
    assessed, numbers = trainer.assess(test), (5, 2, 9)
    frame = seen(service, m.Examine("test", numbers, 1))
    for change in range(3):
        number = numbers[(1 + change) % 3]
        example = frame.example
        assert (example.number, example.label, example.name) == (number, test.labels[number], test.names[number])
        np.testing.assert_array_equal(example.pixels, test.inputs[number])
        np.testing.assert_allclose(example.prediction, assessed.predictions[number], rtol=1e-5)
        assert example.loss == pytest.approx(assessed.losses[number], rel=1e-5)
        assert frame.batch_loss == pytest.approx(assessed.losses[number], rel=1e-5)
        assert frame.examined is not None
        assert (frame.examined.split, frame.examined.place, frame.examined.count) == ("test", (1 + change) % 3, 3)
        frame = seen(service, m.SetFocus(replace(frame.focus, example=frame.focus.example + 1)))


def test_its_gradient_is_the_slope_of_its_own_loss(service: Service) -> None:
    trainer = service.session.trainer
    frame = seen(service, m.Examine("test", (3,), 0))
    assert not frame.has_begun(Phase.BACKWARD)
    assert seen(service, m.Advance(m.Goal.BACKWARD)).has_reached(Phase.BACKWARD)
    view = service.answer(m.Verify(0, None))
    service.work(lambda: False)
    view = service.answer(m.LookAtVerification())
    assert view.done == view.total
    assert view.step == trainer.engine.index
    assert all(layer.agreeing + layer.crossed == layer.checked for layer in view.layers)


def test_the_training_stays_as_it_is_and_goes_on_from_there(service: Service, start: Callable[[], Service]) -> None:
    other = start()
    before = seen(other, m.Look())
    frame = seen(service, m.Examine("test", (0, 1), 0))
    assert (frame.moment.step, frame.moment.furthest, frame.state) == (12, 12, State.PAUSED)
    for request in (m.Advance(m.Goal.BACKWARD), m.GoTo(m.Destination.STAGE_BACK), m.Advance(m.Goal.STAGE)):
        assert seen(service, request).examined is not None
    after = seen(service, m.Stay())
    assert after.examined is None
    assert after.moment == before.moment
    np.testing.assert_array_equal(after.example.prediction, before.example.prediction)
    seen(service, m.Examine("test", (0, 1), 0))
    # An update is the training's.
    after = seen(service, m.Advance(m.Goal.UPDATE))
    other.answer(m.Advance(m.Goal.UPDATE))
    assert after.examined is None
    assert after.moment.step == 12
    np.testing.assert_array_equal(
        service.session.trainer.network.parameters.values, other.session.trainer.network.parameters.values
    )
