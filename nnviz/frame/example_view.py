"""What a frame has of the focused example."""

import msgspec

from nnviz.array import Array

# Bounds that keep a frame small however large the network is.
PIXELS = 128
FEATURES = 256
# Width of a feature's name.
NAME = 40
# Of a text: characters that are shown, and n-grams that are marked in it.
TEXT, MARKED = 800, 6


class NGramView(msgspec.Struct, frozen=True):
    """An n-gram of a text, or several that share an input.

    name      of those in the beginning that is shown; where none is, the commonest of the data set and "+3" for others
    input     the number of the input that counts it
    count     how often it is in the whole text; 255 where more often
    strength  the length of what it adds to the sums of the first layer's units, beyond what an average text adds
    """

    name: str
    count: int
    strength: float
    input: int = 0


class TextView(msgspec.Struct, frozen=True):
    """The focused example's text, and what in it counts most.

    text       its beginning on one line, without control characters; `more` is how many characters follow
    marks      (characters,) float32, the strength of the strongest n-gram that covers a character as a share of that
               of the strongest of all; 0 where none of `strongest` does
    strongest  of the whole text, the strongest first; empty where strengths are not finite, as after divergence
    """

    text: str
    more: int
    marks: Array
    strongest: tuple[NGramView, ...]


class ExampleView(msgspec.Struct, frozen=True):
    """The focused example.

    number      its place in the training split; `place` is its place in the batch of `batch_size`; both from 0
    label       its class, None where targets are numbers
    weight      its share of all that the examples of the batch weigh; None where all count the same
    pixels      (height, width, channels) uint8, the picture as the network saw it; None for features
    augmented   whether that is a changed picture and not the one that is stored
    features    (features,) float, standardised; None for pictures
    stored      (features,) float, the same in their own units; None for pictures
    feature_names  of these, empty where they have none
    text        None where the features are not counts of a text's n-grams
    target      (outputs,)
    logits      (outputs,), from the end of the forward pass on
    prediction, error  (outputs,), from the loss on; error is prediction − target
    loss        of this example alone, from the loss on
    said        the class that the prediction means, None where targets are numbers
    wanted      where there is one number to predict: that number, in its own unit, whatever tells it
    told        the number that the prediction means, from the loss on
    is_own      whether picture, features (`stored` is None then) or text are what a watched training's own function
                shows, and no numbers of the input
    """

    number: int
    place: int
    batch_size: int
    name: str
    label: int | None
    weight: float | None
    pixels: Array | None
    augmented: bool
    features: Array | None
    stored: Array | None
    feature_names: tuple[str, ...]
    text: TextView | None
    target: Array
    logits: Array | None
    prediction: Array | None
    error: Array | None
    loss: float | None
    said: int | None
    wanted: float | None
    told: float | None
    is_own: bool = False
