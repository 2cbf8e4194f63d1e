"""What the user's own function shows of an example, where its input is neither a picture nor a row."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from nnviz.array import Array
from nnviz.errors import InputError
from nnviz.frame.example_view import FEATURES, NAME, PIXELS, TEXT, TextView
from nnviz.live.recording import Recording
from nnviz.outside_text import cut, printable

Shows = Callable[[Array, Array | None, int], Any]
"""Of the inputs (n, …), the targets where they are known, and a place in the batch: an array, a text or numbers by
name."""
WANTED = "a NumPy array (height × width, height × width × 3, or a row), a str, or a dict of names and numbers"


class OwnExample(NamedTuple):
    """One of these is there, as an `ExampleView` has it; `place` is the example's in the batch."""

    place: int
    pixels: Array | None = None
    features: Array | None = None
    names: tuple[str, ...] = ()
    text: TextView | None = None


class OwnExamples:
    """Asks the function once for each example that is looked at; what goes wrong in it is told in the example's place.

    It is called in the thread that talks to the screen.
    """

    def __init__(self, shows: Shows) -> None:
        self._shows = shows
        self._of: Recording | None = None
        self._is_known = False
        self._last: OwnExample | None = None

    def of(self, recording: Recording, example: int) -> OwnExample | None:
        """Of an example of the recorded batch, counted on from its beginning; None where the input was not seen."""
        batch, reading = recording.batch, recording.reading
        if batch is None:
            return None
        place = example % len(batch)
        is_known = reading is not None
        last = self._last
        if last is None or (self._of, self._is_known, last.place) != (recording, is_known, place):
            targets = None if reading is None else reading.targets if reading.labels is None else reading.labels
            self._of, self._is_known = recording, is_known
            last = self._last = self._asked(batch, targets, place)
        return last

    def _asked(self, inputs: Array, targets: Array | None, place: int) -> OwnExample:
        try:
            return shown(self._shows(_fixed(inputs), None if targets is None else _fixed(targets), place), place)
        except Exception as fault:
            return OwnExample(place, text=_text(f"example= of watch failed: {type(fault).__name__}: {fault}"))


def shown(given: Any, place: int) -> OwnExample:
    """Raises InputError unless it is something that can be shown."""
    match given:
        case str():
            return OwnExample(place, text=_text(given))
        case Mapping() if given:
            names = tuple(cut(printable(str(name)), NAME) for name in given)
            return OwnExample(place, features=_row([*given.values()]), names=names[:FEATURES])
        case np.ndarray() if given.dtype.kind in "biuf" and given.size:
            if given.ndim == 1:
                return OwnExample(place, features=_row(given))
            if given.ndim == 2 or (given.ndim == 3 and given.shape[2] in (1, 3)):
                return OwnExample(place, pixels=_pixels(given))
    told = f"an array of shape {given.shape} and type {given.dtype}" if isinstance(given, np.ndarray) else repr(given)
    raise InputError(f"it gave {told[:80]}, and not {WANTED}")


def _fixed(numbers: Array) -> Array:
    """The same, which cannot be written to."""
    view = numbers.view()
    view.flags.writeable = False
    return view


def _row(numbers: Array | Sequence[Any]) -> Array:
    row: Array = np.array([float(number) for number in numbers[:FEATURES]], np.float32)
    return row


def _text(text: str) -> TextView:
    beginning = printable(text[:TEXT])
    return TextView(beginning, max(0, len(text) - TEXT), np.zeros(len(beginning), np.float32), ())


def _pixels(picture: Array) -> Array:
    """(height, width, channels) uint8, thinned; what is not of bytes, from its lowest to its highest number."""
    step = -(-max(picture.shape[:2]) // PIXELS)
    thin = picture.reshape(*picture.shape[:2], -1)[::step, ::step]
    if thin.dtype == np.uint8:
        return thin.copy()
    finite = thin[np.isfinite(thin)].astype(np.float64)
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    scaled = (np.nan_to_num(thin.astype(np.float64), nan=low, posinf=high, neginf=low) - low) * (
        255 / (high - low) if high > low else 0
    )
    pixels: Array = scaled.astype(np.uint8)
    return pixels
