"""What is told of blame, beside the weights themselves."""

from nnviz.frame.blame_view import BlameView, Measure
from nnviz.wording import count, integer, listed

LISTED_LAYERS = 3
SIGNS = {Measure.SENSITIVITY: "∣∂L/∂w∣", Measure.SHARE: "w × ∂L/∂w", Measure.UPDATE: "∣Δw∣"}
MEANINGS = {
    Measure.SENSITIVITY: "how much the loss changes with the weight",
    Measure.SHARE: "what of the loss would go, by theory, without the weight",
    Measure.UPDATE: "how far the update moves the weight",
}
SALIENCY = (
    "∂L/∂x: how the loss changes with each pixel, as the network reads it. No step needs it: it is computed for this "
    "page."
)


def ordered_by(view: BlameView) -> str:
    """What the most blamed weights have most of, and what that means."""
    return f"{SIGNS[view.measure]}: {MEANINGS[view.measure]}"


def compared(view: BlameView) -> str:
    """Whose gradients are meant, and of which weights."""
    what = f"{listed(view.layers, LISTED_LAYERS)}, {count(view.weights, 'parameter')}"
    if not view.of_example or view.measure is Measure.UPDATE:
        return f"for the batch of {integer(view.batch_size)} · of {what}"
    return f"for {view.example} alone: what it adds to ∂L/∂w of the batch · of {what}"


def missing(view: BlameView) -> str:
    """Why there is nothing to blame."""
    if not view.layers and (view.without_gradient or view.without_share):
        return "Nothing here can be compared:"
    if not view.layers:
        return "This layer has no weights. a looks at all layers, [ and ] at another one."
    if view.measure is Measure.UPDATE:
        return "The update is known once it is proposed: press escape, then u"
    return "The gradient is known once backprop has come here: press escape, then b"


def remarks(view: BlameView) -> list[str]:
    """What else there is to know of these numbers."""
    told = []
    if view.without_gradient:
        told.append(f"No gradient came to {listed(view.without_gradient, LISTED_LAYERS)}.")
    if view.without_share:
        layers = listed(view.without_share, LISTED_LAYERS)
        told.append(f"What one example adds is not known of {layers}: press e for the batch.")
    if view.normalised and view.of_example and view.measure is not Measure.UPDATE:
        told.append(
            "Batch normalisation looks at all examples: what one adds has in it what its numbers change for the others."
        )
    if view.landed and view.measure is not Measure.UPDATE:
        told.append("w is the weight as it was before the update: the gradient is of that one.")
    return told
