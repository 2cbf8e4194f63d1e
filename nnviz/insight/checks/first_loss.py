"""The first loss beside chance: the network should not be sure of anything yet."""

import math
from contextlib import closing

from nnviz.insight.checks.outcome import Outcome, by_rules
from nnviz.insight.checks.subject import Subject, Watch
from nnviz.insight.health.evidence import Beginning, Evidence
from nnviz.insight.health.rules import examine, named_rules
from nnviz.wording import count, integer, number


def first_loss(subject: Subject, _: Watch) -> Outcome:
    """ "Verify loss at init" (Karpathy, "A Recipe for Training Neural Networks", 2019)."""
    with closing(subject.free()) as trainer:
        trainer.step()
        beginning = Beginning(trainer)
        evidence = Evidence(trainer, beginning)
        size = len(trainer.engine.batch.indices)
    classes = len(subject.dataset.class_names)
    is_log = classes and math.isclose(beginning.chance, math.log(classes), rel_tol=1e-6)
    why = f", which is ln {integer(classes)}" if is_log else ""
    loss = evidence.first_loss
    done = (
        f"A batch of {count(size, 'example')} went through the network with its first weights: its loss is "
        f"{number(float('nan') if loss is None else loss)}. One that knows nothing, with all "
        f"outputs 0, gets {number(beginning.chance)}{why}; the best that "
        f"always says the same gets {number(beginning.constant)}.",
    )
    numbers = {"loss": loss, "chance": beginning.chance, "constant": beginning.constant, "batch_size": size}
    return by_rules(examine(evidence, named_rules("first-loss")), done, numbers)
