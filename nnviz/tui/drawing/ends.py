"""The ends of a heatmap's scale: round numbers near the largest that is shown, which do not jump about."""

from collections import deque

from nnviz.tui.drawing.axis import round_up

# Renard's preferred numbers (ISO 3, R10): each about 1.26 times the one before.
STEPS = (1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8)
# While training runs, the largest number of so many drawings counts, and the ends come down only where they would then
# be so many times closer: numbers of neighbouring training steps differ a lot.
RECENT, SLACK = 16, 1.6
# Beyond these a number is its own end: a rounder one might be 0 or infinite.
TINY, HUGE = 1e-300, 1e300


class Ends:
    """Follows the numbers of one heatmap."""

    def __init__(self) -> None:
        self.end = 1.0
        self._recent: deque[float] = deque(maxlen=RECENT)

    def follow(self, largest: float, running: bool) -> float:
        """The scale's end, ±, for numbers of which `largest` ≥ 0 is the largest magnitude; 1 where all are 0."""
        if not running:
            self._recent.clear()
        self._recent.append(largest)
        wanted = max(self._recent)
        if not running or wanted > self.end or round_end(wanted) * SLACK < self.end:
            self.end = round_end(wanted)
        return self.end


def round_end(largest: float) -> float:
    """The nearest round number that is not below `largest`, less than 1.29 times as large; 1 for 0."""
    return round_up(largest, STEPS) if TINY < largest < HUGE else largest or 1.0
