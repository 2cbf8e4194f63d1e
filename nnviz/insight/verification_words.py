"""What is told of a verification."""

from nnviz.frame.verification_view import Comparison, VerificationView
from nnviz.wording import count, integer, percent, signed

METHOD = (
    "Each weight is moved a little, up and down, and the loss of this batch is computed again, in float64, as in the "
    "step: (L(w + h) − L(w − h)) / 2h has to be ∂L/∂w, and is had without any backprop."
)


def progress(view: VerificationView) -> str:
    """How far it is, and what came out so far."""
    if view.done < view.total:
        return f"{integer(view.done)} of {count(view.total, 'weight')} so far …"
    agreeing, smooth = outcome(view)
    if agreeing == smooth:
        return f"All {integer(smooth)} agree." if smooth else "There is nothing to compare."
    return f"{integer(smooth - agreeing)} of {integer(smooth)} are not the same."


def outcome(view: VerificationView) -> tuple[int, int]:
    """(how many agree, how many could be compared: those that crossed no kink)."""
    chosen = view.chosen
    one = int(chosen is not None and not chosen.crossed)
    agreeing = sum(layer.agreeing for layer in view.layers) + int(one and chosen is not None and chosen.agrees)
    return agreeing, sum(layer.checked - layer.crossed for layer in view.layers) + one


def crossings(view: VerificationView) -> str:
    """Those that crossed a kink, which cannot be compared."""
    crossed = sum(layer.crossed for layer in view.layers) + (view.chosen is not None and view.chosen.crossed)
    if not crossed:
        return "None crossed a kink of relu or of a pool."
    return f"{integer(crossed)} crossed a kink of relu or of a pool, where no slope says what the loss does."


def tolerance(view: VerificationView) -> str:
    """What counts as agreeing."""
    return (
        f"To agree, backprop in float64 has to be within {percent(view.digits)} of what is measured, and the gradient "
        f"on screen within {percent(view.share)} of that, or {percent(view.rounding)} of the largest: rounding."
    )


def compared(one: Comparison) -> str:
    """One weight: both numbers, and how far they are apart."""
    verdict = "crossed a kink" if one.crossed else "agrees" if one.agrees else "does not agree"
    return f"∂L/∂w {signed(one.shown, 6)} · measured {signed(one.measured, 6)} · off by {percent(one.off)} · {verdict}"
