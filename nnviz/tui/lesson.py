"""The lesson as it goes on: which passage is told, and what leads to the next."""

from nnviz.frame.frame import Frame
from nnviz.tui.lesson_words import LESSON, Passage
from nnviz.wording import integer

LEAVING = "escape leaves it"


class Lesson:
    """One walk through the passages, each of which goes on by its one key, or by what that key does."""

    def __init__(self) -> None:
        self._at = 0

    @property
    def is_over(self) -> bool:
        """Whether there is nothing more to be told."""
        return self._at >= len(LESSON)

    @property
    def number(self) -> int:
        """How many passages have been told."""
        return self._at

    def leave(self) -> None:
        """Be over."""
        self._at = len(LESSON)

    @property
    def passage(self) -> Passage:
        """What is told now, while it is not over."""
        return LESSON[self._at]

    @property
    def title(self) -> str:
        """Where in the lesson it is."""
        return f"Lesson, {integer(self._at + 1)} of {integer(len(LESSON))} · {LEAVING}"

    def hear(self, frame: Frame) -> None:
        """Go on as far as what is seen in the frame has been asked for."""
        while not self.is_over and self.passage.reached is not None and self.passage.reached(frame):
            self._at += 1

    def press(self, key: str) -> bool:
        """Go on if that is the key of a passage that goes on by nothing else; say whether it was."""
        if self.is_over or self.passage.reached is not None or self.passage.key != key:
            return False
        self._at += 1
        return True
