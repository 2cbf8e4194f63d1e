"""Rules about single examples: one that makes the spikes, and labels that look wrong."""

from collections import Counter
from collections.abc import Sequence

from nnviz.frame.health_view import Alert
from nnviz.insight.health.evidence import CannotRunError, Evidence
from nnviz.insight.health.loss_rules import STEPS
from nnviz.outside_text import short, shown_names
from nnviz.wording import count, integer, listed, number, percent

MOST_OF_IT, OFTEN = 0.5, 2
GOOD, MISTAKES, TELLS = 0.7, 10, 0.6


def one_example_spikes(e: Evidence) -> list[Alert]:
    """The same example having more than half of its batch's loss at two spikes or more.

    A spike is as large as `loss_spikes` has it: more than three times the best constant prediction's loss.
    """
    e.after(STEPS)
    spikes = [spike for spike in e.spikes.largest() if spike[0] > 3 * e.beginning.constant and spike[3] > MOST_OF_IT]
    often = Counter(example for _, _, example, _ in spikes).most_common(1)
    if not often or often[0][1] < OFTEN:
        return []
    example, times = often[0]
    own = [spike for spike in spikes if spike[2] == example]
    largest = max(own)
    return [
        Alert(
            "one-example",
            None,
            own[0][1],
            f"Example #{integer(example + 1)} ({_name(e.beginning.splits['training'].names, example)}) had most of the "
            f"loss at {count(times, 'step')} where that was very large: {percent(largest[3])} of {number(largest[0])} "
            f"at step {integer(largest[1])}.",
            "Each time that it comes, the network has to learn all others again.",
            *e.to_try("look at its inputs and its target, and leave it out if they are wrong; or --clip 1"),
        )
    ]


def labels_look_wrong(e: Evidence) -> list[Alert]:
    """A network that is right about most validation examples, and as sure of its mistakes as of these.

    Doubts tell mistakes: of pairs of a mistake and a right answer, networks are surer of the right one in about 90%
    (Hendrycks & Gimpel 2017, "A baseline for detecting misclassified examples", table 1), of wrong labels in half. Less
    than 60% of ten mistakes or more is a bound of our own.
    """
    names = e.beginning.task.class_names
    if not names:
        raise CannotRunError("the targets are numbers")
    e.validated()
    e.after(STEPS)
    latest, labels = e.evaluations[-1], e.beginning.splits["validation"].labels
    mistakes = latest.mistakes
    if mistakes is None:
        raise CannotRunError("its mistakes are not known")
    if mistakes.wrong < MISTAKES:
        raise CannotRunError(f"there are fewer than {integer(MISTAKES)} mistakes to compare")
    if mistakes.told is None or mistakes.wrong > (1 - GOOD) * len(labels) or mistakes.told >= TELLS:
        return []
    places = e.beginning.splits["validation"].names
    shown = shown_names(names)
    told = [
        f"{_name(places, place)} (label {short(shown[labels[place]])}, said {short(shown[said])}: {percent(1 - left)})"
        for place, said, left in mistakes.surest[:3]
        if place < len(labels) and said < len(names)
    ]
    return [
        Alert(
            "labels-look-wrong",
            None,
            latest.step,
            f"Of {count(len(labels), 'validation example')} the network is about as sure where it is wrong, "
            f"{integer(mistakes.wrong)} times, as where it is right. Most sure of {listed(told)}.",
            "Where examples are hard, a network is less sure; where labels are wrong, it is not.",
            *e.to_try("look at the labels of these, and at those of training"),
        )
    ]


def _name(names: Sequence[str], place: int) -> str:
    return short(shown_names((names[place],))[0])
