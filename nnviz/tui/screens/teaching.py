"""Teaching: the lesson, passage after passage, on the screen that it is about."""

from collections.abc import Sequence

from nnviz.frame.frame import Frame
from nnviz.tui.layouts import TABBED
from nnviz.tui.lesson import Lesson
from nnviz.tui.link import Link
from nnviz.tui.panes.pane import Pane
from nnviz.tui.panes.story import StoryPane
from nnviz.tui.screens.placing import PlacingScreen


class TeachingScreen(PlacingScreen):
    """A screen that can be a lesson on itself."""

    def __init__(self, link: Link, frame: Frame, panes: Sequence[Pane], lesson: Lesson | None) -> None:
        super().__init__(link, frame, panes)
        self._lesson, self._taught = lesson, -1

    def _present(self) -> None:
        """The passage goes with what is seen."""
        self._teach()
        super()._present()

    def _teach(self) -> None:
        """Tell the passage of the lesson that has been come to, and bring its pane to the front; or end it."""
        if self._lesson is None:
            return
        self._lesson.hear(self.frame)
        story = self.query_one(StoryPane)
        if self._lesson.is_over:
            self._lesson = None
            story.show_lesson(None)
            return
        passage = self._lesson.passage
        story.show_lesson((self._lesson.title, passage.words(self.frame)))
        if self._taught != self._lesson.number:
            self._taught = self._lesson.number
            self._tab = passage.pane if passage.pane in TABBED else self._tab
            self.call_later(self._place, self.size)
            self.query_one(f"#{passage.pane}").focus()

    def _learn(self, key: str) -> bool:
        """Go on in the lesson by a key; say whether it was for that."""
        goes_on = self._lesson is not None and self._lesson.press(key)
        if goes_on:
            self._teach()
        return goes_on

    def _leave_lesson(self) -> bool:
        """End the lesson; say whether there was one."""
        if self._lesson is None:
            return False
        self._lesson.leave()
        self._teach()
        return True
