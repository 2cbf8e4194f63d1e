"""`make zoo`: every network of the zoo under all rules, as a table of rules against networks."""

import sys
from collections import Counter

from nnviz.insight.health.rules import RULES, RuleRunner
from nnviz.training.process import prepare_process
from nnviz.training.trainer import Trainer
from tests.zoo.healthy import HEALTHY, SEEDS
from tests.zoo.ill import ILL


def found(trainer: Trainer, steps: int) -> list[str]:
    """The rules that have an alert after so many steps, or when the run has stopped."""
    while trainer.stopped_by is None and trainer.steps_done < steps:
        trainer.step()
    alerts = RuleRunner(trainer).diagnosis().alerts
    trainer.close()
    return sorted({alert.rule for alert in alerts})


def main() -> int:
    """Print the table, and what was missed."""
    prepare_process()
    caught, others, missed, false = Counter(), Counter(), [], []
    for ill in ILL:
        rules = found(ill.make(0), ill.steps)
        beside = [rule for rule in rules if rule != ill.rule]
        caught[ill.rule] += ill.rule in rules
        missed += [] if ill.rule in rules else [ill.name]
        others.update(beside)
        print(_line(ill.rule in rules, ill.name, f"{ill.rule:26} also {', '.join(beside) or '—'}"), flush=True)
    for healthy in HEALTHY:
        for seed in SEEDS:
            rules = found(healthy.make(seed), healthy.steps)
            false += rules
            print(_line(not rules, healthy.name, f"seed {seed}  {', '.join(rules)}"), flush=True)
    print(f"\n{'rule':26} {'ill, found':>12} {'beside another':>15} {'on healthy':>11}")
    wanted = Counter(ill.rule for ill in ILL)
    for rule in RULES:
        told = f"{caught[rule.id]} of {wanted[rule.id]}"
        print(f"{rule.id:26} {told:>12} {others[rule.id]:>15} {false.count(rule.id):>11}")
    runs = len(HEALTHY) * len(SEEDS)
    print(f"\n{len(ILL) - len(missed)} of {len(ILL)} ill ones found; {len(false)} alerts on {runs} healthy ones")
    return 1 if missed or len(false) * 40 > runs else 0


def _line(is_right: bool, name: str, told: str) -> str:
    return f"{'✓' if is_right else '✖'} {name:44} {told}"


if __name__ == "__main__":
    sys.exit(main())
