"""A frame is a function of its moment: the same moment gives the same frame, whenever and however it was reached."""

import time

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from nnviz.data.sources import open_source
from nnviz.experiment import Data
from nnviz.frame.focus import Focus, Quantity
from nnviz.frame.frame import EVERY_PART, Rates, State
from nnviz.frame.stages import Phase
from nnviz.training.assembly import assemble
from nnviz.training.camera import Camera

MANY = 270
"""Steps in a row, of a network that is quick: more than any choice may last."""
WAYS = {
    "a stage": lambda trainer: trainer.advance(),
    "a step": lambda trainer: trainer.step(),
    **{f"to the end of {phase}": lambda trainer, phase=phase: trainer.finish_phase(phase) for phase in Phase},
}


@pytest.fixture
def makers(make_experiment, make_trainer, make_picture_trainer):
    """For each kind of data, what makes a new trainer at its first step."""
    plane = open_source(Data(source="circles"), np.random.default_rng(0))
    layers = "dense 30 tanh, dense 40 batchnorm relu dropout 0.2"
    return {
        "features": lambda: make_trainer(layers="dense 60 relu, dense 40 tanh", optimizer="adam", learning_rate=0.05),
        "plane": lambda: assemble(make_experiment(layers=layers, learning_rate=0.3, schedule="plateau"), plane),
        "pictures": lambda: make_picture_trainer(layers="conv 30 3x3 batchnorm relu, pool 2, dense 50 relu"),
    }


def assert_same(one, other, where="frame"):
    """Two frames, or parts of them, are equal to the last bit."""
    assert type(one) is type(other), where
    if isinstance(one, np.ndarray):
        assert (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes()), where
    elif isinstance(one, msgspec.Struct):
        for name in one.__struct_fields__:
            assert_same(getattr(one, name), getattr(other, name), f"{where}.{name}")
    elif isinstance(one, tuple):
        assert len(one) == len(other), where
        for k, pair in enumerate(zip(one, other, strict=True)):
            assert_same(*pair, f"{where}[{k}]")
    else:
        # A number that is not a number is equal to itself here.
        assert repr(one) == repr(other), where


def moment(trainer):
    return trainer.engine.index, trainer.engine.done


def stage_by_stage(trainer, until):
    while moment(trainer) != until:
        trainer.advance()


foci = st.builds(Focus, st.integers(0, 30), st.integers(0, 6), st.sampled_from(Quantity))
walks = st.lists(
    st.tuples(st.sampled_from([*WAYS, "many steps"]), foci, st.sampled_from([State.RUNNING, State.PAUSED, None])),
    min_size=2,
    max_size=9,
)


@pytest.mark.parametrize("kind", ["features", "plane", "pictures"])
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(walk=walks)
def test_the_same_moment_gives_the_same_frame(makers, kind, walk):
    """Of every camera: one that looked all the time, new ones, one of a trainer that went stage by stage without being
    looked at, and one of a trainer that took up a checkpoint."""
    walked, walked_past = makers[kind](), makers[kind]()
    watching, at_first = Camera(walked), Camera(walked_past)
    checkpoint = walked.engine.state()
    for way, focus, state in walk:
        if way == "many steps":
            for _ in range(MANY if kind == "features" else 3):
                walked.step()
            checkpoint = walked.engine.state()
            walked.step()
        else:
            WAYS[way](walked)
        if state is None:
            continue
        stage_by_stage(walked_past, moment(walked))
        restored = makers[kind]()
        restored.engine.restore(checkpoint)
        stage_by_stage(restored, moment(walked))
        # What was measured on the way is not in a checkpoint.
        restored.standing.history, restored.standing.layers = walked.history, walked.layers
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(time, "perf_counter", lambda: pytest.fail("a frame was taken by the clock"))
            patch.setattr(time, "monotonic", lambda: pytest.fail("a frame was taken by the clock"))
            frame = watching.take(focus, state, Rates())
            for camera in (Camera(walked), at_first, Camera(walked_past), Camera(restored)):
                assert_same(camera.take(focus, state, Rates()), frame)
            assert_same(watching.take(focus, State.RUNNING, Rates()), replace(frame, state=State.RUNNING))
            assert_same(watching.update(EVERY_PART, focus, Rates()).over(frame), frame)
