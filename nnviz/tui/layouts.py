"""Where each pane stands, for every size of the terminal."""

from textual.geometry import NULL_OFFSET, Region, Size, Spacing
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

SMALLEST = Size(60, 16)
# From this size of the body on, all panes are on screen at once.
ROOMY = Size(110, 30)
# From this width on, the inspector has a column of its own.
WIDE = 190
# The panes that share one place where there is no room for all, in the order of their tabs.
# Panes, and what their tabs say: whole at 80 columns.
TABS = {"network": "Network", "example": "Example", "errors": "Error", "heatmap": "Heatmap", "inspect": "Unit"}
TABBED = tuple(TABS)

Regions = dict[str, Region]


def is_roomy(size: Size) -> bool:
    """Whether all panes fit on a body of this size at once."""
    return size.width >= ROOMY.width and size.height >= ROOMY.height


def arrange(size: Size, outputs: int, picture: int, tab: str, maximized: str | None, inspects: bool = False) -> Regions:
    """Pane → its place on a body of `size`; panes that are missing are hidden.

    `outputs` is how many rows the prediction would like, `picture` the pixels on a side of the example's picture (0:
    it has none), `tab` the pane that is chosen where only one fits, `inspects` whether the inspector is open.
    """
    if maximized is not None:
        return {maximized: Region(0, 0, size.width, size.height)}
    if not is_roomy(size):
        return _compact(size, outputs, tab)
    if not inspects:
        return _roomy(size, outputs, picture)
    return _inspecting(size, outputs, picture) if size.width < WIDE else _inspecting_beside(size, outputs, picture)


def _roomy(size: Size, outputs: int, picture: int) -> Regions:
    width, height = size
    story = 5
    bottom = (height - story) * 3 // 8
    top = height - story - bottom
    right = max(38, width * 31 // 100)
    # As wide as the picture will be, which is as large as the height allows: two pixels to a row, in whole factors.
    room = min(2 * (top - 4), width * 3 // 10 - 4)
    side = room if not 0 < picture <= room else room // picture * picture
    example = max(24, side + 4)
    network = width - right - example
    prediction = min(outputs + 3, top // 2)
    half = width // 2
    return {
        "network": Region(0, 0, network, top),
        "example": Region(network, 0, example, top),
        "prediction": Region(network + example, 0, right, prediction),
        "errors": Region(network + example, prediction, right, top - prediction),
        "loss": Region(0, top, half, bottom),
        "heatmap": Region(half, top, width - half, bottom),
        "story": Region(0, top + bottom, width, story),
    }


def _inspecting_beside(size: Size, outputs: int, picture: int) -> Regions:
    """All panes, and the inspector as high as all of them on the right."""
    width = max(48, size.width * 28 // 100)
    rest = _roomy(Size(size.width - width, size.height), outputs, picture)
    story = rest["story"]
    height = size.height - story.height
    return {
        **rest,
        "story": Region(0, story.y, size.width, story.height),
        "inspect": Region(size.width - width, 0, width, height),
    }


def _inspecting(size: Size, outputs: int, picture: int) -> Regions:
    """The inspector below the prediction; the errors are below the example, and the heatmap is narrower."""
    width, height = size
    story = 5
    right = max(42, width * 30 // 100)
    bottom = (height - story) * 3 // 10
    top = height - story - bottom
    prediction = min(outputs + 3, top // 2)
    # The picture as large as it can be with two lines of errors below; what it leaves is theirs.
    room = min(2 * (top - 10), 2 * width // 5)
    side = room if not 0 < picture <= room else room // picture * picture
    example = max(34, side + 4)
    errors = max(top - side // 2 - 5, 5) if picture else top // 2
    network = width - right - example
    half = (width - right) // 2
    return {
        "network": Region(0, 0, network, top),
        "example": Region(network, 0, example, top - errors),
        "errors": Region(network, top - errors, example, errors),
        "prediction": Region(width - right, 0, right, prediction),
        "inspect": Region(width - right, prediction, right, height - story - prediction),
        "loss": Region(0, top, half, bottom),
        "heatmap": Region(half, top, width - right - half, bottom),
        "story": Region(0, height - story, width, story),
    }


def _compact(size: Size, outputs: int, tab: str) -> Regions:
    width, height = size
    story = 5 if height >= 18 else 4
    top = height - story
    left = width * 55 // 100
    prediction = min(outputs + 3, top // 2)
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
        self.refresh(layout=True)
