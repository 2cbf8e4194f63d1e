"""What a page of HTML holds, read by Python's own parser: a page that is not well made raises."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"img", "meta"}


@dataclass
class Node:
    """An element, with its children and texts in order."""

    tag: str
    attributes: dict[str, str | None]
    parts: list["Node | str"] = field(default_factory=list)

    @property
    def children(self) -> list["Node"]:
        return [part for part in self.parts if isinstance(part, Node)]

    @property
    def text(self) -> str:
        return "".join(part.text if isinstance(part, Node) else part for part in self.parts)

    def all(self, tag: str, **attributes: str) -> list["Node"]:
        """Every such element below, in the order of the page."""
        found = [] if self.tag != tag or not attributes.items() <= self.attributes.items() else [self]
        return found + [node for child in self.children for node in child.all(tag, **attributes)]

    def one(self, tag: str, **attributes: str) -> "Node":
        """The only one."""
        [node] = self.all(tag, **attributes)
        return node


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Node("page", {})
        self.path = [self.root]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.path[-1].parts.append(Node(tag, dict(attrs)))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self.path[-1].parts.append("\n")
            return
        assert tag not in VOID, f"{tag} is not closed by itself"
        node = Node(tag, dict(attrs))
        self.path[-1].parts.append(node)
        self.path.append(node)

    def handle_endtag(self, tag: str) -> None:
        assert self.path.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self.path[-1].parts.append(data)


def read_page(text: str) -> Node:
    """The page as a tree."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert reader.path == [reader.root], "something is left open"
    return reader.root


def rows_of(table: Node) -> list[list[str]]:
    """The texts of a table's cells, row by row."""
    return [[cell.text for cell in row.children] for row in table.all("tr")]
