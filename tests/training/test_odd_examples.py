"""Spikes and mistakes: what is kept of single examples is what a plain loop over all of them finds."""

import json

import numpy as np
import pytest

from nnviz.errors import InputError
from nnviz.runs.metrics import read_evaluations
from nnviz.training.evaluation import Assessment, Score
from nnviz.training.history import History, LossCurve
from nnviz.training.mistakes import mistakes_of
from nnviz.training.spikes import KEPT, Spikes
from tests.zoo.animals import classes, numbers, trainer
from tests.zoo.ill import far_target, mislabelled


def trained(made, steps):
    while made.stopped_by is None and made.steps_done < steps:
        made.step()
    return made


def test_spikes_are_those_of_a_plain_loop():
    made = trainer(numbers(spoil=far_target), learning_rate=1e-4)
    limit, losses, found = np.inf, [], []
    for step in range(1, 121):
        is_read = step == made.layers.due
        made.step()
        each, loss = made.engine.scores.each.astype(np.float64), made.engine.scores.mean
        losses.append(loss)
        if loss > limit:
            found.append((loss, step, int(made.engine.batch.indices[each.argmax()]), each.max() / each.sum()))
        if is_read:
            limit = 5 * np.median(losses[-64:])
    spikes = made.history.spikes.largest()
    assert [spike[:3] for spike in spikes] == [spike[:3] for spike in found]
    assert [spike[3] for spike in spikes] == pytest.approx([spike[3] for spike in found])
    assert {example for _, _, example, _ in spikes} == {0}
    assert len(spikes) >= 4
    assert 5 * made.history.numbers()["spikes.usual"] == pytest.approx([limit])


def test_what_is_usual_is_no_matter_of_one_loss_that_is_far_off():
    curve, losses = LossCurve(), 1.0 + np.random.default_rng(3).random(5000)
    losses[4990] = 1e9
    assert curve.usual() == np.inf
    for loss in losses.tolist():
        curve.record(loss)
    assert curve.stride == 8
    bins = losses.reshape(-1, 8).mean(axis=1)
    assert curve.usual() == pytest.approx(np.median(bins[-8:]))
    assert 1 < curve.usual() < 2
    for _ in range(64):
        curve.record(np.nan)
    assert curve.usual() == np.inf


def test_of_very_many_spikes_the_largest_are_kept():
    made = trainer(numbers(spoil=far_target), learning_rate=1e-4)
    made.step()
    spikes, sizes = Spikes(), np.random.default_rng(0).permutation(200) + 1.0
    scores, batch = made.engine.scores, made.engine.batch
    spikes.expect(0.0)
    for step, size in enumerate(sizes.tolist(), 2):
        if size > spikes.limit:
            spikes.keep(step, scores._replace(mean=size), batch)
    assert spikes.limit == sorted(sizes)[-KEPT]
    assert Spikes.of(spikes.numbers()).limit == spikes.limit
    assert sorted(loss for loss, *_ in spikes.largest()) == sorted(sizes)[-KEPT:]
    assert Spikes.of(spikes.numbers()).largest() == spikes.largest()


@pytest.mark.parametrize("output", [None, "single"])
def test_how_well_doubts_tell_mistakes_is_the_share_of_all_pairs(output):
    data = classes(counts=(150, 150), apart=2.0, spoil=mislabelled(0.1))
    made = trained(trainer(data, "dense 8 tanh", network={"output": output} if output else None), 60)
    judged = made.assess(data.validation)
    labels = data.validation.labels
    found = mistakes_of(judged, data.task, labels)
    p = judged.predictions.astype(np.float64)
    p = np.concatenate([1 - p, p], axis=1) if output else p
    said, sure = p.argmax(axis=1), p.max(axis=1)
    wrong, right = sure[said != labels], sure[said == labels]
    pairs = [(r > w) + (r == w) / 2 for w in wrong for r in right]
    assert found.wrong == len(wrong)
    assert found.told == pytest.approx(np.mean(pairs), abs=0.005)
    surest = [place for place, _, _ in found.surest]
    assert set(surest) == set(np.flatnonzero(said != labels)[np.argsort(-wrong)[:5]].tolist())
    assert [left for *_, left in found.surest] == pytest.approx(1 - sure[surest], abs=1e-6)
    assert mistakes_of(judged, numbers().task, labels) is None


def test_a_mistake_of_which_it_is_as_sure_counts_half():
    # Doubts of 0.1 and 0.4 where it is wrong; 0.1, 0.1 and 0.4 where it is right.
    p = np.array([[0.9, 0.1], [0.6, 0.4], [0.9, 0.1], [0.9, 0.1], [0.6, 0.4]])
    judged = Assessment(Score(0.0, 0.6), p, np.zeros(5), None)
    found = mistakes_of(judged, classes(counts=(4, 4)).task, np.array([1, 1, 0, 0, 0]))
    assert found.told == pytest.approx((0.5 + 0.5 + 0 + 1 + 1 + 0.5) / 6)
    assert found.surest == ((0, 0, pytest.approx(0.1)), (1, 0, pytest.approx(0.4)))


def test_a_run_that_is_kept_has_them_again(tmp_path):
    made = trained(trainer(classes(spoil=mislabelled(0.1)), "dense 8 relu"), 75)
    history = made.history
    assert history.latest.mistakes == mistakes_of(
        made.assess(made.dataset.validation), made.dataset.task, made.dataset.validation.labels
    )
    records = [record for evaluation in history.evaluations for record in evaluation.records()]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    again = read_evaluations(tmp_path / "metrics.jsonl", made.dataset.task)
    assert [one.mistakes for one in again] == [one.mistakes for one in history.evaluations]
    assert History.of(history.numbers(), again).spikes.largest() == history.spikes.largest()
    assert all(step <= 70 for _, step, _, _ in history.cut(70, [0.5, 0.7]).spikes.largest())
    records[1]["mistakes"] = [3, 0.5, [[-1, 0, 0.1]]]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    with pytest.raises(InputError, match="line 1 is damaged"):
        read_evaluations(tmp_path / "metrics.jsonl", made.dataset.task)
