"""Where each pane stands, for every size of the terminal."""

from typing import NamedTuple

from textual.geometry import NULL_OFFSET, Region, Size, Spacing
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

SMALLEST = Size(60, 16)
# From this size of the body on, all panes are on screen at once; and on a narrower one, if it is as high as that.
ROOMY, TALL = Size(110, 30), Size(80, 38)
# From this width on, the inspector has a column of its own.
WIDE = 190
# The panes that share one place where there is no room for all, in the order of their tabs.
# Panes, and what their tabs say: whole at 80 columns.
TABS = {"network": "Network", "example": "Example", "errors": "Error", "heatmap": "Heatmap", "inspect": "Unit"}
TABBED = tuple(TABS)
# Rows of what just happened, and the fewest rows of a network, of a curve, and of one that is not begun.
STORY, NETWORK, CURVE, NO_CURVE = 5, 14, 9, 3

Regions = dict[str, Region]


class Wants(NamedTuple):
    """What a frame would fill.

    prediction  rows of that pane
    errors      rows of that pane, for the layer that is looked at
    picture     pixels on a side of the example's picture, 0 where it has none
    features    rows of the example's pane where it is a short list, 0 where it is not
    begun       whether there is a curve, or something else to be seen in its place in full
    inspects    whether the inspector is open
    """

    prediction: int
    errors: int
    picture: int
    features: int
    begun: bool
    inspects: bool


def arrange(size: Size, wants: Wants, tab: str, maximized: str | None) -> Regions:
    """Pane → its place on a body of `size`; panes that are missing are hidden.

    `tab` is the pane that is chosen where only one fits, `maximized` one that is to fill the body.
    """
    if maximized is not None:
        return {maximized: Region(0, 0, size.width, size.height)}
    if size.width >= ROOMY.width and size.height >= ROOMY.height:
        if not wants.inspects:
            return _roomy(size, wants)
        return _inspecting(size, wants) if size.width < WIDE else _inspecting_beside(size, wants)
    if size.width >= TALL.width and size.height >= TALL.height:
        return _tall(size, wants, tab)
    return _compact(size, wants, tab)


def _roomy(size: Size, wants: Wants) -> Regions:
    """On the right what the outputs say, and the curve below it where that leaves room; on the left the rest."""
    width, height = size.width, size.height - STORY
    right = max(38, width * 31 // 100)
    left = width - right
    prediction, errors = _stacked(height, wants)
    is_right = height - prediction - errors >= CURVE
    bottom = height * 3 // 8
    lists = bool(wants.features) and wants.features + wants.errors <= height - bottom
    if lists:
        # Two short lists one above the other: what they leave is the heatmap's.
        bottom = height - max(wants.features + wants.errors, NETWORK)
    top = height - bottom
    # As wide as the picture will be, which is as large as the height allows: two pixels to a row, in whole factors.
    example = right if lists else max(24, _side(wants.picture, min(2 * (top - 4), width * 3 // 10 - 4)) + 4)
    regions = {
        "network": Region(0, 0, left - example, top),
        "example": Region(left - example, 0, example, top),
        "prediction": Region(left, 0, right, prediction),
        "story": Region(0, height, width, STORY),
    }
    if lists:
        regions["example"] = Region(left - example, 0, example, wants.features)
        regions["errors"] = Region(left - example, wants.features, example, top - wants.features)
        regions["loss"] = Region(left, prediction, right, height - prediction)
        regions["heatmap"] = Region(0, top, left, bottom)
    elif is_right:
        regions["errors"] = Region(left, prediction, right, errors)
        regions["loss"] = Region(left, prediction + errors, right, height - prediction - errors)
        regions["heatmap"] = Region(0, top, left, bottom)
    else:
        regions["errors"] = Region(left, prediction, right, height - prediction)
        regions["loss"] = Region(0, top, left // 2, bottom)
        regions["heatmap"] = Region(left // 2, top, left - left // 2, bottom)
    return regions


def _stacked(height: int, wants: Wants) -> tuple[int, int]:
    """Rows of the prediction and of the errors below it: all that they want, or about half each."""
    prediction = min(wants.prediction, max(height - wants.errors, height // 2))
    return prediction, min(wants.errors, height - prediction)


def _side(picture: int, room: int) -> int:
    """How wide a picture is drawn in so many cells: in whole factors, or as wide as it can be."""
    return room if not 0 < picture <= room else room // picture * picture


def _inspecting_beside(size: Size, wants: Wants) -> Regions:
    """All panes, and the inspector as high as all of them on the right."""
    width = max(48, size.width * 28 // 100)
    rest = _roomy(Size(size.width - width, size.height), wants)
    story = rest["story"]
    height = size.height - story.height
    return {
        **rest,
        "story": Region(0, story.y, size.width, story.height),
        "inspect": Region(size.width - width, 0, width, height),
    }


def _inspecting(size: Size, wants: Wants) -> Regions:
    """The inspector below the prediction; the errors are below the example, and the heatmap is narrower."""
    width, height = size
    right = max(42, width * 30 // 100)
    bottom = (height - STORY) * 3 // 10
    top = height - STORY - bottom
    prediction = min(wants.prediction, top // 2)
    # The picture as large as it can be with two lines of errors below; what it leaves is theirs.
    side = _side(wants.picture, min(2 * (top - 10), 2 * width // 5))
    example = max(34, side + 4)
    errors = max(top - side // 2 - 5, 5) if wants.picture else top // 2
    if wants.features:
        errors = max(top - wants.features, top // 2)
    network = width - right - example
    half = (width - right) // 2
    return {
        "network": Region(0, 0, network, top),
        "example": Region(network, 0, example, top - errors),
        "errors": Region(network, top - errors, example, errors),
        "prediction": Region(width - right, 0, right, prediction),
        "inspect": Region(width - right, prediction, right, height - STORY - prediction),
        "loss": Region(0, top, half, bottom),
        "heatmap": Region(half, top, width - right - half, bottom),
        "story": Region(0, height - STORY, width, STORY),
    }


def _tall(size: Size, wants: Wants, tab: str) -> Regions:
    """The network beside what the outputs say; below, the example beside the heatmap, or beside the inspector.

    The inspector hides two panes, which its neighbour's place shows instead of the example when they are chosen.
    """
    width, height = size.width, size.height - STORY
    left = width * 55 // 100
    side = _side(wants.picture, width // 2 - 4) if wants.picture else 0
    bottom = min(max(side // 2 + 4, height * 2 // 5), height // 2)
    top = height - bottom
    right = width - left
    prediction = min(wants.prediction, top - CURVE + 1)
    story = {"story": Region(0, height, width, STORY), "network": Region(0, 0, left, top)}
    upper = {**story, "prediction": Region(left, 0, right, prediction)}
    example = max(24, _side(wants.picture, min(2 * (bottom - 4), width // 2 - 4)) + 4)
    if wants.inspects:
        beside = tab if tab in ("errors", "heatmap") else "example"
        example = min(max(example, 34), width // 2)
        return {
            **upper,
            "loss": Region(left, prediction, right, top - prediction),
            beside: Region(0, top, example, bottom),
            "inspect": Region(example, top, width - example, bottom),
        }
    errors = min(wants.errors, top - prediction - CURVE)
    regions = {**upper, "example": Region(0, top, example, bottom)}
    if errors >= min(wants.errors, CURVE):
        regions["errors"] = Region(left, prediction, right, errors)
        regions["loss"] = Region(left, prediction + errors, right, top - prediction - errors)
        regions["heatmap"] = Region(example, top, width - example, bottom)
    else:
        regions["errors"] = Region(left, prediction, right, top - prediction)
        regions["loss"] = Region(example, top, width - example, bottom // 2)
        regions["heatmap"] = Region(example, top + bottom // 2, width - example, bottom - bottom // 2)
    return regions


def _compact(size: Size, wants: Wants, tab: str) -> Regions:
    width, height = size
    story = STORY if height >= 18 else STORY - 1
    top = height - story
    left = width * 55 // 100
    prediction = min(wants.prediction, top // 2 if wants.begun else top - NO_CURVE)
    return {
        "tabs": Region(0, 0, left, 1),
        tab: Region(0, 1, left, top - 1),
        "prediction": Region(left, 0, width - left, prediction),
        "loss": Region(left, prediction, width - left, top - prediction),
        "story": Region(0, top, width, story),
    }


class _Placed(Layout):
    """Puts every child into the region that its parent, a `Body`, keeps for it."""

    name = "placed"

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:  # noqa: ARG002
        regions = parent.regions if isinstance(parent, Body) else {}
        return [
            WidgetPlacement(regions[child.id], NULL_OFFSET, Spacing(), child)
            for child in children
            if child.id in regions
        ]


class Body(Widget):
    """The part of the screen that holds the panes, each where `place` says."""

    BLANK = True

    def __init__(self) -> None:
        super().__init__(id="body")
        self.regions: Regions = {}
        self._placed = _Placed()

    @property
    def layout(self) -> Layout:
        """Places come from `regions`, not from styles."""
        return self._placed

    def place(self, regions: Regions) -> None:
        """Show the children that have a region, there; hide the others."""
        self.regions = regions
        for child in self.children:
            child.display = child.id in regions
        # Textual keeps the places of children that are the same as before.
        self._clear_arrangement_cache()
        self.refresh(layout=True)
