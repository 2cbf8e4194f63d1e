"""HTML, piece by piece. Children are HTML already; what comes from outside gets there through `said`."""

from collections.abc import Iterable, Sequence
from html import escape

from nnviz.outside_text import printable

VOID = ("img", "meta", "path", "polygon")


def said(text: str) -> str:
    """Any text as HTML: on one line, and nothing in it is obeyed."""
    return escape(printable(text))


def element(tag: str, *children: str, **attributes: object) -> str:
    """An element with its children. A trailing _ of a name is dropped, others are hyphens; None is left out."""
    told = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    # What is drawn has to be closed by itself; to what is HTML's own, the slash means nothing.
    return f"<{tag}{told}/>" if tag in VOID else f"<{tag}{told}>{''.join(children)}</{tag}>"


def section(level: int, heading: str, *children: str) -> str:
    """A section under a heading of that level; nothing where it has no children."""
    body = "".join(children)
    return element("section", element(f"h{level}", said(heading)), body) if body else ""


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], **attributes: object) -> str:
    """A table whose first column names its rows, and whose columns may go without; all are texts.

    It can be wider than the page.
    """
    head = "".join(element("th", said(text), scope="col") for text in heads)
    body = "".join(
        element("tr", element("th", said(row[0]), scope="row"), *(element("td", said(text)) for text in row[1:]))
        for row in rows
    )
    return wide(
        element(
            "table",
            element("caption", said(caption)),
            element("thead", element("tr", head)) if heads else "",
            element("tbody", body),
            **attributes,
        ),
        caption,
    )


def wide(content: str, name: str) -> str:
    """What is scrolled sideways where it is wider than the page, by keys too."""
    return element("div", content, class_="wide", tabindex="0", role="region", aria_label=printable(name))


def folded(summary: str, *children: str) -> str:
    """What is shown when somebody asks for it, and on paper."""
    return element("details", element("summary", said(summary)), *children)
