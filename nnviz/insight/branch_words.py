"""What is told of a branch: how it began, what was changed since, and how good it is."""

from nnviz.frame.branch_views import BranchView, Choice, Origin
from nnviz.wording import count, integer, listed, number, trimmed

LISTED_RATES = 3


def began(view: BranchView) -> str:
    """Where it parted from another one, and by what change; and what was changed since."""
    told = [_origin(view)]
    if view.rate != view.before:
        told.append(f"learning rate {trimmed(view.before)} → {trimmed(view.rate)}")
    told += [f"{key.replace('_', ' ')} {_told(before)} → {_told(now)}" for key, before, now in view.chosen]
    if view.rates:
        rates = [f"{trimmed(rate)} at step {integer(step)}" for step, rate in view.rates]
        told.append(f"then {listed(rates, LISTED_RATES)}")
    if view.weights:
        weights = [
            f"{name} {trimmed(before)} → {trimmed(now)} in step {integer(step + 1)}"
            for step, name, before, now in view.weights
        ]
        told.append(f"by hand {listed(weights, LISTED_RATES)}")
    return " · ".join(told)


def _told(value: Choice) -> str:
    if value in (None, ()):
        return "none"
    return listed(value) if isinstance(value, tuple) else trimmed(value or 0.0)


def _origin(view: BranchView) -> str:
    match view.origin:
        case Origin.FIRST:
            return "the first one"
        case Origin.RATE:
            return f"from step {integer(view.start)} of {view.parent}"
        case Origin.RESTART:
            return f"the same first weights again, after {view.parent}"
        case Origin.RESEED:
            return f"other first weights (seed {integer(view.seed)}), after {view.parent}"
        case Origin.OPTIONS:
            return f"with {view.changes or 'other options'}, after {view.parent}"


def came_to(view: BranchView) -> str:
    """How far it came, and its losses."""
    told = [count(view.steps, "step")]
    if view.loss is not None:
        told.append(f"train {number(view.loss)}")
    if view.validation is not None:
        told.append(f"validation {number(view.validation)}")
    if view.best_loss is not None and view.best_step is not None:
        told.append(f"best {number(view.best_loss)} at step {integer(view.best_step)}")
    return " · ".join(told)
