"""`make attempts`: what the attempts of the rules make of the ill networks, each by ten seeds."""

import sys
from collections.abc import Iterable
from itertools import islice

import numpy as np
from msgspec.structs import replace

from nnviz.data.standardization import Standardization
from nnviz.frame.health_view import Alert
from nnviz.insight.health.attempts import begins_at
from nnviz.insight.health.evidence import Beginning
from nnviz.insight.health.rules import RuleRunner
from nnviz.training.assembly import assemble
from nnviz.training.process import prepare_process
from nnviz.training.trainer import Trainer
from tests.zoo.animals import GIVEN, begin_with
from tests.zoo.ill import ILL, Ill

# By the first ten seeds that make it ill; chance does not always.
SEEDS, ENOUGH, MOST_SEEDS = 10, 8, 40
# So many steps an attempt has to show what it is worth, and its healthy twin too.
STEPS = 800
# It may have learnt less than its healthy twin by that much; the validation splits have 60 examples or so.
LESS = 0.1


def trained(made: Trainer, steps: int) -> Trainer:
    """The same after so many training steps, or where it stopped."""
    while made.stopped_by is None and made.steps_done < steps:
        made.step()
    return made


def attempted(made: Trainer, alert: Alert) -> Trainer:
    """A trainer at the place of a run where an alert's attempt begins, with its changes made."""
    before = made.experiment
    after = before.changed(alert.changes)
    start = begins_at(alert)
    experiment = before if start else after
    dataset = made.dataset
    if after.data != before.data:
        dataset = replace(dataset, standardization=Standardization.of(dataset.train.inputs))
    begun = assemble(experiment.changed({"network": {"weights": None}}), dataset)
    if experiment.network.weights == GIVEN:
        begin_with(begun, made.first.values)
    if start:
        trained(begun, start).change_rate(after.training.learning_rate)
    return begun


def learnt(made: Trainer) -> float:
    """On validation: of classes the mean share that is said right, above chance; of numbers the explained share."""
    assessment = made.assess(made.dataset.validation)
    table = assessment.confusion
    if table is None:
        return 1 - assessment.score.loss / Beginning(made).constant
    recalls = np.diag(table) / np.maximum(table.sum(axis=1), 1)
    chance = 1 / len(recalls)
    return float((recalls.mean() - chance) / (1 - chance))


def outcome(ill: Ill, seed: int) -> str | None:
    """`mended`; else what is in the way; None where chance did not make it ill.

    Mended is a network of which the rule has nothing more to say, and that has learnt what a healthy one learns of such
    examples in as many steps, but for `LESS`.
    """
    made = trained(ill.make(seed), ill.steps)
    alert = next((alert for alert in RuleRunner(made).diagnosis().alerts if alert.rule == ill.rule), None)
    if alert is None:
        return None
    if not alert.changes:
        return "by hand"
    steps = max(STEPS, ill.steps)
    tried = trained(attempted(made, alert), steps)
    if any(each.rule == ill.rule for each in RuleRunner(tried).diagnosis().alerts):
        return "alert stays"
    if tried.stopped_by == "patience":
        # What the run is remembered by is not where it stopped.
        tried.network.parameters.values[...] = tried.kept().values
    own, healthy = learnt(tried), learnt(trained(ill.twin(seed), steps))
    return "mended" if own >= healthy - LESS else f"learnt {own:.2f} of {healthy:.2f}"


def main(names: Iterable[str], seeds: int) -> int:
    """Print the table of ill networks and what became of them."""
    prepare_process()
    failed = 0
    for ill in ILL:
        if names and not any(name in (ill.rule, ill.name) for name in names):
            continue
        outcomes = list(islice(filter(None, (outcome(ill, seed) for seed in range(MOST_SEEDS))), seeds))
        mended = outcomes.count("mended")
        failed += not ill.only_by_hand and mended < ENOUGH / SEEDS * len(outcomes)
        others = "takes a person" if ill.only_by_hand else ", ".join(sorted(set(outcomes) - {"mended"}))
        print(f"{ill.rule:26} {ill.name:44} {mended:>2} of {len(outcomes)}  {others}", flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[2:], int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS))
