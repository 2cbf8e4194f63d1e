"""∂L/∂x of a picture in a watched training step: nothing in training computes it, so the recorded pass is run again."""

import numpy as np
from torch import nn

from nnviz.array import Array
from nnviz.errors import InputError
from nnviz.frame.blame_view import Saliency
from nnviz.frame.example_view import PIXELS
from nnviz.live.layout import MAPS
from nnviz.live.pass_again import PassAgain
from nnviz.live.picture import picture
from nnviz.live.recording import Recording
from nnviz.training.reduction import extreme, reduced


class InputGradients:
    """Those of the step that somebody looks at: of each example of its batch, until it is another step."""

    def __init__(self, model: nn.Module) -> None:
        self._model = model
        self._recording: Recording | None = None
        self._found: Array | None = None

    def saliency(self, recording: Recording, batch: Array, place: int) -> Saliency | None:
        """That of one example of a batch (n, height, width, channels); training waits meanwhile.

        None where it is no picture, or the pass cannot be run again.
        """
        pixels = picture(batch, place)
        gradients = None if pixels is None else self._of(recording)
        if pixels is None or gradients is None or gradients.shape != batch.shape:
            return None
        slopes = extreme(np.moveaxis(gradients[place], -1, 0)).astype(np.float32)
        step = -(-max(batch.shape[1:3]) // PIXELS)
        return Saliency(pixels, reduced(slopes, step, step), step)

    def _of(self, recording: Recording) -> Array | None:
        if self._recording is not recording:
            self._recording, self._found = recording, None
            try:
                gradients = PassAgain(self._model, recording).input_gradient()
            except InputError:
                return None
            self._found = None if gradients is None or gradients.ndim != 4 else MAPS.array(gradients)
        return self._found
