"""All rules of health, and what they say of a run."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from nnviz.frame.health_view import Alert, Diagnosis, Unable
from nnviz.insight.health import data_rules, example_rules, layer_rules, loss_rules
from nnviz.insight.health.evidence import Beginning, CannotRunError, Evidence
from nnviz.training.trainer import Trainer


class Rule(NamedTuple):
    """A rule: its id, by which it is named everywhere, and what it finds."""

    id: str
    find: Callable[[Evidence], list[Alert]]


RULES = (
    Rule("inputs-badly-scaled", data_rules.inputs_badly_scaled),
    Rule("targets-badly-scaled", data_rules.targets_badly_scaled),
    Rule("unequal-classes", data_rules.unequal_classes),
    Rule("shared-examples", data_rules.shared_examples),
    Rule("contradicting-labels", data_rules.contradicting_labels),
    Rule("weights-start-alike", layer_rules.weights_start_alike),
    Rule("weights-badly-scaled", layer_rules.weights_badly_scaled),
    Rule("small-batches", layer_rules.small_batches_for_normalisation),
    Rule("first-loss", loss_rules.first_loss),
    Rule("dead-units", layer_rules.dead_units),
    Rule("saturated-units", layer_rules.saturated_units),
    Rule("vanishing-gradient", layer_rules.vanishing_gradient),
    Rule("exploding-gradient", layer_rules.exploding_gradient),
    Rule("updates-too-large", layer_rules.updates_too_large),
    Rule("updates-too-small", layer_rules.updates_too_small),
    Rule("diverging", loss_rules.diverging),
    Rule("loss-does-not-fall", loss_rules.loss_does_not_fall),
    Rule("loss-falls-slowly", loss_rules.loss_falls_slowly),
    Rule("loss-oscillates", loss_rules.loss_oscillates),
    Rule("loss-spikes", loss_rules.loss_spikes),
    Rule("over-fitting", loss_rules.over_fitting),
    Rule("no-better-than-commonest", loss_rules.no_better_than_commonest),
    Rule("class-never-said", loss_rules.class_never_said),
    Rule("one-example", example_rules.one_example_spikes),
    Rule("labels-look-wrong", example_rules.labels_look_wrong),
)


def named_rules(*ids: str) -> tuple[Rule, ...]:
    """The rules of these ids."""
    return tuple(rule for rule in RULES if rule.id in ids)


class RuleRunner:
    """Looks a trainer's run over."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._beginning: Beginning | None = None
        self._history = trainer.history
        self._seen: tuple[int, str | None] | None = None
        self._diagnosis = Diagnosis()

    def diagnosis(self) -> Diagnosis:
        """What all rules say of the run at its present end."""
        trainer = self._trainer
        if self._beginning is None:
            self._beginning = Beginning(trainer)
        seen = (trainer.furthest, trainer.stopped_by)
        if seen != self._seen or trainer.history is not self._history:
            self._seen, self._history = seen, trainer.history
            self._diagnosis = examine(Evidence(trainer, self._beginning))
        return self._diagnosis

    def lately(self) -> Diagnosis:
        """The same as it was at most a fifth of the training steps ago, which takes no time to speak of."""
        trainer, seen = self._trainer, self._seen
        if seen is not None and trainer.history is self._history and seen[0] <= trainer.furthest <= seen[0] * 1.25:
            return self._diagnosis
        return self.diagnosis()


def examine(evidence: Evidence, rules: Iterable[Rule] = RULES) -> Diagnosis:
    """Run the rules."""
    alerts, quiet, unable = [], [], []
    for rule in rules:
        try:
            found = rule.find(evidence)
        except CannotRunError as error:
            unable.append(Unable(rule.id, str(error)))
            continue
        alerts += found
        if not found:
            quiet.append(rule.id)
    return Diagnosis(tuple(alerts), tuple(quiet), tuple(unable))
