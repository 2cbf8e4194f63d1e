"""What each layer did is the same however a run was had, takes bounded memory, and loses no peak."""

import numpy as np
import pytest

from nnviz.frame.layer_measures import MEASURES, Measure, measured
from nnviz.frame.stages import Phase
from nnviz.training.cost import reading_cost, step_cost
from nnviz.training.engine_trace import EngineTrace
from nnviz.training.layer_history import CAPACITY, SHARE, WINDOW, LayerHistory

LAYERS = "dense 7 batchnorm relu, dense 5 tanh, dense 6 relu, dense 4 sigmoid"


def same(one, other):
    ours, theirs = one.numbers(), other.numbers()
    assert ours.keys() == theirs.keys()
    for name, array in ours.items():
        np.testing.assert_array_equal(array, theirs[name], err_msg=name)


def often(trainer, spacing=1):
    trainer.layers.spacing = spacing
    return trainer


def straight(make_trainer, steps, **settings):
    trainer = often(make_trainer(layers=LAYERS, **settings))
    for _ in range(steps):
        trainer.step()
    return trainer


def test_the_same_run_has_the_same_readings_by_stages_straight_or_resumed(make_trainer):
    steps = 150
    expected = straight(make_trainer, steps)
    by_stages = often(make_trainer(layers=LAYERS))
    while by_stages.steps_done < 40:
        by_stages.advance()
    while by_stages.steps_done < steps:
        by_stages.finish_phase(Phase.BACKWARD)
        by_stages.step()
    same(by_stages.layers, expected.layers)

    begun = straight(make_trainer, 61)
    state = begun.state()
    evaluations, log = begun.history.evaluations, begun.journal.log
    resumed = make_trainer(layers=LAYERS)
    resumed.restore(state, evaluations, log)
    same(resumed.layers, begun.layers)
    resumed.replay(steps - 20, expected.history.evaluations, expected.journal)
    while resumed.steps_done < steps:
        resumed.step()
    same(resumed.layers, expected.layers)


def test_any_number_of_readings_is_merged_without_losing_a_peak_or_the_mean(make_trainer):
    trainer = make_trainer(layers=LAYERS)
    trace = EngineTrace(trainer.engine)
    history = LayerHistory(trace.layers, 1)
    generator, rows = np.random.default_rng(1), []
    size = sum(array.nbytes for array in history.numbers().values())
    assert not len(history.steps)
    for step in range(1, 1500):
        table = generator.normal(size=(len(trace.layers), len(MEASURES)))
        # Gaps, and what is not finite.
        table[generator.random(table.shape) < 0.3] = np.nan
        table[generator.random(table.shape) < 0.02] = np.inf
        history._add(step, table, np.nan)
        rows.append(table)
    assert history.filled <= CAPACITY == len(history.steps)
    assert sum(array.nbytes for array in history.numbers().values()) <= size + CAPACITY * 8 * (
        4 * len(history.cells) + 1
    )
    rows = np.where(np.isfinite(rows), rows, np.nan)
    starts = range(0, len(rows), history.stride)
    for cell, (layer, measure) in enumerate(history.cells):
        steps, means, lows, highs = history.series(layer, measure)
        bins = [rows[start : start + history.stride, layer, MEASURES.index(measure)] for start in starts]
        assert steps.tolist() == [start + 1 for start in starts]
        assert history.counts[: len(bins), cell].tolist() == [np.isfinite(one).sum() for one in bins]
        np.testing.assert_allclose(means, [np.nanmean(one) for one in bins], rtol=0, atol=1e-12)
        np.testing.assert_array_equal(lows, [np.nanmin(one) for one in bins])
        np.testing.assert_array_equal(highs, [np.nanmax(one) for one in bins])


def test_a_unit_is_dead_that_was_silent_for_a_whole_window_and_no_other(make_trainer):
    trainer = often(make_trainer(layers="dense 7 relu, dense 5 relu", learning_rate=0.05))
    trace, weights = EngineTrace(trainer.engine), trainer.network.layers[0]
    weights.weights.values[:, :3] = 0
    weights.biases.values[:3] = (-1, -1, 0.1)
    was_silent, found = [], []
    for _ in range(3 * WINDOW):
        trainer.step()
        was_silent.append((trace.output(1) == 0).all(axis=0))
        assert trainer.layers.latest_step == trainer.steps_done
        found.append(trainer.layers.latest[1, MEASURES.index(Measure.DEAD)])
    for end in range(1, len(found) + 1):
        window = was_silent[max(end - WINDOW, 0) : end]
        expected = np.all(window, axis=0).mean() if end >= WINDOW else np.nan
        np.testing.assert_equal(found[end - 1], expected)
    assert 2 / 7 <= found[-1] < 1


@pytest.mark.parametrize("layers", ["dense 3", "dense 200 relu, dense 200 relu", LAYERS])
@pytest.mark.parametrize("batch_size", [1, 16, 50])
def test_readings_take_a_hundredth_of_the_training_at_most(make_trainer, layers, batch_size):
    """By what is worked out of their cost, but for the first ones, which a person would wait for."""
    trainer = make_trainer(layers=layers, batch_size=batch_size)
    history, steps = trainer.layers, 20_000
    taken = []
    while history.due <= steps:
        taken.append(history.due)
        history.due = history._next()
    assert taken[:8] == [1, 2, 3, 4, 6, 8, 12, 16]
    assert sorted(set(taken)) == taken
    regular = [step for step in taken if step % history.spacing == 0]
    assert set(taken) - set(regular) < {2**k for k in range(20)} | {3 * 2**k for k in range(20)}
    assert max(np.diff(taken)) <= history.spacing
    assert len(regular) * reading_cost(trainer.engine) <= SHARE * steps * step_cost(trainer.engine)


def test_a_branch_goes_on_from_what_was_read_before_it(make_trainer):
    trainer = straight(make_trainer, 150)
    cut = trainer.layers.cut(100)
    stride = trainer.layers.stride
    assert stride > 1
    assert cut.filled == 100 // stride
    assert cut.due == 101
    for layer, measure in cut.cells:
        for one, other in zip(cut.series(layer, measure), trainer.layers.series(layer, measure), strict=True):
            np.testing.assert_array_equal(one, other[: cut.filled])
    whole = trainer.layers.cut(150)
    assert whole.due == 151


def test_a_layer_that_is_half_through_its_step_tells_what_is_there(make_trainer):
    trainer = make_trainer(layers=LAYERS)
    trace = EngineTrace(trainer.engine)
    gradient, mean = MEASURES.index(Measure.GRADIENT), MEASURES.index(Measure.MEAN)
    assert np.isnan(measured(trace)[:, [gradient, mean]]).all()
    trainer.advance()
    assert np.isfinite(measured(trace)[0, mean])
    assert np.isnan(measured(trace)[1:, mean]).all()


def test_the_share_of_the_batch_that_was_right_is_read_with_the_layers(make_trainer):
    trainer = often(make_trainer(layers=LAYERS, batch_size=7))
    expected = []
    for _ in range(20):
        trainer.step()
        batch, said = trainer.engine.batch, trainer.engine.scores.prediction.argmax(axis=1)
        expected.append((said == trainer.dataset.train.labels[batch.indices]).mean())
    steps, means, lows, highs = trainer.layers.right
    assert steps.tolist() == list(range(1, 21))
    for found in (means, lows, highs):
        np.testing.assert_array_equal(found, expected)
    again = LayerHistory(trainer.layers.traits, 1)
    again.restore(trainer.layers.numbers())
    np.testing.assert_array_equal(again.right[1], expected)
