"""Line: one line of a pane, as Textual is given it."""

from collections.abc import Iterable, Sequence

from textual.strip import Strip


class Line(Strip):
    """A strip that is gone as soon as another takes its place.

    Textual's own keeps itself among its parts where it is not cut at all, and from then on only a garbage collection
    lets go of it: while training runs, that would stop the screen for 10 ms every second, and for 60 at times.
    """

    __slots__ = ()

    def divide(self, cuts: Iterable[int]) -> Sequence[Strip]:
        """Cut it at these cells."""
        cuts = [cut for cut in cuts if cut <= self.cell_length]
        return [self] if cuts == [self.cell_length] else super().divide(cuts)
