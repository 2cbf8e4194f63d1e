"""A terminal that lacks a character gets a sign that is like it, in as many cells."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

import nnviz
from nnviz.outside_text import printable
from nnviz.substitutes import SUBSTITUTES, UNKNOWN, substitute

# What is read in tables (currencies, other scripts' signs) is not drawn.
SOURCES = [path for path in Path(nnviz.__file__).parent.rglob("*.py") if "tables" not in path.parts]


def _strings() -> set[str]:
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES)
    nodes = (node for tree in trees for node in ast.walk(tree))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_all_that_nnviz_draws_or_says_has_a_substitute() -> None:
    drawn = {character for text in _strings() for character in text if not character.isascii()}
    assert {"─", "▰", "−", "∂", "▀"} <= drawn
    assert {character for character in drawn if substitute(character) == UNKNOWN} <= set("∞±�\xad")


@pytest.mark.parametrize(
    ("encoding", "shown"), [("latin-1", "café · + x ~ # ?? -1"), ("ascii", "cafe . + x ~ # ?? -1")]
)
def test_what_the_terminal_has_stays_as_it_is(encoding: str, shown: str) -> None:
    assert "café · ┼ ✗ … █ 鳥 −1".encode(encoding, SUBSTITUTES).decode(encoding) == shown


@given(st.text())
def test_no_text_changes_its_width(text: str) -> None:
    shown = printable(text)
    drawn = shown.encode("ascii", SUBSTITUTES).decode()
    assert drawn.isprintable()
    assert len(drawn) == cell_len(shown)
