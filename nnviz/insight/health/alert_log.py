"""Alert log: what the rules of health see while a run goes on, told once each, and kept with the run."""

import math
from collections.abc import Callable, Iterable
from itertools import groupby

from nnviz.frame.health_view import Alert, HealthAccount, Noticed
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
    that are depends on the run alone, and on no clock; a run that goes on has those that it had.

    due  how many training steps are done when the rules are to be asked next
    """

    def __init__(self, trainer: Trainer, rules: RuleRunner, tell: Callable[[Alert, int], None]) -> None:
        self._trainer, self._rules, self._tell = trainer, rules, tell
        self._apart = max(FIRST, math.ceil(RULES / (SHARE * step_cost(trainer.engine))))
        self.due = FIRST
        # A run that goes on asks where it would have asked.
        while self.due <= trainer.furthest:
            self.due = self._after(self.due)

    def look(self) -> None:
        """Ask the rules, if it is time. To be called between training steps, before these are written down."""
        if self._trainer.furthest >= self.due:
            self.due = self._after(self.due)
            standing = self._trainer.standing
            new = self._new()
            standing.alerts += tuple(Noticed(self._trainer.furthest, alert) for alert in new)
            self._tell_of(new)

    def _after(self, due: int) -> int:
        return min(due * GROWTH, due + self._apart)

    def _new(self) -> list[Alert]:
        """What the rules say now, and have not said when they were asked before."""
        noticed = {(each.alert.rule, each.alert.layer) for each in self._trainer.standing.alerts}
        return [alert for alert in self._rules.diagnosis().alerts if (alert.rule, alert.layer) not in noticed]

    def _tell_of(self, alerts: Iterable[Alert]) -> None:
        for _, of_rule in groupby(alerts, key=lambda alert: alert.rule):
            first, *others = of_rule
            self._tell(first, len(others))

    def account(self) -> HealthAccount:
        """All alerts of the run, the rules that find nothing at its end, those that cannot run, and why.

        What only its end brings up is told, and is none of the run that goes on from there.
        """
        new, diagnosis = self._new(), self._rules.diagnosis()
        self._tell_of(new)
        alerts = (*(each.alert for each in self._trainer.standing.alerts), *new)
        spoke = {alert.rule for alert in alerts}
        return HealthAccount(
            alerts,
            tuple(rule for rule in diagnosis.quiet if rule not in spoke),
            {each.rule: each.reason for each in diagnosis.unable},
        )
