"""Gradients beside central differences, at the first weights."""

import math
from contextlib import closing

from nnviz.frame.health_view import Alert
from nnviz.frame.stages import Phase
from nnviz.frame.verification_view import VerificationView
from nnviz.insight.checks.outcome import Outcome
from nnviz.insight.checks.subject import Subject, Watch, affordable
from nnviz.insight.verification import Verification
from nnviz.insight.verification_words import crossings, outcome
from nnviz.training.cost import example_cost
from nnviz.training.trainer import Trainer
from nnviz.training.trainer_names import names_of
from nnviz.wording import count, integer, listed, percent

SECONDS, LEAST, MOST = 4.0, 5, 50
# A difference takes two forward passes, twice where it crosses a kink, in numbers of twice the size.
FORWARDS = 8


def gradients(subject: Subject, watch: Watch) -> Outcome:
    """Backprop beside (L(w + h) − L(w − h)) / 2h in float64 (Goodfellow et al. 2016, Deep Learning, section 11.5)."""
    with closing(subject.free()) as trainer:
        trainer.finish_phase(Phase.BACKWARD)
        if not math.isfinite(trainer.engine.scores.mean):
            return Outcome(reason="the loss of the first batch is no finite number")
        drawn = affordable(SECONDS, _cost(trainer), LEAST, MOST)
        verification = Verification(trainer, names_of(trainer), subject.experiment.training.seed, 0, None, drawn)

        def called() -> bool:
            watch()
            return False

        verification.go_on(called)
        return _outcome(verification.view())


def _cost(trainer: Trainer) -> float:
    """Of one weight of each layer, in nanoseconds."""
    layers = sum(bool(layer.parameters()) for layer in trainer.network.layers)
    return FORWARDS * layers * trainer.batches.epochs.at(0).size * example_cost(trainer.engine)


def _outcome(view: VerificationView) -> Outcome:
    agreeing, smooth = outcome(view)
    layers = listed([f"{integer(layer.checked)} of {layer.name}" for layer in view.layers])
    done = (
        f"{count(view.done, 'weight')} drawn by chance ({layers}) were each moved a little, and the loss of the first "
        "batch was computed again in float64: what that gives has to be ∂L/∂w.",
        f"{integer(agreeing)} of {integer(smooth)} agree. {crossings(view)}",
    )
    numbers = {
        "compared": view.done,
        "agreeing": agreeing,
        "crossed_a_kink": view.done - smooth,
        "furthest_off": {layer.name: layer.furthest for layer in view.layers},
    }
    if not smooth:
        return Outcome(done, numbers, reason="all of them crossed a kink, where there is no derivative")
    return Outcome(done, numbers, () if agreeing == smooth else (_alert(view, smooth - agreeing),))


def _alert(view: VerificationView, wrong: int) -> Alert:
    worst = view.worst[0]
    return Alert(
        "wrong-gradients",
        worst.layer,
        0,
        f"{count(wrong, 'gradient')} {'is' if wrong == 1 else 'are'} not what the loss does, most of all that of "
        f"{worst.source} → {worst.target} in {worst.layer}, off by {percent(worst.off)}.",
        "Each step goes another way than down.",
        "This is a fault of nnviz itself: please report it, with the command and the data.",
    )
