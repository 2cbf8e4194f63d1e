"""Alert log: what the rules of health see while a run goes on, told once each, and kept with the run."""

import math
from collections.abc import Callable, Sequence
from itertools import groupby

from nnviz.frame.health_view import Alert, Diagnosis, HealthAccount
from nnviz.insight.health.rules import RuleRunner
from nnviz.training.cost import RULES, step_cost
from nnviz.training.layer_history import SHARE
from nnviz.training.trainer import Trainer

# The rules are asked after so many training steps, then whenever there are so many times as many, until that is as far
# apart as their cost demands.
FIRST, GROWTH = 64, 4


class AlertLog:
    """`tell` hears of each alert when a rule has one for the first time about a layer, or about the whole network.

    Of those that one rule has at once about several layers it hears the first one, and how many others there are. Which
    that are depends on the run alone, and on no clock.
    """

    def __init__(self, trainer: Trainer, tell: Callable[[Alert, int], None]) -> None:
        self._trainer, self._tell = trainer, tell
        self._rules_of_health = RuleRunner(trainer)
        self._told: dict[tuple[str, str | None], Alert] = {}
        self._due = FIRST
        self._apart = max(FIRST, math.ceil(RULES / (SHARE * step_cost(trainer.engine))))
        # A run that goes on asks where it would have asked.
        while self._due <= trainer.furthest:
            self._due = self._after(self._due)

    def look(self) -> None:
        """Ask the rules, if it is time. To be called between training steps."""
        if self._trainer.furthest >= self._due:
            self._due = self._after(self._due)
            self._hear()

    def _after(self, due: int) -> int:
        return min(due * GROWTH, due + self._apart)

    def _hear(self) -> None:
        alerts = self._rules_of_health.diagnosis().alerts
        new = [alert for alert in alerts if (alert.rule, alert.layer) not in self._told]
        self._told |= {(alert.rule, alert.layer): alert for alert in new}
        for _, of_rule in groupby(new, key=lambda alert: alert.rule):
            first, *others = of_rule
            self._tell(first, len(others))

    def account(self) -> HealthAccount:
        """All alerts of the run, the rules that find nothing at its end, those that cannot run, and why."""
        self._hear()
        return account_of(self._rules_of_health.diagnosis(), list(self._told.values()))


def account_of(diagnosis: Diagnosis, told: Sequence[Alert] = ()) -> HealthAccount:
    """The same of what all rules say; `told` are alerts of earlier, with those of now."""
    alerts = told or diagnosis.alerts
    spoke = {alert.rule for alert in alerts}
    return HealthAccount(
        tuple(alerts),
        tuple(rule for rule in diagnosis.quiet if rule not in spoke),
        {each.rule: each.reason for each in diagnosis.unable},
    )
